"""Plays many scripts: in this process, or in several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain

from ivr.qa.replay.played import Played
from ivr.qa.scripts.script import Script

SHARE = 8
"""Scripts handed to a process at once: enough that handing over does not matter, few enough to keep all busy."""


@dataclass(frozen=True, slots=True)
class ScriptInLanguage:
    """One script in one language."""

    script: Script
    language: str


PlayScript = Callable[[ScriptInLanguage], Played]


def play_many(parts: Sequence[ScriptInLanguage], begin: Callable[[], PlayScript], jobs: int) -> Iterator[Played]:
    """Play in several processes, each of which calls `begin` for the way it plays; what comes back is in order."""
    shares = [parts[start : start + SHARE] for start in range(0, len(parts), SHARE)]
    with ProcessPoolExecutor(jobs, initializer=_begin_worker, initargs=(begin,)) as pool:
        yield from chain.from_iterable(pool.map(_play_share, shares))


_worker: list[PlayScript] = []


def _begin_worker(begin: Callable[[], PlayScript]) -> None:
    _worker[:] = [begin()]


def _play_share(parts: Sequence[ScriptInLanguage]) -> list[Played]:
    (play,) = _worker
    return [play(part) for part in parts]
