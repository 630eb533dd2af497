"""The parts that states of every kind are made of, and the settings of the whole line.

All are immutable and know their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import Place

REPEAT = "repeat"
MOST_DIGITS = 40
"""The most keys taken where pound ends a number: far more than any answer has, so that one that is too long does not
spill into the next question."""

PERSON_OFFERS = {"menu": "person.offer", "ask": "person.offer_in_number"}
"""The prompts that offer a person, in a menu and in a number. They are spoken only while a person can be had."""
CLOSED_OFFERS = {"menu": "person.closed_offer", "ask": "person.closed_offer_in_number"}
"""The prompts that are spoken in their place while a person is there at other hours: 0 tells when, and takes call-backs."""
HELP_OFFER = "help.offer"
"""The prompt that tells whoever had a question repeated what another star does."""
PERSON_OFFER = "person_offer"
"""The value, of kind `phrase`, by which a question's first words offer a person where one can be had."""

NOTICES = "notices"
"""The value, of kind `text`, with what callers are to be told today."""


@dataclass(frozen=True, slots=True)
class DefinitionPart:
    """A part of a definition: its place in the YAML, and the places of its fields."""

    place: Place
    places: Mapping[str, Place] = field(default_factory=dict, kw_only=True, compare=False, repr=False)
    """A field, or `field.name` within one -> its place: that of what it says, or of the name itself."""

    def at(self, *words: str) -> Place:
        """Return the place of the first of these fields that was written, or of the whole part when none was."""
        return next((self.places[word] for word in words if word in self.places), self.place)


@dataclass(frozen=True, slots=True)
class Target(DefinitionPart):
    """Where an outcome leads: a state of the same flow, or one of the flow's own named ends."""

    state: str = ""
    end: str = ""
    say: str = ""
    """A prompt that is spoken on the way."""
    counts: str = ""
    """The question for which this counts as a wrong try, so that it cannot go on for ever."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Values that this sets: name -> text."""
    confirms: bool = False
    """Whether this key is the caller's yes: to what the menu's facts say, or to what the action right after it does."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tries a question allows and how long it waits.

    Silences and wrong keys are counted apart; times are in seconds.
    """

    silence: int
    wrong: int
    first_key: int
    next_key: int


@dataclass(frozen=True, slots=True)
class Choices(DefinitionPart):
    """Options that are known only during the call: each item of a list value is spoken and has a key from 1 up."""

    of: str
    option: str
    save: str
    next: Target


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a caller keys in: `low` to `high` digits, or digits and stars where `stars` is set."""

    low: int
    high: int
    save: str
    secret: bool = False
    """Whether it identifies a person or tells about their health: an action forgets it, and no prompt speaks it."""
    card: bool = False
    """Whether it is card data: kept in memory for this turn only, and out of the stored call."""
    stars: bool = False
    """Whether star is one of the keys it takes; the action that reads the answer says what it means."""

    @property
    def most_keys(self) -> int:
        """The number of keys after which it is complete; where it has no one length, more than any answer has."""
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
    """The settings of the whole line, from `line.yaml`."""

    start: str
    """The flow that a call begins in."""
    menu_keys: Mapping[str, str]
    """Key -> `repeat`, or the flow that interrupts; in every menu that does not use the key itself. `**` is a star right
    after the star that repeated."""
    ask_keys: Mapping[str, str]
    """The same for numbers: `*` anywhere in the number, or another key keyed alone."""
    too_many: str
    """The flow that is run when a question has been missed too often."""
    too_long: str
    """The flow that is run when the call has lasted `longest_call` seconds."""
    failed: str
    """The flow that is run when something unexpected went wrong; the question is asked again after it."""
    limits: Limits
    gives_up: Mapping[str, str]
    """`silence` and `wrong` -> the prompt that says why a question was given up."""
    longest_call: int
    most_actions: int
    """The most actions in one turn; with more, the flow is taken to go round in circles."""
    languages: Mapping[str, str]
    """Called number (E.164) -> the language that its calls begin in; `default` for all others."""

    @property
    def interruptions(self) -> frozenset[str]:
        """The flows that can break into any question."""
        keys = {*self.menu_keys.values(), *self.ask_keys.values()} - {REPEAT}
        return frozenset(keys | {self.too_many, self.too_long, self.failed})
