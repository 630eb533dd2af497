"""Places boxes in a row as near as possible to where each wants to be, in their order and without overlap."""

from __future__ import annotations

from collections.abc import Sequence


def space_out(wanted: Sequence[float], sizes: Sequence[float], gap: float) -> list[float]:
    """Return where each box begins, as near as possible to `wanted`, in their order and at least `gap` apart.

    Boxes that would overlap form a block, whose place is the mean of what its members want. Blocks that meet are
    joined, until none overlap.
    """
    blocks: list[tuple[float, list[int]]] = []
    for index in range(len(wanted)):
        block = (wanted[index], [index])
        while blocks and blocks[-1][0] + _extent(blocks[-1][1], sizes, gap) > block[0]:
            previous = blocks.pop()
            members = [*previous[1], *block[1]]
            starts = _offsets(members, sizes, gap)
            block = (sum(wanted[m] - offset for m, offset in zip(members, starts, strict=True)) / len(members), members)
        blocks.append(block)
    return [start + offset for start, members in blocks for offset in _offsets(members, sizes, gap)]


def _offsets(members: Sequence[int], sizes: Sequence[float], gap: float) -> list[float]:
    offset, starts = 0.0, []
    for member in members:
        starts.append(offset)
        offset += sizes[member] + gap
    return starts


def _extent(members: Sequence[int], sizes: Sequence[float], gap: float) -> float:
    return sum(sizes[member] + gap for member in members)
