"""The names a script may use, told by the line it is written for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.prompts import Catalogues
from ivr.simulator.world import Table


@dataclass(frozen=True, slots=True)
class HearablePrompt:
    """What can be heard of a prompt: its values, and how many helps it has after a silence and after a wrong key."""

    values: frozenset[str]
    helps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Prompts, tables with their columns, languages; what is empty is not checked."""

    prompts: frozenset[str] = frozenset()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    line_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the line keeps for itself: it can be looked at, never given."""
    spoken: Mapping[str, HearablePrompt] = field(default_factory=dict)
    made_of: Mapping[str, Table] = field(default_factory=dict)
    standing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The keys of rows that every script finds, by table; a table that is not named may hold any."""


def spoken_of(catalogues: Catalogues) -> Mapping[str, HearablePrompt]:
    """Return what can be heard of every prompt, in the language that has the most of it."""
    found: dict[str, HearablePrompt] = {}
    for catalogue in catalogues.by_language.values():
        for name, prompt in catalogue.prompts.items():
            known = found.get(name, HearablePrompt(frozenset(), {"silence": 0, "wrong": 0}))
            helps = {"silence": len(prompt.silence), "wrong": len(prompt.wrong)}
            most = {occasion: max(count, known.helps[occasion]) for occasion, count in helps.items()}
            found[name] = HearablePrompt(known.values | frozenset(prompt.values), most)
    return found
