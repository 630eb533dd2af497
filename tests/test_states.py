"""A kind of state is one module: nobody outside of `ivr/flow/states` asks which kind a state is, and none needs to.

Shown by a kind of no use, which is defined here, and which every part of the program takes as it takes all others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest
from demo_line import VERSION
from flow_lines import Caller
from json_schemas import as_json, is_valid

from ivr.errors import DefinitionError, Report
from ivr.flow.call import Event, Resumed, Silence, TraceStep
from ivr.flow.changes import changes
from ivr.flow.diagram import flow_picture, to_mermaid, to_svg
from ivr.flow.files import file_shape
from ivr.flow.language import PROMPT, TARGET
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import Target
from ivr.flow.states import KINDS, State, kinds
from ivr.flow.states.base import Look, Role
from ivr.flow.verbs import GoOn
from ivr.line.actions import SPECS
from ivr.line.versions import Files, Version, load
from ivr.pages.studio.flows import listed_states
from ivr.pages.studio.words import Book
from ivr.qa.replay.coverage import Group, cells, lines, measure
from ivr.qa.replay.played import Played, PlayedTurn
from ivr.yaml_reader import Record, Whole, field, json_schema, read

PROJECT = Path(__file__).parent.parent
HOME = PROJECT / "ivr" / "flow" / "states"
LIBRARY = ("ivr.flow.states", "ivr.flow.states.base")
"""What others may import: the registry, and what every kind is."""
MODULES = {f"ivr.flow.states.{path.stem}" for path in HOME.glob("*.py")} - set(LIBRARY)


# Nobody asks which kind a state is


def slips(source: str) -> Iterator[str]:
    """Yield what a module does with single kinds of states: import one, look for one, compare a word with one."""
    tree = ast.parse(source)
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origins |= {(name.asname or name.name).split(".")[0]: "ivr" for name in node.names if "ivr" in name.name}
            yield from (name.name for name in node.names if is_of_a_kind(name.name))
        elif isinstance(node, ast.ImportFrom):
            found = {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
            origins |= found
            yield from (name for name in found.values() if is_of_a_kind(name))
    words = set(kinds())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_of_a_kind(dotted(node, origins)):
            yield ast.unparse(node)
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("KINDS"):
            yield from (ast.unparse(node) for word in constants(node.slice) if word in words)
        elif isinstance(node, ast.Compare | ast.Match):
            asked = node.subject if isinstance(node, ast.Match) else node
            is_word = any(isinstance(one, ast.Attribute) and one.attr == "word" for one in ast.walk(asked))
            yield from (f"word {word}" for word in constants(node) if is_word and word in words)


def is_of_a_kind(name: str) -> bool:
    """Tell whether a dotted name is a module or a class of one kind."""
    module, _, last = name.rpartition(".")
    classes = {kind.__name__ for kind in KINDS.values()}
    return name in MODULES or module in MODULES or (module in LIBRARY and last in classes)


def dotted(node: ast.expr, origins: dict[str, str]) -> str:
    root, _, rest = ast.unparse(node).partition(".")
    return f"{origins.get(root, root)}.{rest}"


def constants(node: ast.AST) -> set[object]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}


FILES = [
    path
    for room in ("ivr", "bench", "tests")
    for path in sorted((PROJECT / room).rglob("*.py"))
    if HOME not in path.parents
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_only_its_own_module_knows_a_kind(path: Path) -> None:
    assert list(slips(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from ivr.flow.states.menu import Menu",
        "from ivr.flow.states.question import Question as Asked",
        "from ivr.flow.states import menu\nisinstance(state, menu.Menu)",
        "import ivr.flow.states.menu",
        "import ivr.flow.states\nmatch state:\n    case ivr.flow.states.menu.Menu(): pass",
        "from ivr.flow import states\nisinstance(state, states.menu.Menu)",
        "isinstance(state, KINDS['menu'])",
        "state.word == 'menu'",
        "match state.word:\n    case 'menu': pass",
    ],
)
def test_whoever_asks_for_a_kind_is_seen(source: str) -> None:
    assert list(slips(source))


# A kind of no use


@dataclass
class Pauses:
    """The line with a state of a new kind: what its file says, and the line as it is then."""

    files: Files

    def saying(self, old: str, new: str) -> Files:
        main = self.files.flows["main.yaml"]
        assert old in main
        return replace(self.files, flows={**self.files.flows, "main.yaml": main.replace(old, new)})

    @property
    def version(self) -> Version:
        return load(self.files, SPECS)


PAUSE = """
  breath:
    pause: 3
    announces: main.one_moment
    next: other_ways
