"""Invented recordings for tests: a voice is a hum with syllables, at any rate and format."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Sequence


def voice(seconds: float, rate: int = 8000, loud: float = 0.3, rest: float = 0.0) -> list[float]:
    """Return a hum of 200 Hz that swells four times a second, with a rest before and after."""
    hum = [
        loud * math.sin(2 * math.pi * 200 * at / rate) * (0.6 + 0.4 * math.sin(2 * math.pi * 4 * at / rate))
        for at in range(round(seconds * rate))
    ]
    quiet = [0.0] * round(rest * rate)
    return [*quiet, *hum, *quiet]


def tone(hertz: float, seconds: float, rate: int, loud: float = 0.5) -> list[float]:
    return [loud * math.sin(2 * math.pi * hertz * at / rate) for at in range(round(seconds * rate))]


def wav(sound: Sequence[float], rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """Return a WAV file; every channel has the same sound."""
    full = 2 ** (8 * width - 1) - 1
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((channels, width, rate, len(sound), "NONE", ""))
        for sample in sound:
            number = round(max(-1.0, min(1.0, sample)) * full) + (128 if width == 1 else 0)
            file.writeframesraw(number.to_bytes(width, "little", signed=width > 1) * channels)
        file.writeframes(b"")
    return held.getvalue()


def riff(code: int, channels: int, rate: int, bits: int, frames: bytes, extra: bytes = b"") -> bytes:
    """Return a WAV file of any kind, also kinds that the standard library does not write."""
    size = channels * bits // 8
    head = struct.pack("<HHIIHH", code, channels, rate, rate * size, size, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(frames)) + frames
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
