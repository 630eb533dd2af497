"""`ask`: asks for a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.flow.language import LIMIT_FIELDS, PROMPT, STATE, TARGET, TARGET_FIELDS, VALUE
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import MOST_DIGITS, Number, Target
from ivr.flow.reading import StateReader
from ivr.flow.states.base import Look
from ivr.flow.states.question import QuestionState
from ivr.keypad import STAR_AGAIN, is_keys
from ivr.secret import Secret
from ivr.yaml_reader import Either, Flag, Record, Whole, field

DIGITS = Record(
    "digits",
    {
        "exactly": field(Whole(1, MOST_DIGITS), required=False),
        "min": field(Whole(1, MOST_DIGITS), required=False),
        "max": field(Whole(1, MOST_DIGITS), required=False),
    },
    "How many digits: {exactly: 5}, or {min: 8, max: 10}.",
    exactly_one=(frozenset({"exactly"}), frozenset({"min", "max"})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskState(QuestionState):
    """Asks for a number."""

    word = "ask"
    noun = "question"
    called = "question"
    look = Look("#e0e7ff", "#4338ca", ("[/", "/]"), corner=9)
    record = Record(
        "ask",
        {
            "ask": field(PROMPT),
            "digits": field(DIGITS),
            "save": field(VALUE),
            "next": field(TARGET),
            "secret": field(Flag("It names a person or tells of their health."), required=False),
            "card": field(Flag("Card data: kept for this turn only, for an action to take."), required=False),
            "stars": field(Flag("Star is one of the keys it takes."), required=False),
            "pound": field(
                Either((STATE, TARGET_FIELDS), "Where pound alone leads, and at last silence too."), required=False
            ),
            "quiet": field(Flag("Asked without words the first time: it takes the rest of a number."), required=False),
            **LIMIT_FIELDS,
        },
        "Ask for a number.",
    )

    number: Number
    next: Target

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:
        """Return the parts with those of the number put together. Card data is always secret."""
        save, secret, card, stars = (parts.pop(name, False) for name in ("save", "secret", "card", "stars"))
        return {**parts, "number": Number(*_read_digits(node), save, secret or card, card, stars)}

    def answer(self, keys: str, call: LiveCall) -> None:
        """Handle the keys before pound, as the number or as a key that every question for a number takes."""
        digits = keys.lstrip("#").split("#")[0]
        shared_key = next((star for star in (STAR_AGAIN, "*") if star in digits), digits)
        call.after_star &= digits.startswith("*")  # no star comes right after another when digits came between
        if not digits:
            self.end_early(call)
        elif self.take_shared(shared_key, call):
            pass
        elif is_keys(digits) and self.number.low <= len(digits) <= self.number.high:
            self._save(digits, call)
            self.leave("next", self.next, call)
        else:
            self.miss("wrong", call)

    def _save(self, digits: str, call: LiveCall) -> None:
        if self.number.card:
            call.transient_secrets[self.number.save] = Secret(digits)
        else:
            call.values[self.number.save] = digits

    def details(self) -> Mapping[str, str]:
        """Return, for a quiet question, that it is first asked without words."""
        return {"its first words": "none"} if self.quiet else {}


def _read_digits(node: StateReader) -> tuple[int, int]:
    """Return the fewest and the most digits that are taken."""
    written = node.fields.get("digits")
    if written is None:
        return 1, 1
    fields = written.shaped(node.report, "digits", DIGITS)
    if not DIGITS.is_chosen(fields):
        node.report.add(written.place, "digits should be {exactly: …}, or {min: …, max: …}")
        return 1, 1
    least, most = (fields["exactly"],) * 2 if "exactly" in fields else (fields["min"], fields["max"])
    low = least.integer(node.report, "digits", low=1, high=MOST_DIGITS) or 1
    high = most.integer(node.report, "digits", low=low, high=MOST_DIGITS) or low
    return low, high
