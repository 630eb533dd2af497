"""Prompts as the studio shows them: in all languages, for each occasion, as written and as callers hear them."""

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
from ivr.prompts.recordings.playlist import recordings_and_words
from ivr.prompts.spoken import Value

_COUNTS = (2, 1, 5, 0, 1_000_000)


@dataclass(frozen=True, slots=True)
class WordsInLanguage:
    """The words of a prompt on one occasion in one language."""

    language: str
    parts: tuple[str | Slot, ...]
    text: str = ""
    """As a caller hears it, with example values; "" if there are no examples."""
    recordings: tuple[Recording, ...] = ()
    remarks: tuple[str, ...] = ()
    """Advice on how the words could be better."""

    @property
    def seconds(self) -> float:
        """About how many seconds it takes to speak."""
        return spoken.speaking_seconds(self.text)

    @property
    def has_values(self) -> bool:
        """Whether the words contain values, so that what is heard differs from what is written."""
        return any(isinstance(part, Slot) for part in self.parts)


@dataclass(frozen=True, slots=True)
class PromptOccasion:
    """An occasion on which a prompt is spoken, such as "silence 1", and its words (or None) in each language."""

    when: str
    languages: tuple[WordsInLanguage | None, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The shortest path of a call to a state: in words, and the states that it goes through."""

    words: str
    through: frozenset[StateName]


@dataclass(frozen=True, slots=True)
class SpeakingState:
    """A state that speaks a prompt, and the shortest path of a call to it, in words."""

    flow: str
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """A prompt with all that the studio shows of it."""

    name: str
    values: Mapping[str, str]
    occasions: tuple[PromptOccasion, ...]
    states: tuple[SpeakingState, ...]
    inside: tuple[str, ...]
    """The prompts that this one is spoken within, as a phrase."""


@dataclass(frozen=True, slots=True)
class Book:
    """The prompts of one version, and the states and prompts that speak them."""

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
        object.__setattr__(self, "states", _speaking_states(self.version, routes))
        object.__setattr__(self, "inside", _outer_prompts(self.version, self.actions))
        object.__setattr__(self, "remarks", _remarks_by_place(self.version))

    @property
    def subjects(self) -> dict[str, list[str]]:
        """The names of all prompts by subject; subjects are sorted, names are in the order of the file."""
        names_by_subject: dict[str, list[str]] = {}
        for catalogue in self.version.catalogues.by_language.values():
            for name in catalogue.prompts:
                names = names_by_subject.setdefault(name.partition(".")[0], [])
                if name not in names:
                    names.append(name)
        return dict(sorted(names_by_subject.items()))

    def entries(self, subject: str, recordings: Recordings) -> list[PromptEntry]:
        """Return the prompts of one subject, in the order of the file."""
        return [self.entry(name, recordings) for name in self.subjects.get(subject, ())]

    def entry(self, name: str, recordings: Recordings) -> PromptEntry:
        """Return one prompt with its words on every occasion."""
        rows: dict[str, dict[str, WordsInLanguage]] = defaultdict(dict)
        values: dict[str, str] = {}
        for language, catalogue in self.version.catalogues.by_language.items():
            if prompt := catalogue.prompts.get(name):
                values |= prompt.values
                for when, words in self._words_of(catalogue, prompt, recordings):
                    rows[when][language] = words
        languages = self.version.catalogues.languages
        occasions = tuple(
            PromptOccasion(when, tuple(row.get(name) for name in languages)) for when, row in rows.items()
        )
        return PromptEntry(name, values, occasions, self.states.get(name, ()), self.inside.get(name, ()))

    def find(self, text: str) -> list[str]:
        """Return the names of the prompts whose words, in any language, or whose name contain a text."""
        searched_text = " ".join(text.casefold().split())
        matching = []
        for names in self.subjects.values():
            for name in names:
                prompts = (c.prompts[name] for c in self.version.catalogues.by_language.values() if name in c.prompts)
                if searched_text in name or any(
                    searched_text in written(words).casefold() for p in prompts for _, words in _words_by_occasion(p)
                ):
                    matching.append(name)
        return matching

    def _words_of(
        self, catalogue: Catalogue, prompt: Prompt, recordings: Recordings
    ) -> Iterator[tuple[str, WordsInLanguage]]:
        examples = Examples(self.version.catalogues, self.version.flows.flows, self.actions, self.today, {})
        for (when, variant, tries), words in _words_by_occasion(prompt):
            place = words.place or prompt.place
            messages = tuple(remark.message for remark in self.remarks.get(place, ()))
            for form, parts in sorted(words.forms.items(), key=lambda each: each[0] == "other"):
                if words.by is not None and not parts:
                    continue
                label = when if words.by is None else f"{when} ({words.by}: {form})"
                pieces = _pieces(catalogue, prompt, variant, tries, examples, words.by, form)
                played = tuple(
                    part
                    for part in recordings_and_words(pieces, recordings, catalogue.language)
                    if isinstance(part, Recording)
                )
                yield label, WordsInLanguage(catalogue.language, parts, joined(pieces), played, messages)


def _words_by_occasion(prompt: Prompt) -> Iterator[tuple[tuple[str, Variant, int], Words]]:
    yield ("first time", "say", 1), prompt.say
    for number, words in enumerate(prompt.silence, 1):
        yield (f"silence {number}", "silence", number), words
    for number, words in enumerate(prompt.wrong, 1):
        yield (f"wrong key {number}", "wrong", number), words


def written(words: Words) -> str:
    """Return words as they are written, with the names of values in braces."""
    forms = ("".join(p if isinstance(p, str) else f"{{{p.name}}}" for p in parts) for parts in words.forms.values())
    return " ".join(" ".join(forms).split())


def _pieces(
    catalogue: Catalogue, prompt: Prompt, variant: Variant, tries: int, examples: Examples, by: str | None, form: str
) -> tuple[Piece, ...]:
    """Return what is heard with example values, or () if there are no examples."""
    try:
        values: dict[str, Value] = examples.values(prompt)
        if by is not None:
            values[by] = next(count for count in _COUNTS if plural_category(count, catalogue.language) == form)
        return catalogue.pieces(prompt.name, values, variant, tries)
    except (IvrError, KeyError, ValueError, StopIteration):
        return ()


def _remarks_by_place(version: Version) -> dict[Place, tuple[Remark, ...]]:
    remarks_by_place: dict[Place, tuple[Remark, ...]] = {}
    for remark in remarks(version.flows, version.catalogues):
        remarks_by_place[remark.place] = (*remarks_by_place.get(remark.place, ()), remark)
    return remarks_by_place


def _routes(version: Version) -> dict[StateName, Route]:
    """Return the shortest path to every state that a call can reach."""
    graph = Graph(version.flows)
    routes: dict[StateName, Route] = {}
    for node in graph.transitions:
        if (node.flow, node.state) not in routes:
            transitions = graph.path(node)
            through = frozenset((transition.source.flow, transition.source.state) for transition in transitions)
            routes[node.flow, node.state] = Route(describe_path(graph, transitions), through)
    return routes


def _speaking_states(version: Version, routes: Mapping[StateName, Route]) -> dict[str, tuple[SpeakingState, ...]]:
    states_by_prompt: dict[str, dict[SpeakingState, None]] = defaultdict(dict)
    for (flow, name), state in all_states(version.flows):
        route = routes.get((flow, name))
        speaking = SpeakingState(flow, name, route.words if route else "")
        for use in state.prompts():
            states_by_prompt[use.name][speaking] = None
        if state.choices:
            states_by_prompt[state.choices.option][speaking] = None
    return {prompt: tuple(states) for prompt, states in states_by_prompt.items()}


def _outer_prompts(version: Version, actions: Mapping[str, ActionSpec]) -> dict[str, tuple[str, ...]]:
    """Return the prompts that speak a prompt as a phrase within them, by its name."""
    used_actions = {state.action for _, state in all_states(version.flows) if state.action}
    phrases_by_value: dict[str, set[str]] = defaultdict(set)
    for action in used_actions & actions.keys():
        for value, prompts in actions[action].phrases.items():
            phrases_by_value[value].update(prompts)
    outer_by_phrase: dict[str, set[str]] = defaultdict(set)
    for name in version.catalogues.names:
        prompt = version.catalogues.prompt(name)
        for value, kind in (prompt.values if prompt else {}).items():
            for phrase in phrases_by_value.get(value, ()) if kind == PHRASE else ():
                outer_by_phrase[phrase].add(name)
    return {name: tuple(sorted(outer)) for name, outer in outer_by_phrase.items()}
