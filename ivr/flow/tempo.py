"""How fast the line speaks to a caller, and how long it waits for keys."""

from __future__ import annotations

from dataclasses import dataclass

USUAL = 100
"""In percent, as all tempos are."""
LONGEST_WAIT = 60
"""Seconds. A line that is silent for longer is taken for dead."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast is spoken and how long is waited, in percent of the usual; None where nothing was asked for."""

    speech_rate: int | None = None
    waits: int | None = None

    def seconds(self, usual: int) -> int:
        """Return how long is waited where so many seconds are usual."""
        return min(-(-usual * (self.waits or USUAL) // USUAL), LONGEST_WAIT)

    def or_else(self, other: Tempo) -> Tempo:
        """Return this tempo, with what it leaves open taken from another."""
        return Tempo(
            other.speech_rate if self.speech_rate is None else self.speech_rate,
            other.waits if self.waits is None else self.waits,
        )


USUAL_TEMPO = Tempo()
