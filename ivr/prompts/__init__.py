"""The prompt language: YAML files of words, per language, made into catalogues that speak.

Files come as a mapping of path to text, so that a published version can be loaded from anywhere; `read_folder`
makes one from a folder.
"""

from ivr.prompts.catalogue import (
    BREAK,
    PHRASE,
    PROMPT_KINDS,
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
from ivr.prompts.loader import load_prompts, read_folder

__all__ = [
    "BREAK",
    "PHRASE",
    "PROMPT_KINDS",
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
    "read_folder",
    "written",
]
