"""What the interpreter wants done next, as data.

`web.twiml` turns verbs into TwiML; a test or a replay just reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.prompts.spoken import Values

Variant = Literal["say", "silence", "wrong"]
"""Which words of a prompt: the first ones, or those after a silence or a wrong key."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak a prompt in a language. After a silence or a wrong key, its words for that try (from 1)."""

    prompt: str
    language: str
    values: Values
    variant: Variant = "say"
    tries: int = 1


EARLY_KEYS_SECONDS = 1
"""How long keys are waited for that were pressed before or during words that no key may cut short: the carrier's least."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Speak, and take keys meanwhile and afterwards.

    No key interrupts the first `uncut` words, and keys from before their end answer nothing.
    """

    words: tuple[Speak, ...]
    most: int
    """The number of keys after which the carrier does not wait for more."""
    pound_ends: bool
    next_key: int
    """Seconds waited for each further key."""
    extra_wait: int
    """Seconds waited beyond `next_key` for the first key."""
    uncut: int = 0
    """How many of `words`, from the first, are spoken before keys are taken, so that no key cuts them short."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Speak, and connect the caller to a person."""

    words: tuple[Speak, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """Speak, and come straight back for the next turn."""

    words: tuple[Speak, ...]


@dataclass(frozen=True, slots=True)
class HangUp:
    """Speak, and end the call."""

    words: tuple[Speak, ...]


CardStep = Literal["number", "expiry", "code", "processing"]
"""What the carrier asks for, or does, while it takes a card."""


@dataclass(frozen=True, slots=True)
class CardPrompt:
    """The words that the carrier speaks at one step of taking a card, after so many failed tries (0: the first time)."""

    step: CardStep
    words: tuple[Speak, ...]
    tries: int = 0
    error: Literal["", "silence", "wrong", "brand"] = ""
    """Why the last try failed: nothing was keyed, something wrong, or a card of a brand that is not taken."""
    on_front: bool | None = None
    """Whether they are for a card whose code is on its front (True), on its back (False), or for any card (None)."""


@dataclass(frozen=True, slots=True)
class Pay:
    """Speak, and let the carrier take a card, which speaks `prompts` meanwhile; no key of it comes here."""

    words: tuple[Speak, ...]
    prompts: tuple[CardPrompt, ...]
    wait: int
    """Seconds waited for each key."""


Verb = Gather | Dial | GoOn | HangUp | Pay
"""Exactly one ends a turn. Each carries the words before it, so that a key pressed while they are spoken counts."""
