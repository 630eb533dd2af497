"""The types of a call's values, and the codec between them and the JSON that a flow stores.

Calls go on across an upgrade, so stored names and shapes must stay: a field may be added, with a default, but none
renamed.
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
"""Metadata of a field that is not stored while it has its default."""


class Gathered:
    """Base of dataclasses that gather several values of a call: each field is the value of that name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Identified(Gathered):
    """The member who calls; `proved` if they have shown more than member number and ZIP code."""

    member_id: int
    proved: bool = False


@dataclass(frozen=True, slots=True)
class OfferedSupply:
    """A supply that may be chosen: `n` refills, which last `days` days, for `price` cents."""

    n: int
    days: int
    price: int


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A prescription to be ordered: its supply, and the day it is ordered for (ISO format, "" for now)."""

    prescription_id: int
    rx_number: str
    drug: str
    when: str
    n: int
    days: int
    price: int
    ends: str = field(default="", metadata=LEFT_OUT)
    """The day the supply at home ends, if that is before the new one arrives; else ""."""
    arrives: str = field(default="", metadata=LEFT_OUT)


Basket = tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class OfferedNumber:
    """A prescription that a keyed number may mean."""

    what: Value
    days: int
    rx_number: str


@dataclass(frozen=True, slots=True)
class OfferedOrder:
    """An order in a list, told apart by its day, the end of its number and its state."""

    day: str
    ending: str
    state: Value
    order_id: int


@dataclass(frozen=True, slots=True)
class CardOnFile:
    """A card on file that is offered or chosen."""

    card: Value
    """How it is spoken."""
    brand: str
    last4: str
    saved_card_id: int


@dataclass(frozen=True, slots=True)
class KeyedCard:
    """A card keyed in this call, with the processor's token for it, sealed. Its number and code are never in it."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    sealed_token: str


@dataclass(frozen=True, slots=True)
class ChosenCard(Gathered):
    """How an order is paid; `card` is None when nothing is due."""

    card: CardOnFile | KeyedCard | None
    keep_card: Literal["yes", "no"]
    """Whether the caller wants a new card on file."""
    spoken_card: Value = ()


@dataclass(frozen=True, slots=True)
class CardForOrder:
    """A card keyed to pay an order that stands unpaid, which has not been confirmed yet."""

    order_id: int
    card: KeyedCard
    keep_card: Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class AddressForOrder:
    """A new address that was keyed for an order that is held, which has not been confirmed yet."""

    order_id: int
    address: NewAddress


@dataclass(frozen=True, slots=True)
class ChosenAddress(Gathered):
    """Where an order is sent: to an address on file, or to a new one, which is inserted when the order is placed."""

    address: Value
    """How it is spoken."""
    address_id: int | None
    new_address: NewAddress | None
    address_held: bool
    """Staff must check it before anything is sent, so the order is held."""


@dataclass(frozen=True, slots=True)
class OnFile:
    """The address and the card that an order takes from what is on file; no card where nothing is due."""

    address: ChosenAddress
    card: ChosenCard


@dataclass(frozen=True, slots=True)
class OfferedStreet:
    """A street that may be meant, with the address on it as it is spoken."""

    street: str
    urbanization: str = ""
    doubt: str = ""
    address: Value = None


@dataclass(frozen=True, slots=True)
class OfferedUnit:
    """A unit that may be meant, such as 3B."""

    unit: str


@dataclass(frozen=True, slots=True)
class OfferedCity:
    """A city name that mail to a ZIP code may be addressed to."""

    city: str


@dataclass(frozen=True, slots=True)
class OfferedTime:
    """A time at which somebody may want to be called back; from and to are moments in ISO format."""

    when: Value
    """How it is spoken."""
    phone: str
    """The number that is to be called."""
    best_from: str
    best_to: str


def day(value: date | None) -> str:
    """Return a day as it is stored in a call: in ISO format, "" for None."""
    return value.isoformat() if value else ""


# The codec


def encode(value: Any) -> Value:
    """Return a typed value in the form that is stored: dataclasses as mappings, lists as tuples."""
    if parts := _parts(type(value)):  # type: ignore[arg-type]  # mypy: a class is not hashable
        named_parts = ((name, getattr(value, name), default) for name, default in parts)
        return {name: encode(part) for name, part, default in named_parts if part != default}
    if isinstance(value, tuple | list):
        return tuple(map(encode, value))
    return value  # type: ignore[no-any-return]  # text, numbers and spoken values are stored as they are


@cache
def _parts(type_: Any) -> tuple[tuple[str, Any], ...]:
    """Return a dataclass's fields as (name, the value that is not stored); nothing for any other type."""
    parts = fields(type_) if is_dataclass(type_) else ()
    return tuple((part.name, part.default if part.metadata == LEFT_OUT else MISSING) for part in parts)


Decode = Callable[[Value], Any]


@cache
def decoder(type_: Any) -> Decode:
    """Return a function that decodes a stored value to a type; it raises TypeError for a value that does not fit."""
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
    """Return the types of a function's parameters or a dataclass's fields by name; `Value` becomes `Any`."""
    return get_type_hints(owner, localns={"Value": Any}, include_extras=True)


def _unchanged(value: Value) -> Value:
    """Return a stored value as it is, with tuples instead of the lists that JSON made of them."""
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
    """Return a function that decodes a value to the first of the types that fits."""
    decoders = [decoder(type_) for type_ in types if type_ is not NoneType]

    def decode(value: Value) -> Any:
        if value is None and NoneType in types:
            return None
        for decode_type in decoders[:-1]:
            try:
                return decode_type(value)
            except TypeError:
                continue
        return decoders[-1](value)

    return decode
