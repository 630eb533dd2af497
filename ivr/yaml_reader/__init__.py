"""YAML for people who do not know it.

Every scalar is text, every node has its place in the file, and all problems are reported at once.

`folder` finds files, `source` prepares their text, `nodes` reads it, and `slips` explains why text cannot be read.
`shapes` declares what a file may hold: the readers of flows, prompts and call scripts go by it, and so do the JSON
Schemas by which editors complete and underline.
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
