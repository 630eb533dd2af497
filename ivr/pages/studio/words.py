"""Prompts as the studio shows them: languages side by side, every occasion, as written and as a caller hears it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ivr.errors import IvrError, Place
from ivr.flow.definition import ActionSpec
from ivr.flow.graph import Graph, StateName, all_states, describe_path
from ivr.line.examples import Examples
from ivr.line.review import remarks
from ivr.line.versions import Version
from ivr.prompts import PHRASE, Catalogue, Piece, Prompt, Slot, Variant, Words, joined, spoken
from ivr.prompts.catalogue import plural_category
from ivr.prompts.lint import Remark
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.playlist import heard
from ivr.prompts.spoken import Value

_COUNTS = (2, 1, 5, 0, 1_000_000)


@dataclass(frozen=True, slots=True)
class WordsInLanguage:
    """What one language says on one occasion."""

    language: str
    parts: tuple[str | Slot, ...]
    text: str = ""
    """As a caller hears it, with made-up values; empty when none can be made up."""
    recordings: tuple[Recording, ...] = ()
    remarks: tuple[str, ...] = ()
    """What could be said better."""

    @property
    def seconds(self) -> float:
        """About how long it takes to listen to."""
        return spoken.seconds(self.text)

    @property
    def has_values(self) -> bool:
        """Say whether what is heard differs from what is written."""
        return any(isinstance(part, Slot) for part in self.parts)


@dataclass(frozen=True, slots=True)
class PromptOccasion:
    """When words are spoken, and what each language says then; None where it says nothing."""

    when: str
    languages: tuple[WordsInLanguage | None, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The shortest way of a call to a state: in words, and the states it goes through."""

    words: str
    through: frozenset[StateName]


@dataclass(frozen=True, slots=True)
class SpeakingState:
    """A state that speaks a prompt, and the shortest way a call takes to it."""

    flow: str
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """One prompt."""

    name: str
    values: Mapping[str, str]
    occasions: tuple[PromptOccasion, ...]
    states: tuple[SpeakingState, ...]
    inside: tuple[str, ...]
    """The prompts that it is spoken inside of."""


@dataclass(frozen=True, slots=True)
class Book:
    """All words of one version, and where they are heard."""

    version: Version
    actions: Mapping[str, ActionSpec]
    today: date
    states: Mapping[str, tuple[SpeakingState, ...]] = field(init=False)
    inside: Mapping[str, tuple[str, ...]] = field(init=False)
    routes: Mapping[StateName, Route] = field(init=False)
    remarks: Mapping[Place, tuple[Remark, ...]] = field(init=False)

    def __post_init__(self) -> None:
        routes = _routes(self.version)
        object.__setattr__(self, "routes", routes)
        object.__setattr__(self, "states", _states(self.version, routes))
        object.__setattr__(self, "inside", _inside(self.version, self.actions))
        object.__setattr__(self, "remarks", _remarks(self.version))

    @property
    def subjects(self) -> dict[str, list[str]]:
        """The names of all prompts by subject, both in order."""
        found: dict[str, list[str]] = {}
        for catalogue in self.version.catalogues.by_language.values():
            for name in catalogue.prompts:
                names = found.setdefault(name.partition(".")[0], [])
                if name not in names:
                    names.append(name)
        return dict(sorted(found.items()))

    def entries(self, subject: str, recordings: Recordings) -> list[PromptEntry]:
        """Return the prompts of one subject, in the order of the file."""
        return [self.entry(name, recordings) for name in self.subjects.get(subject, ())]

    def entry(self, name: str, recordings: Recordings) -> PromptEntry:
        """Return one prompt with all it says."""
        rows: dict[str, dict[str, WordsInLanguage]] = defaultdict(dict)
        values: dict[str, str] = {}
        for language, catalogue in self.version.catalogues.by_language.items():
            if prompt := catalogue.prompts.get(name):
                values |= prompt.values
                for when, words in self._said(catalogue, prompt, recordings):
                    rows[when][language] = words
        languages = self.version.catalogues.languages
        occasions = tuple(
            PromptOccasion(when, tuple(row.get(name) for name in languages)) for when, row in rows.items()
        )
        return PromptEntry(name, values, occasions, self.states.get(name, ()), self.inside.get(name, ()))

    def find(self, text: str) -> list[str]:
        """Return the names of the prompts that say a text, in any language, or are called so."""
        wanted = " ".join(text.casefold().split())
        found = []
        for names in self.subjects.values():
            for name in names:
                prompts = (c.prompts[name] for c in self.version.catalogues.by_language.values() if name in c.prompts)
                if wanted in name or any(wanted in written(words).casefold() for p in prompts for _, words in _all(p)):
                    found.append(name)
        return found

    def _said(
        self, catalogue: Catalogue, prompt: Prompt, recordings: Recordings
    ) -> Iterator[tuple[str, WordsInLanguage]]:
        examples = Examples(self.version.catalogues, self.version.flows.flows, self.actions, self.today, {})
        for (when, variant, tries), words in _all(prompt):
            place = words.place or prompt.place
            told_here = tuple(remark.message for remark in self.remarks.get(place, ()))
            for form, parts in sorted(words.forms.items(), key=lambda each: each[0] == "other"):
                if words.by is not None and not parts:
                    continue
                label = when if words.by is None else f"{when} ({words.by}: {form})"
                pieces = _pieces(catalogue, prompt, variant, tries, examples, words.by, form)
                played = tuple(
                    part for part in heard(pieces, recordings, catalogue.language) if isinstance(part, Recording)
                )
                yield label, WordsInLanguage(catalogue.language, parts, joined(pieces), played, told_here)


