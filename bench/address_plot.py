"""The picture of the address bench: presses and ranks by letters keyed, a line for each size of ZIP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

WIDTH, HEIGHT, LEFT, TOP, GAP = 400, 300, 60, 50, 90
COLOURS = ("#1b6ca8", "#2a9d5c", "#c77d0a", "#b3261e")


class Point(Protocol):
    """One result: a size of ZIP, letters keyed at first, and what came of it."""

    @property
    def thickened(self) -> int: ...
    @property
    def letters(self) -> int: ...
    @property
    def slips(self) -> float: ...
    @property
    def mean(self) -> float: ...
    def share(self, within: int) -> float: ...


def plot(results: Sequence[Point]) -> str:
    """Return an SVG with two panels."""
    exact = [result for result in results if not result.slips]
    panels = [
        *_panel(exact, 0, "Presses from the first ZIP digit on, mean", 8, 20, 4, 16, lambda point: point.mean),
        *_panel(exact, 1, "Right street first, in percent", 0, 100, 25, 90, lambda point: 100 * point.share(1)),
        *_panel(exact, 2, "Right street among three, in percent", 0, 100, 25, 98, lambda point: 100 * point.share(3)),
    ]
    width = LEFT + 3 * (WIDTH + GAP)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 90}" '
            'font-family="sans-serif" font-size="15" fill="#222">',
            f'<rect width="{width}" height="{TOP + HEIGHT + 90}" fill="white"/>',
            *panels,
            *_legend(sorted({result.thickened for result in exact})),
            "</svg>\n",
        ]
    )


def _panel(
    points: Sequence[Point], at: int, title: str, low: int, high: int, step: int, goal: int,
    value: Callable[[Point], float],
) -> Iterator[str]:  # fmt: skip
    left = LEFT + at * (WIDTH + GAP)
    letters = sorted({point.letters for point in points})

    def x(count: int) -> float:
        return left + 20 + (WIDTH - 40) * (count - letters[0]) / max(letters[-1] - letters[0], 1)

    def y(height: float) -> float:
        return TOP + HEIGHT - HEIGHT * (height - low) / (high - low)

    yield f'<text x="{left}" y="{TOP - 22}" font-weight="bold">{title}</text>'
    for tick in range(low, high + 1, step):
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 8}" y="{y(tick) + 5:.1f}" text-anchor="end">{tick}</text>'
    for count in letters:
        yield f'<text x="{x(count):.1f}" y="{TOP + HEIGHT + 22}" text-anchor="middle">{count}</text>'
    yield f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 42}" text-anchor="middle">letters keyed at first</text>'
    yield (
        f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(goal):.1f}" y2="{y(goal):.1f}" stroke="#222" '
        f'stroke-dasharray="6 5"/><text x="{left + WIDTH + 4}" y="{y(goal) + 5:.1f}">{goal}</text>'
    )
    for colour, size in zip(COLOURS, sorted({point.thickened for point in points}), strict=False):
        line = sorted((point.letters, value(point)) for point in points if point.thickened == size)
        places = " ".join(f"{x(count):.1f},{y(height):.1f}" for count, height in line)
        yield f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        for count, height in line:
            yield f'<circle cx="{x(count):.1f}" cy="{y(height):.1f}" r="4" fill="{colour}"><title>{height:.1f}</title></circle>'


def _legend(sizes: Sequence[int]) -> Iterator[str]:
    left, top = LEFT, TOP + HEIGHT + 70
    for colour, size in zip(COLOURS, sizes, strict=False):
        words = f"at least {size} streets a ZIP" if size else "ZIPs as they are"
        yield f'<rect x="{left}" y="{top - 11}" width="22" height="5" fill="{colour}"/><text x="{left + 30}" y="{top - 3}">{words}</text>'
        left += 240
