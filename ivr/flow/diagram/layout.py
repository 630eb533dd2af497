"""Places the boxes and lines of a picture.

Boxes stand in layers by their distance from the start, and the layers go either down the page or across it; the
direction is used that fills a page better. A transition to the next layer is drawn as a line. One that stays in its
layer or leads back is written in its box instead, "→ menu": lines that run against the stream make such pictures
unreadable. All sizes are in pixels. Widths of text are those of a wide plain font, so that it fits its box in any font.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.flow.diagram.picture import Box, BoxTransition, Picture
from ivr.flow.diagram.spacing import space_out

HEAD = 34
"""Height of the part of a box with its name and kind. Its transitions are below, in columns (layers down the page) or
rows (across it)."""
ROW = 16
"""Height of a row."""
COLUMN = 30
"""Height of the columns."""
TITLE_SIZE, SMALL_SIZE = 12.0, 10.0
_PAD = 7
"""Room on either side of a text."""
_ALONG = {True: 34, False: 60}
"""Room between two layers, when they go down the page and when they go across it."""
_ACROSS = {True: 14, False: 12}
"""Room between two boxes of a layer."""
PAGES = ((1000, 720), (720, 1000))
"""The pages that a picture may fill: width and height, landscape and portrait."""
_SWEEPS = 12
"""How often the order within the layers is improved."""
_NARROW, _WIDE = "iljtfr.,:;'|!()[] ", "mwMWQ@%→✓■"
_BOLD = 1.12
"""How much wider a box's name is than plain text."""
_MIDDLE = 8
"""Room between a label and its note."""


