"""What calls cost a caller, by script and by prompt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow.verbs import Speak
from ivr.phone.verbs import TwimlSay
from ivr.prompts import Catalogues
from ivr.qa.replay.played import Played


@dataclass(frozen=True, slots=True)
class PromptCost:
    """A prompt in a language: how often it was spoken, and how long it takes on average."""

    prompt: str
    language: str
    times: int
    seconds: float

    @property
    def in_all(self) -> float:
        """All the seconds it was spoken for."""
        return self.times * self.seconds


def seconds_of(speak: Speak, catalogues: Catalogues) -> float:
    """Return how long a prompt takes to speak, by its words."""
    words = catalogues.by_language[speak.language].words(speak.prompt, speak.values, speak.variant, speak.tries)
    return TwimlSay(words).seconds


def by_prompt(played: Iterable[Played]) -> list[PromptCost]:
    """Return what every prompt took in all these calls, the costliest first."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in played:
        for prompt, language, seconds in one.spoken:
            found.setdefault((prompt, language), []).append(seconds)
    costs = (PromptCost(*name, len(took), sum(took) / len(took)) for name, took in found.items())
    return sorted(costs, key=lambda cost: -cost.in_all)
