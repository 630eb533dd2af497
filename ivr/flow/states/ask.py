"""`ask`: asks for a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ivr.flow.language import MOST_DIGITS, PATIENCE, PROMPT, STATE, TARGET, TARGET_FIELDS, VALUE
from ivr.flow.parts import Number, Target
from ivr.flow.reading import StateReader
from ivr.flow.states.base import LiveCall, Look
from ivr.flow.states.question import Question
from ivr.keypad import is_keys
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
class Ask(Question):
    """Ask for a number."""

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
            **PATIENCE,
        },
        "Ask for a number.",
    )

    number: Number
    next: Target

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a question; card data is secret, too."""
        prompt, save, target, (low, high) = node.text("ask"), node.text("save"), node.target("next"), _digits(node)
        limits, too_many = node.patience()
        if not (prompt and save and target):
            return None
        secret, card = node.flag("secret"), node.flag("card")
        stars, quiet = node.flag("stars"), node.flag("quiet")
        return cls(
            node.place,
            name=node.name,
            prompt=prompt,
            number=Number(low, high, save, secret or card, card, stars),
            next=target,
            pound=node.target("pound"),
            limits=limits,
            too_many=too_many,
            quiet=quiet,
            places=node.places,
        )

    @property
    def most_keys(self) -> int:
        """Those of its digits where there is one length, else more than any answer has."""
        return self.number.high if self.number.low == self.number.high else MOST_DIGITS

    def answer(self, keys: str, call: LiveCall) -> None:
        """Take what comes before pound, for a number or for what it means in every number."""
        digits = keys.lstrip("#").split("#")[0]
        shared = "*" if "*" in digits else digits
        if not digits:
            self.end_early(call)
        elif flow := self.shared_keys(call.line).get(shared):
            self.take_shared(shared, flow, call)
        elif is_keys(digits) and self.number.low <= len(digits) <= self.number.high:
            self._save(digits, call)
            self.leave("next", self.next, call)
        else:
            self.miss("wrong", call)

    def _save(self, digits: str, call: LiveCall) -> None:
        if self.number.card:
            call.held[self.number.save] = Secret(digits)
        else:
            call.values[self.number.save] = digits

    def details(self) -> Mapping[str, str]:
        """Return that it is asked without words."""
        return {"its first words": "none"} if self.quiet else {}


def _digits(node: StateReader) -> tuple[int, int]:
    """Return how many digits are taken, at least and at most."""
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
