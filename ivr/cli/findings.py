"""What `ivr check` has to say, as text, as JSON, and as GitHub shows it beside the lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import Place
from ivr.line.review import Review, review
from ivr.recordings.check import check_recordings

RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a warning; `rule` is the kind of warning, "" for what is wrong by the language itself."""

    place: Place
    message: str
    rule: str
    is_error: bool

    def __str__(self) -> str:
        kind = "" if self.is_error else "warning: "
        return f"{self.place}: {kind}{self.message}{f' [{self.rule}]' if self.rule else ''}"


@dataclass(frozen=True, slots=True)
class Found:
    """All findings by place, and in a line what was looked at ("" when it could not be)."""

    findings: tuple[Finding, ...]
    summary: str


def find(flows: Path, prompts: Path) -> Found:
    """Check both folders, and the recordings when the words they are held against are right."""
    reviewed = review(flows, prompts)
    findings = [Finding(one.place, one.message, "", is_error=True) for one in reviewed.problems]
    findings += [Finding(one.place, one.message, one.rule, is_error=False) for one in reviewed.remarks]
    if reviewed.catalogues:
        for checked in check_recordings(prompts, reviewed.catalogues):
            findings += [Finding(one.place, one.message, RECORDING, is_error=False) for one in checked.problems]
    return Found(tuple(sorted(findings, key=lambda one: (one.place, one.message))), _summary(reviewed))


def _summary(reviewed: Review) -> str:
    if reviewed.flows is None or reviewed.catalogues is None:
        return ""
    states = sum(len(flow.states) for flow in reviewed.flows.flows.values())
    languages = " and ".join(reviewed.catalogues.languages)
    flows, prompts = len(reviewed.flows.flows), len(reviewed.catalogues.names)
    return f"{flows} flows, {states} states, {prompts} prompts in {languages}"


def render(form: str, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield lines to print."""
    match form:
        case "json":
            yield json.dumps([_as_json(one) for one in findings], indent=2, ensure_ascii=False)
        case "github":
            yield from map(_as_annotation, findings)
        case _:
            yield from map(str, findings)


def _as_json(one: Finding) -> dict[str, object]:
    return {
        "file": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "severity": "error" if one.is_error else "warning",
        "rule": one.rule or None,
        "message": one.message,
    }


def _as_annotation(one: Finding) -> str:
    """Write a workflow command; what would end one of its parts is escaped as GitHub asks for."""
    where = {"file": one.place.file, "line": one.place.line, "col": one.place.column}
    named = {**where, "title": one.rule} if one.rule else where
    parts = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in named.items())
    return f"::{'error' if one.is_error else 'warning'} {parts}::{_escaped(one.message)}"


def _escaped(text: str, more: str = "") -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped
