"""Checks what a caller agrees to: every fact of an order is spoken where no key can cut it short, and is still true.

An action that needs a yes declares its facts, the values that say what the yes is to (amounts, address, card). A menu
whose key confirms names the prompt that says them: `first: order.facts`. For each action that such a key leads to, the
facts must be in that prompt, in every language and plural form; a fact that is a phrase must speak every value it is
given, at any depth; and no value that the fact or the action depends on may change between the words and the action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ivr.errors import Place, Report
from ivr.flow.checks.consent import ends_consent, is_confirming, needs_yes
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, ShortestPaths, Transition, describe_path, paths_with_fact
from ivr.prompts import PHRASE, Catalogues, Prompt

FactNames = frozenset[str]
Written = tuple[str, str]
"""A fact, and the name of the action that wrote it."""


def check_facts(graph: Graph, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Report every fact that a caller would agree to without having heard it as it is."""
    _Facts(graph, catalogues, actions).check(report)


class _Agreed(NamedTuple):
    """What is known on a path: the facts that are true now, and those that the last confirming key agreed to.

    Each fact is kept with the action that wrote it, since the amount of one order is not that of another. This is a
    tuple because many thousands are made and looked up.
    """

    true: frozenset[Written] = frozenset()
    """The facts that would be spoken truly now."""
    agreed: frozenset[Written] = frozenset()
    """The facts that the caller's yes covers, as long as they have not changed."""
    menu: GraphState | None = None
    """The menu where the confirming key was pressed; None when no yes is valid any more."""
    done: FactNames = frozenset()
    """The values written since by the actions that the caller agreed to."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a transition does to facts."""

    written: FactNames
    """The values that are written."""
    stale: FactNames
    """The facts that are no longer true: written anew, or made of a value that is."""
    fresh: frozenset[Written]
    """The facts that are true from now on."""
    asks: bool
    """Whether it answers a question, which voids an earlier yes."""
    confirms: bool
    """Whether it does so by a key that confirms."""
    facts_said: FactNames
    """The facts that were said before that key."""
    acts: bool
    """Whether it runs an action that needed the yes."""

    def after(self, known: _Agreed, node: GraphState, still_asked: FactNames) -> _Agreed:
        """Return what is known after this transition was taken from `node`, keeping only the facts in `still_asked`."""
        true, agreed, menu, done = known
        if self.asks:
            agreed = frozenset(fact for fact in true if fact[0] in self.facts_said)
            menu, done = node if self.confirms else None, frozenset()
        true = frozenset(fact for fact in _without_stale(true, self.stale) | self.fresh if fact[0] in still_asked)
        if self.acts:  # what the action changes is what the caller agreed to, so it voids nothing
            return _Agreed(true, agreed, menu, done | self.written)
        return _Agreed(true, _without_stale(agreed, self.stale), menu, done)


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """A fact that a prompt does not speak, and the place of its words."""

    place: Place
    message: str


