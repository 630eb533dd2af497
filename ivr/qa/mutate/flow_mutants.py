"""Mutants of the call flow: each is one or two edits of a YAML file's nodes, made in memory.

Which calls an edit can change is known from where it is made: those that take the transition it belongs to, or all that
come to the state. What could make no difference, as two keys swapped that lead alike, is not tried.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from ivr.errors import Place, Report
from ivr.flow.call import TraceStep
from ivr.keypad import key_of
from ivr.qa.mutate.mutants import Mutant, MutantKind
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"
FREE_KEYS = "123456789"
FLAGS = ("secret", "card", "stars", "quiet", "every_language")
PROMPTS = ("menu", "ask", "say", "first", "transfer", "hang_up")
NAMES = (*PROMPTS, "do", "run", "save")
"""Fields of a state that name something; another of the file's names for the like is put in its place."""
COUNTED = ("silence", "wrong")
"""Limits that count tries; the others are seconds."""
MISSED = (*COUNTED, "too_many")

NodePath = tuple[str, ...]
"""The names of the fields that lead from a file's root to a node."""
Edit = tuple[NodePath, Node | None]
"""What is put in the place of a node; None where it is taken out."""


@dataclass(frozen=True, slots=True)
class FlowMutant(Mutant):
    """A fault in one file of the flow, and the step that a call must have taken to go differently."""

    file: str
    """Its path below the folder of flows."""
    edits: tuple[Edit, ...]
    flow: str = ""
    """"" for any."""
    state: str = ""
    """"" for any."""
    branches: frozenset[str] = frozenset()
    """The ways out of the state; empty where coming to it is enough."""

    def matters_to(self, step: TraceStep) -> bool:
        """Tell whether a call that took this step may go differently."""
        return (
            self.flow in ("", step.flow)
            and self.state in ("", step.state)
            and (not self.branches or step.branch in self.branches)
        )

    def text(self, root: Node) -> str:
        """Return the file with the fault, as JSON, which is YAML too."""
        for path, node in self.edits:
            root = _edited(root, path, node)
        return json.dumps(_plain(root), indent=1, ensure_ascii=False)


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


def _plain(node: Node) -> object:
    if node.fields is not None:
        return {name: _plain(value) for name, value in node.fields.items()}
    return [_plain(item) for item in node.items] if node.items is not None else node.scalar


def roots_of(files: Mapping[str, str]) -> dict[str, Node]:
    """Read the flow's files, which are known to be good."""
    found = {name: read(f"flows/{name}", files[name], Report()) for name in sorted(files)}
    return {name: root for name, root in found.items() if root}


def flow_mutants(roots: Mapping[str, Node], rng: random.Random) -> Iterator[FlowMutant]:
    """Yield every mutant there is, file by file; where many words could stand for another, `rng` chooses one."""
    for name, root in sorted(roots.items()):
        yield from _line(name, root) if name == LINE_FILE else _FlowFile(name, root, rng).mutants()


def _line(name: str, root: Node) -> Iterator[FlowMutant]:
    """Yield the mutants of what holds for the whole line."""
    fields = root.fields or {}

    def mutant(kind: MutantKind, path: NodePath, other: Node | None, *branches: str, flow: str = "") -> FlowMutant:
        change = f"{' '.join(path)}: {_change(_node(root, path), other)}"
        return FlowMutant(kind, _at(root, path), change, name, ((path, other),), flow, "", frozenset(branches))

    for keys in ("menu_keys", "ask_keys"):
        for key in fields[keys].fields or {}:
            yield mutant(MutantKind.KEY, (keys, key), None, key_of(key) or key)
    for field in ("too_many", "too_long", "failed"):
        other_flow = fields["failed" if field == "too_many" else "too_many"]
        yield mutant(MutantKind.TRANSITION, (field,), other_flow, flow=str(fields[field].scalar))
    for reason, other in zip(COUNTED, reversed(COUNTED), strict=True):
        yield mutant(MutantKind.VALUE, ("gives_up", reason), _node(root, ("gives_up", other)), "too_many")
        yield mutant(MutantKind.VALUE, ("gives_up", reason), None, "too_many")
    for limit, node in (fields["limits"].fields or {}).items():
        for changed in _other_limits(limit, node):
            yield mutant(MutantKind.LIMIT, ("limits", limit), changed, *MISSED)
    for changed in _other_limits("longest_call", fields["longest_call"]):
        yield mutant(MutantKind.LIMIT, ("longest_call",), changed)


