"""Makes recordings for tests: a hum that rises and falls like syllables stands for a voice."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Sequence


def voice(seconds: float, rate: int = 8000, loud: float = 0.3, rest: float = 0.0) -> list[float]:
    """Return samples of a hum of 200 Hz that swells four times a second.

    Before and after it are `rest` seconds of silence.
    """
    hum = [
        loud * math.sin(2 * math.pi * 200 * sample / rate) * (0.6 + 0.4 * math.sin(2 * math.pi * 4 * sample / rate))
        for sample in range(round(seconds * rate))
    ]
    quiet = [0.0] * round(rest * rate)
    return [*quiet, *hum, *quiet]


def tone(hertz: float, seconds: float, rate: int, loud: float = 0.5) -> list[float]:
    """Return samples of a pure tone."""
    return [loud * math.sin(2 * math.pi * hertz * sample / rate) for sample in range(round(seconds * rate))]


def wav(sound: Sequence[float], rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """Return a WAV file of `width` bytes a sample; every channel has the same sound."""
    highest = 2 ** (8 * width - 1) - 1
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, width, rate, len(sound), "NONE", ""))
        for sample in sound:
            number = round(max(-1.0, min(1.0, sample)) * highest) + (128 if width == 1 else 0)
            file.writeframesraw(number.to_bytes(width, "little", signed=width > 1) * channels)
        file.writeframes(b"")
    return buffer.getvalue()


def riff(code: int, channels: int, rate: int, bits: int, frames: bytes, extra: bytes = b"") -> bytes:
    """Return a WAV file with any format code, also those that the standard library does not write."""
    size = channels * bits // 8
    head = struct.pack("<HHIIHH", code, channels, rate, rate * size, size, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(frames)) + frames
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
