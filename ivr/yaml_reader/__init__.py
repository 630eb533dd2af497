"""YAML for people: every scalar is text, every node has its place, and all problems are told at once.

`nodes` reads; `shapes` says what may stand where, for the readers of flows, prompts and scripts and for the JSON
Schemas that editors complete and underline by.
"""

from ivr.yaml_reader.nodes import Node, read
from ivr.yaml_reader.shapes import Either, Field, Flag, ListOf, MapOf, Record, Shape, Text, Whole, field, json_schema

__all__ = [
    "Either",
    "Field",
    "Flag",
    "ListOf",
    "MapOf",
    "Node",
    "Record",
    "Shape",
    "Text",
    "Whole",
    "field",
    "json_schema",
    "read",
]
