"""Where everything in a picture stands: layers by the distance from the start, down the page or across it.

A way to the next layer is a line. One that stays in its layer or leads back is written in its box, "→ menu": lines
that run against the stream are what makes such pictures unreadable. Of the two directions the one is taken that
fills a page best. Widths are those of a wide plain font, so that text stays in its box in any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.flow.diagram.picture import Box, BoxTransition, Picture
from ivr.flow.diagram.spacing import spaced

HEAD = 34
"""Height of a box's name and kind; the ways out stand below, in columns (down the page) or rows (across it)."""
ROW = 16
COLUMN = 30
TITLE_SIZE, SMALL_SIZE = 12.0, 10.0
_PAD = 7
_ALONG = {True: 34, False: 60}
"""The room between two layers, down the page and across it."""
_ACROSS = {True: 14, False: 12}
"""The room between two boxes of a layer."""
PAGES = ((1000, 720), (720, 1000))
_SWEEPS = 12
_NARROW, _WIDE = "iljtfr.,:;'|!()[] ", "mwMWQ@%→✓■"
_BOLD = 1.12
"""How much wider the name of a box is than plain text."""
_MIDDLE = 8
"""The room between a label and its note."""


@dataclass(frozen=True, slots=True)
class LabelCell:
    """A way out as it is shown: its label, and where it leads when no line shows that."""

    transition: BoxTransition
    note: str

    @property
    def label(self) -> str:
        """The label with its marks: a tick confirms, quotation marks speak."""
        return (
            self.transition.label + (" ✓" if self.transition.confirms else "") + (" “”" if self.transition.says else "")
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A box with its place; `cells` are its ways out, each with the corner and size of where it is shown."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    cells: tuple[tuple[LabelCell, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way that is drawn, from a box's cell to another box."""

    transition: BoxTransition
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything placed; `down` when the layers follow one another down the page."""

    down: bool
    width: float
    height: float
    boxes: tuple[Placed, ...]
    lines: tuple[Arrow, ...]

    @property
    def scale(self) -> float:
        """How large it is on the page that suits it best; more than 1 leaves room."""
        return max(min(width / self.width, height / self.height) for width, height in PAGES)


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a plain sans-serif."""
    widths = (0.37 if c in _NARROW else 0.95 if c in _WIDE else 0.7 if c.isupper() else 0.62 for c in text)
    return sum(widths) * size


def lay_out(picture: Picture) -> Layout:
    """Return the better of both directions."""
    return max((_Sketch(picture, down).finish() for down in (True, False)), key=lambda layout: layout.scale)


class _Sketch:
    """One direction being tried. `along` is the way from layer to layer, `across` the way within one."""

    def __init__(self, picture: Picture, down: bool) -> None:
        self.down = down
        self.boxes = {box.name: box for box in picture.boxes}
        self.depth = _depths(picture)
        self.cells = {
            box.name: tuple(self._cell(box, transition) for transition in box.transitions) for box in picture.boxes
        }
        self.sizes = {name: self._size(name) for name in self.boxes}
        self.layers = self._layers()
        self.across: dict[str, float] = {}
        self._arrange()

    def _cell(self, box: Box, transition: BoxTransition) -> LabelCell:
        if transition.end:
            return LabelCell(transition, f"■ {transition.end}")
        drawn = transition.to in self.depth and self.depth[transition.to] == self.depth[box.name] + 1
        return LabelCell(transition, "" if drawn or not transition.to else f"→ {transition.to}")

    # Sizes

    def _size(self, name: str) -> tuple[float, float]:
        box, cells = self.boxes[name], self.cells[name]
        head = max(text_width(box.name, TITLE_SIZE) * _BOLD, text_width(box.caption, SMALL_SIZE)) + 2 * _PAD
        if self.down:
            return max(head, sum(self._columns(name))), HEAD + (COLUMN if cells else 0)
        rows = [
            text_width(cell.label, SMALL_SIZE) + _MIDDLE + text_width(cell.note, SMALL_SIZE) + 2 * _PAD
            for cell in cells
        ]
        return max([head, *rows]), HEAD + ROW * len(cells)

    def _columns(self, name: str) -> list[float]:
        wide = [max(text_width(cell.label, SMALL_SIZE), text_width(cell.note, SMALL_SIZE)) for cell in self.cells[name]]
        return [width + 2 * _PAD - 2 for width in wide]

    def _extent(self, name: str) -> float:
        """Return how much room a box takes across."""
        return self.sizes[name][0 if self.down else 1]

    # Order

    def _layers(self) -> list[list[str]]:
        layers: list[list[str]] = [[] for _ in range(max(self.depth.values()) + 1)]
        for name, depth in self.depth.items():
            layers[depth].append(name)
        return layers

    def _drawn(self, name: str) -> list[tuple[int, str]]:
        """Return the ways drawn from a box, each by its cell's number."""
        return [
            (number, cell.transition.to)
            for number, cell in enumerate(self.cells[name])
            if cell.transition.to and not cell.note
        ]

    def _port(self, name: str, number: int) -> float:
        """Return where across its box a way begins, counted from the box's edge."""
        if not self.down:
            return HEAD + ROW * (number + 0.5)
        columns = self._columns(name)
        spare = (self.sizes[name][0] - sum(columns)) / len(columns)
        return sum(columns[:number]) + columns[number] / 2 + spare * (number + 0.5)

    def _pull(self, name: str, number: int) -> float:
        """Return where a box draws another to: between the way's place and its own middle, so that nothing drifts."""
        return (self._port(name, number) + self._extent(name) / 2) / 2

    def _entry(self, name: str) -> float:
        return self._extent(name) / 2 if self.down else HEAD / 2

    def _arrange(self) -> None:
        """Find how far across each box begins: first the order with the fewest crossings, then straight lines."""
        best, fewest = self.layers, None
        for sweep in range(_SWEEPS):
            self.across = self._side_by_side()
            crossings = self._crossings()
            if fewest is None or crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
            for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                layer.sort(key=lambda name: self._wanted(name, from_above=sweep % 2 == 0))
                self.across.update(self._row(layer))
        self.layers = best
        self.across = self._side_by_side()
        for sweep in range(2 * _SWEEPS):
            for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                wanted = [self._wanted(name, from_above=sweep % 2 == 0) for name in layer]
                sizes = [self._extent(name) for name in layer]
                self.across.update(zip(layer, spaced(wanted, sizes, _ACROSS[self.down]), strict=True))

    def _side_by_side(self) -> dict[str, float]:
        return {name: at for layer in self.layers for name, at in self._row(layer).items()}

    def _row(self, layer: Sequence[str]) -> dict[str, float]:
        at, row = 0.0, {}
        for name in layer:
            row[name] = at
            at += self._extent(name) + _ACROSS[self.down]
        middle = at / 2
        return {name: place - middle for name, place in row.items()}

    def _wanted(self, name: str, *, from_above: bool) -> float:
        """Return where a box would stand if only its neighbours on one side mattered."""
        if from_above:
            above = self.layers[self.depth[name] - 1] if self.depth[name] else []
            places = [
                self.across[other] + self._pull(other, number) - self._entry(name)
                for other in above
                for number, to in self._drawn(other)
                if to == name
            ]
        else:
            places = [self.across[to] + self._entry(to) - self._port(name, number) for number, to in self._drawn(name)]
        return sum(places) / len(places) if places else self.across[name]

    def _crossings(self) -> int:
        found = 0
        for layer in self.layers:
            ends = [
                (self.across[name] + self._port(name, number), self.across[to] + self._entry(to))
                for name in layer
                for number, to in self._drawn(name)
            ]
            found += sum((a - c) * (b - d) < 0 for at, (a, b) in enumerate(ends) for c, d in ends[:at])
        return found

    # Places

    def finish(self) -> Layout:
        """Turn layers into places on the page."""
        first = min(self.across.values())
        along = self._along()
        placed = {name: self._place(name, along[self.depth[name]], self.across[name] - first) for name in self.boxes}
        width = max(box.x + box.width for box in placed.values())
        height = max(box.y + box.height for box in placed.values())
        lines = tuple(
            Arrow(self.cells[name][number].transition, self._start(placed[name], number), self._end(placed[to]))
            for name in self.boxes
            for number, to in self._drawn(name)
        )
        return Layout(self.down, width, height, tuple(placed.values()), lines)

    def _along(self) -> list[float]:
        """Return where each layer begins."""
        at, begins = 0.0, []
        for layer in self.layers:
            begins.append(at)
            at += max(self.sizes[name][1 if self.down else 0] for name in layer) + _ALONG[self.down]
        return begins

    def _place(self, name: str, along: float, across: float) -> Placed:
        x, y = (across, along) if self.down else (along, across)
        width, height = self.sizes[name]
        cells, at = [], 0.0
        columns = self._columns(name)
        spare = (width - sum(columns)) / len(columns) if columns else 0
        for number, cell in enumerate(self.cells[name]):
            if self.down:
                cells.append((cell, x + at, y + HEAD, columns[number] + spare, float(COLUMN)))
                at += columns[number] + spare
            else:
                cells.append((cell, x, y + HEAD + ROW * number, width, float(ROW)))
        return Placed(self.boxes[name], x, y, width, height, tuple(cells))

    def _start(self, box: Placed, number: int) -> tuple[float, float]:
        _, x, y, width, height = box.cells[number]
        return (x + width / 2, y + height) if self.down else (x + width, y + height / 2)

    def _end(self, box: Placed) -> tuple[float, float]:
        return (box.x + box.width / 2, box.y) if self.down else (box.x, box.y + HEAD / 2)


def _depths(picture: Picture) -> dict[str, int]:
    """Return each box's distance from the start, those that nothing leads to first."""
    boxes: Mapping[str, Box] = {box.name: box for box in picture.boxes}
    depth = dict.fromkeys(picture.starts, 0)
    waiting = list(picture.starts)
    for name in waiting:
        for transition in boxes[name].transitions:
            if transition.to in boxes and transition.to not in depth:
                depth[transition.to] = depth[name] + 1
                waiting.append(transition.to)
    return {**depth, **{name: 0 for name in boxes if name not in depth}}
