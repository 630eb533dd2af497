"""What a call flow is, once it has been read: immutable, typed, every part knowing its place in the YAML.

A flow is a set of states; a state says what it does and where each outcome leads. See `loader` for how the YAML
becomes this, `checker` for what must hold of it, `engine` for how a call moves through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import Place


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a definition: where it stands in the YAML, and where each of its words does."""

    place: Place
    places: Mapping[str, Place] = field(default_factory=dict, kw_only=True, compare=False, repr=False)
    """Field, or `field.name` within one -> where it stands: what a field says, or the name itself."""

    def at(self, *words: str) -> Place:
        """Return where the first of these words stands that was written; else where all of it begins."""
        return next((self.places[word] for word in words if word in self.places), self.place)


@dataclass(frozen=True, slots=True)
class Target(Part):
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
class Choices(Part):
    """Options of a menu that are known only in the call: a list value, each item spoken and given a key from 1 up."""

    of: str
    option: str
    save: str
    next: Target


@dataclass(frozen=True, slots=True)
class Say(Part):
    """Speak, and go on."""

    name: str
    prompt: str
    next: Target
    every_language: bool = False


@dataclass(frozen=True, slots=True)
class Menu(Part):
    """Ask for one key."""

    name: str
    prompt: str
    keys: Mapping[str, Target]
    limits: Limits
    too_many: Target | None
    """None: the line's own way out (`Line.too_many`)."""
    choices: Choices | None = None
    every_language: bool = False
    first: str = ""
    """The prompt with the facts that a key confirms: spoken before keys are taken, each time the menu is."""


@dataclass(frozen=True, slots=True)
class Ask(Part):
    """Ask for a number of `low` to `high` digits; with `stars`, of digits and stars."""

    name: str
    prompt: str
    low: int
    high: int
    save: str
    next: Target
    limits: Limits
    too_many: Target | None
    secret: bool = False
    """It names a person or tells of their health: an action forgets it, no prompt speaks it."""
    card: bool = False
    """Card data: kept out of the call's state as well, in memory for this turn only."""
    stars: bool = False
    """Star is one of the keys it takes, and the action that reads the answer says what it means."""
    pound: Target | None = None
    """Where pound alone leads, and silence too once it was helped as often as the limits say."""
    quiet: bool = False
    """Asked without words the first time: it takes the rest of a number that has begun."""


@dataclass(frozen=True, slots=True)
class Do(Part):
    """Run a named action; with `say`, answer with those words first and act in a turn of its own."""

    name: str
    action: str
    outcomes: Mapping[str, Target]
    say: str = ""


@dataclass(frozen=True, slots=True)
class Run(Part):
    """Run another flow and go on by the end it comes to."""

    name: str
    flow: str
    ends: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class Transfer(Part):
    """Connect the caller to a person. `outcomes`: `nobody` (no number is set) and `no_answer`."""

    name: str
    prompt: str
    outcomes: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class HangUp(Part):
    """Say goodbye and end the call."""

    name: str
    prompt: str


State = Say | Menu | Ask | Do | Run | Transfer | HangUp
Question = Menu | Ask
TRANSFER_OUTCOMES = ("nobody", "no_answer")


@dataclass(frozen=True, slots=True)
class Flow(Part):
    """One subject of the call, in one file."""

    name: str
    start: str
    states: Mapping[str, State]
    flawed: frozenset[str] = frozenset()
    """States with problems of their own: they are there, whatever is wrong with them."""
    whole: bool = True
    """False: its states could not be read, so that any may be there."""

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all states."""
        return self.flawed | frozenset(self.states)

    @property
    def ends(self) -> frozenset[str]:
        """Return the names of the ends that its targets lead to."""
        return frozenset(target.end for state in self.states.values() for _, target in ways(state) if target.end)


@dataclass(frozen=True, slots=True)
class Line(Part):
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


REPEAT = "repeat"

PERSON_OFFERS = {"menu": "person.offer", "ask": "person.offer_in_number"}
"""The prompts that offer a person, in a menu and in a number; spoken only while a person can be had."""
PERSON_OFFER = "person_offer"
"""The value, of kind `phrase`, by which a question's first words offer a person where one can be had."""


KEPT = "kept"
"""The kind of a value that actions keep for one another and no prompt can speak."""
LIST = "list"
"""The kind of a value that holds the choices of a menu."""

Phrases = Mapping[str, Mapping[str, str]]
"""The prompts a value of kind `phrase` may be, each with the values it is given: prompt -> name -> kind."""


MOST_AT_ONCE = 5
"""Choices that one question may offer; where there can be more, a further key leads to the rest."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list for the choices of a menu: what each of its items holds, name -> kind, and how many there may be."""

    values: Mapping[str, str]
    most: int = MOST_AT_ONCE


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """What kind of thing a caller keys in, and who may see it."""

    name: str
    """What people call it, as in "a prescription number"."""
    secret: bool = True
    """It names a person or tells of their health."""
    card: bool = False
    """It is card data, which is secret and kept out of the call's state as well."""
    digits: tuple[int, int] | None = None
    """How many digits it has, at least and at most; None where the action takes what it gets."""
    in_parts: bool = False
    """One question may take some of these lengths and another the rest."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What the flow may count on of a named action, written in Python elsewhere."""

    outcomes: Mapping[str, Mapping[str, str]]
    """Outcome -> the values it writes with it, name -> kind."""
    reads: frozenset[str] = frozenset()
    """Values it cannot do without."""
    forgets: frozenset[str] = frozenset()
    """Values it may drop."""
    items: Mapping[str, Items] = field(default_factory=dict)
    """The lists it writes."""
    answers: Mapping[str, AnswerKind] = field(default_factory=dict)
    """The keyed values that it takes, each with its kind."""
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Values that a flow sets for it -> what each may be."""
    phrases: Mapping[str, Phrases] = field(default_factory=dict)
    """Value name, at any depth -> the phrases it may be."""
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Outcome -> the values of it that callers are told before anything else is asked or done."""
    needs_yes: bool = False
    """It orders, charges, cancels or asks a prescriber: a key that confirms must come right before."""
    facts: frozenset[str] = frozenset()
    """The values that say what the caller's yes is to; spoken whole before the key that confirms."""
    outside: bool = False
    """It asks the outside world, for a time that it bounds itself: it must be the first action of its turn."""


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows of one version of the line, with the value names that each prompt speaks."""

    line: Line
    flows: Mapping[str, Flow]
    prompt_values: Mapping[str, frozenset[str]]
    languages: tuple[str, ...] = ()

    def state(self, flow: str, state: str) -> State:
        """Return a state by its flow's name and its own."""
        return self.flows[flow].states[state]


def ways(state: State) -> tuple[tuple[str, Target], ...]:
    """Return every way out of a state, each with its label: a key, an outcome, an end, `choice`, `next`, `too_many`."""
    match state:
        case Say():
            return (("next", state.next),)
        case Menu():
            found = [*state.keys.items()]
            if state.choices:
                found.append(("choice", state.choices.next))
            return (*found, *((("too_many", state.too_many),) if state.too_many else ()))
        case Ask():
            other = {"pound": state.pound, "too_many": state.too_many}
            return (("next", state.next), *((label, target) for label, target in other.items() if target))
        case Do() | Transfer():
            return tuple(state.outcomes.items())
        case Run():
            return tuple(state.ends.items())
        case HangUp():
            return ()
