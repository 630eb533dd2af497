"""What a recording must sound like: brought to 8 kHz, trimmed, levelled, and judged.

Samples are numbers from -1 to 1, one channel. Everything here is arithmetic on them.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import mul

from ivr.prompts.recordings.wav import RATE

SILENT_BELOW = 0.01
"""A peak under this, -40 dB, is nobody speaking."""
CLIPPED_RUN = 4
"""Samples in a row at the very edge that no voice makes, but a level set too high does."""
_EDGE = 0.999
_SPEECH = 0.02
"""Of the loudest frame: what is softer at either end is not speech yet."""
_FRAME = RATE // 100
_KEEP_BEFORE, _KEEP_AFTER = 6, 15
"""Frames kept around speech, so that no sound is cut off."""
_LEVEL = 0.1
"""The loudness of speech, -20 dB, that all recordings are brought to."""
_HIGHEST_PEAK = 0.89
_CROSSINGS = 12
"""Zero crossings of the resampling filter on each side: beyond them nobody hears a difference on a telephone."""
_PASSED = 0.92
"""Of what a rate can carry: the rest leaves room for the filter to fall off."""


# What is wrong with a recording


def is_silent(sound: Sequence[float]) -> bool:
    """Say whether there is nothing to hear."""
    return not sound or max(max(sound), -min(sound)) < SILENT_BELOW


def is_clipped(sound: Sequence[float]) -> bool:
    """Say whether the level was too high for the recording, so that its loudest moments are cut off."""
    if not sound or max(max(sound), -min(sound)) < _EDGE:
        return False
    run = 0
    for sample in sound:
        run = run + 1 if abs(sample) >= _EDGE else 0
        if run == CLIPPED_RUN:
            return True
    return False


# What is done to it


def for_telephone(sound: Sequence[float], rate: int) -> list[float]:
    """Bring a recording to the telephone's rate, without the rests before and after, as loud as all others."""
    return level(trim(resample(sound, rate)))


def resample(sound: Sequence[float], rate: int) -> list[float]:
    """Bring a sound from a rate of its own to 8 kHz; what a telephone cannot carry is filtered out first."""
    if rate == RATE:
        return list(sound)
    step = math.gcd(rate, RATE)
    up, down = RATE // step, rate // step
    reach = math.ceil(_CROSSINGS * max(1.0, rate / RATE) / _PASSED)
    padded = array("d", [0.0]) * reach + array("d", sound) + array("d", [0.0]) * (reach + 1)
    made = []
    for number in range(len(sound) * up // down):
        whole, phase = divmod(number * down, up)
        taps = _taps(phase, up, reach, min(1.0, RATE / rate) * _PASSED)
        made.append(sum(map(mul, taps, padded[whole : whole + len(taps)])))
    return made


@lru_cache(2048)
def _taps(phase: int, up: int, reach: int, passed: float) -> tuple[float, ...]:
    """Return a windowed sinc around a moment that lies `phase / up` after a sample; `reach` samples on each side."""
    taps = [_tap(index - reach - phase / up, reach, passed) for index in range(2 * reach + 1)]
    total = sum(taps)
    return tuple(tap / total for tap in taps)


def _tap(distance: float, reach: int, passed: float) -> float:
    if abs(distance) >= reach:
        return 0.0
    window = 0.5 + 0.5 * math.cos(math.pi * distance / reach)
    turn = math.pi * passed * distance
    return window * (math.sin(turn) / turn if turn else 1.0)


def trim(sound: Sequence[float]) -> list[float]:
    """Cut off the rests before and after the speech, but for a breath."""
    loud = _loudness(sound)
    if not loud or not (highest := max(loud)):
        return list(sound)
    speaking = [number for number, value in enumerate(loud) if value > _SPEECH * highest]
    start = max(0, speaking[0] - _KEEP_BEFORE) * _FRAME
    return list(sound[start : (speaking[-1] + 1 + _KEEP_AFTER) * _FRAME])


def level(sound: Sequence[float]) -> list[float]:
    """Make the speech in a sound as loud as that in every other, as far as its peaks allow."""
    loud = _loudness(sound)
    if not loud or not (highest := max(loud)):
        return list(sound)
    speech = [value for value in loud if value > highest / 10]
    spoken = math.sqrt(sum(value * value for value in speech) / len(speech))
    gain = min(_LEVEL / spoken, _HIGHEST_PEAK / max(max(sound), -min(sound)))
    return [sample * gain for sample in sound]


def _loudness(sound: Sequence[float]) -> list[float]:
    """Return the loudness of each hundredth of a second, its mean taken off so that a hum of the device is not heard."""
    loud = []
    for at in range(0, len(sound), _FRAME):
        frame = sound[at : at + _FRAME]
        mean = sum(frame) / len(frame)
        loud.append(math.sqrt(sum((sample - mean) ** 2 for sample in frame) / len(frame)))
    return loud
