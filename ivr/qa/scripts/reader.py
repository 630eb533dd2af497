"""Reads call scripts from YAML. Each mistake becomes a problem at its file, line and column, with a suggestion.

A file holds one script, or a list of them. The names of prompts, tables and languages are checked against a
`Vocabulary`; without one, any name is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

from ivr.errors import Place, Report, did_you_mean
from ivr.languages import LANGUAGES
from ivr.qa.scripts import expectations
from ivr.qa.scripts.given import report_unknown_rows
from ivr.qa.scripts.hearing import Hearing
from ivr.qa.scripts.row_patterns import read_rows
from ivr.qa.scripts.script import (
    CARD_RESULTS,
    DEFAULT_AT,
    DEFAULT_FROM,
    DEFAULT_TO,
    LANGUAGE_KEY,
    Breaks,
    Capture,
    Carrier,
    CarrierSends,
    Dials,
    ErrorPaths,
    Expected,
    HangsUp,
    Hears,
    HearsNot,
    Later,
    Meanwhile,
    Pays,
    Person,
    Presses,
    ProcessorIs,
    Script,
    Ships,
    Step,
    Sweeps,
    Waits,
)
from ivr.qa.scripts.shapes import CALLER, NUMBER, PATIENCE, SCRIPT, TRIES
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import NEWEST, Fault, Processor
from ivr.yaml_reader import Node, read, text_at

_SPAN = re.compile(r"([1-9][0-9]{0,4})(s|m|h|d)")
_NUMBER = re.compile(NUMBER)
_CALLER = re.compile(CALLER)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_KEYS = frozenset("0123456789*#")
MOST_TRIES = 3
GIVEN_UP = "give_up.goodbye"
"""The prompt that is heard when a question is given up, unless `error_paths:` names another one."""


def read_scripts(file: str, text: str, report: Report, vocabulary: Vocabulary | None = None) -> tuple[Script, ...]:
    """Read the scripts of one file's text, each followed by those of its error paths.

    Problems are added to the report, and scripts that have any are left out.
    """
    root = read(file, text, report)
    if root is None:
        return ()
    nodes = root.items if root.items is not None else (root,)
    reader = _ScriptReader(report, vocabulary or Vocabulary())
    scripts = [script for script in map(reader.script, nodes) if script]
    return tuple(each for script in scripts for each in script.with_error_paths())


def read_files(paths: Collection[Path], report: Report, vocabulary: Vocabulary) -> tuple[Script, ...]:
    """Read the scripts of files, and of all script files below folders."""
    scripts: list[Script] = []
    for path in files_below(paths, report):
        text = text_at(path, str(path), report)
        if text is not None:
            scripts.extend(read_scripts(str(path), text, report, vocabulary))
    return tuple(scripts)


def files_below(paths: Collection[Path], report: Report) -> list[Path]:
    """Return the files among `paths` and all `*.yaml` files below its folders, each once; missing ones are reported."""
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files.update(dict.fromkeys(sorted(path.rglob("*.yaml"))))
        elif path.is_file():
            files[path] = None
        else:
            report.add(Place(str(path)), "there is no such file or folder")
    return list(files)


@dataclass(slots=True)
class _ScriptReader:
    """A reader of scripts; problems are added to its report. Each step has a method of its name (see `_STEPS`)."""

    report: Report
    vocabulary: Vocabulary
    names: dict[str, Place] = field(default_factory=dict)

    def script(self, node: Node) -> Script | None:
        before = len(self.report.problems)
        fields = node.record(self.report, "a script", SCRIPT.required, SCRIPT.optional)
        name = fields["call"].text(self.report, '"call"') or "" if "call" in fields else ""
        if name in self.names:
            self.report.add(fields["call"].place, f'"{name}" is already on line {self.names[name].line}')
        self.names[name] = node.place
        steps = self.steps(fields["steps"]) if "steps" in fields else ()
        given = read_rows(fields["given"], self.vocabulary, self.report) if "given" in fields else ()
        meanwhile = (row for step in steps if isinstance(step, Meanwhile) for row in step.rows)
        report_unknown_rows((*given, *meanwhile), self.vocabulary, self.report)
        expect = expectations.read(fields["expect"], self.vocabulary, self.report) if "expect" in fields else Expected()
        person = self.word(fields.get("person"), "person", get_args(Person)) or "answers"
        capture = self.word(fields.get("capture"), "capture", get_args(Capture)) or "keypad"
        script = Script(
            place=node.place,
            name=name,
            at=self.moment(fields.get("at")),
            from_number=self.caller(fields.get("from")) or DEFAULT_FROM,
            to_number=self.number(fields.get("to"), "to", _NUMBER, "a telephone number such as +18002457979")
            or DEFAULT_TO,
            language=self.language(fields.get("language"), steps),
            person=person,  # type: ignore[arg-type]  # `word` has checked that it is one of the literals
            given=given,
            steps=steps,
            expect=expect,
            capture=capture,  # type: ignore[arg-type]  # likewise
        )
        return script if len(self.report.problems) == before else None

    def text(self, node: Node | None, what: str) -> str:
        return (node.text(self.report, f'"{what}"') or "") if node else ""

    def word(self, node: Node | None, what: str, words: Collection[str]) -> str:
        text = self.text(node, what)
        if node and text and text not in words:
            wanted = ", ".join(words)
            self.report.add(
                node.place, f'"{what}" should be one of {wanted}; found "{text}"{did_you_mean(text, words)}'
            )
            return ""
        return text

    def caller(self, node: Node | None) -> str:
        wanted = "a telephone number such as +15105550123, or anonymous"
        return self.number(node, "from", _CALLER, wanted)

    def number(self, node: Node | None, what: str, pattern: re.Pattern[str], wanted: str) -> str:
        text = self.text(node, what)
        if node and text and not pattern.fullmatch(text):
            self.report.add(node.place, f'"{what}" should be {wanted}; found "{text}"')
            return ""
        return text

    def moment(self, node: Node | None) -> datetime:
        text = self.text(node, "at") or DEFAULT_AT
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            if node:
                self.report.add(node.place, f'"at" should be a time like {DEFAULT_AT}, found "{text}"')
            return datetime.fromisoformat(DEFAULT_AT)

    def language(self, node: Node | None, steps: tuple[Step, ...]) -> str:
        if node:
            return self.word(node, "language", self.vocabulary.languages or (node.scalar or "",))
        chooses = any(isinstance(step, Presses) and step.keys == LANGUAGE_KEY for step in steps)
        return "" if chooses else next(iter(self.vocabulary.languages or LANGUAGES))

    # Steps

    def steps(self, node: Node) -> tuple[Step, ...]:
        steps = (self.step(item) for item in node.sequence(self.report, "steps"))
        return tuple(step for step in steps if step)

    def step(self, node: Node) -> Step | None:
        fields = node.mapping(self.report, "a step")
        kinds = [name for name in fields if name in _STEPS]
        if not fields:
            return None
        if len(kinds) != 1:
            wrong = next((name for name in fields if name not in _STEPS and name not in ("times", "after")), "")
            found_instead = (
                f'found "{wrong}"{did_you_mean(wrong, _STEPS)}' if wrong else f"found {' and '.join(kinds) or 'none'}"
            )
            self.report.add(node.key_place(wrong), f"a step is one of {', '.join(_STEPS)}; {found_instead}")
            return None
        extra = {"presses": ("times", "after"), "waits": ("times",)}.get(kinds[0], ())
        fields = node.record(self.report, f'the step "{kinds[0]}"', kinds, extra)
        return _STEPS[kinds[0]](self, fields[kinds[0]], fields)

    def hears(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        return Hearing(self.report, self.vocabulary).read(node, "hears")

    def hears_not(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        unwanted = Hearing(self.report, self.vocabulary).read(node, "hears_not")
        return unwanted and HearsNot(unwanted)

    def error_paths(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        """Read a question, perhaps with its own limits and the prompt that is heard when it is given up."""
        hearing = Hearing(self.report, self.vocabulary)
        fields: Mapping[str, Node] = {}
        if node.fields and len(node.fields) == 1:
            ((name, patience),) = node.fields.items()
            node, fields = replace(node, scalar=name, fields=None), patience.shaped(self.report, name, PATIENCE)
        question = hearing.read(node, "error_paths")
        then = hearing.read(fields["then"], "then") if "then" in fields else Hears(node.place, GIVEN_UP)
        silence, wrong = (
            (fields[limit].whole(self.report, f'"{limit}"', TRIES) if limit in fields else None) or MOST_TRIES
            for limit in ("silence", "wrong")
        )
        return ErrorPaths(question, silence, wrong, then) if question and then else None

    def presses(self, node: Node, fields: Mapping[str, Node]) -> Step | None:
        keys = "".join(self.text(node, "presses").split())
        if not keys:
            return None
        if keys != LANGUAGE_KEY and set(keys) - _KEYS:
            hint = did_you_mean(keys, (LANGUAGE_KEY,))
            self.report.add(
                node.place, f"\"presses\" takes keys in quotes, '0' to '9', '*' and '#'; found \"{keys}\"{hint}"
            )
            return None
        if keys != LANGUAGE_KEY and not node.quoted:
            self.report.add(node.place, f"keys stand in quotes: '{keys}'")
            return None
        return Presses(node.place, keys, self.times(fields), self.after(fields.get("after")))

    def times(self, fields: Mapping[str, Node]) -> int:
        return (fields["times"].integer(self.report, '"times"', low=1, high=9999) or 1) if "times" in fields else 1

    def after(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        if node.fields is not None:
            return {language: self.text(words, "after") for language, words in node.fields.items()}
        return {"": self.text(node, "after")}

    def waits(self, node: Node, fields: Mapping[str, Node]) -> Step | None:
        self.nothing(node, "waits", "silence")
        return Waits(node.place, self.times(fields))

    def hangs_up(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        self.nothing(node, "hangs_up", "now")
        return HangsUp(node.place)

    def nothing(self, node: Node, what: str, word: str) -> None:
        if node.scalar not in ("", word, "true", "~", "null"):
            self.report.add(node.place, f'"{what}" takes nothing, or the word "{word}"; found {node.kind}')

    def pays(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        fields = node.record(self.report, '"pays"', (), ("card", "expiry", "code", "token", "result", "error"))
        card, result = {"card", "expiry", "code"}, {"result"}
        if set(fields) not in (card, card | {"token"}, result, result | {"error"}):
            self.report.add(node.place, '"pays" takes card, expiry and code, or the result the carrier came to')
            return None
        if "result" in fields and not self.word(fields["result"], "result", CARD_RESULTS):
            return None
        return Pays(node.place, {name: self.text(value, name) for name, value in fields.items()})

    def dials(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        if node.fields is None:
            self.nothing(node, "dials", "again")
            return Dials(node.place)
        fields = node.record(self.report, '"dials"', (), ("from",))
        return Dials(node.place, self.caller(fields.get("from")))

    def later(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        match = _SPAN.fullmatch(self.text(node, "later"))
        if match is None:
            self.report.add(node.place, f'"later" takes a span like 90s, 45m, 2h or 3d, found {node.kind}')
            return None
        return Later(node.place, timedelta(**{_UNITS[match[2]]: int(match[1])}))

    def meanwhile(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        return Meanwhile(node.place, read_rows(node, self.vocabulary, self.report))

    def sweeps(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        self.nothing(node, "sweeps", "now")
        return Sweeps(node.place)

    def ships(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        number = self.text(node, "ships")
        if number and number != NEWEST and not (number.isascii() and number.isdigit()):
            self.report.add(node.place, f'"ships" takes an order\'s number, or the word "{NEWEST}"; found "{number}"')
            return None
        return Ships(node.place, number)

    def processor(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        state = self.word(node, "processor", get_args(Processor))
        return ProcessorIs(node.place, state) if state else None  # type: ignore[arg-type]  # `word` has checked it

    def carrier(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        what = self.word(node, "carrier", get_args(Carrier))
        return CarrierSends(node.place, what) if what else None  # type: ignore[arg-type]  # `word` has checked it

    def breaks(self, node: Node, _: Mapping[str, Node]) -> Step | None:
        fault = self.word(node, "breaks", get_args(Fault))
        return Breaks(node.place, fault) if fault else None  # type: ignore[arg-type]  # `word` has checked it


_STEPS: Mapping[str, Callable[[_ScriptReader, Node, Mapping[str, Node]], Step | None]] = {
    "hears": _ScriptReader.hears,
    "hears_not": _ScriptReader.hears_not,
    "error_paths": _ScriptReader.error_paths,
    "presses": _ScriptReader.presses,
    "waits": _ScriptReader.waits,
    "pays": _ScriptReader.pays,
    "hangs_up": _ScriptReader.hangs_up,
    "dials": _ScriptReader.dials,
    "later": _ScriptReader.later,
    "meanwhile": _ScriptReader.meanwhile,
    "sweeps": _ScriptReader.sweeps,
    "ships": _ScriptReader.ships,
    "processor": _ScriptReader.processor,
    "carrier": _ScriptReader.carrier,
    "breaks": _ScriptReader.breaks,
}
