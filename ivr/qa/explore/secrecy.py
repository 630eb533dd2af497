"""What callers key that is secret, and where it may lie: one table, and the search for what lies elsewhere.

A place is a column of the database (`journal.event`), or something else that outlives a turn (`log`, `script`). What a
place is not said to hold, it never holds. Canaries are values that are looked for; they are chosen unlike any id, time
or order number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from ivr.secret import DOT
from ivr.simulator.holdings import Holding

Kind = Literal[
    "card number",
    "security code",
    "card expiry",
    "member number",
    "ZIP code",
    "birth date",
    "prescription number",
    "address",
]
SECRET_KINDS: tuple[Kind, ...] = get_args(Kind)
Verdict = Literal["allowed", "sealed", "never"]

STATE, REPLIES = "call.sealed_state", ("call.sealed_reply", "call.sealed_reply_before")
_REPLY: Mapping[Kind, Verdict] = {"ZIP code": "sealed", "address": "sealed"}
TABLE: Mapping[str, Mapping[Kind, Verdict]] = {
    "member.member_number": {"member number": "allowed"},
    "member.birth_date": {"birth date": "allowed"},
    "address.zip": {"ZIP code": "allowed"},
    "address.house_number": {"address": "allowed"},
    "address.street": {"address": "allowed"},
    "address.unit": {"address": "allowed"},
    "address.urbanization": {"address": "allowed"},
    "address.keyed": {"address": "allowed", "ZIP code": "allowed"},
    "street.zip": {"ZIP code": "allowed"},
    "street.name": {"address": "allowed"},
    "street.urbanization": {"address": "allowed"},
    "prescription.rx_number": {"prescription number": "allowed"},
    "prescription.replaced_by": {"prescription number": "allowed"},
    "transfer.rx_number": {"prescription number": "allowed"},
    "saved_card.exp_month": {"card expiry": "allowed"},
    "saved_card.exp_year": {"card expiry": "allowed"},
    "card_entry.sealed_card": {"card number": "sealed", "card expiry": "sealed"},
    STATE: {"member number": "sealed", "ZIP code": "sealed", "prescription number": "sealed", "address": "sealed"},
    **dict.fromkeys(REPLIES, _REPLY),
    "report": {"ZIP code": "allowed", "address": "allowed"},
}
"""Place -> kind -> what holds there; every other kind at every other place: never."""

ELSEWHERE = ("log", "report", "script", "metric", "temporary file")
"""The places outside the database."""
JOURNAL = ("journal.event", "journal.trail", "journal.said")
RUN, JOURNAL_RUN = 8, 6
"""So many digits of a card in a row tell of it; in the journal, where no other number is, fewer, over several turns."""

FEWEST_DIGITS = 3
"""Different ones, in a run that tells of a card: zeros alone stand anywhere."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A value that is looked for. A short one counts only where it stands alone: as a word, in text."""

    kind: Kind
    text: str

    @property
    def is_short(self) -> bool:
        """Say whether an id, a time or an amount may hold it by chance."""
        return self.text.isdigit() and len(self.text) < RUN


def verdict(place: str, kind: Kind) -> Verdict:
    """Say whether a kind may lie at a place."""
    return TABLE.get(place, {}).get(kind, "never")


def leaks(holdings: Iterable[Holding], canaries: Sequence[Canary]) -> Iterator[str]:
    """Yield each canary that lies where it must not: what may be sealed must not be there in clear."""
    for holding in holdings:
        for canary in canaries:
            said = verdict(holding.place, canary.kind)
            allowed = said == "allowed" or (said == "sealed" and holding.opened)
            if not allowed and _holds(holding, canary):
                seal = " under its seal" if holding.opened else ""
                must = "be sealed" if said == "sealed" else "not lie"
                yield f"{canary.kind} in {holding.place}{seal}, where it must {must}"


def _holds(holding: Holding, canary: Canary) -> bool:
    if canary.is_short:
        return holding.is_text and canary.text in holding.text and bool(_alone(canary.text).search(holding.text))
    if canary.kind != "card number":
        return canary.text in holding.text
    if holding.place in JOURNAL:
        joined = re.sub(rf"[^0-9{DOT}]", "", holding.text)
        return any(run in joined for run in _runs(canary.text, JOURNAL_RUN))
    joined = re.sub(r"[^0-9]", "", holding.text) if holding.place == "script" else holding.text
    return any(run in joined for run in _runs(canary.text, RUN))


@cache
def _alone(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z.]){text}(?![0-9A-Za-z])")


@cache
def _runs(number: str, length: int) -> tuple[str, ...]:
    parts = (number[at : at + length] for at in range(len(number) - length + 1))
    return (number, *(part for part in parts if len(set(part)) >= FEWEST_DIGITS))
