"""The picture of the bench of calls: what 99 of 100 turns wait, by how many calls there are at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

WIDTH, HEIGHT, LEFT, TOP = 620, 300, 70, 30
COLOURS = ("#1b6ca8", "#c77d0a")
MOST_MS, TICK_MS = 500, 100
"""Nothing is drawn above this."""
TICK_CALLS = 200


def plot(points: Mapping[str, Mapping[int, float]], goal_ms: float) -> str:
    """Return an SVG with a line for each side: milliseconds by calls at once."""
    most_calls = max(calls for line in points.values() for calls in line)
    size = f"{LEFT + WIDTH + 60} {TOP + HEIGHT + 90}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="15" '
            'fill="#222">',
            f'<rect width="{LEFT + WIDTH + 60}" height="{TOP + HEIGHT + 90}" fill="white"/>',
            f'<clipPath id="panel"><rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}"/></clipPath>',
            *_axes(most_calls, goal_ms),
            *(row for at, name in enumerate(points) for row in _line(at, name, points[name], most_calls)),
            "</svg>\n",
        ]
    )


def _x(calls: int, most_calls: int) -> float:
    return LEFT + WIDTH * calls / most_calls


def _y(milliseconds: float) -> float:
    return TOP + HEIGHT * (1 - milliseconds / MOST_MS)


def _axes(most_calls: int, goal_ms: float) -> Iterator[str]:
    for tick in range(0, MOST_MS + 1, TICK_MS):
        yield f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{_y(tick):.1f}" y2="{_y(tick):.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{_y(tick) + 5:.1f}" text-anchor="end">{tick}</text>'
    for tick in range(0, most_calls + 1, TICK_CALLS):
        yield f'<text x="{_x(tick, most_calls):.1f}" y="{TOP + HEIGHT + 22}" text-anchor="middle">{tick:,}</text>'
    yield f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 44}" text-anchor="middle">calls at once</text>'
    yield f'<text x="{LEFT - 50}" y="{TOP - 12}">99 of 100 turns are answered within so many milliseconds</text>'
    yield (
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{_y(goal_ms):.1f}" y2="{_y(goal_ms):.1f}" stroke="#222" '
        'stroke-dasharray="6 5"/>'
    )


def _line(at: int, name: str, points: Mapping[int, float], most_calls: int) -> Iterator[str]:
    left, top, colour = LEFT + 220 * at, TOP + HEIGHT + 76, COLOURS[at]
    yield f'<rect x="{left}" y="{top - 8}" width="22" height="5" fill="{colour}"/><text x="{left + 30}" y="{top}">{name}</text>'
    drawn = [(_x(calls, most_calls), _y(waited), waited) for calls, waited in points.items()]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in drawn)
    yield f'<g clip-path="url(#panel)"><polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
    for x, y, waited in drawn:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{waited:.0f} ms</title></circle>'
    yield "</g>"
