"""Mutants of the call flows: each is one or two edits of a YAML file's nodes, made in memory.

The place of an edit tells which calls it can change: those that take the transition it belongs to, or all that come to
the state. Edits that cannot make a difference, such as swapping two keys that lead to the same state, are not made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from ivr.errors import Place, Report
from ivr.flow.call import TraceStep
from ivr.hours import HOURS_FILE
from ivr.keypad import SHARED_NAMES, key_of
from ivr.qa.mutate.mutants import Mutant, MutantKind
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"
FREE_KEYS = "123456789"
FLAGS = ("secret", "card", "stars", "quiet", "every_language", "other_languages")
PROMPTS = ("menu", "ask", "say", "first", "transfer", "hang_up")
NAMES = (*PROMPTS, "do", "run", "save")
"""Fields of a state that name something. A mutant has another name there, one that the same field has in the file."""
COUNTED = ("silence", "wrong")
"""Limits that count tries; all other limits are seconds."""
MISSED = (*COUNTED, "too_many")

NodePath = tuple[str, ...]
"""The names of the fields on the way from a file's root to a node."""
Edit = tuple[NodePath, Node | None]
"""The path of a node, and the node that replaces it; None to remove it."""


@dataclass(frozen=True, slots=True)
class FlowMutant(Mutant):
    """A fault in one file of the flows. Only calls that took a certain step can go differently with it."""

    file: str
    """Its path below the folder of flows."""
    edits: tuple[Edit, ...]
    flow: str = ""
    """The flow of that step; "" for any."""
    state: str = ""
    """The state of that step; "" for any."""
    branches: frozenset[str] = frozenset()
    """How the state must have been left (a key, an outcome …); empty where coming to the state is enough."""

    def matters_to(self, step: TraceStep) -> bool:
        """Return whether a call that took this step may go differently with the fault."""
        return (
            self.flow in ("", step.flow)
            and self.state in ("", step.state)
            and (not self.branches or step.branch in self.branches)
        )

    def text(self, root: Node) -> str:
        """Return the text of the file with the fault, as JSON, which is valid YAML."""
        for path, node in self.edits:
            root = _edited(root, path, node)
        return json.dumps(_as_data(root), indent=1, ensure_ascii=False)


def _edited(node: Node, path: NodePath, value: Node | None) -> Node:
    name, *rest = path
    fields = dict(node.fields or {})
    if rest:
        fields[name] = _edited(fields[name], tuple(rest), value)
    elif value is None:
        del fields[name]
    else:
        fields[name] = value
    return replace(node, fields=fields)


def _as_data(node: Node) -> object:
    if node.fields is not None:
        return {name: _as_data(value) for name, value in node.fields.items()}
    return [_as_data(item) for item in node.items] if node.items is not None else node.scalar


def roots_of(files: Mapping[str, str]) -> dict[str, Node]:
    """Read the flows' files, which are known to be valid, and return the root node of each, by file.

    The hours of a person, which lie beside them, are no flow.
    """
    roots = {name: read(f"flows/{name}", files[name], Report()) for name in sorted(files.keys() - {HOURS_FILE})}
    return {name: root for name, root in roots.items() if root}


def flow_mutants(roots: Mapping[str, Node], rng: random.Random) -> Iterator[FlowMutant]:
    """Yield all mutants, file by file; where a word can be replaced by many others, `rng` chooses one."""
    for name, root in sorted(roots.items()):
        yield from _line_file_mutants(name, root) if name == LINE_FILE else _FlowFile(name, root, rng).mutants()


