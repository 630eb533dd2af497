"""A picture as a Mermaid flow chart, for pages that draw these themselves. Every transition is a line there."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flow.diagram.picture import Box, BoxTransition, Picture, look_of


def to_mermaid(picture: Picture) -> str:
    """Return a picture as a Mermaid flow chart."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    """Yield the lines of the chart: boxes, ends, transitions, then the colours of each kind."""
    yield "---"
    yield f"title: {picture.title}"
    yield "---"
    yield "flowchart TD"
    for box in picture.boxes:
        yield f"  {_node(box)}"
    for end in dict.fromkeys(
        transition.end for box in picture.boxes for transition in box.transitions if transition.end
    ):
        yield f"  end_{_id(end)}([{_quoted(f'■ {end}')}])"
    for box in picture.boxes:
        for transition in box.transitions:
            yield f"  s_{_id(box.name)} {'==>' if transition.confirms else '-->'}|{_quoted(transition.label)}| {_target_id(transition)}"
    for kind in dict.fromkeys(box.kind for box in picture.boxes):
        look = look_of(kind)
        yield f"  classDef {_id(kind)} fill:{look.fill},stroke:{look.edge},color:#111827"


def _node(box: Box) -> str:
    left, right = look_of(box.kind).brackets
    text = f"{box.name}<br/>{box.caption}"
    return f"s_{_id(box.name)}{left}{_quoted(text)}{right}:::{_id(box.kind)}"


def _target_id(transition: BoxTransition) -> str:
    return f"s_{_id(transition.to)}" if transition.to else f"end_{_id(transition.end)}"


def _id(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;") + '"'
