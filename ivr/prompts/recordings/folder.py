"""The folder of recordings, `prompts/<language>/audio/`: WAV files, each beside a text file with the words it says.

Only recordings that can be played as they are count: in the telephone's format, with words, and not silent. `check`
tells what is wrong with the others.
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
from ivr.prompts.recordings.wav import FULL, SoundError, duration_seconds, read

AUDIO = "audio"
RELOAD_SECONDS = 2.0
"""A running line looks for new recordings at most this often."""
_SAMPLED = 16
"""Only every so manyth sample is looked at to tell whether a recording is silent."""

Stamp: TypeAlias = tuple[Path, int, int]
"""Path of a WAV file, and when it and its text file were last modified, in nanoseconds (0 for no text file)."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that can be played. `hash` is made from its contents, so that a changed file has another address."""

    path: Path
    language: str
    words: str
    hash: str
    seconds: float

    @property
    def address(self) -> str:
        """The path of its URL, below the URL of the line."""
        return f"/audio/{self.language}/{self.hash}.wav"


@dataclass(frozen=True, slots=True)
class Recordings:
    """All recordings that can be played, by language and spoken words, and by language and hash."""

    by_words: Mapping[tuple[str, str], Recording] = field(default_factory=dict)
    by_hash: Mapping[tuple[str, str], Recording] = field(default_factory=dict)

    def saying(self, language: str, words: str) -> Recording | None:
        """Return the recording of exactly these words; None where there is none."""
        return self.by_words.get((language, spoken_words(words))) if self.by_words else None


class RecordingsFolder:
    """Keeps the recordings below a folder of prompts, and reads changed files again every few seconds.

    `monotonic` returns the time in seconds.
    """

    def __init__(self, prompts: Path, monotonic: Callable[[], float]) -> None:
        self._prompts = prompts
        self._monotonic = monotonic
        self._recordings_by_stamp: dict[Stamp, Recording | None] = {}
        self._reload_lock = threading.Lock()
        self._recordings = Recordings()
        self._reloaded_at = monotonic()
        self._reload()

    @property
    def recordings(self) -> Recordings:
        """The recordings there are now; while the folder cannot be read, those that were read last."""
        if self._monotonic() - self._reloaded_at >= RELOAD_SECONDS and self._reload_lock.acquire(blocking=False):
            try:
                self._reloaded_at = self._monotonic()
                self._reload()
            finally:
                self._reload_lock.release()
        return self._recordings

    def _reload(self) -> None:
        try:
            stamps = {stamp: language for language, stamp in _stamps(self._prompts)}
        except OSError:
            return
        if stamps.keys() == self._recordings_by_stamp.keys():
            return
        self._recordings_by_stamp = {
            stamp: self._recordings_by_stamp[stamp]
            if stamp in self._recordings_by_stamp
            else read_recording(stamp[0], language)
            for stamp, language in stamps.items()
        }
        playable = [recording for recording in self._recordings_by_stamp.values() if recording]
        self._recordings = Recordings(
            {(recording.language, spoken_words(recording.words)): recording for recording in playable},
            {(recording.language, recording.hash): recording for recording in playable},
        )


def audio_files(prompts: Path) -> Iterator[tuple[str, Path]]:
    """Yield the language and path of every WAV file, sorted."""
    for folder in sorted(prompts.glob(f"*/{AUDIO}")):
        for path in sorted(folder.glob("*.wav")):
            yield folder.parent.name, path


def words_beside(path: Path) -> str:
    """Return the words of the text file beside a recording; "" when there is none that can be read."""
    try:
        return " ".join(path.with_suffix(".txt").read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError):
        return ""


def read_recording(path: Path, language: str) -> Recording | None:
    """Return the recording at a path; None if it cannot be played as it is."""
    try:
        data, words = path.read_bytes(), words_beside(path)
        form, frames = read(data)
    except (OSError, SoundError):
        return None
    if not is_spoken(words) or not form.is_telephone or is_silent(_sampled(frames)):
        return None
    return Recording(path, language, words, _hash(data), duration_seconds(form, frames))


def _sampled(frames: bytes) -> list[float]:
    """Return some of the samples: enough to tell silence, and few enough to read every recording at start."""
    return [sample / FULL for sample in memoryview(frames).cast("h")[::_SAMPLED]]


def read_sound(recording: Recording) -> bytes | None:
    """Return the bytes of a recording's file; None when it has changed since it was read, or is gone."""
    try:
        data = recording.path.read_bytes()
    except OSError:
        return None
    return data if _hash(data) == recording.hash else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _stamps(prompts: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield the language and stamp of every WAV file. Called often, so each folder is listed only once."""
    for folder in sorted(prompts.glob(f"*/{AUDIO}")):
        with os.scandir(folder) as entries:
            stats = {entry.name: entry.stat() for entry in entries if not entry.name.startswith(".")}
        for name, sound_stat in stats.items():
            stem, dot, ending = name.rpartition(".")
            if ending == "wav":
                words_stat = stats.get(f"{stem}{dot}txt")
                yield (
                    folder.parent.name,
                    (folder / name, sound_stat.st_mtime_ns, words_stat.st_mtime_ns if words_stat else 0),
                )
