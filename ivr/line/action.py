"""What an action is: a function that the flow runs by its name, with all that the flow may count on of it.

`@action(…)` on a function says what it comes to and writes; its parameters say what it reads. Both go into `ACTIONS`
under the function's name: there is no second place. The first parameter is the turn's `Context`. Each other one is a
value of the call by its name, which the action cannot do without or, with a default, reads where it is there; one of a
`Gathered` type stands for several. Of a parameter's type,

- `Annotated[str, keyed.ZIP]` is an answer that the caller keyed: the action takes it, and it is forgotten,
- `Annotated[Secret | None, keyed.CARD_CODE]` is card data, which is in memory for this turn only,
- `Literal["yes", "no"]` is what a flow may set.

A *transactional* action happens within the turn's transaction. An *external* one asks the outside world, and so has
three parts: it claims in a transaction, asks with nothing held, and finishes in another transaction.
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
    """An action that happens within the turn's transaction."""

    spec: ActionSpec
    run: Callable[[Context, Values], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExternalAction:
    """An action that asks the outside world.

    `claim` returns what `ask` is to ask, or an outcome when there is nothing to ask; `finish` gets that and the answer.
    """

    spec: ActionSpec
    claim: Callable[[Context, Values], Any]
    ask: Callable[[Services, Any], Any]
    finish: Callable[[Context, Any, Any], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


Action = TransactionalAction | ExternalAction

ACTIONS: dict[str, Action] = {}
"""Everything a flow can ask for by name; full once `ivr.line.actions` is imported."""


class Promise(TypedDict, total=False):
    """What an action promises besides its outcomes and what it reads; see `ActionSpec` for what each part means."""

    writes: Mapping[str, str]
    """Values that every outcome brings, name -> kind."""
    on: Mapping[str, Mapping[str, str]]
    """Outcome -> the values that it brings besides."""
    may_write: tuple[str, ...]
    """Values it writes where they are known, on which no flow can count."""
    forgets: tuple[str, ...]
    """Values that are dropped whatever it comes to, unless it writes them; answers are without being told of."""
    items: Mapping[str, Items]
    phrases: Mapping[str, Phrases]
    tells: Mapping[str, tuple[str, ...]]
    facts: tuple[str, ...]
    """What the caller's yes is to: with any, it needs one."""


def done(outcome: str, *gathered: Gathered, **values: Any) -> Done:
    """Return what an action came to, with the values it writes, as they are stored."""
    written = {part.name: getattr(one, part.name) for one in gathered for part in fields(one)}  # type: ignore[arg-type]  # all are dataclasses
    return Done(outcome, {name: encode(value) for name, value in {**written, **values}.items()})


Run = TypeVar("Run", bound=Callable[..., Any])


def action(*outcomes: str, **promise: Unpack[Promise]) -> Callable[[Run], Run]:
    """Make a function a transactional action of its name, which comes to one of these outcomes.

    Raises ValueError when there is an action of that name.
    """

    def made(run: Run) -> Run:
        reads = tuple(_reads(run))
        spec = _spec(outcomes, promise, reads, outside=False)
        _add(run.__name__, TransactionalAction(spec, _typed(run, reads, spec), *_may(promise, reads)))
        return run

    return made


def external_action(
    *outcomes: str,
    ask: Callable[[Services, Any], Any],
    finish: Callable[[Context, Any, Any], Done],
    **promise: Unpack[Promise],
) -> Callable[[Run], Run]:
    """Make a function, which claims, an external action of its name; `ask` and `finish` are its other parts."""

    def made(claim: Run) -> Run:
        reads = tuple(_reads(claim))
        spec = _spec(outcomes, promise, reads, outside=True)
        _add(claim.__name__, ExternalAction(spec, _typed(claim, reads, spec), ask, finish, *_may(promise, reads)))
        return claim

    return made


def _add(name: str, made: Action) -> None:
    if name in ACTIONS:
        raise ValueError(f'there are two actions "{name}"')
    ACTIONS[name] = made


@dataclass(frozen=True, slots=True)
class _Read:
    """A value that an action reads: the parameter that it is for, or is part of, and its type."""

    name: str
    parameter: str
    type: Any
    needed: bool
    gathered: Decode | None = None
    """What makes the whole parameter, where it stands for several values."""

    @property
    def answer(self) -> AnswerKind | None:
        """The kind of answer that it is."""
        known = get_args(self.type)[1:] if get_origin(self.type) is Annotated else ()
        return next((one for one in known if isinstance(one, AnswerKind)), None)

    @property
    def is_transient_secret(self) -> bool:
        """It is card data, which lies in no state."""
        return self.answer is not None and self.answer.card


def _reads(run: Callable[..., Any]) -> Iterator[_Read]:
    types = hints(run)
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        type_ = types[parameter.name]
        if inspect.isclass(type_) and issubclass(type_, Gathered):
            whole, parts = decoder(type_), hints(type_)  # type: ignore[arg-type]  # mypy takes a class to be no key
            for part in fields(type_):  # type: ignore[arg-type]  # all are dataclasses
                yield _Read(part.name, parameter.name, parts[part.name], part.default is MISSING, whole)
        else:
            yield _Read(parameter.name, parameter.name, type_, parameter.default is inspect.Parameter.empty)


def _typed(run: Callable[..., Any], reads: tuple[_Read, ...], spec: ActionSpec) -> Callable[[Context, Values], Any]:
    """Return a function with what it reads of a call handed to it by name, as its parameters are typed."""
    gathered = {read.parameter: read.gathered for read in reads if read.gathered}
    secret_names = [read.name for read in reads if read.is_transient_secret]
    single = [(r.name, r.needed, decoder(_bare(r.type))) for r in reads if not r.gathered and not r.is_transient_secret]

    def typed(context: Context, values: Values) -> Any:
        given = {name: decode(values) for name, decode in gathered.items()}
        given |= {name: context.transient_secrets.get(name) for name in secret_names}
        given |= {name: decode(values[name]) for name, needed, decode in single if needed or name in values}
        came = run(context, **given)
        if isinstance(came, Done) and spec.forgets:
            return replace(came, forgets=tuple(name for name in spec.forgets if name not in came.values))
        return came

    return typed


def _bare(type_: Any) -> Any:
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _may(promise: Promise, reads: tuple[_Read, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return what it reads where it is there, and what it writes where it is known."""
    return frozenset(read.name for read in reads if not read.needed), frozenset(promise.get("may_write", ()))


def _spec(outcomes: tuple[str, ...], promise: Promise, reads: tuple[_Read, ...], *, outside: bool) -> ActionSpec:
    every, one = promise.get("writes", {}), promise.get("on", {})
    facts = frozenset(promise.get("facts", ()))
    keyed = frozenset(read.name for read in reads if read.answer and not read.is_transient_secret)
    return ActionSpec(
        {outcome: {**every, **one.get(outcome, {})} for outcome in outcomes},
        reads=frozenset(read.name for read in reads if read.needed and not read.is_transient_secret),
        forgets=keyed | frozenset(promise.get("forgets", ())),
        items=promise.get("items", {}),
        answers={read.name: read.answer for read in reads if read.answer},
        takes={read.name: frozenset(get_args(read.type)) for read in reads if get_origin(read.type) is Literal},
        phrases=promise.get("phrases", {}),
        tells={outcome: frozenset(values) for outcome, values in promise.get("tells", {}).items()},
        needs_yes=bool(facts),
        facts=facts,
        outside=outside,
    )
