"""The twelve keys of a telephone as data: their names in definitions and the letters printed on them.

Definitions spell the two symbols out (`star`, `pound`), because YAML takes `*` and `#` for signs of its own.
Everything a caller dialled is a text of characters from `KEYS`.
"""

from __future__ import annotations

import unicodedata

KEYS = "0123456789*#"
NAMES = {"star": "*", "pound": "#"}
LETTERS = {"2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ"}
"""Letters by key, as ITU-T E.161 prints them."""

_NAME_OF_KEY = {key: name for name, key in NAMES.items()}
_KEY_OF_LETTER = {letter: key for key, letters in LETTERS.items() for letter in letters}


def key_name(key: str) -> str:
    """Return how a definition writes a key: `*` is `star`, a digit is itself. ValueError for anything else."""
    if not is_key(key):
        raise ValueError(f"not a key of a telephone: {key!r}")
    return _NAME_OF_KEY.get(key, key)


def key_of(name: str) -> str | None:
    """Return the key a definition's word stands for, or None when it stands for none."""
    if name in NAMES:
        return NAMES[name]
    return name if len(name) == 1 and name in KEYS[:10] else None


def is_key(text: str) -> bool:
    """Tell whether a text is one key."""
    return len(text) == 1 and text in KEYS


def is_keys(text: str) -> bool:
    """Tell whether a text could have been dialled: at least one key, and nothing else."""
    return bool(text) and all(character in KEYS for character in text)


def letters_to_keys(text: str) -> str:
    """Return the keys that spell a text at one press a letter, `Main` as `6246`.

    Accents do not count, digits are their own keys, and whatever no key stands for (spaces, hyphens) is left out.
    """
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(_KEY_OF_LETTER.get(c, c if c in KEYS[:10] else "") for c in plain)
