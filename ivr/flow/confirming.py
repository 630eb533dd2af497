"""No order without a key that confirmed it, no charge without an amount that was heard before that key.

A confirmation is good for what follows it directly: the next question ends it. And the key itself is used by no
question right before or after, so that a stray or doubled press never orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.errors import Report
from ivr.flow.definition import ActionSpec, Ask, Do, Menu, State
from ivr.flow.graph import Graph, Move, Spot, Walk, told
from ivr.keypad import key_name
from ivr.prompts import PHRASE, Catalogues, Prompt

Actions = Mapping[str, ActionSpec]
DIGITS = frozenset("0123456789")


def check(graph: Graph, catalogues: Catalogues | None, actions: Actions, report: Report) -> None:
    """Note every order and charge a caller has not said yes to, and every key that could be pressed by accident.

    Without catalogues, for they could not be read, nothing is said of amounts.
    """
    _check_confirmed(graph, actions, report)
    for amount in sorted({spec.charges for spec in actions.values() if spec.charges}, key=sorted):
        if catalogues:
            _Amounts(graph, catalogues, actions, amount).check(report)
    _check_keys(graph, actions, report)


def _is_question(graph: Graph, spot: Spot) -> bool:
    return isinstance(graph.states[spot], Menu | Ask)


def _confirms(move: Move) -> bool:
    return any(way.confirms for way in move.ways)


def _check_confirmed(graph: Graph, actions: Actions, report: Report) -> None:
    def is_bound(state: State) -> bool:
        return isinstance(state, Do) and bool(actions[state.action].orders or actions[state.action].charges)

    def after(confirmed: bool, move: Move) -> bool | None:
        if not confirmed and is_bound(graph.states[move.source]):
            return None  # told of already; what comes after it is no slip of its own
        return _confirms(move) or (confirmed and not _is_question(graph, move.source))

    walk = Walk(graph, False, after)
    told_of: set[str] = set()
    for spot, confirmed in walk:
        state = graph.states[spot]
        if isinstance(state, Do) and is_bound(state) and not confirmed and spot.name not in told_of:
            told_of.add(spot.name)
            what = "an order" if actions[state.action].orders else "a charge"
            way = told(graph, walk.path(spot, confirmed))
            report.add(state.place, f'{what} without a key that "confirms" right before it: {way}')


@dataclass(frozen=True, slots=True)
class _Heard:
    """Whether a confirming key was pressed right before, the amount spoken by now, and by when that key was pressed."""

    confirmed: bool = False
    amount: bool = False
    agreed: bool = False

    @property
    def is_wrong(self) -> bool:
        """The caller said yes, but not to an amount. Without any yes it is told of elsewhere."""
        return self.confirmed and not self.agreed


class _Amounts:
    """Follows an amount: written by actions, spoken by prompts, agreed to by a key."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions, amount: frozenset[str]) -> None:
        self.graph = graph
        self.actions = actions
        self.amount = amount
        self.telling = {name for name in catalogues.names if self._tells(catalogues, name)}

    def _tells(self, catalogues: Catalogues, name: str) -> bool:
        """The words for the first time speak the amount, in every language and every form."""
        prompts = [catalogue.prompts.get(name) for catalogue in catalogues.by_language.values()]
        return all(prompt is not None and self._speaks(catalogues, prompt) for prompt in prompts)

    def _speaks(self, catalogues: Catalogues, prompt: Prompt) -> bool:
        forms = [
            {slot.name for slot in parts if not isinstance(slot, str)} & self.amount
            for parts in prompt.say.forms.values()
        ]
        return all(any(self._is_money(catalogues, prompt.values[name], name) for name in form) for form in forms)

    def _is_money(self, catalogues: Catalogues, kind: str, name: str) -> bool:
        if kind != PHRASE:
            return kind == "money"
        phrases = {phrase for spec in self.actions.values() if name in spec.phrases for phrase in spec.phrases[name]}
        found = [catalogues.prompt(phrase) for phrase in phrases]
        return bool(found) and all(prompt is not None and "money" in prompt.values.values() for prompt in found)

    def check(self, report: Report) -> None:
        walk = Walk(self.graph, _Heard(amount=self._tells_at(self.graph.start)), self._after)
        told_of: set[str] = set()
        for spot, heard in walk:
            state = self.graph.states[spot]
            if heard.is_wrong and self._charges(state) and spot.name not in told_of:
                told_of.add(spot.name)
                way = told(self.graph, walk.path(spot, heard))
                report.add(state.place, f"a charge without a spoken amount that was agreed to: {way}")

    def _charges(self, state: State) -> bool:
        return isinstance(state, Do) and self.actions[state.action].charges == self.amount

    def _after(self, heard: _Heard, move: Move) -> _Heard | None:
        state = self.graph.states[move.source]
        if heard.is_wrong and self._charges(state):
            return None
        confirmed, amount, agreed = heard.confirmed, heard.amount, heard.agreed
        if isinstance(state, Do) and self.amount & set(self.actions[state.action].outcomes.get(move.label, ())):
            amount = agreed = False
        if isinstance(state, Menu | Ask):
            confirmed = _confirms(move)
            agreed = amount and confirmed
        spoken = any(way.say in self.telling for way in move.ways) or self._tells_at(move.target)
        return _Heard(confirmed, amount or spoken, agreed)

    def _tells_at(self, spot: Spot) -> bool:
        state = self.graph.states[spot]
        prompt = state.say if isinstance(state, Do) else getattr(state, "prompt", "")
        return prompt in self.telling


def _check_keys(graph: Graph, actions: Actions, report: Report) -> None:
    """The key that confirms is used by no question right before or after."""
    told_of: set[tuple[str, str]] = set()
    for spot in graph.moves:
        for way in _to_next_question(graph, spot):
            other = way[-1].target
            for one, two, order in ((spot, other, "after"), (other, spot, "before")):
                shared = _confirming_keys(graph.states[one]) & _keys(graph.states[two], actions)
                if shared and (one.name, two.name) not in told_of:
                    told_of.add((one.name, two.name))
                    state, key = graph.states[one], key_name(min(shared))
                    report.add(
                        state.place,
                        f'the key that "confirms" at "{state.name}", {key}, is also a key of the question right {order} '
                        f"it: {told(graph, way)}",
                    )


def _to_next_question(graph: Graph, spot: Spot) -> Iterator[tuple[Move, ...]]:
    """Yield the ways that a question's own answers lead to the next questions, one a question."""
    if not _is_question(graph, spot):
        return
    ways_on: list[tuple[Move, ...]] = [(move,) for move in graph.moves[spot] if not move.breaks_in]
    seen: set[Spot] = set()
    for way in ways_on:  # grows while it is gone through, shortest ways first
        target = way[-1].target
        if target in seen:
            continue
        seen.add(target)
        if _is_question(graph, target):
            yield way
        else:
            ways_on.extend((*way, move) for move in graph.moves[target])


def _confirming_keys(state: State) -> frozenset[str]:
    keys = state.keys.items() if isinstance(state, Menu) else ()
    return frozenset(key for key, way in keys if way.confirms)


def _keys(state: State, actions: Actions) -> frozenset[str]:
    """Return the keys a question takes: any digit, when it asks for a number."""
    if not isinstance(state, Menu):
        return DIGITS
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    most = lists[state.choices.of].most if state.choices else 0
    return frozenset(state.keys) | {str(number) for number in range(1, most + 1)}