"""


@pytest.fixture
def pauses() -> Iterator[Pauses]:
    """Define the kind, and forget it again."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Pause(State):
        """Say something and wait."""

        word = "pause"
        noun = "pause"
        closes = True
        named: ClassVar = {"pause": "seconds", "announces": "prompt"}
        role = Role.ANNOUNCEMENT
        look = Look("#ffffff", "#000000", ("{{", "}}"))
        record = Record(
            "pause", {"pause": field(Whole(1, 9)), "announces": field(PROMPT), "next": field(TARGET)}, "Wait."
        )

        seconds: int
        next: Target

        @property
        def summary(self) -> str:
            return f"{self.seconds} seconds"

        def details(self) -> dict[str, str]:
            return {"the length": self.summary}

        def enter(self, call: LiveCall) -> None:
            call.words.append(call.speak(self.prompt))
            call.close(GoOn(tuple(call.words)))

        def take(self, event: Event, call: LiveCall) -> None:
            assert isinstance(event, Resumed | Silence)  # the carrier comes back by itself, or finds nobody keying
            call.words = []
            call.leave("next", self.next)

    main = VERSION.files.flows["main.yaml"].replace("5: other_ways", "5: breath") + PAUSE
    prompts = {
        **VERSION.files.prompts,
        "en/main.yaml": VERSION.files.prompts["en/main.yaml"] + "\none_moment: One moment.\n",
        "es/main.yaml": VERSION.files.prompts["es/main.yaml"] + "\none_moment: Un momento.\n",
    }
    try:
        yield Pauses(replace(VERSION.files, flows={**VERSION.files.flows, "main.yaml": main}, prompts=prompts))
    finally:
        del KINDS[Pause.word]


def test_it_is_one_kind_more(pauses: Pauses) -> None:
    assert [*kinds()][-1] == "pause"
    assert pauses.version.flows.state("main", "breath").summary == "3 seconds"


@pytest.mark.usefixtures("pauses")
def test_it_is_in_the_schema() -> None:
    schema = json_schema(file_shape(), "flows")
    for text, fits in ((PAUSE, True), (PAUSE.replace("3", "ten"), False), (PAUSE.replace("pause", "paus"), False)):
        node = read("main.yaml", f"flow: main\nstart: breath\nstates:{text}", Report())
        assert node
        assert is_valid(as_json(node), schema) is fits


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("pause: 3", "pause: ten", "ten", 'pause should be a whole number from 1 to 9, found "ten"'),
        ("pause: 3", "paus: 3", "paus", 'found "paus" (did you mean "pause"?)'),
        ("pause: 3", "pause: 3\n    nxt: menu", "nxt", 'state "breath" has no "nxt"'),
        (
            "next: other_ways",
            "next: other_way",
            "other_way",
            'state "breath" goes to "other_way", which does not exist',
        ),
        ("main.one_moment", "main.moment", "main.moment", 'there is no prompt "main.moment"'),
    ],
)
def test_a_mistake_in_it_is_told_at_its_word(pauses: Pauses, old: str, new: str, at: str, said: str) -> None:
    files = pauses.saying(old, new)
    with pytest.raises(DefinitionError) as raised:
        load(files, SPECS)
    problem = next(problem for problem in raised.value.problems if said in problem.message)
    line = files.flows["main.yaml"].split("\n")[problem.place.line - 1]
    assert line[problem.place.column - 1 :].startswith(at)


def test_it_runs(pauses: Pauses) -> None:
    caller = Caller(pauses.version.flows, {"recognize_phone": "unknown"})
    assert caller.plays("start", "1", "5") == "go on: main.one_moment"
    assert caller.plays(".").startswith("ask: main.other_ways")
    assert TraceStep("main", "breath", "next") in caller.steps[-1].trace


def test_it_is_drawn(pauses: Pauses) -> None:
    picture = flow_picture(pauses.version.flows, "main", pauses.version.catalogues.by_language["en"])
    box = next(box for box in picture.boxes if box.name == "breath")
    assert (box.caption, box.hover) == ("pause 3 seconds", "main.one_moment: One moment.")
    assert [(way.label, way.to) for way in box.transitions] == [("next", "other_ways")]
    mermaid = to_mermaid(picture)
    assert 's_breath{{"breath<br/>pause 3 seconds"}}:::pause' in mermaid
    assert "classDef pause fill:#ffffff,stroke:#000000,color:#111827" in mermaid
    assert "pause 3 seconds" in to_svg(picture)


def test_it_is_covered(pauses: Pauses) -> None:
    version = pauses.version
    found = {
        (cell.transition, cell.language): group
        for cell, group in cells(version.flows).items()
        if cell.state == "breath"
    }
    assert found == {("next", "en"): Group.OUTCOME, ("next", "es"): Group.OUTCOME}
    turn = PlayedTurn("resumed", (TraceStep("main", "breath", "next"),), "en", ())
    coverage = measure(version.flows, [Played("a call", version.flows.line.place, "en", turns=(turn,))])
    told = [line for line in lines(version.flows, coverage) if '"breath"' in line]
    place = version.flows.state("main", "breath").place
    assert told == [f'{place.file}:{place.line} pause "breath": next never tried (es)']


def test_it_is_described_in_the_studio(pauses: Pauses) -> None:
    version = pauses.version
    row = next(
        row
        for row in listed_states(Book(version, SPECS, date(2026, 3, 2)), version.flows.flows["main"])
        if row.name == "breath"
    )
    assert (row.kind, row.does, row.prompt) == ("pause", "3 seconds", "main.one_moment")
    assert [(way.label, way.state) for way in row.transitions] == [("then", "other_ways")]
    assert row.path_there == "main.begin unknown → main.language 1 → main.menu 5 → main.breath"


def test_it_is_compared(pauses: Pauses) -> None:
    longer = load(pauses.saying("pause: 3", "pause: 5"), SPECS)
    assert changes(pauses.version, longer) == ("main breath: the length: 5 seconds now, was 3 seconds",)
    assert "main breath: this pause is new" in changes(VERSION, pauses.version)
