"""WAV files, read as recording programs write them and written as a telephone takes them.

Samples are numbers from -1 to 1, one channel. Only uncompressed WAV is read, which every recording program can write;
reading raises SoundError, whose message says what to do about it.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass

RATE = 8000
FULL = 32767

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class SoundError(ValueError):
    """A file that is no sound we can use."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a WAV file holds its sound."""

    code: int
    channels: int
    rate: int
    bits: int

    @property
    def is_telephone(self) -> bool:
        """Say whether it can be played to a caller as it is."""
        return self == Format(_PCM, 1, RATE, 16)

    def __str__(self) -> str:
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.rate} Hz {channels}, {self.bits} bits"


def read(data: bytes) -> tuple[Format, bytes]:
    """Return a WAV file's format and its frames."""
    chunks = _chunks(data)
    head, frames = chunks.get(b"fmt ", b""), chunks.get(b"data")
    if len(head) < 16 or frames is None:
        raise SoundError("is not a WAV file; save it as WAV, uncompressed")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", head[:16])
    if code == _EXTENSIBLE and len(head) >= 26:
        code = struct.unpack("<H", head[24:26])[0]
    if (code, bits) not in _READERS or not channels or not rate:
        raise SoundError("is a WAV file of a kind that cannot be read; save it as uncompressed PCM, 16 bits")
    whole = channels * bits // 8
    return Format(code, channels, rate, bits), frames[: len(frames) // whole * whole]


def _chunks(data: bytes) -> dict[bytes, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return {}
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def _eight(frames: bytes) -> list[float]:
    return [(sample - 128) / 128 for sample in frames]


def _sixteen(frames: bytes) -> list[float]:
    return [sample / 32768 for sample in _integers("h", frames)]


def _twenty_four(frames: bytes) -> list[float]:
    wide = bytearray(len(frames) // 3 * 4)
    for byte in range(3):
        wide[byte + 1 :: 4] = frames[byte::3]
    return _thirty_two(bytes(wide))


def _thirty_two(frames: bytes) -> list[float]:
    return [sample / 2**31 for sample in _integers("i", frames)]


def _integers(kind: str, frames: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(frames) // struct.calcsize(kind)}{kind}", frames)


def _floats(frames: bytes) -> list[float]:
    return [sample if math.isfinite(sample) else 0.0 for sample in struct.unpack(f"<{len(frames) // 4}f", frames)]


_READERS = {
    (_PCM, 8): _eight,
    (_PCM, 16): _sixteen,
    (_PCM, 24): _twenty_four,
    (_PCM, 32): _thirty_two,
    (_FLOAT, 32): _floats,
}


def samples(form: Format, frames: bytes) -> list[float]:
    """Return the sound of frames, its channels mixed to one."""
    found = _READERS[form.code, form.bits](frames)
    if form.channels == 1:
        return found
    return [sum(moment) / form.channels for moment in zip(*[iter(found)] * form.channels, strict=True)]


def write(sound: Sequence[float]) -> bytes:
    """Return a WAV file for the telephone: 8 kHz, mono, 16 bits."""
    frames = struct.pack(f"<{len(sound)}h", *(round(max(-1.0, min(1.0, sample)) * FULL) for sample in sound))
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames)
    return held.getvalue()


def seconds(form: Format, frames: bytes) -> float:
    """Return how long frames last."""
    return len(frames) * 8 / (form.bits * form.channels * form.rate)
