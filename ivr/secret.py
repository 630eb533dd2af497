"""Text that must not be seen: card digits, security codes, tokens, keys.

It cannot be printed, logged, formatted, pickled or serialised in clear. Only `reveal()` returns it, so a search for
that word finds every place that uses it.
"""

from __future__ import annotations

import hmac
from typing import NoReturn

DOT = "•"
"""Shown for one key that must not be seen."""
MASK = 3 * DOT
"""Shown in place of a whole secret, whatever its length."""


class Secret:
    """A text that shows as dots everywhere but in `reveal()`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text in clear."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash of a card number would be a trace of it

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be serialised")
