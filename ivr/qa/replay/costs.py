"""The seconds that callers spend listening to each prompt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow.verbs import Speak
from ivr.phone.verbs import TwimlSay
from ivr.prompts import Catalogues
from ivr.qa.replay.played import Played


@dataclass(frozen=True, slots=True)
class PromptCost:
    """How often a prompt was spoken in a language, and how many seconds it takes on average."""

    prompt: str
    language: str
    times: int
    seconds: float

    @property
    def in_all(self) -> float:
        """The seconds of all the times it was spoken."""
        return self.times * self.seconds


def seconds_of(speak: Speak, catalogues: Catalogues) -> float:
    """Return the seconds that a prompt takes to speak, estimated from its words."""
    words = catalogues.by_language[speak.language].words(speak.prompt, speak.values, speak.variant, speak.tries)
    return TwimlSay(words).seconds


def by_prompt(played: Iterable[Played]) -> list[PromptCost]:
    """Return the cost of each prompt over all these calls, the costliest first."""
    seconds_by_prompt: dict[tuple[str, str], list[float]] = {}
    for play in played:
        for prompt, language, seconds in play.spoken:
            seconds_by_prompt.setdefault((prompt, language), []).append(seconds)
    costs = (PromptCost(*name, len(took), sum(took) / len(took)) for name, took in seconds_by_prompt.items())
    return sorted(costs, key=lambda cost: -cost.in_all)
