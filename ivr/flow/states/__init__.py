"""The kinds of states, one module each. A new kind is one more module here, and nothing else has to be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from ivr.flow.states.base import KINDS, State

_TAUGHT = ("say", "menu", "ask", "do", "pay", "run", "transfer", "hang_up")
"""The order in which people learn the kinds; any other kinds come after these."""

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)


def kinds() -> Mapping[str, type[State]]:
    """Return every kind of state by its word, in the order in which people learn them."""
    words = sorted(KINDS, key=lambda word: (_TAUGHT.index(word) if word in _TAUGHT else len(_TAUGHT), word))
    return {word: KINDS[word] for word in words}


__all__ = ["KINDS", "State", "kinds"]
