"""What a kind of state is: the parts it is made of, which say most of what others ask, and what only the kind knows.

A kind is a frozen dataclass in a module of its own in this folder: a subclass of `State` that has a `word`, which is
what makes it one in the YAML. Everybody else asks a state for its parts and never what kind it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from ivr.errors import Place
from ivr.flow.call import Event
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import Choices, DefinitionPart, Limits, Line, Number, Target
from ivr.flow.reading import StateReader
from ivr.yaml_reader import Record

KINDS: dict[str, type[State]] = {}
"""Every kind of state, by the word that makes a state one."""


class Role(StrEnum):
    """What a prompt is spoken for."""

    FACTS = "facts"
    """What a key says yes to: to be heard whole."""
    QUESTION = "question"
    STATEMENT = "statement"
    """Said, and nothing asked."""
    ANNOUNCEMENT = "announcement"
    """Says what is being done now."""
    ON_THE_WAY = "on the way"


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A prompt that a state speaks: where it says so, the prompt's name, and what it is for."""

    place: Place
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind is drawn: two colours, the rounding of its corners, and the brackets that shape it in Mermaid."""

    fill: str
    edge: str
    brackets: tuple[str, str]
    corner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State(DefinitionPart, ABC):
    """A state of a flow. What a kind does not have, it leaves as it is here."""

    word: ClassVar[str]
    """The field that makes a state one of this kind."""
    noun: ClassVar[str]
    """What people call it, in what has changed."""
    heading: ClassVar[str] = ""
    """What it is in the studio, where that is not the noun."""
    called: ClassVar[str] = "state"
    """What problems of its own call it."""
    record: ClassVar[Record]
    """Its fields in the YAML."""
    look: ClassVar[Look]
    named: ClassVar[Mapping[str, str]] = {}
    """Field -> the part that it gives, where that has another name; its word gives the prompt, unless told here."""
    role: ClassVar[Role] = Role.STATEMENT
    """What its prompt is for."""
    says: ClassVar[str] = "what is said"
    """What its prompt is, in what has changed."""
    outcome_word: ClassVar[str] = "outcome"
    """What one of its outcomes is called."""
    ending: ClassVar[str] = ""
    """What it is called when the call ends here by itself; "" where it does not."""
    ends_on: ClassVar[str] = ""
    """The event on which it does, as the journal writes it; "" where coming here is enough."""
    closes: ClassVar[bool] = False
    """Coming here always ends the turn."""
    at_once: ClassVar[frozenset[str]] = frozenset()
    """The ways out that are gone in the turn that came here, though it waits on others."""
    reaches_person: ClassVar[bool] = False
    """The caller speaks to a person here."""

    name: str
    prompt: str = ""
    first: str = ""
    """The prompt with the facts that a key confirms: spoken before keys are taken, each time the question is."""
    every_language: bool = False
    limits: Limits | None = None
    """How patient it is; what has limits is a question, and the caller is asked for a number or for one key."""
    quiet: bool = False
    """Asked without words the first time: it takes the rest of a number that has begun."""
    number: Number | None = None
    next: Target | None = None
    pound: Target | None = None
    """Where pound alone leads, and silence too once it was helped as often as the limits say."""
    keys: Mapping[str, Target] = field(default_factory=dict)
    choices: Choices | None = None
    action: str = ""
    """The action it runs."""
    runs: str = ""
    """The flow it runs."""
    outcomes: Mapping[str, Target] = field(default_factory=dict)
    """Where each outcome of what it does leads, or each end of the flow it runs."""
    too_many: Target | None = None
    """The way out after too many tries; None: the line's own (`Line.too_many`)."""

    def __init_subclass__(cls) -> None:
        """Make a kind known; a subclass without a word of its own is none."""
        if "word" in cls.__dict__:
            KINDS[cls.word] = cls

    # How it is read, and what a call does in it

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a state of this kind from its YAML; None where it lacks what it cannot be without."""
        written = node.parts(cls.called, cls.record)
        lacks = [name for name in cls.record.required if written.get(name, ...) in ("", None)]
        named = {cls.word: "prompt", **cls.named}
        parts = cls.complete({named.get(name, name): part for name, part in written.items()}, node)
        return None if lacks else cls(node.place, **parts)

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:  # noqa: ARG003 - for those that need it
        """Return the parts with those that only this kind knows how to read, and note what is wrong with them together."""
        return parts

    @abstractmethod
    def enter(self, call: LiveCall) -> None:
        """Do what happens when a call comes here: end the turn, run something, or leave."""

    def take(self, event: Event, call: LiveCall) -> None:  # noqa: ARG002 - kinds that wait look at it
        """Do what follows on an event while a call waits here; by itself, what entering does."""
        call.words = []
        self.enter(call)

    # What it is

    @property
    def is_question(self) -> bool:
        """Whether the caller is asked for keys here."""
        return self.limits is not None

    @property
    def one_key(self) -> bool:
        """Whether one key is the answer."""
        return self.is_question and self.number is None

    @property
    def ends_turn(self) -> bool:
        """Whether coming here ends the turn; with an action, that is run in the next one."""
        return self.is_question or self.closes or bool(self.action and self.prompt)

    def waits(self, label: str) -> bool:
        """Tell whether it is left on this way in a turn of its own: the caller did something, or the carrier came back."""
        return self.ends_turn and not self.action and label not in self.at_once

    def uses(self, key: str) -> bool:
        """Tell whether a key has a meaning of its own here."""
        return key in self.keys or (key == "*" and self.number is not None and self.number.stars)

    def shared_keys(self, line: Line) -> Mapping[str, str]:
        """Return the keys that mean the same in all questions, and nothing else here: key -> `repeat`, or a flow."""
        keys = {} if not self.is_question else line.ask_keys if self.number else line.menu_keys
        return {key: flow for key, flow in keys.items() if not self.uses(key)}

    # Where it leads, what it says, and what is told of it

    def transitions(self) -> tuple[tuple[str, Target], ...]:
        """Return every way out, each with its label: `next`, `pound`, a key, `choice`, an outcome or end, `too_many`."""
        choice = self.choices.next if self.choices else None
        found = (
            ("next", self.next),
            ("pound", self.pound),
            *self.keys.items(),
            ("choice", choice),
            *self.outcomes.items(),
            ("too_many", self.too_many),
        )
        return tuple((label, target) for label, target in found if target)

    def prompts(self) -> Iterator[PromptUse]:
        """Yield the prompts it speaks: on its ways out, then its own."""
        for _, target in self.transitions():
            if target.say:
                yield PromptUse(target.at("say"), target.say, Role.ON_THE_WAY)
        if self.first:
            yield PromptUse(self.at("first"), self.first, Role.FACTS)
        if self.prompt:
            yield PromptUse(
                self.at(*(name for name, part in self.named.items() if part == "prompt"), self.word),
                self.prompt,
                self.role,
            )

    def saves(self, label: str) -> str:
        """Return the value that the caller's answer is kept as, when it is left on this way."""
        if label == "next" and self.number:
            return self.number.save
        return self.choices.save if label == "choice" and self.choices else ""

    @property
    def summary(self) -> str:
        """What it asks for or does, in a few words."""
        return self.number.length if self.number else self.action or self.runs

    def details(self) -> Mapping[str, str]:
        """Return what else a caller could notice of it, by what that is called."""
        return {}
