"""The parts that states of every kind are made of, and what holds for the whole line: immutable, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import Place

REPEAT = "repeat"
MOST_DIGITS = 40
"""Keys taken where pound ends a number: far more than any answer has, so that too long a one does not spill into the
next question."""

PERSON_OFFERS = {"menu": "person.offer", "ask": "person.offer_in_number"}
"""The prompts that offer a person, in a menu and in a number; spoken only while a person can be had."""
PERSON_OFFER = "person_offer"
"""The value, of kind `phrase`, by which a question's first words offer a person where one can be had."""


@dataclass(frozen=True, slots=True)
class DefinitionPart:
    """A part of a definition: where it stands in the YAML, and where each of its words does."""

    place: Place
    places: Mapping[str, Place] = field(default_factory=dict, kw_only=True, compare=False, repr=False)
    """Field, or `field.name` within one -> where it stands: what a field says, or the name itself."""

    def at(self, *words: str) -> Place:
        """Return where the first of these words stands that was written; else where all of it begins."""
        return next((self.places[word] for word in words if word in self.places), self.place)


@dataclass(frozen=True, slots=True)
class Target(DefinitionPart):
    """Where an outcome leads: a state of the same flow, or one of the flow's own named ends."""

    state: str = ""
    end: str = ""
    say: str = ""
    """A prompt spoken on the way."""
    counts: str = ""
    """The question for which going this way counts as a wrong try, so that it cannot go on for ever."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Values fixed by going this way."""
    confirms: bool = False
    """This key is the caller's yes: to what the menu's facts say, or to what the action after it alone decides."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a question is. Tries are counted apart for silence and for wrong keys; times are seconds."""

    silence: int
    wrong: int
    first_key: int
    next_key: int


@dataclass(frozen=True, slots=True)
class Choices(DefinitionPart):
    """Options of a question that are known only in the call: a list value, each item spoken and given a key from 1 up."""

    of: str
    option: str
    save: str
    next: Target


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a caller keys in: `low` to `high` digits; with `stars`, digits and stars."""

    low: int
    high: int
    save: str
    secret: bool = False
    """It names a person or tells of their health: an action forgets it, no prompt speaks it."""
    card: bool = False
    """Card data: kept out of the call's state as well, in memory for this turn only."""
    stars: bool = False
    """Star is one of the keys it takes, and the action that reads the answer says what it means."""

    @property
    def most_keys(self) -> int:
        """The keys after which it is complete: where it has one length, else more than any answer has."""
        return self.high if self.low == self.high else MOST_DIGITS

    @property
    def length(self) -> str:
        """How many digits it has, in words."""
        return length_in_words(self.low, self.high)


def length_in_words(low: int, high: int) -> str:
    """Return how many digits a number has, in words."""
    return f"{low} digits" if low == high else f"{low} to {high} digits"


@dataclass(frozen=True, slots=True)
class Line(DefinitionPart):
    """What holds for the whole line, declared once in `line.yaml`."""

    start: str
    """The flow a call begins in."""
    menu_keys: Mapping[str, str]
    """Key -> `repeat` or the flow that interrupts, in every menu that does not use the key itself."""
    ask_keys: Mapping[str, str]
    """The same for numbers: `star` anywhere in it, or another key keyed alone."""
    too_many: str
    """The flow run when a question has been missed too often."""
    too_long: str
    """The flow run when the call has lasted `longest_call` seconds."""
    failed: str
    """The flow run when something unexpected went wrong; the question is asked again after it."""
    limits: Limits
    gives_up: Mapping[str, str]
    """`silence` and `wrong` -> the prompt that says why a question was given up."""
    longest_call: int
    most_actions: int
    """Actions in one turn, beyond which the flow is taken to be going round in circles."""
    languages: Mapping[str, str]
    """Called number (E.164) -> the language its calls begin in; `default` for all others."""

    @property
    def interruptions(self) -> frozenset[str]:
        """Return the flows that can break into any question."""
        keys = {*self.menu_keys.values(), *self.ask_keys.values()} - {REPEAT}
        return frozenset(keys | {self.too_many, self.too_long, self.failed})
