"""Boxes in a row: as near as can be to where each wants to be, in their order and apart from one another."""

from __future__ import annotations

from collections.abc import Sequence


def spaced(wanted: Sequence[float], sizes: Sequence[float], gap: float) -> list[float]:
    """Place boxes in their order as near as can be to where they want to be, never closer than the gap.

    Boxes that would overlap form a block, which stands at the mean of what its members want; blocks that meet are
    joined until none do.
    """
    blocks: list[tuple[float, list[int]]] = []
    for index in range(len(wanted)):
        block = (wanted[index], [index])
        while blocks and blocks[-1][0] + _extent(blocks[-1][1], sizes, gap) > block[0]:
            before = blocks.pop()
            members = [*before[1], *block[1]]
            starts = _offsets(members, sizes, gap)
            block = (sum(wanted[m] - at for m, at in zip(members, starts, strict=True)) / len(members), members)
        blocks.append(block)
    return [start + at for start, members in blocks for at in _offsets(members, sizes, gap)]


def _offsets(members: Sequence[int], sizes: Sequence[float], gap: float) -> list[float]:
    at, starts = 0.0, []
    for member in members:
        starts.append(at)
        at += sizes[member] + gap
    return starts


def _extent(members: Sequence[int], sizes: Sequence[float], gap: float) -> float:
    return sum(sizes[member] + gap for member in members)
