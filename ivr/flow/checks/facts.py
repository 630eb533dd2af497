"""What a caller says yes to: the facts that an action declares, all spoken where no key cuts them, and still true.

A menu whose key confirms names its facts: `first: order.facts`. For each action that such a key leads to, the facts
must stand in that prompt, in every language and plural form; a fact that is a phrase must speak all that it is given,
at any depth; and nothing a fact or the action is made of may change between its words and the action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ivr.errors import Place, Report
from ivr.flow.checks.consent import confirms, is_asked, needs_yes
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, ShortestPaths, Transition, describe_path, walk
from ivr.prompts import PHRASE, Catalogues, Prompt

FactNames = frozenset[str]
Written = tuple[str, str]
"""A fact, and the action that wrote it."""


def check_facts(graph: Graph, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Note every fact that a caller would say yes to without having heard it."""
    _Facts(graph, catalogues, actions).check(report)


class _Agreed(NamedTuple):
    """The facts that are true as they would be spoken now, and those that the last confirming key agreed to.

    Each with the action that put it together, since an amount of one order is none of another. A tuple, since it is
    made and looked up by the thousand.
    """

    true: frozenset[Written] = frozenset()
    agreed: frozenset[Written] = frozenset()
    menu: GraphState | None = None
    """Where that key was pressed; None when none is good any more."""
    done: FactNames = frozenset()
    """What has been written since by the actions that it agreed to."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a way out of a state does to facts: values written, facts no longer true, facts now true."""

    written: FactNames
    stale: FactNames
    fresh: frozenset[Written]
    asks: bool
    """It answers a question, which an earlier yes does not outlast."""
    confirms: bool
    said: FactNames
    """The facts said before the key that it confirms by."""
    acts: bool
    """It does what the yes was to."""

    def after(self, known: _Agreed, node: GraphState, still_asked: FactNames) -> _Agreed:
        """Return what is known after it was taken at a state, as far as that is still asked for."""
        true, agreed, menu, done = known
        if self.asks:
            agreed = frozenset(one for one in true if one[0] in self.said)
            menu, done = node if self.confirms else None, frozenset()
        true = frozenset(one for one in _still(true, self.stale) | self.fresh if one[0] in still_asked)
        if self.acts:  # what it changes is what the yes was to, but no longer what was said
            return _Agreed(true, agreed, menu, done | self.written)
        return _Agreed(true, _still(agreed, self.stale), menu, done)


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """A fact that a prompt does not speak, where that is."""

    place: Place
    message: str


