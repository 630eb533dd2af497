"""Shapes: what may be where in a YAML file, declared once for the reader and for the JSON Schema.

Scalars are text to the reader. So where text is expected the schema allows numbers and booleans too: `save: 12` is text
here, whatever an editor makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """Text; with a pattern (an ECMA regular expression), only what matches it as a whole."""

    about: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included; no upper bound where `high` is None."""

    low: int = 0
    high: int | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list with at least one item."""

    item: Shape
    about: str = ""


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with any keys, or with keys that match a pattern as a whole; at least `least` of them."""

    value: Shape
    keys: str = ""
    about: str = ""
    least: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    shape: Shape
    required: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping whose keys are known.

    `exactly_one` and `at_least_one` name sets of fields that exclude or replace one another: a target has `next` or
    `end`.
    """

    name: str
    """The name of its definition in a schema."""
    fields: Mapping[str, Field]
    about: str = ""
    exactly_one: tuple[frozenset[str], ...] = ()
    at_least_one: tuple[frozenset[str], ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The names of fields that must be there."""
        return tuple(name for name, field in self.fields.items() if field.required)

    @property
    def optional(self) -> tuple[str, ...]:
        """The names of fields that may be left out."""
        return tuple(name for name, field in self.fields.items() if not field.required)

    def is_chosen(self, written: Mapping[str, object]) -> bool:
        """Tell whether the fields that were written satisfy `exactly_one` and `at_least_one`."""
        begun = [choice for choice in self.exactly_one if choice & written.keys()]
        complete = [choice for choice in self.at_least_one if choice <= written.keys()]
        is_one = not self.exactly_one or (len(begun) == 1 and begun[0] <= written.keys())
        return is_one and (not self.at_least_one or bool(complete))


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes."""

    shapes: tuple[Shape, ...]
    about: str = ""


Shape = Text | Flag | Whole | ListOf | MapOf | Record | Either


def field(shape: Shape, *, required: bool = True) -> Field:
    """Return a field of a record."""
    return Field(shape, required)


def json_schema(shape: Shape, title: str) -> Schema:
    """Return the JSON Schema (draft 7, which editors support best) of a file of this shape."""
    writer = _Writer()
    schema = writer.schema(shape)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        **schema,
        "definitions": dict(sorted(writer.definitions.items())),
    }


@dataclass(slots=True)
class _Writer:
    """Writes the schemas of shapes. Each record is written once, under its name."""

    definitions: dict[str, Schema] = dataclass_field(default_factory=dict)

    def schema(self, shape: Shape) -> Schema:
        """Return the schema of any shape."""
        about = {"description": shape.about} if shape.about else {}
        match shape:
            case Text():
                return {**about, **_text_schema(shape.pattern)}
            case Flag():
                return {**about, "enum": [True, False, "true", "false"]}
            case Whole():
                return {**about, **_number_schema(shape.low, shape.high)}
            case ListOf():
                return {**about, "type": "array", "items": self.schema(shape.item), "minItems": 1}
            case MapOf():
                return {**about, **self.map(shape)}
            case Either():
                return {**about, "anyOf": [self.schema(option) for option in shape.shapes]}
            case Record():
                if shape.name not in self.definitions:
                    self.definitions[shape.name] = {}  # a record may hold itself
                    self.definitions[shape.name] = self.record(shape)
                return {"$ref": f"#/definitions/{shape.name}"}

    def map(self, shape: MapOf) -> Schema:
        schema: Schema = {"type": "object", **({"minProperties": shape.least} if shape.least else {})}
        value = self.schema(shape.value)
        if not shape.keys:
            return {**schema, "additionalProperties": value}
        return {**schema, "patternProperties": {f"^({shape.keys})$": value}, "additionalProperties": False}

    def record(self, shape: Record) -> Schema:
        schema: Schema = {"description": shape.about} if shape.about else {}
        schema["type"] = "object"
        schema["properties"] = {name: self.schema(field.shape) for name, field in shape.fields.items()}
        schema["additionalProperties"] = False
        if shape.required:
            schema["required"] = list(shape.required)
        if shape.exactly_one:
            schema["oneOf"] = [_only_this_choice(choice, shape.exactly_one) for choice in shape.exactly_one]
        if shape.at_least_one:
            schema["anyOf"] = [{"required": sorted(choice)} for choice in shape.at_least_one]
        return schema


def _text_schema(pattern: str) -> Schema:
    """Return the schema of a text.

    Editors match patterns with texts only, so numbers and booleans are allowed where theirs would fit.
    """
    wanted = {"pattern": f"^({pattern})$"} if pattern else {"minLength": 1}
    others = {"number": "0", "boolean": "true"}
    fitting = [kind for kind, text in others.items() if re.fullmatch(pattern or ".*", text)]
    return {"type": ["string", *fitting], **wanted}


def _number_schema(low: int, high: int | None) -> Schema:
    """Return the schema of a whole number. It may be quoted, so a text of digits is held to the bounds as well."""
    number: Schema = {"type": "integer", "minimum": low, **({} if high is None else {"maximum": high})}
    numbers = "|".join(str(number) for number in range(low, high + 1)) if high is not None else "[1-9][0-9]*"
    zero = "|0" if high is None and low == 0 else ""
    return {"anyOf": [number, {"type": "string", "pattern": f"^0*({numbers}{zero})$"}]}


def _only_this_choice(choice: frozenset[str], choices: tuple[frozenset[str], ...]) -> Schema:
    others = sorted(frozenset().union(*choices) - choice)
    return {"required": sorted(choice), "not": {"anyOf": [{"required": [name]} for name in others]}}
