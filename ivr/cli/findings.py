"""What `ivr check` has to say, as text, as JSON, and as GitHub shows it beside the lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.cli.published import Published
from ivr.errors import Place
from ivr.languages import LANGUAGES
from ivr.line.review import Review, review, review_files, review_published
from ivr.prompts.recordings.check import check_recordings
from ivr.simulator import carrier_rules

RECORDING = "recording"
_ELSEWHERE = re.compile(r":\d+(?::\d+)?(?=\D|$)")
"""A place in a message, which moves when lines are written before it."""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """An error or a warning; `rule` is the kind of warning, "" for what is wrong by the language itself."""

    place: Place
    message: str
    rule: str
    is_error: bool
    is_new: bool | None = None
    """The version that callers hear does not have it; None where there is none to compare with."""

    @property
    def text(self) -> str:
        """What it says, and whether it is new."""
        return f"{self.message}{' (new)' if self.is_new else ''}"

    def __str__(self) -> str:
        kind, rule = "" if self.is_error else "warning: ", f" [{self.rule}]" if self.rule else ""
        return f"{self.place}: {kind}{self.message}{rule}{' (new)' if self.is_new else ''}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings by place, and in a line what was looked at ("" when it could not be)."""

    findings: tuple[CheckFinding, ...]
    summary: str


def find(flows: Path, prompts: Path, then: Callable[[], Published | None] = lambda: None) -> CheckResult:
    """Check both folders, and the recordings when the words they are held against are right.

    `then` finds what callers hear now: what that does not have is new.
    """
    reviewed = review(flows, prompts, carrier_rules.problems)
    findings = _findings(reviewed)
    if findings and (before := then()):
        roots = (str(flows), str(prompts))
        is_bad = bool(reviewed.problems)
        known = (
            review_files(before.flows, before.prompts, roots, carrier_rules.problems)
            if is_bad
            else review_published(before.flows, before.prompts, roots)
        )
        findings = list(_compared(findings, reviewed, known))
    if reviewed.catalogues:
        for checked in check_recordings(prompts, reviewed.catalogues):
            findings += [CheckFinding(one.place, one.message, RECORDING, is_error=False) for one in checked.problems]
    return CheckResult(tuple(sorted(findings, key=lambda one: (one.place, one.message))), _summary(reviewed))


def _findings(reviewed: Review) -> list[CheckFinding]:
    problems = [CheckFinding(one.place, one.message, "", is_error=True) for one in reviewed.problems]
    return problems + [CheckFinding(one.place, one.message, one.rule, is_error=False) for one in reviewed.remarks]


def _compared(findings: Iterable[CheckFinding], now: Review, then: Review) -> Iterator[CheckFinding]:
    """Say of each finding whether it is new: first of those on a line that reads as it did, then of the others."""
    known = _findings(then)
    same_line = Counter((_what(one), _line(one, then)) for one in known)
    anywhere = Counter(map(_what, known))
    changed = []
    for one in findings:
        if same_line[_what(one), _line(one, now)] > 0:
            same_line[_what(one), _line(one, now)] -= 1
            anywhere[_what(one)] -= 1
            yield replace(one, is_new=False)
        else:
            changed.append(one)
    for one in changed:
        anywhere[_what(one)] -= 1
        yield replace(one, is_new=anywhere[_what(one)] < 0)


def _what(one: CheckFinding) -> tuple[str, str, str]:
    return one.place.file, one.rule, _ELSEWHERE.sub("", one.message)


def _line(one: CheckFinding, reviewed: Review) -> str:
    lines = reviewed.texts.get(one.place.file, "").split("\n")
    return lines[one.place.line - 1].strip() if one.place.line <= len(lines) else ""


def _summary(reviewed: Review) -> str:
    if reviewed.flows is None or reviewed.catalogues is None:
        return ""
    states = sum(len(flow.states) for flow in reviewed.flows.flows.values())
    *first, last = (f"{tag} (draft)" if LANGUAGES[tag].draft else tag for tag in reviewed.catalogues.languages)
    languages = f"{', '.join(first)} and {last}" if first else last
    flows, prompts = len(reviewed.flows.flows), len(reviewed.catalogues.names)
    return f"{flows} flows, {states} states, {prompts} prompts in {languages}"


def render(form: str, findings: Sequence[CheckFinding]) -> Iterator[str]:
    """Yield lines to print."""
    match form:
        case "json":
            yield json.dumps([_as_json(one) for one in findings], indent=2, ensure_ascii=False)
        case "github":
            yield from map(_as_annotation, findings)
        case _:
            yield from map(str, findings)


def _as_json(one: CheckFinding) -> dict[str, object]:
    return {
        "file": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "severity": "error" if one.is_error else "warning",
        "rule": one.rule or None,
        "message": one.message,
        **({} if one.is_new is None else {"new": one.is_new}),
    }


def _as_annotation(one: CheckFinding) -> str:
    """Write a workflow command; what would end one of its parts is escaped as GitHub asks for."""
    where = {"file": one.place.file, "line": one.place.line, "col": one.place.column}
    named = {**where, "title": one.rule} if one.rule else where
    parts = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in named.items())
    return f"::{'error' if one.is_error else 'warning'} {parts}::{_escaped(one.text)}"


def _escaped(text: str, more: str = "") -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped
