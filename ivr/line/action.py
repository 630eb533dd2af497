"""Defines actions: functions that a flow runs by name, with `do:`.

The decorator `@action(…)` declares a function's outcomes and the values it writes; its parameters declare the values
it reads. Both are registered in `ACTIONS` under the function's name, and nowhere else. The first parameter is the
turn's `Context`. Each other parameter is the call's value of that name. A value without a default is required; one with
a default is read if the call has it. A parameter of a `Gathered` type stands for several values. Some types of
parameters are special:

- `Annotated[str, keyed.ZIP]` is an answer that the caller keyed; it is forgotten after the action.
- `Annotated[Secret | None, keyed.CARD_CODE]` is card data: a value of this turn only, never stored with the call.
- `Literal["yes", "no"]` is a value that a flow may set.

A *transactional* action runs within the turn's transaction. An *external* action asks the outside world and therefore
has three parts: `claim` in a transaction, `ask` with no transaction open, and `finish` in another transaction.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Annotated, Any, Literal, TypedDict, TypeVar, Unpack, get_args, get_origin

from ivr.flow.call import Done
from ivr.flow.definition import ActionSpec, AnswerKind, Items, Phrases
from ivr.line.service import Context, Services
from ivr.line.values import Decode, Gathered, decoder, encode, hints
from ivr.prompts.spoken import Values


@dataclass(frozen=True, slots=True)
class TransactionalAction:
    """An action that runs within the turn's transaction."""

    spec: ActionSpec
    run: Callable[[Context, Values], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExternalAction:
    """An action that asks the outside world.

    `claim` returns a request for `ask`, or an outcome when there is nothing to ask. `finish` is given the request and
    the answer, and returns the outcome.
    """

    spec: ActionSpec
    claim: Callable[[Context, Values], Any]
    ask: Callable[[Services, Any], Any]
    finish: Callable[[Context, Any, Any], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


Action = TransactionalAction | ExternalAction

ACTIONS: dict[str, Action] = {}
"""Every action by its name; complete once `ivr.line.actions` is imported."""


class Promise(TypedDict, total=False):
    """What an action declares besides its outcomes and the values it reads; `ActionSpec` explains each part."""

    writes: Mapping[str, str]
    """Values that every outcome writes, name -> kind."""
    on: Mapping[str, Mapping[str, str]]
    """Outcome -> further values that it writes, name -> kind."""
    may_write: tuple[str, ...]
    """Values that it writes only if they are known, so that no flow can rely on them."""
    forgets: tuple[str, ...]
    """Values that are dropped after any outcome, unless the action writes them. Keyed answers always are."""
    keeps: Mapping[str, tuple[str, ...]]
    """Outcome -> the only values that the call still has after it; what it writes comes on top."""
    items: Mapping[str, Items]
    phrases: Mapping[str, Phrases]
    tells: Mapping[str, tuple[str, ...]]
    facts: tuple[str, ...]
    """The values that the caller must have heard and said yes to. An action with any must not run without that yes."""


def done(outcome: str, *gathered: Gathered, **values: Any) -> Done:
    """Return an action's outcome with the values it writes, encoded as they are stored.

    Each field of a `Gathered` value is written as a value of its own.
    """
    written: dict[str, Any] = {}
    for group in gathered:
        for part in fields(group):  # type: ignore[arg-type]  # every Gathered type is a dataclass
            written[part.name] = getattr(group, part.name)
    return Done(outcome, {name: encode(value) for name, value in {**written, **values}.items()})


Run = TypeVar("Run", bound=Callable[..., Any])


def action(*outcomes: str, **promise: Unpack[Promise]) -> Callable[[Run], Run]:
    """Register a function as a transactional action of its name, with these outcomes.

    Raises ValueError when there is an action of that name already.
    """

    def decorate(run: Run) -> Run:
        reads = tuple(_reads(run))
        spec = _spec(outcomes, promise, reads, is_external=False)
        _add(run.__name__, TransactionalAction(spec, _typed(run, reads, spec), *_may(promise, reads)))
        return run

    return decorate


def external_action(
    *outcomes: str,
    ask: Callable[[Services, Any], Any],
    finish: Callable[[Context, Any, Any], Done],
    **promise: Unpack[Promise],
) -> Callable[[Run], Run]:
    """Register a function as an external action of its name; the function is its `claim`."""

    def decorate(claim: Run) -> Run:
        reads = tuple(_reads(claim))
        spec = _spec(outcomes, promise, reads, is_external=True)
        _add(claim.__name__, ExternalAction(spec, _typed(claim, reads, spec), ask, finish, *_may(promise, reads)))
        return claim

    return decorate


def _add(name: str, new_action: Action) -> None:
    if name in ACTIONS:
        raise ValueError(f'there are two actions "{name}"')
    ACTIONS[name] = new_action


@dataclass(frozen=True, slots=True)
class _Read:
    """A value that an action reads, with its type and the parameter that it is passed in or is a part of."""

    name: str
    parameter: str
    type: Any
    needed: bool
    gathered: Decode | None = None
    """Decodes the whole parameter, if that is of a `Gathered` type."""

    @property
    def answer(self) -> AnswerKind | None:
        """The kind of keyed answer that it is, or None."""
        annotations = get_args(self.type)[1:] if get_origin(self.type) is Annotated else ()
        return next((annotation for annotation in annotations if isinstance(annotation, AnswerKind)), None)

    @property
    def is_transient_secret(self) -> bool:
        """Whether it is card data, which is never stored with the call."""
        return self.answer is not None and self.answer.card


def _reads(run: Callable[..., Any]) -> Iterator[_Read]:
    types = hints(run)
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        type_ = types[parameter.name]
        if inspect.isclass(type_) and issubclass(type_, Gathered):
            whole, parts = decoder(type_), hints(type_)  # type: ignore[arg-type]  # mypy: a class is not hashable
            for part in fields(type_):  # type: ignore[arg-type]  # every Gathered type is a dataclass
                yield _Read(part.name, parameter.name, parts[part.name], part.default is MISSING, whole)
        else:
            yield _Read(parameter.name, parameter.name, type_, parameter.default is inspect.Parameter.empty)


def _typed(run: Callable[..., Any], reads: tuple[_Read, ...], spec: ActionSpec) -> Callable[[Context, Values], Any]:
    """Return a function that decodes the values that an action reads and passes them to it by name."""
    gathered = {read.parameter: read.gathered for read in reads if read.gathered}
    secret_names = [read.name for read in reads if read.is_transient_secret]
    single = [(r.name, r.needed, decoder(_bare(r.type))) for r in reads if not r.gathered and not r.is_transient_secret]

    def typed(context: Context, values: Values) -> Any:
        arguments = {name: decode(values) for name, decode in gathered.items()}
        arguments |= {name: context.transient_secrets.get(name) for name in secret_names}
        arguments |= {name: decode(values[name]) for name, needed, decode in single if needed or name in values}
        result = run(context, **arguments)
        if not isinstance(result, Done):
            return result
        forgets = tuple(name for name in spec.forgets if name not in result.values)
        return replace(result, forgets=forgets, keeps=spec.keeps.get(result.outcome))

    return typed


def _bare(type_: Any) -> Any:
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _may(promise: Promise, reads: tuple[_Read, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the values that an action reads only if they are there, and writes only if they are known."""
    return frozenset(read.name for read in reads if not read.needed), frozenset(promise.get("may_write", ()))


def _spec(outcomes: tuple[str, ...], promise: Promise, reads: tuple[_Read, ...], *, is_external: bool) -> ActionSpec:
    always_written, written_on = promise.get("writes", {}), promise.get("on", {})
    facts = frozenset(promise.get("facts", ()))
    keyed = frozenset(read.name for read in reads if read.answer and not read.is_transient_secret)
    return ActionSpec(
        {outcome: {**always_written, **written_on.get(outcome, {})} for outcome in outcomes},
        reads=frozenset(read.name for read in reads if read.needed and not read.is_transient_secret),
        forgets=keyed | frozenset(promise.get("forgets", ())),
        keeps={outcome: frozenset(names) for outcome, names in promise.get("keeps", {}).items()},
        items=promise.get("items", {}),
        answers={read.name: read.answer for read in reads if read.answer},
        takes={read.name: frozenset(get_args(read.type)) for read in reads if get_origin(read.type) is Literal},
        phrases=promise.get("phrases", {}),
        tells={outcome: frozenset(values) for outcome, values in promise.get("tells", {}).items()},
        needs_yes=bool(facts),
        facts=facts,
        is_external=is_external,
    )
