"""The few readers that give a call's values their types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.prompts.spoken import Value, Values

Item = Mapping[str, Value]


def text(values: Values, name: str) -> str:
    """Return a text value, "" when there is none."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def number(values: Values, name: str) -> int:
    """Return a whole number; KeyError when the flow asks for an action too early."""
    value = values[name]
    if not isinstance(value, int):
        raise TypeError(f'the value "{name}" should be a number')
    return value


def items(values: Values, name: str) -> tuple[Item, ...]:
    """Return the items of a list value, none when there is none."""
    value = values.get(name)
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, tuple | list) else ()


def item(values: Values, name: str) -> Item:
    """Return a value that holds several; KeyError when there is none."""
    value = values[name]
    if not isinstance(value, Mapping):
        raise TypeError(f'the value "{name}" should hold several')
    return value


def day(value: date | None) -> str:
    """Return a day as it is kept in a call."""
    return value.isoformat() if value else ""
