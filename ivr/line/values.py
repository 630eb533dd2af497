"""What a call carries of the pharmacy, typed, and the one codec between that and the JSON that a flow stores.

Calls go on across an upgrade, so names and shapes stay: a field may come, with a default, and none is renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ivr.pharmacy.addresses import NewAddress
from ivr.prompts.spoken import Value

LEFT_OUT = {"left out": True}
"""Marks a field that is not stored while it has its default."""


class Gathered:
    """Several values of a call that belong together: a dataclass whose fields are values of these very names."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Identified(Gathered):
    """The member who calls; `proved` when by more than member number and ZIP code."""

    member_id: int
    proved: bool = False


@dataclass(frozen=True, slots=True)
class OfferedSupply:
    """A supply that may be chosen: so many refills, which last so many days, for so many cents."""

    n: int
    days: int
    price: int


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A prescription that is to be ordered: the supply of it, and the day it is kept for, "" for now."""

    prescription_id: int
    rx_number: str
    drug: str
    when: str
    n: int
    days: int
    price: int
    ends: str = field(default="", metadata=LEFT_OUT)
    """The day by which the supply at home ends, where that is before the new one arrives."""
    arrives: str = field(default="", metadata=LEFT_OUT)


Basket = tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class OfferedNumber:
    """One of the prescriptions that a keyed number may mean."""

    what: Value
    days: int
    rx_number: str


@dataclass(frozen=True, slots=True)
class CardOnFile:
    """A card on file, as it is offered and chosen."""

    card: Value
    """How it is spoken."""
    brand: str
    last4: str
    saved_card_id: int


@dataclass(frozen=True, slots=True)
class KeyedCard:
    """A card keyed in this call: the processor's token for it, sealed. Its number and code never get here."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    sealed_token: str


@dataclass(frozen=True, slots=True)
class ChosenCard(Gathered):
    """How an order is paid; no card where nothing is due."""

    card: CardOnFile | KeyedCard | None
    keep_card: Literal["yes", "no"]
    """Whether the caller wants a new card on file."""
    spoken_card: Value = ()


@dataclass(frozen=True, slots=True)
class ChosenAddress(Gathered):
    """Where an order goes: a row, or a new address, which is written when the order is placed."""

    address: Value
    """How it is spoken."""
    address_id: int | None
    new_address: NewAddress | None
    address_held: bool
    """It is to be checked by staff before anything is sent."""


@dataclass(frozen=True, slots=True)
class OfferedStreet:
    """A street that may be meant, with the whole address as it would be spoken."""

    street: str
    urbanization: str = ""
    doubt: str = ""
    address: Value = None


@dataclass(frozen=True, slots=True)
class OfferedUnit:
    """What a unit may be."""

    unit: str


@dataclass(frozen=True, slots=True)
class OfferedCity:
    """A city name that mail to a ZIP code may carry."""

    city: str


def day(value: date | None) -> str:
    """Return a day as it is kept in a call, "" for none."""
    return value.isoformat() if value else ""


# The codec


def encode(value: Any) -> Value:
    """Return a typed value as it is stored."""
    if parts := _parts(type(value)):  # type: ignore[arg-type]  # mypy takes a class to be no key
        known = ((name, getattr(value, name), default) for name, default in parts)
        return {name: encode(part) for name, part, default in known if part != default}
    if isinstance(value, tuple | list):
        return tuple(map(encode, value))
    return value  # type: ignore[no-any-return]  # text, numbers, and what is spoken, lie there as they are


@cache
def _parts(type_: Any) -> tuple[tuple[str, Any], ...]:
    """Return a dataclass's fields, each with the value that is not stored; none of another type."""
    parts = fields(type_) if is_dataclass(type_) else ()
    return tuple((part.name, part.default if part.metadata == LEFT_OUT else MISSING) for part in parts)


Decode = Callable[[Value], Any]


@cache
def decoder(type_: Any) -> Decode:
    """Return what makes a type of a stored value; it raises TypeError for one that is something else."""
    origin = get_origin(type_)
    if type_ is Any:
        return _unchanged
    if is_dataclass(type_):
        return _decode_parts(type_)
    if origin is tuple:
        return _decode_items(decoder(get_args(type_)[0]))
    if origin in (Union, UnionType):
        return _decode_one_of(get_args(type_))
    return _decode_plain(str if origin is Literal else type_)


def hints(owner: Any) -> dict[str, Any]:
    """Return the types of a function's parameters or a dataclass's fields; any value, as it is stored, is `Any`."""
    return get_type_hints(owner, localns={"Value": Any}, include_extras=True)


def _unchanged(value: Value) -> Value:
    """Return a value as it is stored, with tuples again for the lists that JSON made of them."""
    if isinstance(value, Mapping):
        return {name: _unchanged(part) for name, part in value.items()}
    return tuple(map(_unchanged, value)) if isinstance(value, tuple | list) else value


def _decode_plain(type_: type) -> Decode:
    def decode(value: Value) -> Any:
        if not isinstance(value, type_):
            raise TypeError(f"a value of a call should be {type_.__name__}, and is {type(value).__name__}")
        return value

    return decode


def _decode_items(item: Decode) -> Decode:
    def decode(value: Value) -> Any:
        if not isinstance(value, tuple | list):
            raise TypeError(f"a value of a call should be a list, and is {type(value).__name__}")
        return tuple(map(item, value))

    return decode


def _decode_parts(type_: Any) -> Decode:
    types = hints(type_)
    parts = {part.name: decoder(types[part.name]) for part in fields(type_)}
    needed = {part.name for part in fields(type_) if part.default is MISSING}

    def decode(value: Value) -> Any:
        if not isinstance(value, Mapping) or not needed <= value.keys():
            raise TypeError(f"a value of a call should be {type_.__name__}, and lacks some of it")
        return type_(**{name: part(value[name]) for name, part in parts.items() if name in value})

    return decode


def _decode_one_of(types: tuple[Any, ...]) -> Decode:
    """Take the first type that fits."""
    others = [decoder(one) for one in types if one is not NoneType]

    def decode(value: Value) -> Any:
        if value is None and NoneType in types:
            return None
        for other in others[:-1]:
            try:
                return other(value)
            except TypeError:
                continue
        return others[-1](value)

    return decode
