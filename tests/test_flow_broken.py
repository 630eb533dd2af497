"""Every rule of the flow language, each broken once: `broken/` holds a file or a folder for each, with what is said.

A file takes the place of the first flow (`flow_…`) or of what holds for the line (`line_…`) in a small line that is
whole; a folder is laid over it. Comments at the top hold the problems, exactly as `ivr check` prints them.
`python tests/test_flow_broken.py` prints what each file would have to say, for one that is new.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from flow_lines import LINE, flow_files
from folders import read_folder
from french import FRENCH

import ivr.flow.checker
import ivr.flow.checks.answers
import ivr.flow.checks.consent
import ivr.flow.checks.facts
import ivr.flow.checks.prompts
import ivr.flow.checks.proofs
import ivr.flow.checks.turn_length
import ivr.flow.checks.values
import ivr.flow.loader
import ivr.flow.reading
import ivr.flow.states
import ivr.yaml_reader.nodes
import ivr.yaml_reader.source
from ivr.errors import Place, Problem, Report
from ivr.flow import load_flows
from ivr.flow.definition import LIST, OPAQUE, ActionSpec, AnswerKind, Items
from ivr.languages import LANGUAGES
from ivr.prompts import load_prompts

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(path for path in BROKEN.iterdir() if path.suffix == ".yaml" or path.is_dir())

QUESTION = "{say: Press a key., silence: [Press a key.], wrong: [Press a key.]}"
WORDS = f"""\
hello: Hello.
menu: {QUESTION}
number: {QUESTION}
options: {QUESTION.replace("Press a key.", '"{options:phrase}"')}
option: "For {{last4:digits}}, press {{key:digits}}."
total: The total is {{total:money}}.
total_as_digits: {QUESTION.replace("Press a key.", '"{total:digits}"')}
confirm: {QUESTION.replace("Press a key.", '"{total:money}. To pay, press seven."')}
forgetful: {QUESTION.replace("Press a key.,", '"{total:money}",', 1)}
zero: {QUESTION.replace("[Press a key.]", "[Press a key., 'For a person, press zero.']", 1)}
said_number: You keyed {{number:digits}}.
of_order: Your order is {{order:digits}}.
phrase: It is {{what:phrase}}.
named: "{{drug:text}}"
unnamed: A medicine.
"""
PROMPTS = {
    "en/catalogue.yaml": "language: en-US\nvoice: Joanna\n",
    "en/main.yaml": WORDS,
    "en/person.yaml": "offer: For a person, press zero.\noffer_in_number: For a person, press zero, then pound.\n",
}
for name in ("connecting", "nobody", "no_answer", "gave_up", "too_long", "sorry"):
    words = QUESTION if name == "sorry" else "Hello."
    PROMPTS["en/main.yaml"] += f"{name}: {words}\n"

ACTIONS = {
    "look_up": ActionSpec({"found": {}, "none": {}}),
    "list": ActionSpec({"listed": {"cards": LIST}}, items={"cards": Items({"last4": "digits"}, 3)}),
    "send": ActionSpec({"sent": {}}, reads=frozenset({"speed"}), takes={"speed": frozenset({"slow", "quick"})}),
    "add_up": ActionSpec({"done": {"total": "money", "basket": OPAQUE}}),
    "choose": ActionSpec({"chosen": {"basket": OPAQUE}}),
    "start_anew": ActionSpec({"begun": {}}, keeps={"begun": frozenset()}),
    "list_many": ActionSpec({"listed": {"rows": LIST}}, items={"rows": Items({"last4": "digits"}, 8)}),
    "forget": ActionSpec({"done": {}}, reads=frozenset({"number"}), forgets=frozenset({"number"})),
    "place": ActionSpec({"placed": {"order_id": OPAQUE}}, needs_yes=True),
    "charge": ActionSpec(
        {"paid": {}, "declined": {}}, reads=frozenset({"basket"}), needs_yes=True, facts=frozenset({"total"})
    ),
    "promise": ActionSpec({"done": {}}, needs_yes=True, facts=frozenset({"what"})),
    "find": ActionSpec({"found": {}}, forgets=frozenset({"rx"}), answers={"rx": AnswerKind("a prescription number")}),
    "take_zip": ActionSpec(
        {"taken": {}}, forgets=frozenset({"zip"}), answers={"zip": AnswerKind("a ZIP code", digits=(5, 5))}
    ),
    "take_card": ActionSpec({"taken": {}}, answers={"card": AnswerKind("a card number", card=True)}),
    "ask_bank": ActionSpec({"answered": {}}, is_external=True),
    "name": ActionSpec({"named": {"what": "phrase"}}, phrases={"what": {"main.named": {"drug": "text"}}}),
    "hide": ActionSpec({"hidden": {"what": "phrase"}}, phrases={"what": {"main.unnamed": {"drug": "text"}}}),
}

MAIN = """
ask:
  menu: menu
  keys:
    1: bye