class _Facts:
    """Follows facts: put together by actions, spoken by the first words of a menu, agreed to by its key."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions) -> None:
        self.graph = graph
        self.catalogues = catalogues
        self.actions = actions
        self.facts: FactNames = frozenset(fact for spec in actions.values() for fact in spec.facts)
        specs = ((node, actions[state.action]) for node, state in graph.states.items() if state.action)
        self.bound = {node: spec for node, spec in specs if spec.facts}
        """Where something is done that facts are agreed to for."""
        self.made_of = {fact: self._made_of(fact) for fact in self.facts}
        first = {state.first for state in graph.states.values() if state.first}
        self.said = {
            name: self.facts - {fact for fact in self.facts if any(self._unsaid(name, fact))} for name in first
        }

        self.changes = dict(self._changes())
        """By the identity of transitions, which last as long as the graph."""
        self.still_asked = self._still_asked()

    def _made_of(self, fact: str) -> FactNames:
        """Return the values that a fact tells of: what its writers read, and what the actions agreed to by it read."""
        writers = [spec.reads for spec in self.actions.values() if any(fact in said for said in spec.outcomes.values())]
        users = [spec.reads for spec in self.actions.values() if fact in spec.facts]
        return frozenset().union(*writers, *users) - self.facts

    def check(self, report: Report) -> None:
        paths = walk(self.graph, _Agreed(), self._after)
        told_of: set[tuple[str, str]] = set()
        for node, known in paths:
            missing = self._missing(node, known)
            menu = known.menu
            if not missing or menu is None or (node.name, menu.name) in told_of:
                continue
            told_of.add((node.name, menu.name))
            for place, message in self._problems(
                node, menu, missing, describe_path(self.graph, paths.path((node, known)))
            ):
                report.add(place, message)

    def _missing(self, node: GraphState, known: _Agreed) -> FactNames:
        spec = self.bound.get(node)
        if spec is None or known.menu is None:
            return frozenset()  # without any yes it is told of elsewhere
        return spec.facts - {fact for fact, writer in known.agreed if spec.reads <= self._known_to(writer) | known.done}

    def _known_to(self, writer: str) -> FactNames:
        """Return what an action's words can be about: what it reads, and what it writes."""
        spec = self.actions[writer]
        return spec.reads.union(*spec.outcomes.values())

    def _problems(
        self, node: GraphState, menu: GraphState, missing: FactNames, way: str
    ) -> Iterator[tuple[Place, str]]:
        bound, asked = self.graph.states[node], self.graph.states[menu]
        if not asked.first:
            facts = " and ".join(f"{{{fact}}}" for fact in sorted(self.actions[bound.action].facts))
            yield (
                asked.place,
                f'menu "{asked.name}" confirms "{bound.action}" without its facts: "first" should name a prompt that '
                f"says {facts}",
            )
            return
        for fact in sorted(missing):
            unsaid = list(self._unsaid(asked.first, fact))
            for found in unsaid:
                yield found.place, f'{found.message}: the yes of "{asked.name}" to "{bound.action}" is a yes to it'
            if not unsaid:
                yield bound.at("do"), f'"{fact}" is not said as it is by then, but "{bound.action}" acts on it: {way}'

    def _after(self, known: _Agreed, transition: Transition) -> _Agreed | None:
        if self._missing(transition.source, known):
            return None
        return self.changes[id(transition)].after(known, transition.source, self.still_asked[transition.target])

    def _changes(self) -> Iterator[tuple[int, _Change]]:
        """Yield what each transition does, which is the same wherever its state is in the graph."""
        made: dict[tuple[object, ...], _Change] = {}
        for transition in self.graph:
            way = (transition.source.flow, transition.source.state, transition.label, *map(id, transition.targets))
            if way not in made:
                made[way] = self._change(transition)
            yield id(transition), made[way]

    def _change(self, transition: Transition) -> _Change:
        state = self.graph.states[transition.source]
        asks = is_asked(state)
        by_key = asks and confirms(transition)
        said = self.said.get(state.first, frozenset()) if by_key else frozenset()
        written = self._written(transition)
        stale = frozenset(fact for fact in self.facts if self.made_of[fact] & written or fact in written)
        fresh = {(fact, state.action) for fact in self.facts & written} if state.action else set()
        return _Change(written, stale, frozenset(fresh), asks, by_key, said, needs_yes(state, self.actions))

    def _still_asked(self) -> Mapping[GraphState, FactNames]:
        """Return the facts that may be agreed to from each state on before they change; no others need following."""
        asked: dict[GraphState, set[str]] = {node: set() for node in self.graph.transitions}

        def back(fact: str, node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
            return ((m, m.source) for m in self.graph.into[node] if fact not in self.changes[id(m)].stale)

        for fact in self.facts:
            agreed = [one.source for one in self.graph if fact in self.changes[id(one)].said]
            for node in ShortestPaths(partial(back, fact), starts=agreed):
                asked[node].add(fact)
        return {node: frozenset(facts) for node, facts in asked.items()}

    def _written(self, transition: Transition) -> FactNames:
        state = self.graph.states[transition.source]
        found = {name for way in transition.targets for name in way.sets} | (
            {saved} if (saved := state.saves(transition.label)) else set()
        )
        if state.action:
            found |= self.actions[state.action].outcomes.get(transition.label, {}).keys()
        return frozenset(found)

    # What a prompt says

    def _unsaid(self, name: str, fact: str) -> Iterator[_Unsaid]:
        """Yield where a prompt, or a phrase that the fact may be, does not speak what it should."""
        for prompt in self._in_languages(name):
            yield from _lacks(prompt, fact)
        yield from self._phrases_unsaid(fact, frozenset())

    def _phrases_unsaid(self, fact: str, seen: FactNames) -> Iterator[_Unsaid]:
        for spec in self.actions.values():
            for name, given in spec.phrases.get(fact, {}).items():
                for prompt in self._in_languages(name):
                    for value in given:
                        yield from _lacks(prompt, value)
                for value in (value for value, kind in given.items() if kind == PHRASE and value not in seen):
                    yield from self._phrases_unsaid(value, seen | {value})

    def _in_languages(self, name: str) -> Iterator[Prompt]:
        prompts = (catalogue.prompts.get(name) for catalogue in self.catalogues.by_language.values())
        return (prompt for prompt in prompts if prompt)


def _still(known: frozenset[Written], stale: FactNames) -> frozenset[Written]:
    """Return what is known without facts that have changed."""
    return frozenset(one for one in known if one[0] not in stale) if stale and known else known


def _lacks(prompt: Prompt, value: str) -> Iterator[_Unsaid]:
    """Yield a problem where some form of the first words does not speak a value; a form for just one number tells it."""
    for form, parts in prompt.say.forms.items():
        if value == prompt.say.by and form in ("zero", "one", "two"):
            continue
        if all(isinstance(part, str) or part.name != value for part in parts) and (form != "other" or parts):
            where = f'"{form}" of "{prompt.name}"' if prompt.say.by else f'"{prompt.name}"'
            yield _Unsaid(prompt.say.place or prompt.place, f"{where} does not say {{{value}}}")
