"""Plays many scripts in several processes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain

from ivr.qa.replay.played import Played
from ivr.qa.scripts.script import Script

SHARE = 8
"""How many scripts a process is given at once: enough to make the overhead small, few enough to keep all busy."""


@dataclass(frozen=True, slots=True)
class ScriptInLanguage:
    """A script, and the language to play it in."""

    script: Script
    language: str


PlayScript = Callable[[ScriptInLanguage], Played]


def play_many(parts: Sequence[ScriptInLanguage], begin: Callable[[], PlayScript], jobs: int) -> Iterator[Played]:
    """Play scripts in `jobs` processes and yield the results in order.

    Each process calls `begin` once, for the function that plays a script there.
    """
    shares = [parts[start : start + SHARE] for start in range(0, len(parts), SHARE)]
    with ProcessPoolExecutor(jobs, initializer=_begin_playing, initargs=(begin,)) as pool:
        yield from chain.from_iterable(pool.map(_play_share, shares))


_play_script: list[PlayScript] = []


def _begin_playing(begin: Callable[[], PlayScript]) -> None:
    _play_script[:] = [begin()]


def _play_share(parts: Sequence[ScriptInLanguage]) -> list[Played]:
    (play,) = _play_script
    return [play(part) for part in parts]