bye:
  hang_up: hello
"""


def base_flows() -> dict[str, str]:
    """Return a line without a problem; the prompts of its interruptions are of the subject "main"."""
    flows = flow_files(MAIN)
    for name in ("connecting", "nobody", "no_answer", "gave_up", "too_long", "sorry", "menu", "hello"):
        for kind in ("transfer", "say", "menu", "hang_up"):
            flows = {path: text.replace(f"{kind}: {name}", f"{kind}: main.{name}") for path, text in flows.items()}
    return flows | {"line.yaml": LINE}


@dataclass(slots=True)
class WatchedReport(Report):
    """Notes from which line of the program each problem was told."""

    told_from: set[tuple[str, int]] = field(default_factory=set)

    def add(self, place: Place, message: str) -> None:
        caller = sys._getframe(1)
        self.told_from.add((caller.f_code.co_filename, caller.f_lineno))
        self.problems.append(Problem(place, message))


def files_of(case: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the flows and prompts of a case."""
    flows, prompts = base_flows(), dict(PROMPTS)
    if case.is_dir():
        for part, into in (("flows", flows), ("prompts", prompts)):
            if (case / part).is_dir():
                into.update(read_folder(case / part))
    else:
        flows["line.yaml" if case.name.startswith("line_") else "main.yaml"] = case.read_text(encoding="utf-8")
    return flows, prompts


def problems(flows: Mapping[str, str], prompts: Mapping[str, str], report: Report) -> list[str]:
    catalogues = load_prompts(prompts, report)
    load_flows(flows, catalogues, ACTIONS, report)
    return [str(problem) for problem in sorted(set(report.problems))]


def expected(case: Path) -> list[str]:
    """Return what the comments at the top of a case's files say."""
    lines = []
    for path in sorted(case.rglob("*.yaml")) if case.is_dir() else [case]:
        for line in path.read_text(encoding="utf-8").split("\n"):
            if not line.startswith("# "):
                break
            lines.append(line.removeprefix("# "))
    return lines


def test_the_line_that_is_broken_is_whole() -> None:
    assert problems(base_flows(), PROMPTS, Report()) == []


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_broken_rule_is_told(case: Path) -> None:
    said = problems(*files_of(case), Report())
    assert said
    assert said == expected(case)


OF_MORE_THAN_A_WORD = (
    "not readable as YAML", "quotes such as", "lacks", "should be", "needs", "does not say", "leaves out", "cannot be seen", "may offer",
    "looks like a space", "ends a line", "indented with a tab", "no text file", "the file is empty", "this is no flow",
    "by itself", "which does not exist",
)  # fmt: skip
"""What is told of where something is missing or cannot be read, so that there is no one word to stand at."""


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_problem_stands_at_the_very_word(case: Path) -> None:
    flows, prompts = files_of(case)
    for problem in expected(case):
        found = re.match(r"(flows|prompts)/(.+?):(\d+):(\d+): (.*)", problem)
        assert found
        folder, name, line, column, message = found.groups()
        text = {"flows": flows, "prompts": prompts}[folder][name].split("\n")[int(line) - 1][int(column) - 1 :]
        word = re.match(r"[\"'“]?([\w.+-]+|.)", text)
        assert (word and word[1] in message) or any(sign in message for sign in OF_MORE_THAN_A_WORD), problem


