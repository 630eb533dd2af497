"""Prompts: the words that callers hear, read from one folder of YAML files per language into catalogues.

`load_prompts` takes the files as a mapping of path to text, so that a published version can be loaded from anywhere.
"""

from ivr.prompts.catalogue import (
    BREAK,
    PHRASE,
    Catalogue,
    Catalogues,
    Piece,
    Prompt,
    Slot,
    Variant,
    Words,
    joined,
    phrase,
    written,
)
from ivr.prompts.loader import load_prompts

__all__ = [
    "BREAK",
    "PHRASE",
    "Catalogue",
    "Catalogues",
    "Piece",
    "Prompt",
    "Slot",
    "Variant",
    "Words",
    "joined",
    "load_prompts",
    "phrase",
    "written",
]
