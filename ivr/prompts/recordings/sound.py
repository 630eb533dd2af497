"""Signal processing for recordings: resample to 8 kHz, trim silence, set the level, and find silent or clipped ones.

A sound is a sequence of samples of one channel, numbers from -1 to 1.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import mul

from ivr.prompts.recordings.wav import RATE

SILENT_BELOW = 0.01
"""A recording whose peak is lower, -40 dB, is silent."""
CLIPPED_RUN = 4
"""So many samples in a row at the highest value are clipped: no voice makes them, but a level set too high does."""
_EDGE = 0.999
"""Samples from here on count as the highest value."""
_SPEECH = 0.02
"""Share of the loudest frame's loudness: softer frames at either end are not speech."""
_FRAME = RATE // 100
"""Samples in a frame, a hundredth of a second."""
_KEEP_BEFORE, _KEEP_AFTER = 6, 15
"""Frames that are kept around speech, so that no sound is cut off."""
_LEVEL = 0.1
"""The loudness that speech has in all recordings, -20 dB."""
_HIGHEST_PEAK = 0.89
"""The highest peak that a recording may get from a higher level."""
_CROSSINGS = 12
"""Zero crossings of the resampling filter on each side; more make no difference that is heard on a telephone."""
_PASSED = 0.92
"""Share of the frequencies that a rate can carry which are kept; the filter falls off over the rest."""


# What is wrong with a recording


def is_silent(sound: Sequence[float]) -> bool:
    """Tell whether there is nothing to hear."""
    return not sound or max(max(sound), -min(sound)) < SILENT_BELOW


def is_clipped(sound: Sequence[float]) -> bool:
    """Tell whether the loudest moments are cut off because the level was too high."""
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
    """Return a recording at the telephone's rate, without silence before and after, and as loud as all others."""
    return level(trim(resample(sound, rate)))


def resample(sound: Sequence[float], rate: int) -> list[float]:
    """Return a sound of `rate` samples a second at 8 kHz, without the frequencies that a telephone cannot carry."""
    if rate == RATE:
        return list(sound)
    step = math.gcd(rate, RATE)
    up, down = RATE // step, rate // step
    reach = math.ceil(_CROSSINGS * max(1.0, rate / RATE) / _PASSED)
    padded = array("d", [0.0]) * reach + array("d", sound) + array("d", [0.0]) * (reach + 1)
    samples = []
    for number in range(len(sound) * up // down):
        whole, phase = divmod(number * down, up)
        taps = _taps(phase, up, reach, min(1.0, RATE / rate) * _PASSED)
        samples.append(sum(map(mul, taps, padded[whole : whole + len(taps)])))
    return samples


@lru_cache(2048)
def _taps(phase: int, up: int, reach: int, passed: float) -> tuple[float, ...]:
    """Return the filter for a moment `phase / up` after a sample: a windowed sinc over `reach` samples on each side."""
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
    """Return a sound without silence before and after the speech, except for a few frames."""
    loudness = _loudness(sound)
    if not loudness or not (highest := max(loudness)):
        return list(sound)
    speech_frames = [number for number, value in enumerate(loudness) if value > _SPEECH * highest]
    start = max(0, speech_frames[0] - _KEEP_BEFORE) * _FRAME
    return list(sound[start : (speech_frames[-1] + 1 + _KEEP_AFTER) * _FRAME])


def level(sound: Sequence[float]) -> list[float]:
    """Return a sound with its speech as loud as in every other recording, as far as its peaks allow."""
    loudness = _loudness(sound)
    if not loudness or not (highest := max(loudness)):
        return list(sound)
    speech = [value for value in loudness if value > highest / 10]
    speech_level = math.sqrt(sum(value * value for value in speech) / len(speech))
    gain = min(_LEVEL / speech_level, _HIGHEST_PEAK / max(max(sound), -min(sound)))
    return [sample * gain for sample in sound]


def _loudness(sound: Sequence[float]) -> list[float]:
    """Return the loudness of each frame, its root mean square.

    The mean of the frame is subtracted first, so that a constant offset of the device does not count as sound.
    """
    loudness = []
    for start in range(0, len(sound), _FRAME):
        frame = sound[start : start + _FRAME]
        mean = sum(frame) / len(frame)
        loudness.append(math.sqrt(sum((sample - mean) ** 2 for sample in frame) / len(frame)))
    return loudness
