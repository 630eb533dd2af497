"""Searches everything that a run of `bench/faults.py` wrote for what callers keyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fault_callers import BAD_CARDS, CODE, CODE_ON_FRONT, EXPIRY, GOOD_CARDS, TOKENS, ZIP, Member
from own_postgres import OwnPostgres

from ivr.line.service import Services
from ivr.qa.explore.secrecy import STATE, Canary, leaks
from ivr.simulator.holdings import Holding, holdings

CARDS = (*GOOD_CARDS, *BAD_CARDS)
TOKEN_PLACES = ("saved_card.token", "sandbox_charge.token")
"""Where the processor's tokens may lie in clear; sealed also in the state of a call."""
RUN = 12
"""So many digits of a card in a row are looked for in the database's files, where anything may stand next to anything."""
MEMBERS = 10
"""Of so many members all numbers are looked for."""


@dataclass
class Searched:
    """How much was searched, and what was found where it must not lie."""

    size: int = 0
    found: Counter[str] = field(default_factory=Counter)


def canaries(members: int) -> Sequence[Canary]:
    """Return what is looked for: every card, code, expiry and ZIP code, and the numbers of some members."""
    some = [Member.of(index) for index in range(0, members, max(1, members // MEMBERS))]
    return (
        *(Canary("card number", number) for number in CARDS),
        *(Canary("security code", code) for code in (CODE, CODE_ON_FRONT)),
        Canary("card expiry", EXPIRY),
        Canary("ZIP code", ZIP),
        *(Canary("member number", one.number) for one in some),
        *(Canary("birth date", one.born) for one in some),
        *(Canary("prescription number", rx) for one in some for rx in one.rx),
    )


def search(line: Services, members: int, logs: Iterable[Path], database: OwnPostgres) -> Searched:
    """Search the tables, sealed ones opened; the logs; and the database's files, with its write-ahead log."""
    searched, looked_for = Searched(), canaries(members)
    texts = (*holdings(line), *(Holding("log", log.read_text(errors="replace")) for log in logs))
    searched.found.update(leaks(texts, looked_for))
    searched.found.update(f"token in {holding.place}" for holding in texts if _has_token(holding))
    searched.size += sum(len(holding.text) for holding in texts)
    line.database.dispose()
    database.checkpoint()
    is_blind = True
    for path in filter(Path.is_file, database.data.rglob("*")):
        content = path.read_bytes()
        searched.size += len(content)
        is_blind &= Member.of(0).number.encode() not in content
        searched.found.update(
            f"card number in the database's file {path.relative_to(database.data)}" for run in _runs() if run in content
        )
    if is_blind:
        raise RuntimeError("not even a member number was found in the database's files, where many lie")
    return searched


def _has_token(holding: Holding) -> bool:
    may = holding.place in TOKEN_PLACES or (holding.place == STATE and holding.opened)
    return not may and any(token in holding.text for token in TOKENS.values())


def _runs() -> Iterator[bytes]:
    for number in CARDS:
        yield from (number[at : at + RUN].encode() for at in range(len(number) - RUN + 1))
