"""Validates values by the part of JSON Schema that this project's schemas use, to compare schemas with the loaders."""

from __future__ import annotations

import re
from typing import Any

from ivr.yaml_reader import Node

Json = Any
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def as_json(node: Node) -> Json:
    """Return a node as an editor reads YAML: unquoted texts may be numbers, booleans or null."""
    if node.items is not None:
        return [as_json(item) for item in node.items]
    if node.fields is not None:
        return {name: as_json(value) for name, value in node.fields.items()}
    text = node.scalar or ""
    if node.quoted:
        return text
    if re.fullmatch("[-+]?[0-9]+", text):
        return int(text)
    return {"": None, "null": None, "~": None, "true": True, "false": False}.get(text, text)


def is_valid(value: Json, schema: Json, root: Json = None) -> bool:
    """Tell whether a value fits a schema; `root` is the schema that holds the definitions, by default this one."""
    root = root or schema
    if "$ref" in schema:
        return is_valid(value, root["definitions"][schema["$ref"].rpartition("/")[2]], root)
    return _is_kind(value, schema) and _is_choice(value, schema, root) and _is_filled(value, schema, root)


def _is_kind(value: Json, schema: Json) -> bool:
    kinds = schema.get("type", list(KINDS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    allowed = tuple(kind for name in kinds for kind in KINDS[name])
    if isinstance(value, bool) and bool not in allowed:
        return False
    if "type" in schema and not isinstance(value, allowed):
        return False
    if isinstance(value, str):
        return len(value) >= schema.get("minLength", 0) and bool(re.search(schema.get("pattern", ""), value))
    if isinstance(value, int):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def _is_choice(value: Json, schema: Json, root: Json) -> bool:
    return (
        any(value == choice and isinstance(value, type(choice)) for choice in schema.get("enum", [value]))
        and ("anyOf" not in schema or any(is_valid(value, choice, root) for choice in schema["anyOf"]))
        and ("oneOf" not in schema or sum(is_valid(value, choice, root) for choice in schema["oneOf"]) == 1)
        and ("not" not in schema or not is_valid(value, schema["not"], root))
    )


def _is_filled(value: Json, schema: Json, root: Json) -> bool:
    if isinstance(value, list):
        items = schema.get("items", {})
        return len(value) >= schema.get("minItems", 0) and all(is_valid(item, items, root) for item in value)
    if not isinstance(value, dict):
        return True
    if len(value) < schema.get("minProperties", 0) or not set(schema.get("required", ())) <= set(value):
        return False
    return all(_is_property(name, item_value, schema, root) for name, item_value in value.items())


def _is_property(name: str, value: Json, schema: Json, root: Json) -> bool:
    schemas = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    schemas += [
        property_schema
        for pattern, property_schema in schema.get("patternProperties", {}).items()
        if re.search(pattern, name)
    ]
    other = schema.get("additionalProperties", True)
    if not schemas and not isinstance(other, bool):
        schemas = [other]
    return all(is_valid(value, property_schema, root) for property_schema in schemas) and bool(schemas or other)