def without_line() -> tuple[dict[str, str], dict[str, str]]:
    return {"main.yaml": base_flows()["main.yaml"]}, PROMPTS


def in_french(*, alone: bool) -> tuple[dict[str, str], dict[str, str]]:
    """A line that begins in a language that is a draft."""
    prompts = {path.replace("en/", "fr/"): text.replace("en-US", "fr-CA") for path, text in PROMPTS.items()}
    flows = base_flows()
    if alone:
        return flows, prompts
    return flows | {"line.yaml": f"{LINE}languages: {{default: fr}}\n"}, PROMPTS | prompts


@pytest.fixture(autouse=True)
def _french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "fr", FRENCH)


def tangled() -> tuple[dict[str, str], dict[str, str]]:
    """Flows that each run the next one twice: every one doubles the ways to the last."""
    flows = base_flows()
    run = "\nstates:\n  a:\n    run: {next}\n    ends: {{done: b}}\n  b:\n    run: {next}\n    ends: {{done: {way}}}\n"
    names = ["main", *(f"deep_{number}" for number in range(16))]
    for name, following in pairwise(names):
        way = "c" if name == "main" else "{end: done}"
        flows[f"{name}.yaml"] = f"flow: {name}\nstart: a" + run.format(next=following, way=way)
    flows["main.yaml"] += "  c:\n    hang_up: main.hello\n"
    ask = "menu: main.menu\n    keys: {1: {end: done}}"
    flows[f"{names[-1]}.yaml"] = f"flow: {names[-1]}\nstart: a\nstates:\n  a:\n    {ask}\n"
    return flows, PROMPTS


Case = tuple[dict[str, str], dict[str, str]]
MADE: dict[str, tuple[Callable[[], Case], str]] = {
    "nothing is said of the line": (
        without_line,
        "flows/line.yaml:1:1: there is no such file; it says what holds for the whole line",
    ),
    "flows run one another too often": (
        tangled,
        "flows/line.yaml:1:1: the flows run one another in so many ways that 20000 states are too few",
    ),
    "calls begin in a draft": (
        lambda: in_french(alone=False),
        'flows/line.yaml:10:22: calls begin in "fr", a draft that only calls from this machine hear: name another',
    ),
    "nothing but drafts": (
        lambda: in_french(alone=True),
        "flows/line.yaml:1:1: callers would hear nothing: French can only be heard from this machine, as a draft",
    ),
}


@pytest.mark.parametrize(("make", "said"), MADE.values(), ids=MADE)
def test_a_rule_that_no_one_file_can_break(make: Callable[[], Case], said: str) -> None:
    assert problems(*make(), Report()) == [said]


MODULES = (
    ivr.yaml_reader.nodes,
    ivr.yaml_reader.source,
    ivr.flow.loader,
    ivr.flow.reading,
    ivr.flow.checker,
    ivr.flow.checks.answers,
    ivr.flow.checks.prompts,
    ivr.flow.checks.values,
    ivr.flow.checks.proofs,
    ivr.flow.checks.consent,
    ivr.flow.checks.facts,
    ivr.flow.checks.turn_length,
)


def test_every_sentence_that_can_be_told_is_told_by_a_case() -> None:
    told_from: set[tuple[str, int]] = set()
    for case in [*map(files_of, CASES), *(make() for make, _ in MADE.values())]:
        report = WatchedReport()
        problems(*case, report)
        told_from |= report.told_from
    untold = []
    kinds = Path(str(ivr.flow.states.__file__)).parent.glob("*.py")
    for file in (*(str(module.__file__) for module in MODULES), *map(str, kinds)):
        for call in tellings(Path(file)):
            lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
            if not any((file, line) in told_from for line in lines):
                untold.append(f"{file}:{call.lineno}")
    assert untold == []


def tellings(file: Path) -> list[ast.Call]:
    """Return the calls of `report.add` in a module."""
    calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return [
        call for call in calls if isinstance(call.func, ast.Attribute) and ast.unparse(call.func).endswith("report.add")
    ]


if __name__ == "__main__":
    for case in CASES:
        sys.stdout.write(f"{case.name}\n")
        sys.stdout.writelines(f"# {line}\n" for line in problems(*files_of(case), Report()))
