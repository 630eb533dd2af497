"""Where the secrets that callers key may be stored: one table, and a search for secrets at any other place.

A place is a column of the database (`journal.event`), or something else that outlives a turn (`log`, `script`). A kind
of secret that the table does not name for a place must never be there. Canaries are the values that are searched for;
they are chosen unlike any id, time or order number.
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
    "transfer.from_rx_number": {"prescription number": "allowed"},
    "saved_card.exp_month": {"card expiry": "allowed"},
    "saved_card.exp_year": {"card expiry": "allowed"},
    "card_entry.sealed_card": {"card number": "sealed", "card expiry": "sealed"},
    STATE: {"member number": "sealed", "ZIP code": "sealed", "prescription number": "sealed", "address": "sealed"},
    **dict.fromkeys(REPLIES, _REPLY),
    "report": {"ZIP code": "allowed", "address": "allowed"},
}
"""Place -> kind of secret -> how it may lie there, in clear or sealed. Anything not in here: never."""

ELSEWHERE = ("log", "report", "script", "metric", "temporary file")
"""The places outside the database."""
JOURNAL = ("journal.event", "journal.trail", "journal.said")
RUN, JOURNAL_RUN = 8, 6
"""So many digits of a card number in a row count as a leak. In the journal fewer do, and its rows are joined first:
a number might be spread over turns, and no other numbers are there."""

FEWEST_DIGITS = 3
"""A run counts only with so many different digits: zeros alone may stand anywhere."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret value to search for. A short one counts only where it stands alone, as a word in text."""

    kind: Kind
    text: str

    @property
    def is_short(self) -> bool:
        """Whether an id, a time or an amount may contain it by chance."""
        return self.text.isdigit() and len(self.text) < RUN


def verdict(place: str, kind: Kind) -> Verdict:
    """Return how a kind of secret may lie at a place."""
    return TABLE.get(place, {}).get(kind, "never")


def leaks(holdings: Iterable[Holding], canaries: Sequence[Canary]) -> Iterator[str]:
    """Yield a sentence for each canary that lies where it must not, or in clear where it must be sealed."""
    for holding in holdings:
        for canary in canaries:
            allowed_form = verdict(holding.place, canary.kind)
            allowed = allowed_form == "allowed" or (allowed_form == "sealed" and holding.opened)
            if not allowed and _contains(holding, canary):
                seal = " under its seal" if holding.opened else ""
                must = "be sealed" if allowed_form == "sealed" else "not lie"
                yield f"{canary.kind} in {holding.place}{seal}, where it must {must}"


def _contains(holding: Holding, canary: Canary) -> bool:
    if canary.is_short:
        return (
            holding.is_text and canary.text in holding.text and bool(_standing_alone(canary.text).search(holding.text))
        )
    if canary.kind != "card number":
        return canary.text in holding.text
    if holding.place in JOURNAL:
        joined = re.sub(rf"[^0-9{DOT}]", "", holding.text)
        return any(run in joined for run in _digit_runs(canary.text, JOURNAL_RUN))
    joined = re.sub(r"[^0-9]", "", holding.text) if holding.place == "script" else holding.text
    return any(run in joined for run in _digit_runs(canary.text, RUN))


@cache
def _standing_alone(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z.]){text}(?![0-9A-Za-z])")


@cache
def _digit_runs(number: str, length: int) -> tuple[str, ...]:
    parts = (number[at : at + length] for at in range(len(number) - length + 1))
    return (number, *(part for part in parts if len(set(part)) >= FEWEST_DIGITS))
