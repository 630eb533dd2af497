"""Pictures of flows: everything is shown, nothing overlaps, and those in the documentation are up to date."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from ivr.cli import main
from ivr.cli.draw import pictures
from ivr.flow.diagram import Picture, flow_picture, line_picture, to_mermaid, to_svg
from ivr.flow.diagram.layout import Layout, lay_out
from ivr.flow.diagram.picture import ANY_QUESTION, Box, BoxTransition
from ivr.line.actions import SPECS
from ivr.line.versions import Version, load, read_files
from ivr.settings import Settings

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = Path(__file__).parent.parent / "docs" / "pictures"


@pytest.fixture(scope="session")
def version() -> Version:
    settings = Settings()
    return load(read_files(settings.flows, settings.prompts), SPECS)


@pytest.fixture(scope="session")
def drawn(version: Version) -> dict[str, Picture]:
    return {one.title: one for one in pictures(version.flows, version.catalogues.by_language["en"], {})}


# What a picture shows


def test_every_state_is_a_box_with_all_its_ways_out(version: Version, drawn: dict[str, Picture]) -> None:
    for flow in version.flows.flows.values():
        boxes = {box.name: box for box in drawn[flow.name].boxes}
        assert boxes.keys() == flow.states.keys()
        for state in flow.states.values():
            shown = [(transition.to, transition.end) for transition in boxes[state.name].transitions]
            assert shown == [(transition.state, transition.end) for _, transition in state.transitions()]


def test_the_whole_line_shows_every_flow_and_what_breaks_into_questions(
    version: Version, drawn: dict[str, Picture]
) -> None:
    boxes = {box.name: box for box in drawn["line"].boxes}
    assert boxes.keys() == {*version.flows.flows, ANY_QUESTION}
    assert {transition.to for transition in boxes[ANY_QUESTION].transitions} == version.flows.line.interruptions


def test_every_way_is_a_line_or_written_in_its_box(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        layout = lay_out(picture)
        written = sum(bool(cell.note) for placed in layout.boxes for cell, *_ in placed.cells)
        assert len(layout.lines) + written == sum(len(box.transitions) for box in picture.boxes)


def test_the_words_of_a_prompt_show_where_the_pointer_rests(version: Version, drawn: dict[str, Picture]) -> None:
    words = version.catalogues.by_language["en"].prompts["refill.number"].say.written
    root = ET.fromstring(to_svg(drawn["refill"]))  # noqa: S314 - our own picture
    hovers = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert words
    assert any(hover.startswith(f"refill.number: {words}") for hover in hovers)


def test_a_share_is_told_and_shades_its_box(version: Version) -> None:
    english = version.catalogues.by_language["en"]
    shaded = to_svg(flow_picture(version.flows, "refill", english, {("refill", "how"): 0.5}))
    assert "menu · 50%" in shaded
    assert 'fill="#fdc89e"' in shaded
    assert "The darker a box, the larger its share." in shaded
    assert "50%" in to_svg(line_picture(version.flows, {("main", version.flows.flows["main"].start): 0.5}))


# Where things stand


def overlapping(layout: Layout) -> list[tuple[str, str]]:
    return [
        (one.box.name, other.box.name)
        for one, other in combinations(layout.boxes, 2)
        if one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    ]


def outside(layout: Layout) -> list[str]:
    return [
        placed.box.name
        for placed in layout.boxes
        if placed.x < -0.01
        or placed.y < -0.01
        or placed.x + placed.width > layout.width + 0.01
        or placed.y + placed.height > layout.height + 0.01
    ]


def test_no_box_overlaps_another_in_the_line_s_pictures(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        assert overlapping(lay_out(picture)) == []
        assert outside(lay_out(picture)) == []


def test_every_picture_of_the_line_can_be_read_on_a_page(drawn: dict[str, Picture]) -> None:
    assert {picture.title: lay_out(picture).scale for picture in drawn.values() if lay_out(picture).scale < 0.5} == {}


@st.composite
def any_picture(draw: st.DrawFn) -> Picture:
    names = [f"state_{number}" for number in range(draw(st.integers(1, 14)))]
    kinds = st.sampled_from(["menu", "ask", "do", "run", "say", "transfer", "hang up"])
    label = st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn"]), min_size=1, max_size=12
    )
    to = st.one_of(
        st.builds(lambda name, text: BoxTransition(text, to=name), st.sampled_from(names), label),
        st.builds(lambda text: BoxTransition(text, end="done", says=True), label),
    )
    boxes = tuple(
        Box(name, draw(kinds), "", draw(label), tuple(draw(st.lists(to, max_size=5))), None) for name in names
    )
    return Picture("any", boxes, (names[0],))


@given(any_picture())
def test_any_flow_is_laid_out_without_overlaps_and_as_valid_svg(picture: Picture) -> None:
    layout = lay_out(picture)
    assert overlapping(layout) == []
    assert outside(layout) == []
    root = ET.fromstring(to_svg(picture))  # noqa: S314 - our own picture
    assert len([group for group in root.iter(f"{SVG}g") if "id" in group.attrib]) == len(picture.boxes)


# Mermaid


def test_a_flow_is_written_as_mermaid() -> None:
    boxes = (
        Box("confirm", "menu", "", "", (BoxTransition("7", "place", confirms=True), BoxTransition("star", "confirm"))),
        Box("place", "do", 'say "yes"', "", (BoxTransition("placed", end="done"),)),
    )
    assert to_mermaid(Picture("order", boxes, ("confirm",))) == (
        "---\n"
        "title: order\n"
        "---\n"
        "flowchart TD\n"
        '  s_confirm("confirm<br/>menu"):::menu\n'
        '  s_place["place<br/>do say #quot;yes#quot;"]:::do\n'
        '  end_done(["■ done"])\n'
        '  s_confirm ==>|"7"| s_place\n'
        '  s_confirm -->|"star"| s_confirm\n'
        '  s_place -->|"placed"| end_done\n'
        "  classDef menu fill:#dbeafe,stroke:#1d4ed8,color:#111827\n"
        "  classDef do fill:#f3f4f6,stroke:#4b5563,color:#111827\n"
    )


def test_every_name_in_mermaid_is_one_that_is_drawn(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        text = to_mermaid(picture)
        nodes = set(re.findall(r"^  ((?:s|end)_\w+)[\[(>]", text, re.MULTILINE))
        used = set(re.findall(r"\| ((?:s|end)_\w+)$", text, re.MULTILINE))
        assert used <= nodes


# ivr draw, and the documentation


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["draw", *arguments])


def test_the_pictures_in_the_documentation_are_up_to_date(drawn: dict[str, Picture]) -> None:
    expected = {f"{name}.svg": to_svg(picture) for name, picture in drawn.items()}
    texts = {path.name: path.read_text(encoding="utf-8") for path in DRAWN.glob("*.svg")}
    found = {name: text for name, text in texts.items() if 'class="call-flow"' in text}  # there are other pictures too
    stale = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    assert stale == [], "draw them again with: ivr draw --out docs/pictures"


def test_one_picture_is_printed(drawn: dict[str, Picture]) -> None:
    assert run("--flow", "refill").stdout == to_svg(drawn["refill"])
    assert run("--flow", "line", "--format", "mermaid").stdout == to_mermaid(drawn["line"])


def test_all_pictures_are_written_to_a_folder(tmp_path: Path, drawn: dict[str, Picture]) -> None:
    assert run("--out", str(tmp_path / "pictures"), "--format", "mermaid").exit_code == 0
    assert {path.stem for path in (tmp_path / "pictures").iterdir()} == drawn.keys()


def test_words_show_in_the_language_asked_for(version: Version) -> None:
    words = version.catalogues.by_language["es"].prompts["main.goodbye"].say.written
    assert words in run("--flow", "main", "--language", "es").output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--flow", "refil"], 1, 'there is no flow "refil" (did you mean "refill"?)\n'),
        ([], 2, "Error: say which --flow to print, or the folder for all of them with --out\n"),
        (["--flow", "main", "--language", "fr"], 2, 'Error: no language "fr"; there are en, es\n'),
    ],
    ids=["unknown-flow", "neither-flow-nor-folder", "unknown-language"],
)
def test_a_slip_is_told_in_one_line(arguments: list[str], exit_code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == exit_code
    assert result.output.endswith(message)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"refill.hwo": 0.5}, 'there is no state "refill.hwo" (did you mean "refill.how"?)'),
        ({"refill.how": 2}, 'the share of "refill.how" should be a number from 0 to 1'),
        ([], "expected a mapping of states to shares"),
    ],
    ids=["unknown-state", "no-share", "no-mapping"],
)
def test_shares_that_cannot_be_shown_are_told(tmp_path: Path, shares: object, message: str) -> None:
    (tmp_path / "shares.json").write_text(json.dumps(shares))
    result = run("--flow", "refill", "--shares", str(tmp_path / "shares.json"))
    assert (result.exit_code, result.output) == (1, f"{tmp_path}/shares.json: {message}\n")


def test_shares_from_a_file_shade_the_picture(tmp_path: Path) -> None:
    (tmp_path / "shares.json").write_text('{"refill.how": 0.25}')
    assert "menu · 25%" in run("--flow", "refill", "--shares", str(tmp_path / "shares.json")).output
