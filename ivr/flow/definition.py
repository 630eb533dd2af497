"""What a call flow is, once it has been read: immutable, typed, every part knowing its place in the YAML.

A flow is a set of states; a state says what it does and where each outcome leads: `states` has a module for each kind.
See `loader` for how the YAML becomes this, `checker` for what must hold of it, `interpreter` for how a call moves
through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.flow.parts import DefinitionPart, Line, Target
from ivr.flow.states.base import State


@dataclass(frozen=True, slots=True)
class Flow(DefinitionPart):
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
        return frozenset(target.end for target in self.targets if target.end)

    @property
    def targets(self) -> Iterator[Target]:
        """Yield where its states lead, way by way."""
        return (target for state in self.states.values() for _, target in state.transitions())


OPAQUE = "kept"
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


Actions = Mapping[str, ActionSpec]
"""Every action that a flow may name, by its name."""


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
