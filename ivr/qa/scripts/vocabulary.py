"""The names that a script may use: those of the line it is written for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.prompts import Catalogues
from ivr.simulator.world import Table


@dataclass(frozen=True, slots=True)
class HearablePrompt:
    """What can be heard of a prompt: its values, and how many wordings of help it has for a silence and a wrong key."""

    values: frozenset[str]
    helps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of prompts, of tables with their columns, and of languages. Names are not checked where it is empty."""

    prompts: frozenset[str] = frozenset()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    line_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables of the line itself, with their columns: a script can expect rows there, but not give any."""
    spoken: Mapping[str, HearablePrompt] = field(default_factory=dict)
    made_of: Mapping[str, Table] = field(default_factory=dict)
    standing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The keys of rows that exist in every script, by table. For a table that is not named, any key is accepted."""


def hearable_prompts(catalogues: Catalogues) -> Mapping[str, HearablePrompt]:
    """Return what can be heard of each prompt, taking all languages together: all values, and the most wordings."""
    hearable: dict[str, HearablePrompt] = {}
    for catalogue in catalogues.by_language.values():
        for name, prompt in catalogue.prompts.items():
            so_far = hearable.get(name, HearablePrompt(frozenset(), {"silence": 0, "wrong": 0}))
            helps = {"silence": len(prompt.silence), "wrong": len(prompt.wrong)}
            most = {occasion: max(count, so_far.helps[occasion]) for occasion, count in helps.items()}
            hearable[name] = HearablePrompt(so_far.values | frozenset(prompt.values), most)
    return hearable
