"""The findings of `ivr check`: errors and warnings, as text, as JSON, and as annotations of GitHub."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ivr.cli.published import Published
from ivr.errors import Place
from ivr.languages import LANGUAGES
from ivr.line.review import Review, over, review, review_files, review_published
from ivr.prompts.recordings.check import check_recordings
from ivr.simulator import carrier_rules

RECORDING = "recording"
OVER = "over"
_ELSEWHERE = re.compile(r":\d+(?::\d+)?(?=\D|$)")
"""A line number in a message, which changes when lines are added above it."""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """An error or a warning. `rule` is the kind of warning, "" for an error."""

    place: Place
    message: str
    rule: str
    is_error: bool
    is_new: bool | None = None
    """Whether the published version does not have it; None when there is none to compare with."""

    @property
    def text(self) -> str:
        """Its message, marked if it is new."""
        return f"{self.message}{' (new)' if self.is_new else ''}"

    def __str__(self) -> str:
        kind, rule = "" if self.is_error else "warning: ", f" [{self.rule}]" if self.rule else ""
        return f"{self.place}: {kind}{self.message}{rule}{' (new)' if self.is_new else ''}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings in the order of their places, and a line on what was checked ("" when it could not be read)."""

    findings: tuple[CheckFinding, ...]
    summary: str


def check_folders(
    flows: Path,
    prompts: Path,
    find_published: Callable[[], Published | None] = lambda: None,
    today: date = date.min,
) -> CheckResult:
    """Check the folders of flows and prompts, and the recordings if the prompts could be read.

    Dates that are over by `today` are warned of. `find_published` returns what callers hear now. It is called only when there are findings: those that the published
    version does not have are new.
    """
    reviewed = review(flows, prompts, carrier_rules.problems)
    findings = _findings(reviewed)
    if findings and (before := find_published()):
        roots = (str(flows), str(prompts))
        has_problems = bool(reviewed.problems)
        published_review = (
            review_files(before.flows, before.prompts, roots, carrier_rules.problems)
            if has_problems
            else review_published(before.flows, before.prompts, roots)
        )
        findings = list(_marked_as_new_or_not(findings, reviewed, published_review))
    if reviewed.flows and reviewed.catalogues:
        findings += [
            CheckFinding(place, message, OVER, is_error=False)
            for place, message in over(reviewed.flows, reviewed.catalogues, today)
        ]
    if reviewed.catalogues:
        for checked in check_recordings(prompts, reviewed.catalogues):
            findings += [
                CheckFinding(finding.place, finding.message, RECORDING, is_error=False) for finding in checked.problems
            ]
    return CheckResult(
        tuple(sorted(findings, key=lambda finding: (finding.place, finding.message))), _summary(reviewed)
    )


def _findings(reviewed: Review) -> list[CheckFinding]:
    problems = [CheckFinding(finding.place, finding.message, "", is_error=True) for finding in reviewed.problems]
    return problems + [
        CheckFinding(finding.place, finding.message, finding.rule, is_error=False) for finding in reviewed.remarks
    ]


def _marked_as_new_or_not(findings: Iterable[CheckFinding], now: Review, before: Review) -> Iterator[CheckFinding]:
    """Yield each finding with `is_new` set.

    A finding is old if the published version has the same one on a line of the same text, else if it has the same one
    on any line. Each published finding makes only one finding old.
    """
    published_findings = _findings(before)
    same_line = Counter((_identity(finding), _line_text(finding, before)) for finding in published_findings)
    anywhere = Counter(map(_identity, published_findings))
    changed = []
    for finding in findings:
        if same_line[_identity(finding), _line_text(finding, now)] > 0:
            same_line[_identity(finding), _line_text(finding, now)] -= 1
            anywhere[_identity(finding)] -= 1
            yield replace(finding, is_new=False)
        else:
            changed.append(finding)
    for finding in changed:
        anywhere[_identity(finding)] -= 1
        yield replace(finding, is_new=anywhere[_identity(finding)] < 0)


def _identity(finding: CheckFinding) -> tuple[str, str, str]:
    return finding.place.file, finding.rule, _ELSEWHERE.sub("", finding.message)


def _line_text(finding: CheckFinding, reviewed: Review) -> str:
    lines = reviewed.texts.get(finding.place.file, "").split("\n")
    return lines[finding.place.line - 1].strip() if finding.place.line <= len(lines) else ""


def _summary(reviewed: Review) -> str:
    if reviewed.flows is None or reviewed.catalogues is None:
        return ""
    states = sum(len(flow.states) for flow in reviewed.flows.flows.values())
    *first, last = (f"{tag} (draft)" if LANGUAGES[tag].draft else tag for tag in reviewed.catalogues.languages)
    languages = f"{', '.join(first)} and {last}" if first else last
    flows, prompts = len(reviewed.flows.flows), len(reviewed.catalogues.names)
    return f"{flows} flows, {states} states, {prompts} prompts in {languages}"


def render(form: str, findings: Sequence[CheckFinding]) -> Iterator[str]:
    """Yield the findings as lines to print, in the format "text", "json" or "github"."""
    match form:
        case "json":
            yield json.dumps([_as_json(finding) for finding in findings], indent=2, ensure_ascii=False)
        case "github":
            yield from map(_as_annotation, findings)
        case _:
            yield from map(str, findings)


def _as_json(finding: CheckFinding) -> dict[str, object]:
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "severity": "error" if finding.is_error else "warning",
        "rule": finding.rule or None,
        "message": finding.message,
        **({} if finding.is_new is None else {"new": finding.is_new}),
    }


def _as_annotation(finding: CheckFinding) -> str:
    """Return a finding as a workflow command of GitHub, with the characters escaped that would end one of its parts."""
    where = {"file": finding.place.file, "line": finding.place.line, "col": finding.place.column}
    named = {**where, "title": finding.rule} if finding.rule else where
    parts = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in named.items())
    return f"::{'error' if finding.is_error else 'warning'} {parts}::{_escaped(finding.text)}"


def _escaped(text: str, more: str = "") -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped
