"""YAML for people: every scalar is text, every node has its place, and all problems are told at once.

`folder` finds files, `source` makes their text ready, `nodes` reads it, `slips` says why it cannot be read; `shapes` says what may stand where, for the readers of flows, prompts and scripts and for the JSON
Schemas that editors complete and underline by.
"""

from ivr.yaml_reader.folder import SUFFIX, candidates, text_at, texts_below
from ivr.yaml_reader.nodes import Node, read
from ivr.yaml_reader.shapes import Either, Field, Flag, ListOf, MapOf, Record, Shape, Text, Whole, field, json_schema

__all__ = [
    "SUFFIX",
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
    "candidates",
    "field",
    "json_schema",
    "read",
    "text_at",
    "texts_below",
]
