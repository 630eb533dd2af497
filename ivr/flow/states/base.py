"""The base of all kinds of state: the parts that they are made of, and the methods that a kind may override.

A kind is a frozen dataclass in a module of its own in this folder: a subclass of `State` with a `word`, the YAML field
that makes a state one of its kind. Other code asks a state for its parts, and never what kind it is.
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
    """What a key agrees to; it must be heard in full."""
    QUESTION = "question"
    STATEMENT = "statement"
    """Said without asking anything."""
    ANNOUNCEMENT = "announcement"
    """Says what is being done now."""
    CARD_STEP = "card step"
    """Asks for a part of a card, which only the carrier hears."""
    ON_THE_WAY = "on the way"
    """Spoken on a transition, between two states."""


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A prompt that a state speaks: where the YAML names it, the prompt's name, and what it is for."""

    place: Place
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind is drawn. The corner is a radius in pixels; the brackets give the shape in Mermaid."""

    fill: str
    edge: str
    brackets: tuple[str, str]
    corner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State(DefinitionPart, ABC):
    """A state of a flow. A kind leaves the parts that it does not have at the defaults here."""

    word: ClassVar[str]
    """The YAML field that makes a state one of this kind."""
    noun: ClassVar[str]
    """What people call it in lists of changes."""
    heading: ClassVar[str] = ""
    """What the studio calls it; "" where that is the noun."""
    called: ClassVar[str] = "state"
    """What messages about its problems call it."""
    record: ClassVar[Record]
    """Its fields in the YAML."""
    look: ClassVar[Look]
    named: ClassVar[Mapping[str, str]] = {}
    """YAML field -> the part that it fills, where the names differ. The kind's word fills `prompt` unless it is listed
    here."""
    role: ClassVar[Role] = Role.STATEMENT
    """What its prompt is for."""
    says: ClassVar[str] = "what is said"
    """What lists of changes call its prompt."""
    outcome_word: ClassVar[str] = "outcome"
    """What messages call one of its outcomes."""
    ending: ClassVar[str] = ""
    """How a call ends here by itself, in one word; "" where it does not."""
    ends_on: ClassVar[str] = ""
    """The event on which the call ends here, as the journal writes it; "" where entering is enough."""
    closes: ClassVar[bool] = False
    """Whether entering always ends the turn."""
    at_once: ClassVar[frozenset[str]] = frozenset()
    """The labels by which it is left in the turn that entered it, though it waits for the others."""
    card_label: ClassVar[str] = ""
    """The label by which it is left with a card's data, "" where that depends on its number or there is none."""
    reaches_person: ClassVar[bool] = False
    """Whether the caller speaks to a person here."""

    name: str
    prompt: str = ""
    first: str = ""
    """The prompt with the facts that a key confirms; spoken before keys are taken, each time the question is asked."""
    every_language: bool = False
    limits: Limits | None = None
    """How many tries and how much time the caller has. A state with limits is a question: it asks for a number or for
    one key."""
    quiet: bool = False
    """Asked without words the first time: it takes the rest of a number that has begun."""
    number: Number | None = None
    next: Target | None = None
    pound: Target | None = None
    """Where pound alone leads; silence leads there too, once it was helped as often as the limits say."""
    keys: Mapping[str, Target] = field(default_factory=dict)
    choices: Choices | None = None
    action: str = ""
    """The action it runs."""
    runs: str = ""
    """The flow it runs."""
    outcomes: Mapping[str, Target] = field(default_factory=dict)
    """Where each outcome of the action, each end of the flow, or each outcome of the transfer leads."""
    too_many: Target | None = None
    """Where it leads after too many tries; None: where the line says (`Line.too_many`)."""

    def __init_subclass__(cls) -> None:
        """Register a kind; a subclass without a `word` of its own is a shared base, not a kind."""
        if "word" in cls.__dict__:
            KINDS[cls.word] = cls

    # How it is read, and what a call does in it

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a state of this kind read from its YAML, or None when a required field is missing.

        Problems go to the node's report.
        """
        written = node.parts(cls.called, cls.record)
        missing = [name for name in cls.record.required if written.get(name, ...) in ("", None)]
        part_names = {cls.word: "prompt", **cls.named}
        parts = cls.complete({part_names.get(name, name): part for name, part in written.items()}, node)
        return None if missing else cls(node.place, **parts)

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:  # noqa: ARG003 - for overrides
        """Return the parts with those that only this kind can read, and report problems between them."""
        return parts

    @abstractmethod
    def enter(self, call: LiveCall) -> None:
        """Do what happens when a call comes here: end the turn, run something, or leave."""

    def take(self, event: Event, call: LiveCall) -> None:  # noqa: ARG002 - kinds that override it use the event
        """Handle an event that arrives while the call waits here; unless a kind overrides this, enter again."""
        call.words, call.heard = [], []
        self.enter(call)

    def resume(self, call: LiveCall) -> None:
        """Do what happens when a flow that broke in here has ended; unless a kind overrides this, enter again."""
        self.enter(call)

    # Questions about it

    @property
    def is_question(self) -> bool:
        """Whether the caller is asked for keys here."""
        return self.limits is not None

    @property
    def one_key(self) -> bool:
        """Whether one key is the whole answer."""
        return self.is_question and self.number is None

    @property
    def gives_card(self) -> str:
        """The label by which it is left with card data, which an action has to take in that turn; "" if there is none."""
        return "next" if self.number and self.number.card else self.card_label

    @property
    def ends_turn(self) -> bool:
        """Whether entering ends the turn; a state with an action then runs it in the next turn."""
        return self.is_question or self.closes or bool(self.action and self.prompt)

    def waits(self, label: str) -> bool:
        """Tell whether leaving it by this label takes a later turn.

        The caller did something then, or the carrier came back.
        """
        return self.ends_turn and not self.action and label not in self.at_once

    def uses(self, key: str) -> bool:
        """Tell whether a key has a meaning of its own here."""
        return key in self.keys or (key == "*" and self.number is not None and self.number.stars)

    def shared_keys(self, line: Line) -> Mapping[str, str]:
        """Return the keys that mean here what they mean in every question: key -> `repeat`, or a flow."""
        keys = {} if not self.is_question else line.ask_keys if self.number else line.menu_keys
        return {key: flow for key, flow in keys.items() if not self.uses(key[0])}

    # Where it leads, what it says, and how it is described

    def transitions(self) -> tuple[tuple[str, Target], ...]:
        """Return every target with its label: `next`, `pound`, a key, `choice`, an outcome or end, `too_many`."""
        choice = self.choices.next if self.choices else None
        labelled_targets = (
            ("next", self.next),
            ("pound", self.pound),
            *self.keys.items(),
            ("choice", choice),
            *self.outcomes.items(),
            ("too_many", self.too_many),
        )
        return tuple((label, target) for label, target in labelled_targets if target)

    def prompts(self) -> Iterator[PromptUse]:
        """Yield the prompts that it speaks: those on its transitions first, then its own."""
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
        """Return the name of the value that the answer is saved as when it is left by this label; "" for none."""
        if label == "next" and self.number:
            return self.number.save
        return self.choices.save if label == "choice" and self.choices else ""

    @property
    def summary(self) -> str:
        """What it asks for or does, in a few words."""
        return self.number.length if self.number else self.action or self.runs

    def details(self) -> Mapping[str, str]:
        """Return what else a caller could notice of it: a name for lists of changes -> what it is."""
        return {}
