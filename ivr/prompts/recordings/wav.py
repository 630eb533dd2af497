"""Reads WAV files as recording programs write them, and writes them in the telephone's format.

A sound is a sequence of samples of one channel, numbers from -1 to 1. Only uncompressed WAV is read, which every
recording program can write; for other files `read` raises SoundError, whose message says what to do.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass

RATE = 8000
"""Samples a second that a telephone carries."""
FULL = 32767
"""The highest sample of 16 bits."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class SoundError(ValueError):
    """A file that cannot be read as sound; the message completes a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a WAV file holds its sound."""

    code: int
    channels: int
    rate: int
    bits: int

    @property
    def is_telephone(self) -> bool:
        """Tell whether a file of this format can be played to a caller as it is."""
        return self == Format(_PCM, 1, RATE, 16)

    def __str__(self) -> str:
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.rate} Hz {channels}, {self.bits} bits"


def read(data: bytes) -> tuple[Format, bytes]:
    """Return the format and the frames of a WAV file; SoundError for one that cannot be read."""
    chunks = _chunks(data)
    head, frames = chunks.get(b"fmt ", b""), chunks.get(b"data")
    if len(head) < 16 or frames is None:
        raise SoundError("is not a WAV file; save it as WAV, uncompressed")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", head[:16])
    if code == _EXTENSIBLE and len(head) >= 26:
        code = struct.unpack("<H", head[24:26])[0]
    if (code, bits) not in _DECODERS or not channels or not rate:
        raise SoundError("is a WAV file of a kind that cannot be read; save it as uncompressed PCM, 16 bits")
    frame_size = channels * bits // 8
    return Format(code, channels, rate, bits), frames[: len(frames) // frame_size * frame_size]


def _chunks(data: bytes) -> dict[bytes, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return {}
    chunks: dict[bytes, bytes] = {}
    start = 12
    while start + 8 <= len(data):
        name, size = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "little")
        chunks.setdefault(name, data[start + 8 : start + 8 + size])
        start += 8 + size + size % 2
    return chunks


def _from_8_bits(frames: bytes) -> list[float]:
    return [(sample - 128) / 128 for sample in frames]


def _from_16_bits(frames: bytes) -> list[float]:
    return [sample / 32768 for sample in _integers("h", frames)]


def _from_24_bits(frames: bytes) -> list[float]:
    widened = bytearray(len(frames) // 3 * 4)
    for byte in range(3):
        widened[byte + 1 :: 4] = frames[byte::3]
    return _from_32_bits(bytes(widened))


def _from_32_bits(frames: bytes) -> list[float]:
    return [sample / 2**31 for sample in _integers("i", frames)]


def _integers(kind: str, frames: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(frames) // struct.calcsize(kind)}{kind}", frames)


def _from_floats(frames: bytes) -> list[float]:
    return [sample if math.isfinite(sample) else 0.0 for sample in struct.unpack(f"<{len(frames) // 4}f", frames)]


_DECODERS = {
    (_PCM, 8): _from_8_bits,
    (_PCM, 16): _from_16_bits,
    (_PCM, 24): _from_24_bits,
    (_PCM, 32): _from_32_bits,
    (_FLOAT, 32): _from_floats,
}


def samples(form: Format, frames: bytes) -> list[float]:
    """Return frames as samples, channels mixed to one."""
    values = _DECODERS[form.code, form.bits](frames)
    if form.channels == 1:
        return values
    return [sum(moment) / form.channels for moment in zip(*[iter(values)] * form.channels, strict=True)]


def write(sound: Sequence[float]) -> bytes:
    """Return a WAV file for the telephone: 8 kHz, mono, 16 bits."""
    frames = struct.pack(f"<{len(sound)}h", *(round(max(-1.0, min(1.0, sample)) * FULL) for sample in sound))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames)
    return buffer.getvalue()


def duration_seconds(form: Format, frames: bytes) -> float:
    """Return how many seconds frames last."""
    return len(frames) * 8 / (form.bits * form.channels * form.rate)