def _line_file_mutants(name: str, root: Node) -> Iterator[FlowMutant]:
    """Yield the mutants of `line.yaml`, which holds for all flows."""
    fields = root.fields or {}

    def mutant(kind: MutantKind, path: NodePath, other: Node | None, *branches: str, flow: str = "") -> FlowMutant:
        change = f"{' '.join(path)}: {_change_in_words(_node_at(root, path), other)}"
        return FlowMutant(
            kind, _place_of_change(root, path), change, name, ((path, other),), flow, "", frozenset(branches)
        )

    for keys in ("menu_keys", "ask_keys"):
        for key in fields[keys].fields or {}:
            yield mutant(MutantKind.KEY, (keys, key), None, key_of(key, SHARED_NAMES) or key)
    for field in ("too_many", "too_long", "failed"):
        other_flow = fields["failed" if field == "too_many" else "too_many"]
        yield mutant(MutantKind.TRANSITION, (field,), other_flow, flow=str(fields[field].scalar))
    for reason, other in zip(COUNTED, reversed(COUNTED), strict=True):
        yield mutant(MutantKind.VALUE, ("gives_up", reason), _node_at(root, ("gives_up", other)), "too_many")
        yield mutant(MutantKind.VALUE, ("gives_up", reason), None, "too_many")
    for limit, node in (fields["limits"].fields or {}).items():
        for changed in _other_limits(limit, node):
            yield mutant(MutantKind.LIMIT, ("limits", limit), changed, *MISSED)
    for changed in _other_limits("longest_call", fields["longest_call"]):
        yield mutant(MutantKind.LIMIT, ("longest_call",), changed)


