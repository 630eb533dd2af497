"""What a mutant is, and a fair sample of many mutants."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ivr.errors import Place


class MutantKind(StrEnum):
    """The kinds of faults. A run tries equally many of each kind, as far as there are enough."""

    TRANSITION = "transition"
    KEY = "key"
    LIMIT = "limit"
    VALUE = "value"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small fault: its kind, its place in a file, and the change in words."""

    kind: MutantKind
    place: Place
    change: str

    def __str__(self) -> str:
        return f"{self.place}: {self.change}"


AnyMutant = TypeVar("AnyMutant", bound=Mutant)


def sample(mutants: Iterable[AnyMutant], number: int, rng: random.Random) -> list[AnyMutant]:
    """Return `number` mutants, sorted by place, with equally many of each kind as far as there are enough.

    The same mutants in the same order and the same state of `rng` give the same sample.
    """
    shuffled: dict[MutantKind, list[AnyMutant]] = {}
    for mutant in mutants:
        shuffled.setdefault(mutant.kind, []).append(mutant)
    for of_one_kind in shuffled.values():
        rng.shuffle(of_one_kind)
    turns: list[Sequence[AnyMutant]] = [shuffled[kind] for kind in MutantKind if kind in shuffled]
    longest = max(map(len, turns), default=0)
    chosen = [of_one_kind[n] for n in range(longest) for of_one_kind in turns if n < len(of_one_kind)][:number]
    return sorted(chosen, key=lambda mutant: (mutant.place, mutant.change))