class _Facts:
    """Follows facts along every path: written by actions, spoken by a menu's first words, agreed to by its key."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions) -> None:
        self.graph = graph
        self.catalogues = catalogues
        self.actions = actions
        self.facts: FactNames = frozenset(fact for spec in actions.values() for fact in spec.facts)
        specs = ((node, actions[state.action]) for node, state in graph.states.items() if state.action)
        self.specs_with_facts = {node: spec for node, spec in specs if spec.facts}
        """The states whose action has facts, each with what the action declares."""
        self.made_of = {fact: self._made_of(fact) for fact in self.facts}
        """Fact -> the values that it depends on."""
        first = {state.first for state in graph.states.values() if state.first}
        self.facts_spoken = {
            name: self.facts - {fact for fact in self.facts if any(self._unsaid(name, fact))} for name in first
        }
        """Prompt -> the facts that it speaks in full, in every language and form."""

        self.changes = dict(self._changes())
        """What each transition does, by its `id()`. The graph keeps the transitions alive."""
        self.still_asked = self._still_asked()
        """State -> the facts that a menu reached from there may still have agreed to."""

    def _made_of(self, fact: str) -> FactNames:
        """Return the values that a fact depends on: all that its writers read, and the actions that it belongs to."""
        writers = [
            spec.reads for spec in self.actions.values() if any(fact in written for written in spec.outcomes.values())
        ]
        users = [spec.reads for spec in self.actions.values() if fact in spec.facts]
        return frozenset().union(*writers, *users) - self.facts

    def check(self, report: Report) -> None:
        """Report the facts that are missing, once for each pair of action and menu."""
        paths = paths_with_fact(self.graph, _Agreed(), self._after)
        reported: set[tuple[str, str]] = set()
        for node, known in paths:
            missing = self._missing(node, known)
            menu = known.menu
            if not missing or menu is None or (node.name, menu.name) in reported:
                continue
            reported.add((node.name, menu.name))
            for place, message in self._problems(
                node, menu, missing, describe_path(self.graph, paths.path((node, known)))
            ):
                report.add(place, message)

    def _missing(self, node: GraphState, known: _Agreed) -> FactNames:
        """Return the facts of a state's action that the yes on this path does not cover."""
        spec = self.specs_with_facts.get(node)
        if spec is None or known.menu is None:
            return frozenset()  # an action without any yes is reported by `consent`
        return spec.facts - {fact for fact, writer in known.agreed if spec.reads <= self._known_to(writer) | known.done}

    def _known_to(self, writer: str) -> FactNames:
        """Return the values that the words of an action can be about: those it reads, and those it writes."""
        spec = self.actions[writer]
        return spec.reads.union(*spec.outcomes.values())

    def _problems(
        self, node: GraphState, menu: GraphState, missing: FactNames, path: str
    ) -> Iterator[tuple[Place, str]]:
        """Yield the problems of a yes that does not cover the `missing` facts: a message with its place each."""
        acting_state, menu_state = self.graph.states[node], self.graph.states[menu]
        if not menu_state.first:
            facts = " and ".join(f"{{{fact}}}" for fact in sorted(self.actions[acting_state.action].facts))
            yield (
                menu_state.place,
                f'menu "{menu_state.name}" confirms "{acting_state.action}" without its facts: "first" should name a '
                f"prompt that says {facts}",
            )
            return
        for fact in sorted(missing):
            unsaid = list(self._unsaid(menu_state.first, fact))
            for problem in unsaid:
                yield (
                    problem.place,
                    f'{problem.message}: the yes of "{menu_state.name}" to "{acting_state.action}" is a yes to it',
                )
            if not unsaid:
                yield (
                    acting_state.at("do"),
                    f'"{fact}" is not said as it is by then, but "{acting_state.action}" acts on it: {path}',
                )

    def _after(self, known: _Agreed, transition: Transition) -> _Agreed | None:
        if self._missing(transition.source, known):
            return None
        return self.changes[id(transition)].after(known, transition.source, self.still_asked[transition.target])

    def _changes(self) -> Iterator[tuple[int, _Change]]:
        """Yield what each transition does, by its `id()`; computed once for all copies of a state in the graph."""
        changes: dict[tuple[object, ...], _Change] = {}
        for transition in self.graph:
            key = (transition.source.flow, transition.source.state, transition.label, *map(id, transition.targets))
            if key not in changes:
                changes[key] = self._change(transition)
            yield id(transition), changes[key]

    def _change(self, transition: Transition) -> _Change:
        """Return what one transition does."""
        state = self.graph.states[transition.source]
        asks = ends_consent(state)
        by_key = asks and is_confirming(transition)
        facts_said = self.facts_spoken.get(state.first, frozenset()) if by_key else frozenset()
        written = self._written(transition)
        forgotten = bool(state.action) and transition.label in self.actions[state.action].keeps
        stale = frozenset(f for f in self.facts if forgotten or self.made_of[f] & written or f in written)
        fresh = {(fact, state.action) for fact in self.facts & written} if state.action else set()
        return _Change(written, stale, frozenset(fresh), asks, by_key, facts_said, needs_yes(state, self.actions))

    def _still_asked(self) -> Mapping[GraphState, FactNames]:
        """Return the facts that can still be agreed to from each state before they change.

        No others need to be followed.
        """
        facts_at: dict[GraphState, set[str]] = {node: set() for node in self.graph.transitions}

        def back(fact: str, node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
            return (
                (transition, transition.source)
                for transition in self.graph.into[node]
                if fact not in self.changes[id(transition)].stale
            )

        for fact in self.facts:
            agreed = [transition.source for transition in self.graph if fact in self.changes[id(transition)].facts_said]
            for node in ShortestPaths(partial(back, fact), starts=agreed):
                facts_at[node].add(fact)
        return {node: frozenset(facts) for node, facts in facts_at.items()}

    def _written(self, transition: Transition) -> FactNames:
        """Return the values that a transition writes: by what it sets, by the answer, or by its action."""
        state = self.graph.states[transition.source]
        names = {name for target in transition.targets for name in target.sets} | (
            {saved} if (saved := state.saves(transition.label)) else set()
        )
        if state.action:
            names |= self.actions[state.action].outcomes.get(transition.label, {}).keys()
        return frozenset(names)

    # What a prompt says

    def _unsaid(self, name: str, fact: str) -> Iterator[_Unsaid]:
        """Yield each form of a prompt, or of a phrase inside the fact, that leaves out what it should speak."""
        for prompt in self._in_languages(name):
            yield from _forms_without(prompt, fact)
        yield from self._phrases_unsaid(fact, frozenset())

    def _phrases_unsaid(self, fact: str, seen: FactNames) -> Iterator[_Unsaid]:
        """Yield each form of the phrases that a fact may be that leaves out a value, at any depth."""
        for spec in self.actions.values():
            for name, given in spec.phrases.get(fact, {}).items():
                for prompt in self._in_languages(name):
                    for value in given:
                        yield from _forms_without(prompt, value)
                for value in (value for value, kind in given.items() if kind == PHRASE and value not in seen):
                    yield from self._phrases_unsaid(value, seen | {value})

    def _in_languages(self, name: str) -> Iterator[Prompt]:
        prompts = (catalogue.prompts.get(name) for catalogue in self.catalogues.by_language.values())
        return (prompt for prompt in prompts if prompt)


def _without_stale(facts: frozenset[Written], stale: FactNames) -> frozenset[Written]:
    """Return facts without those that have changed."""
    return frozenset(fact for fact in facts if fact[0] not in stale) if stale and facts else facts


def _forms_without(prompt: Prompt, value: str) -> Iterator[_Unsaid]:
    """Yield a problem for each plural form of a prompt that leaves out a value.

    A form for exactly one number (zero, one, two) tells that number by itself.
    """
    for form, parts in prompt.say.forms.items():
        if value == prompt.say.by and form in ("zero", "one", "two"):
            continue
        if all(isinstance(part, str) or part.name != value for part in parts) and (form != "other" or parts):
            where = f'"{form}" of "{prompt.name}"' if prompt.say.by else f'"{prompt.name}"'
            yield _Unsaid(prompt.say.place or prompt.place, f"{where} does not say {{{value}}}")