@dataclass(frozen=True, slots=True)
class LabelCell:
    """A transition as it is written in its box: the label, and where it leads unless a line shows that."""

    transition: BoxTransition
    note: str

    @property
    def label(self) -> str:
        """The label with its marks: a tick where it confirms, quotation marks where something is said."""
        return (
            self.transition.label + (" ✓" if self.transition.confirms else "") + (" “”" if self.transition.says else "")
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A box with its place. `cells` are its transitions, each with x, y, width and height."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    cells: tuple[tuple[LabelCell, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition that is drawn as a line, from its cell in one box to another box."""

    transition: BoxTransition
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything with its place. `down` is whether the layers go down the page."""

    down: bool
    width: float
    height: float
    boxes: tuple[Placed, ...]
    lines: tuple[Arrow, ...]

    @property
    def scale(self) -> float:
        """The factor by which it has to be scaled to fill the page that suits it better; above 1 there is room left."""
        return max(min(width / self.width, height / self.height) for width, height in PAGES)


def text_width(text: str, size: float) -> float:
    """Return the width of a text in a plain sans-serif font, roughly."""
    widths = (0.37 if c in _NARROW else 0.95 if c in _WIDE else 0.7 if c.isupper() else 0.62 for c in text)
    return sum(widths) * size


def lay_out(picture: Picture) -> Layout:
    """Return the layout in the direction that fills a page better."""
    return max((_Sketch(picture, down).finish() for down in (True, False)), key=lambda layout: layout.scale)


class _Sketch:
    """A layout in one direction. `along` is the direction from layer to layer, `across` that within a layer."""

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
        """Return the width and height of a box."""
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
        """Return the room that a box takes across."""
        return self.sizes[name][0 if self.down else 1]

    # Order

    def _layers(self) -> list[list[str]]:
        layers: list[list[str]] = [[] for _ in range(max(self.depth.values()) + 1)]
        for name, depth in self.depth.items():
            layers[depth].append(name)
        return layers

    def _drawn_lines(self, name: str) -> list[tuple[int, str]]:
        """Return the transitions of a box that are drawn as lines: (number of the cell, name of the other box)."""
        return [
            (number, cell.transition.to)
            for number, cell in enumerate(self.cells[name])
            if cell.transition.to and not cell.note
        ]

    def _port(self, name: str, number: int) -> float:
        """Return where a line begins across, from the edge of its box."""
        if not self.down:
            return HEAD + ROW * (number + 0.5)
        columns = self._columns(name)
        spare = (self.sizes[name][0] - sum(columns)) / len(columns)
        return sum(columns[:number]) + columns[number] / 2 + spare * (number + 0.5)

    def _pull(self, name: str, number: int) -> float:
        """Return where a box would have another one across.

        It is halfway between the line's port and the box's own middle, so that boxes do not drift to one side.
        """
        return (self._port(name, number) + self._extent(name) / 2) / 2

    def _entry(self, name: str) -> float:
        """Return where lines arrive across, from the edge of the box."""
        return self._extent(name) / 2 if self.down else HEAD / 2

    def _arrange(self) -> None:
        """Choose where each box begins across.

        The order with the fewest crossings is found first, then the straightest lines for it.
        """
        best_layers, fewest = self.layers, None
        for sweep in range(_SWEEPS):
            self.across = self._side_by_side()
            crossings = self._crossings()
            if fewest is None or crossings < fewest:
                best_layers, fewest = [list(layer) for layer in self.layers], crossings
            for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                layer.sort(key=lambda name: self._wanted_start(name, from_above=sweep % 2 == 0))
                self.across.update(self._row(layer))
        self.layers = best_layers
        self.across = self._side_by_side()
        for sweep in range(2 * _SWEEPS):
            for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                wanted = [self._wanted_start(name, from_above=sweep % 2 == 0) for name in layer]
                sizes = [self._extent(name) for name in layer]
                self.across.update(zip(layer, space_out(wanted, sizes, _ACROSS[self.down]), strict=True))

    def _side_by_side(self) -> dict[str, float]:
        """Return where boxes begin across when each layer is packed and centred."""
        return {name: at for layer in self.layers for name, at in self._row(layer).items()}

    def _row(self, layer: Sequence[str]) -> dict[str, float]:
        edge, row = 0.0, {}
        for name in layer:
            row[name] = edge
            edge += self._extent(name) + _ACROSS[self.down]
        middle = edge / 2
        return {name: start - middle for name, start in row.items()}

    def _wanted_start(self, name: str, *, from_above: bool) -> float:
        """Return where a box would begin across if only its neighbours in the layer before, or after, mattered."""
        if from_above:
            above = self.layers[self.depth[name] - 1] if self.depth[name] else []
            places = [
                self.across[other] + self._pull(other, number) - self._entry(name)
                for other in above
                for number, to in self._drawn_lines(other)
                if to == name
            ]
        else:
            places = [
                self.across[to] + self._entry(to) - self._port(name, number) for number, to in self._drawn_lines(name)
            ]
        return sum(places) / len(places) if places else self.across[name]

    def _crossings(self) -> int:
        """Return how many pairs of lines between the same two layers cross."""
        crossings = 0
        for layer in self.layers:
            ends = [
                (self.across[name] + self._port(name, number), self.across[to] + self._entry(to))
                for name in layer
                for number, to in self._drawn_lines(name)
            ]
            crossings += sum((a - c) * (b - d) < 0 for index, (a, b) in enumerate(ends) for c, d in ends[:index])
        return crossings

    # Places

    def finish(self) -> Layout:
        """Return the layout with places on the page."""
        first = min(self.across.values())
        along = self._layer_starts()
        placed = {name: self._place(name, along[self.depth[name]], self.across[name] - first) for name in self.boxes}
        width = max(box.x + box.width for box in placed.values())
        height = max(box.y + box.height for box in placed.values())
        lines = tuple(
            Arrow(self.cells[name][number].transition, self._start(placed[name], number), self._end(placed[to]))
            for name in self.boxes
            for number, to in self._drawn_lines(name)
        )
        return Layout(self.down, width, height, tuple(placed.values()), lines)

    def _layer_starts(self) -> list[float]:
        """Return where each layer begins along."""
        edge, starts = 0.0, []
        for layer in self.layers:
            starts.append(edge)
            edge += max(self.sizes[name][1 if self.down else 0] for name in layer) + _ALONG[self.down]
        return starts

    def _place(self, name: str, along: float, across: float) -> Placed:
        """Return a box with its place and the places of its cells."""
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
    """Return the distance of each box from the nearest start; 0 for a box that no start leads to."""
    boxes: Mapping[str, Box] = {box.name: box for box in picture.boxes}
    depth = dict.fromkeys(picture.starts, 0)
    waiting = list(picture.starts)
    for name in waiting:
        for transition in boxes[name].transitions:
            if transition.to in boxes and transition.to not in depth:
                depth[transition.to] = depth[name] + 1
                waiting.append(transition.to)
    return {**depth, **{name: 0 for name in boxes if name not in depth}}
