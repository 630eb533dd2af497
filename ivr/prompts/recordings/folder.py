"""The recordings there are: `prompts/<language>/audio/`, a WAV each and beside it a text with the words it says.

Only what can be played as it is counts: the right format, and not silent. `check` tells what is wrong with the rest.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ivr.prompts.recordings.fragments import is_spoken, spoken_words
from ivr.prompts.recordings.sound import is_silent
from ivr.prompts.recordings.wav import FULL, SoundError, read, seconds

AUDIO = "audio"
LOOK_EVERY = 2.0
"""Seconds after which a new recording is heard, on a line that is running."""
_SAMPLED = 16
"""One sample in so many tells whether a recording is silent."""

Stamp: TypeAlias = tuple[Path, int, int]


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that can be played; `hash` names its very sound, so that a changed one has another address."""

    path: Path
    language: str
    words: str
    hash: str
    seconds: float

    @property
    def address(self) -> str:
        """Where it is fetched from, below the line's own path."""
        return f"/audio/{self.language}/{self.hash}.wav"


@dataclass(frozen=True, slots=True)
class Recordings:
    """All recordings that can be played, by the words they say and by their address."""

    by_words: Mapping[tuple[str, str], Recording] = field(default_factory=dict)
    by_hash: Mapping[tuple[str, str], Recording] = field(default_factory=dict)

    def saying(self, language: str, words: str) -> Recording | None:
        """Return the recording of exactly these words, if there is one."""
        return self.by_words.get((language, spoken_words(words))) if self.by_words else None


class Folder:
    """The folder of prompts, looked at again every few seconds; `monotonic` gives the seconds."""

    def __init__(self, prompts: Path, monotonic: Callable[[], float]) -> None:
        self._prompts = prompts
        self._monotonic = monotonic
        self._read: dict[Stamp, Recording | None] = {}
        self._looking = threading.Lock()
        self._recordings = Recordings()
        self._looked = monotonic()
        self._look()

    @property
    def recordings(self) -> Recordings:
        """Return what there is now; a folder that cannot be read for a moment leaves what there was."""
        if self._monotonic() - self._looked >= LOOK_EVERY and self._looking.acquire(blocking=False):
            try:
                self._looked = self._monotonic()
                self._look()
            finally:
                self._looking.release()
        return self._recordings

    def _look(self) -> None:
        try:
            stamps = {stamp: language for language, stamp in _stamps(self._prompts)}
        except OSError:
            return
        if stamps.keys() == self._read.keys():
            return
        self._read = {
            stamp: self._read[stamp] if stamp in self._read else recording(stamp[0], language)
            for stamp, language in stamps.items()
        }
        playable = [found for found in self._read.values() if found]
        self._recordings = Recordings(
            {(found.language, spoken_words(found.words)): found for found in playable},
            {(found.language, found.hash): found for found in playable},
        )


def files(prompts: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file of sound with its language, in order."""
    for folder in sorted(prompts.glob(f"*/{AUDIO}")):
        for path in sorted(folder.glob("*.wav")):
            yield folder.parent.name, path


def words_beside(path: Path) -> str:
    """Return the words a recording says, as the text beside it has them; "" when there is none."""
    try:
        return " ".join(path.with_suffix(".txt").read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError):
        return ""


def recording(path: Path, language: str) -> Recording | None:
    """Return a recording if it can be played to a caller as it is."""
    try:
        data, words = path.read_bytes(), words_beside(path)
        form, frames = read(data)
    except (OSError, SoundError):
        return None
    if not is_spoken(words) or not form.is_telephone or is_silent(_sampled(frames)):
        return None
    return Recording(path, language, words, _hash(data), seconds(form, frames))


def _sampled(frames: bytes) -> list[float]:
    """Return some of the samples: enough to tell silence, few enough to look at every recording at start."""
    return [sample / FULL for sample in memoryview(frames).cast("h")[::_SAMPLED]]


def sound_of(found: Recording) -> bytes | None:
    """Return a recording's file, or nothing when it is no longer what it was."""
    try:
        data = found.path.read_bytes()
    except OSError:
        return None
    return data if _hash(data) == found.hash else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _stamps(prompts: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield what tells that a recording, or the words beside it, has changed; looked at often, so in one go."""
    for folder in sorted(prompts.glob(f"*/{AUDIO}")):
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat() for entry in entries if not entry.name.startswith(".")}
        for name, sound in found.items():
            stem, dot, ending = name.rpartition(".")
            if ending == "wav":
                words = found.get(f"{stem}{dot}txt")
                yield folder.parent.name, (folder / name, sound.st_mtime_ns, words.st_mtime_ns if words else 0)