def _other_limits(limit: str, node: Node) -> tuple[Node, Node]:
    number = int(node.scalar or 0)
    return (
        (_with_number_added(node, 1), _with_number_added(node, -1))
        if limit in COUNTED
        else (_with_number_added(node, number), _with_number_added(node, -(number // 2)))
    )


def _with_number_added(node: Node, more: int) -> Node:
    return _text_node(node, str(int(node.scalar or 0) + more))


def _text_node(node: Node, text: str) -> Node:
    return Node(node.place, scalar=text)


def _node_at(root: Node, path: NodePath) -> Node:
    for name in path:
        root = (root.fields or {})[name]
    return root


def _place_of_change(root: Node, path: NodePath) -> Place:
    """Return the place of a change: that of a text itself, else that of the node's name."""
    node = _node_at(root, path)
    return node.place if node.scalar is not None else _node_at(root, path[:-1]).key_place(path[-1])


def _change_in_words(node: Node, other: Node | None) -> str:
    return f"{_node_in_words(node)} → {_node_in_words(other) if other else 'dropped'}"


def _node_in_words(node: Node) -> str:
    fields = [f"{name}: {_node_in_words(value)}" for name, value in (node.fields or {}).items()]
    return f"{{{', '.join(fields)}}}" if fields else str(node.scalar)


@dataclass(frozen=True, slots=True)
class _FlowFile:
    """A file of one flow. Its mutants use words from the same file."""

    file: str
    root: Node
    rng: random.Random

    @property
    def fields(self) -> Mapping[str, Node]:
        return self.root.fields or {}

    @property
    def states(self) -> Mapping[str, Node]:
        return self.fields["states"].fields or {}

    def mutants(self) -> Iterator[FlowMutant]:
        """Yield all mutants: those of the flow itself, then those of each state."""
        yield from self._with_another_word(MutantKind.TRANSITION, ("start",), self.states)
        yield from self._limits(())
        if "too_many" in self.fields:
            yield from self._target(("too_many",), "too_many")
        for name in self.states:
            yield from self._state(("states", name))

    def _state(self, path: NodePath) -> Iterator[FlowMutant]:
        for name, node in (_node_at(self.root, path).fields or {}).items():
            if name in ("keys", "outcomes", "ends"):
                yield from self._targets((*path, name), is_keys=name == "keys")
            elif name in ("next", "pound", "too_many"):
                yield from self._target((*path, name), name)
            elif name == "choices":
                yield from self._target((*path, name, "next"), "choice")
                for word in ("of", "option", "save"):
                    yield from self._with_another_word(
                        MutantKind.VALUE, (*path, name, word), self._values_of_field(word)
                    )
            elif name in NAMES:
                yield from self._with_another_word(MutantKind.VALUE, (*path, name), self._values_of_field(name))
            elif name in FLAGS:
                yield self._mutant(MutantKind.VALUE, (*path, name), None)
            elif name == "digits":
                for bound in node.fields or {}:
                    yield from self._numbers((*path, name, bound))
        yield from self._limits(path)

    def _limits(self, path: NodePath) -> Iterator[FlowMutant]:
        limits = (_node_at(self.root, path).fields or {}).get("limits")
        for limit, node in (limits.fields or {} if limits else {}).items():
            for other in (*_other_limits(limit, node), None):
                yield self._mutant(MutantKind.LIMIT, (*path, "limits", limit), other)

    def _numbers(self, path: NodePath) -> Iterator[FlowMutant]:
        for more in (1, -1):
            yield self._mutant(MutantKind.LIMIT, path, _with_number_added(_node_at(self.root, path), more))

    def _targets(self, path: NodePath, *, is_keys: bool) -> Iterator[FlowMutant]:
        """Yield the mutants of keys, outcomes or ends: of each target itself, one dropped, two swapped, a key moved."""
        targets = _node_at(self.root, path).fields or {}
        kind = MutantKind.KEY if is_keys else MutantKind.TRANSITION
        label = {name: (key_of(name) or name) if is_keys else name for name in targets}
        for name in targets:
            yield from self._target((*path, name), label[name])
            yield self._mutant(kind, (*path, name), None, label[name])
        for first, second in pairwise(targets):
            if _as_data(targets[first]) != _as_data(targets[second]):
                edits: tuple[Edit, ...] = (((*path, first), targets[second]), ((*path, second), targets[first]))
                yield self._flow_mutant(kind, edits, f"swapped with {second}", label[first], label[second])
        free = [key for key in FREE_KEYS if key not in targets] if is_keys else []
        for name, node in targets.items() if free else ():
            key = self.rng.choice(free)
            edits = (((*path, name), None), ((*path, key), node))
            yield self._flow_mutant(kind, edits, f"moved to key {key}")

    def _target(self, path: NodePath, label: str) -> Iterator[FlowMutant]:
        """Yield the mutants of one target: with another state or end, and without each thing that it does on the way."""
        target = _node_at(self.root, path)
        if target.scalar:
            yield from self._with_another_word(MutantKind.TRANSITION, path, self.states, label)
        for name, node in (target.fields or {}).items():
            if name in ("next", "end"):
                possible_words = self.states if name == "next" else self._values_of_field("end")
                yield from self._with_another_word(MutantKind.TRANSITION, (*path, name), possible_words, label)
            elif name == "sets":
                for value in node.fields or {}:
                    yield from self._with_another_word(
                        MutantKind.VALUE, (*path, name, value), self._values_of_field(value), label
                    )
            else:
                yield self._mutant(MutantKind.VALUE, (*path, name), None, label)
            if name == "say":
                yield from self._with_another_word(MutantKind.VALUE, (*path, name), self._values_of_field(name), label)

    def _with_another_word(
        self, kind: MutantKind, path: NodePath, possible_words: Iterable[str], *branches: str
    ) -> Iterator[FlowMutant]:
        """Yield a mutant with another of the possible words; none where there is no other."""
        node = _node_at(self.root, path)
        if others := sorted(set(possible_words) - {node.scalar or ""}):
            yield self._mutant(kind, path, _text_node(node, self.rng.choice(others)), *branches)

    def _values_of_field(self, field: str) -> Iterator[str]:
        """Return all values that a field has anywhere in this file's states."""
        return (value for node in self.states.values() for value in _values_below(node, field))

    def _mutant(self, kind: MutantKind, path: NodePath, other: Node | None, *branches: str) -> FlowMutant:
        return self._flow_mutant(kind, ((path, other),), _change_in_words(_node_at(self.root, path), other), *branches)

    def _flow_mutant(self, kind: MutantKind, edits: tuple[Edit, ...], change: str, *branches: str) -> FlowMutant:
        (path, _), *_ = edits
        state = path[1] if path[0] == "states" else ""
        within = " ".join(path[2:] if state else path)
        where = f'state "{state}", {within}' if state else within
        if path[-1] == "too_many" or (not state and path[0] == "limits"):
            branches = MISSED
        place, flow = _place_of_change(self.root, path), str(self.fields["flow"].scalar)
        return FlowMutant(kind, place, f"{where}: {change}", self.file, edits, flow, state, frozenset(branches))


def _values_below(node: Node, field: str) -> Iterator[str]:
    for name, value in (node.fields or {}).items():
        if name == field and value.scalar:
            yield value.scalar
        yield from _values_below(value, field)
