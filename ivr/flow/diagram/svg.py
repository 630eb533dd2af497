"""A picture as SVG.

Kinds differ in colour, shape and caption; the words of prompts are shown where the pointer rests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from ivr.flow.diagram.layout import HEAD, SMALL_SIZE, TITLE_SIZE, Arrow, LabelCell, Layout, Placed, lay_out, text_width
from ivr.flow.diagram.picture import Picture, look_of

MARGIN = 18
_TOP = 34
_NOTE = 16

STYLE = """
.call-flow text{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#111827}
.call-flow .name{font-weight:600}
.call-flow .small{font-size:10px;fill:#374151}
.call-flow .small .ref,.call-flow .ref{fill:#6b7280}
.call-flow .transition{fill:none;stroke:#6b7280;stroke-width:1.2}
.call-flow .confirms{stroke:#b91c1c;stroke-width:2}
.call-flow g:hover>.frame{stroke-width:2.6}
""".strip()
"""Every rule is limited to `.call-flow`, so that a picture can stand within a page."""

_NO_LINKS: Mapping[str, str] = {}


def to_svg(picture: Picture, links: Mapping[str, str] = _NO_LINKS) -> str:
    """Return a picture as an SVG document. `links` gives the address that a box leads to, by the box's name."""
    layout = lay_out(picture)
    notes = [*picture.notes, *_legend(picture)]
    width = max([layout.width, *(text_width(note, SMALL_SIZE) for note in notes)]) + 2 * MARGIN
    height = _TOP + layout.height + MARGIN + _NOTE * len(notes) + MARGIN
    body = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" class="call-flow" '
            f'aria-label="{escape(picture.title)}">',
            f"<title>{escape(picture.title)}</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" '
            'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#6b7280"/></marker></defs>',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text x="{MARGIN}" y="22" font-size="15" class="name">{escape(picture.title)}</text>',
            f'<g transform="translate({MARGIN} {_TOP})">',
            *(_arrow_path(line, layout) for line in layout.lines),
            *(_linked(_box_elements(box, layout, picture), links.get(box.box.name)) for box in layout.boxes),
            "</g>",
            *(
                f'<text x="{MARGIN}" y="{_TOP + layout.height + MARGIN + _NOTE * (number + 0.8):.0f}" '
                f'class="small">{escape(note)}</text>'
                for number, note in enumerate(notes)
            ),
            "</svg>",
        ]
    )
    return body + "\n"


def _linked(parts: Iterator[str], link: str | None) -> str:
    drawn = "\n".join(parts)
    return f'<a href="{escape(link)}">{drawn}</a>' if link else drawn


def _legend(picture: Picture) -> Iterator[str]:
    """Yield the lines that explain the signs in the picture."""
    transitions = [transition for box in picture.boxes for transition in box.transitions]
    signs = ["→ leads to a box that stands elsewhere"]
    signs += ["■ an end of this flow"] if any(transition.end for transition in transitions) else []
    signs += ["✓ the caller's yes to an order"] if any(transition.confirms for transition in transitions) else []
    signs += ["“” something is said on the way"] if any(transition.says for transition in transitions) else []
    yield " · ".join(signs)
    if _is_shaded(picture):
        yield "The darker a box, the larger its share."


def _is_shaded(picture: Picture) -> bool:
    return any(box.share is not None for box in picture.boxes)


def _arrow_path(line: Arrow, layout: Layout) -> str:
    """Return a curved line that leaves and arrives along the direction of the layers."""
    (x, y), (to_x, to_y) = line.start, line.end
    middle_x, middle_y = (x + to_x) / 2, (y + to_y) / 2
    bend = (
        f"{x:.0f} {middle_y:.0f} {to_x:.0f} {middle_y:.0f}"
        if layout.down
        else f"{middle_x:.0f} {y:.0f} {middle_x:.0f} {to_y:.0f}"
    )
    confirms = " confirms" if line.transition.confirms else ""
    return f'<path class="transition{confirms}" marker-end="url(#arrow)" d="M{x:.0f} {y:.0f}C{bend} {to_x:.0f} {to_y:.0f}"/>'


def _box_elements(placed: Placed, layout: Layout, picture: Picture) -> Iterator[str]:
    """Yield the elements of a box: frame, name, caption, and a cell for each transition."""
    box = placed.box
    look = look_of(box.kind)
    fill = look.fill
    if _is_shaded(picture):
        fill = _shade(box.share or 0.0)  # without the colours of kinds, which would be taken for shares
    size = f'x="{placed.x:.0f}" y="{placed.y:.0f}" width="{placed.width:.0f}" height="{placed.height:.0f}"'
    yield f'<g id="{escape(picture.title)}.{escape(box.name)}"><title>{escape(box.hover)}</title>'
    yield f'<rect class="frame" {size} rx="{look.corner}" fill="{fill}" stroke="{look.edge}" stroke-width="1.4"/>'
    yield from _sides(placed, look.edge)
    middle = placed.x + placed.width / 2
    yield (
        f'<text x="{middle:.0f}" y="{placed.y + 15:.0f}" font-size="{TITLE_SIZE:.0f}" text-anchor="middle" '
        f'class="name">{escape(box.name)}</text>'
    )
    yield f'<text x="{middle:.0f}" y="{placed.y + 28:.0f}" text-anchor="middle" class="small">{escape(box.caption)}</text>'
    if placed.cells:
        below = placed.y + HEAD
        yield f'<path d="M{placed.x:.0f} {below:.0f}h{placed.width:.0f}" stroke="{look.edge}" stroke-width=".7"/>'
    for number, (cell, x, y, width, height) in enumerate(placed.cells):
        if number:
            across = f"M{x:.0f} {y:.0f}v{height:.0f}" if layout.down else f"M{x:.0f} {y:.0f}h{width:.0f}"
            yield f'<path d="{across}" stroke="{look.edge}" stroke-width=".4"/>'
        yield _column(cell, x + width / 2, y) if layout.down else _row(cell, x, y, width)
    yield "</g>"


def _sides(placed: Placed, edge: str) -> Iterator[str]:
    """Yield the second sides of a box that stands for a flow."""
    if placed.box.kind in ("run", "flow"):
        for x in (placed.x + 3, placed.x + placed.width - 3):
            yield f'<path d="M{x:.0f} {placed.y:.0f}v{HEAD}" stroke="{edge}" stroke-width=".9"/>'


def _column(cell: LabelCell, middle: float, y: float) -> str:
    first = 19 if not cell.note else 13
    note = f'<tspan x="{middle:.0f}" dy="11" class="ref">{escape(cell.note)}</tspan>' if cell.note else ""
    return f'<text x="{middle:.0f}" y="{y + first:.0f}" text-anchor="middle" class="small">{escape(cell.label)}{note}{_title(cell)}</text>'


def _row(cell: LabelCell, x: float, y: float, width: float) -> str:
    text = f'<text x="{x + 7:.0f}" y="{y + 12:.0f}" class="small">{escape(cell.label)}{_title(cell)}</text>'
    if not cell.note:
        return text
    return (
        text
        + f'<text x="{x + width - 7:.0f}" y="{y + 12:.0f}" text-anchor="end" class="small ref">{escape(cell.note)}</text>'
    )


def _title(cell: LabelCell) -> str:
    return f"<title>{escape(cell.transition.hover)}</title>" if cell.transition.hover else ""


def _shade(share: float) -> str:
    """Return a colour from white (0) to orange (1); black text on it can be read at every share."""
    clamped = max(0.0, min(1.0, share))
    return "#" + "".join(f"{round(255 + (full - 255) * clamped):02x}" for full in (251, 146, 60))
