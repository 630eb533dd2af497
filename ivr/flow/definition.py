"""What a call flow is once it has been read: immutable and typed, with the place in the YAML of every part.

A flow is a set of states. A state says what it does and where each outcome leads; `states` has a module for each kind
of state. `loader` builds these from YAML, `checker` checks them, and `interpreter` moves a call through them. The
module also has what the flow may rely on of each action, `ActionSpec`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.flow.parts import DefinitionPart, Line, Target
from ivr.flow.states.base import State
from ivr.hours import ALWAYS, Hours


@dataclass(frozen=True, slots=True)
class Flow(DefinitionPart):
    """One subject of the call, read from one file."""

    name: str
    start: str
    states: Mapping[str, State]
    flawed: frozenset[str] = frozenset()
    """The names of states that have problems of their own; what is in `states` for them may be incomplete."""
    whole: bool = True
    """False when the states could not be read at all, so that there may be states of any name."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all states."""
        return self.flawed | frozenset(self.states)

    @property
    def ends(self) -> frozenset[str]:
        """The names of the ends that its targets lead to."""
        return frozenset(target.end for target in self.targets if target.end)

    @property
    def targets(self) -> Iterator[Target]:
        """Where its states lead, one target for each transition."""
        return (target for state in self.states.values() for _, target in state.transitions())


OPAQUE = "kept"
"""The kind of a value that actions keep for one another and that no prompt can speak."""
LIST = "list"
"""The kind of a value that holds the choices of a menu."""

Phrases = Mapping[str, Mapping[str, str]]
"""The prompts that a value of kind `phrase` may be, each with the values that it is given: prompt -> name -> kind."""


MOST_AT_ONCE = 5
"""The most choices that one question may offer. Where there can be more, a further key leads to the rest."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of choices for a menu: the values of each item (name -> kind), and the most items that there can be."""

    values: Mapping[str, str]
    most: int = MOST_AT_ONCE


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """A kind of thing that callers key in, such as a prescription number, and how secret it is."""

    name: str
    """How messages call it, with its article: "a prescription number"."""
    secret: bool = True
    """Whether it identifies a person or tells about their health."""
    card: bool = False
    """Whether it is card data, which is secret and also kept out of the stored call."""
    digits: tuple[int, int] | None = None
    """The fewest and the most digits that it has; None where the action takes any number of them."""
    in_parts: bool = False
    """Whether one question may take some of these lengths, and another question the rest."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What a flow may rely on of an action. The function itself is written elsewhere (`line.actions`)."""

    outcomes: Mapping[str, Mapping[str, str]]
    """Outcome -> the values that it writes with it: name -> kind."""
    reads: frozenset[str] = frozenset()
    """The values that it needs."""
    forgets: frozenset[str] = frozenset()
    """The values that it may drop."""
    keeps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Outcome -> the only values of the call that are left after it, besides those that it writes."""
    items: Mapping[str, Items] = field(default_factory=dict)
    """The lists that it writes."""
    answers: Mapping[str, AnswerKind] = field(default_factory=dict)
    """The keyed values that it takes, each with its kind."""
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values that a flow sets for it, each with the texts that it may be."""
    phrases: Mapping[str, Phrases] = field(default_factory=dict)
    """The name of a value of kind `phrase`, at any depth -> the prompts that it may be."""
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Outcome -> the values that callers must be told before anything else is asked or done."""
    needs_yes: bool = False
    """Whether it orders, charges, cancels or asks a prescriber: a key that confirms must come right before it."""
    facts: frozenset[str] = frozenset()
    """The values that say what the caller's yes is to. They are spoken in full before the key that confirms."""
    is_external: bool = False
    """Whether it asks the outside world. Such an action limits its own time and must be the first one of its turn."""


Actions = Mapping[str, ActionSpec]
"""Every action that a flow may name, by its name."""


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows of one version of the line, with the names of the values that each prompt speaks."""

    line: Line
    flows: Mapping[str, Flow]
    prompt_values: Mapping[str, frozenset[str]]
    languages: tuple[str, ...] = ()
    """Those that a call can be in."""
    hours: Hours = ALWAYS
    """When a person can be had."""

    def begins_in(self, called: str) -> str:
        """Return the language in which a call to a number (E.164) begins."""
        wanted = (self.line.languages.get(called), self.line.languages.get("default"), *self.languages)
        return next(language for language in wanted if language and language in self.languages)

    def state(self, flow: str, state: str) -> State:
        """Return a state by the name of its flow and its own name; KeyError when there is none."""
        return self.flows[flow].states[state]