def _other_limits(limit: str, node: Node) -> tuple[Node, Node]:
    number = int(node.scalar or 0)
    return (_more(node, 1), _more(node, -1)) if limit in COUNTED else (_more(node, number), _more(node, -(number // 2)))


def _more(node: Node, more: int) -> Node:
    return _text(node, str(int(node.scalar or 0) + more))


def _text(node: Node, text: str) -> Node:
    return Node(node.place, scalar=text)


def _node(root: Node, path: NodePath) -> Node:
    for name in path:
        root = (root.fields or {})[name]
    return root


def _at(root: Node, path: NodePath) -> Place:
    """Return where a change is to be looked for: at a text itself, else at the name of what it says."""
    node = _node(root, path)
    return node.place if node.scalar is not None else _node(root, path[:-1]).key_place(path[-1])


def _change(node: Node, other: Node | None) -> str:
    return f"{_shown(node)} → {_shown(other) if other else 'dropped'}"


def _shown(node: Node) -> str:
    fields = [f"{name}: {_shown(value)}" for name, value in (node.fields or {}).items()]
    return f"{{{', '.join(fields)}}}" if fields else str(node.scalar)


@dataclass(frozen=True, slots=True)
class _FlowFile:
    """A file of the flow, whose words stand for one another."""

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
        """Yield all of them: the flow's own, then those of each state."""
        yield from self._other(MutantKind.TRANSITION, ("start",), self.states)
        yield from self._limits(())
        if "too_many" in self.fields:
            yield from self._target(("too_many",), "too_many")
        for name in self.states:
            yield from self._state(("states", name))

    def _state(self, path: NodePath) -> Iterator[FlowMutant]:
        for name, node in (_node(self.root, path).fields or {}).items():
            if name in ("keys", "outcomes", "ends"):
                yield from self._targets((*path, name), is_keys=name == "keys")
            elif name in ("next", "pound", "too_many"):
                yield from self._target((*path, name), name)
            elif name == "choices":
                yield from self._target((*path, name, "next"), "choice")
                for word in ("of", "option", "save"):
                    yield from self._other(MutantKind.VALUE, (*path, name, word), self._said(word))
            elif name in NAMES:
                yield from self._other(MutantKind.VALUE, (*path, name), self._said(name))
            elif name in FLAGS:
                yield self._mutant(MutantKind.VALUE, (*path, name), None)
            elif name == "digits":
                for bound in node.fields or {}:
                    yield from self._numbers((*path, name, bound))
        yield from self._limits(path)

    def _limits(self, path: NodePath) -> Iterator[FlowMutant]:
        limits = (_node(self.root, path).fields or {}).get("limits")
        for limit, node in (limits.fields or {} if limits else {}).items():
            for other in (*_other_limits(limit, node), None):
                yield self._mutant(MutantKind.LIMIT, (*path, "limits", limit), other)

    def _numbers(self, path: NodePath) -> Iterator[FlowMutant]:
        for more in (1, -1):
            yield self._mutant(MutantKind.LIMIT, path, _more(_node(self.root, path), more))

    def _targets(self, path: NodePath, *, is_keys: bool) -> Iterator[FlowMutant]:
        """Yield the mutants of targets by name: each of its own, neighbours swapped, one dropped, a key moved."""
        targets = _node(self.root, path).fields or {}
        kind = MutantKind.KEY if is_keys else MutantKind.TRANSITION
        label = {name: (key_of(name) or name) if is_keys else name for name in targets}
        for name in targets:
            yield from self._target((*path, name), label[name])
            yield self._mutant(kind, (*path, name), None, label[name])
        for one, two in pairwise(targets):
            if _plain(targets[one]) != _plain(targets[two]):
                edits: tuple[Edit, ...] = (((*path, one), targets[two]), ((*path, two), targets[one]))
                yield self._made(kind, edits, f"swapped with {two}", label[one], label[two])
        free = [key for key in FREE_KEYS if key not in targets] if is_keys else []
        for name, node in targets.items() if free else ():
            key = self.rng.choice(free)
            edits = (((*path, name), None), ((*path, key), node))
            yield self._made(kind, edits, f"moved to key {key}")

    def _target(self, path: NodePath, label: str) -> Iterator[FlowMutant]:
        """Yield the mutants of one target: another state or end, and each thing dropped that happens on the way."""
        target = _node(self.root, path)
        if target.scalar:
            yield from self._other(MutantKind.TRANSITION, path, self.states, label)
        for name, node in (target.fields or {}).items():
            if name in ("next", "end"):
                known = self.states if name == "next" else self._said("end")
                yield from self._other(MutantKind.TRANSITION, (*path, name), known, label)
            elif name == "sets":
                for value in node.fields or {}:
                    yield from self._other(MutantKind.VALUE, (*path, name, value), self._said(value), label)
            else:
                yield self._mutant(MutantKind.VALUE, (*path, name), None, label)
            if name == "say":
                yield from self._other(MutantKind.VALUE, (*path, name), self._said(name), label)

    def _other(self, kind: MutantKind, path: NodePath, known: Iterable[str], *branches: str) -> Iterator[FlowMutant]:
        """Yield a mutant with another of the words known; none where there is no other."""
        node = _node(self.root, path)
        if others := sorted(set(known) - {node.scalar or ""}):
            yield self._mutant(kind, path, _text(node, self.rng.choice(others)), *branches)

    def _said(self, field: str) -> Iterator[str]:
        """Yield what a field says anywhere in this file's states."""
        return (found for node in self.states.values() for found in _below(node, field))

    def _mutant(self, kind: MutantKind, path: NodePath, other: Node | None, *branches: str) -> FlowMutant:
        return self._made(kind, ((path, other),), _change(_node(self.root, path), other), *branches)

    def _made(self, kind: MutantKind, edits: tuple[Edit, ...], change: str, *branches: str) -> FlowMutant:
        (path, _), *_ = edits
        state = path[1] if path[0] == "states" else ""
        within = " ".join(path[2:] if state else path)
        where = f'state "{state}", {within}' if state else within
        if path[-1] == "too_many" or (not state and path[0] == "limits"):
            branches = MISSED
        place, flow = _at(self.root, path), str(self.fields["flow"].scalar)
        return FlowMutant(kind, place, f"{where}: {change}", self.file, edits, flow, state, frozenset(branches))


def _below(node: Node, field: str) -> Iterator[str]:
    for name, value in (node.fields or {}).items():
        if name == field and value.scalar:
            yield value.scalar
        yield from _below(value, field)
