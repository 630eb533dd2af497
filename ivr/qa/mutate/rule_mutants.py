"""Mutants of the rules: the Python code of their modules, changed in one place and applied in this process for a while.

The rules are functions of plain values. So the questions that a call puts to them can be recorded, with the answers, and
put to a mutant again: only calls that get a different answer can go differently.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, is_dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from ivr.errors import Place
from ivr.qa.mutate.mutants import Mutant, MutantKind

RuleQuestion = tuple[str, str, tuple[Any, ...]]
"""A question that a call put to the rules: (module, function, arguments)."""

OPERATORS: Mapping[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
BOTH = (True, False)
FUNCTIONS = {"min": "max", "max": "min"}


Alteration = tuple[str, str, object]
"""A change in words, the field of the syntax tree's node that is changed, and the field's new value."""


@dataclass(frozen=True, slots=True)
class RuleMutant(Mutant):
    """A fault in a function of the rules, or in a number that several functions may use."""

    module: str
    name: str
    """The name of the function or number."""
    source: str
    """The source of its definition, with the fault."""

    @property
    def function(self) -> FunctionType | None:
        """The function that has the fault, as it is defined at the moment; None for a number."""
        value = vars(import_module(self.module))[self.name]
        return value if isinstance(value, FunctionType) else None


def rule_mutants(modules: Sequence[str], beside: Path) -> Iterator[RuleMutant]:
    """Yield all mutants of the functions and numbers of some modules; their files are named relative to `beside`."""
    for module in map(import_module, modules):
        path = Path(inspect.getfile(module))
        file = str(path.relative_to(beside)) if path.is_relative_to(beside) else str(path)
        for name, definition, node in _sites(ast.parse(inspect.getsource(module))):
            for words, field, value in _alterations(node):
                place = Place(file, node.lineno, node.col_offset + 1)
                with _altered(node, field, value):
                    source = ast.unparse(definition)
                yield RuleMutant(MutantKind.RULE, place, f"{name}: {words}", module.__name__, name, source)


def _sites(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, Any]]:
    """Yield (name, definition, node) for each node that may be changed, in a fixed order.

    The name and definition are those of the function or number that the node belongs to.
    """
    for top in tree.body:
        if isinstance(top, ast.FunctionDef) and not _makes_functions(top):
            nodes = (node for statement in top.body for node in ast.walk(statement) if hasattr(node, "lineno"))
            yield from ((top.name, top, node) for node in (top, *nodes))
        elif isinstance(top, ast.Assign) and isinstance(top.value, ast.Constant):
            yield ast.unparse(top.targets[0]), top, top.value


def _makes_functions(function: ast.FunctionDef) -> bool:
    """Return whether a function makes other functions. Those may have been made already, when its module was loaded."""
    return any(isinstance(node, ast.Lambda | ast.FunctionDef) for node in ast.walk(function) if node is not function)


@contextmanager
def _altered(owner: object, field: str, value: object) -> Iterator[None]:
    before = getattr(owner, field)
    setattr(owner, field, value)
    try:
        yield
    finally:
        setattr(owner, field, before)


def _alterations(node: Any) -> Iterator[Alteration]:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            yield from ((f"{number} → {other}", "value", other) for other in (number + 1, number - 1))
        case ast.Compare(ops=[op]) if type(op) in OPERATORS:
            yield _with_field_changed(node, "ops", [OPERATORS[type(op)]()])
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield _with_field_changed(node, "op", OPERATORS[type(op)]())
        case ast.BoolOp(op=op):
            yield _with_field_changed(node, "op", OPERATORS[type(op)]())
            for dropped in node.values:
                rest = [value for value in node.values if value is not dropped]
                yield f"{ast.unparse(dropped)} → dropped", "values", rest
        case ast.Name() if node.id in FUNCTIONS:
            yield _with_field_changed(node, "id", FUNCTIONS[node.id])
        case ast.IfExp():
            yield from ((f"if {ast.unparse(node.test)} → {value}", "test", ast.Constant(value)) for value in BOTH)
        case ast.If():
            yield f"if {ast.unparse(node.test)} → dropped", "test", ast.Constant(value=False)
        case ast.FunctionDef(returns=ast.Name(id="bool")):
            bodies = {value: ast.Return(ast.Constant(value)) for value in BOTH}
            before = [ast.unparse(statement) for statement in node.body]
            yield from (
                (f"always {value}", "body", [body]) for value, body in bodies.items() if before != [ast.unparse(body)]
            )


def _with_field_changed(node: ast.AST, field: str, value: object) -> Alteration:
    before = ast.unparse(node)
    with _altered(node, field, value):
        return f"{before} → {ast.unparse(node)}", field, value


@contextmanager
def applied(mutant: RuleMutant, modules: Sequence[str]) -> Iterator[None]:
    """Apply a mutant's fault within a `with` block, also where its function or number has been imported already."""
    changed = dict(vars(import_module(mutant.module)))
    exec(compile(mutant.source, mutant.place.file, "exec"), changed)  # noqa: S102 - a rule's own text, but for one place
    if function := mutant.function:
        owners: list[object] = [function]
        field, value = "__code__", changed[mutant.name].__code__
    else:
        owners = [module for module in map(import_module, modules) if mutant.name in vars(module)]
        field, value = mutant.name, changed[mutant.name]
    with ExitStack() as stack:
        for owner in owners:
            stack.enter_context(_altered(owner, field, value))
        yield


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Return the functions that a module defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


@contextmanager
def recorded(modules: Sequence[str]) -> Iterator[dict[RuleQuestion, object]]:
    """Record within a `with` block the questions put to the rules, with their answers."""
    answers: dict[RuleQuestion, object] = {}
    with ExitStack() as stack:
        for module in map(import_module, modules):
            for name, function in _functions(module).items():
                original = FunctionType(function.__code__, function.__globals__, name, function.__defaults__)
                vars(module)[f"{name}_recorded"] = partial(_answer, answers, (module.__name__, name), original)
                stack.callback(vars(module).pop, f"{name}_recorded")
                recording: dict[str, Any] = {}
                exec(f"def {name}(*args): return {name}_recorded(*args)", recording)  # noqa: S102 - two names of this module
                stack.enter_context(_altered(function, "__code__", recording[name].__code__))
        yield answers


def _answer(
    answers: dict[RuleQuestion, object], name: tuple[str, str], function: Callable[..., object], *args: object
) -> object:
    answer = answers[*name, args] = function(*args)
    return answer


def answers_otherwise(mutant: RuleMutant, question: RuleQuestion, answer: object) -> bool:
    """Return whether the rules, with a mutant applied, answer a question differently from the recorded answer."""
    module, function, args = question
    if mutant.function and (module, function) != (mutant.module, mutant.name):
        return False
    fresh_args = [replace(arg) if is_dataclass(arg) and not isinstance(arg, type) else arg for arg in args]
    try:
        return bool(vars(import_module(module))[function](*fresh_args) != answer)
    except Exception:  # any error that a fault leads to is a different answer
        return True