def _all(prompt: Prompt) -> Iterator[tuple[tuple[str, Variant, int], Words]]:
    yield ("first time", "say", 1), prompt.say
    for number, words in enumerate(prompt.silence, 1):
        yield (f"silence {number}", "silence", number), words
    for number, words in enumerate(prompt.wrong, 1):
        yield (f"wrong key {number}", "wrong", number), words


def written(words: Words) -> str:
    """Return words as they are written, values in braces."""
    forms = ("".join(p if isinstance(p, str) else f"{{{p.name}}}" for p in parts) for parts in words.forms.values())
    return " ".join(" ".join(forms).split())


def _pieces(
    catalogue: Catalogue, prompt: Prompt, variant: Variant, tries: int, examples: Examples, by: str | None, form: str
) -> tuple[Piece, ...]:
    """Return what is heard with made-up values; nothing where none can be made up."""
    try:
        values: dict[str, Value] = examples.values(prompt)
        if by is not None:
            values[by] = next(count for count in _COUNTS if plural_category(count, catalogue.language) == form)
        return catalogue.pieces(prompt.name, values, variant, tries)
    except (IvrError, KeyError, ValueError, StopIteration):
        return ()


def _remarks(version: Version) -> dict[Place, tuple[Remark, ...]]:
    found: dict[Place, tuple[Remark, ...]] = {}
    for remark in remarks(version.flows, version.catalogues):
        found[remark.place] = (*found.get(remark.place, ()), remark)
    return found


def _routes(version: Version) -> dict[StateName, Route]:
    """Return the shortest way to every state that a call can come to."""
    graph = Graph(version.flows)
    found: dict[StateName, Route] = {}
    for node in graph.transitions:
        if (node.flow, node.state) not in found:
            transitions = graph.path(node)
            through = frozenset((transition.source.flow, transition.source.state) for transition in transitions)
            found[node.flow, node.state] = Route(describe_path(graph, transitions), through)
    return found


def _states(version: Version, routes: Mapping[StateName, Route]) -> dict[str, tuple[SpeakingState, ...]]:
    found: dict[str, dict[SpeakingState, None]] = defaultdict(dict)
    for (flow, name), state in all_states(version.flows):
        route = routes.get((flow, name))
        speaking = SpeakingState(flow, name, route.words if route else "")
        for use in state.prompts():
            found[use.name][speaking] = None
        if state.choices:
            found[state.choices.option][speaking] = None
    return {prompt: tuple(states) for prompt, states in found.items()}


def _inside(version: Version, actions: Mapping[str, ActionSpec]) -> dict[str, tuple[str, ...]]:
    """Return for each phrase the prompts that speak it."""
    used = {state.action for _, state in all_states(version.flows) if state.action}
    phrases: dict[str, set[str]] = defaultdict(set)
    for action in used & actions.keys():
        for value, prompts in actions[action].phrases.items():
            phrases[value].update(prompts)
    found: dict[str, set[str]] = defaultdict(set)
    for name in version.catalogues.names:
        prompt = version.catalogues.prompt(name)
        for value, kind in (prompt.values if prompt else {}).items():
            for phrase in phrases.get(value, ()) if kind == PHRASE else ():
                found[phrase].add(name)
    return {name: tuple(sorted(outer)) for name, outer in found.items()}
