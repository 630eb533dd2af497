"""Writes calls as scripts in YAML: what the caller did and heard, and what the calls wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from ivr.flow.verbs import Speak
from ivr.qa.scripts.script import (
    DEFAULT_FROM,
    DEFAULT_TO,
    LANGUAGE_KEY,
    Act,
    Breaks,
    CarrierSends,
    Dials,
    HangsUp,
    Later,
    Meanwhile,
    Pays,
    Presses,
    ProcessorIs,
    Ships,
    Sweeps,
    Waits,
    World,
)
from ivr.simulator.world import Pattern, Row


@dataclass(frozen=True, slots=True)
class Moment:
    """An act (None for dialling first), and the names of the prompts heard after it, as `hears:` writes them."""

    act: Act | None
    heard: tuple[str, ...]


def moment(act: Act, words: Iterable[Speak]) -> Moment:
    """Return an act with what was heard after it; nothing is heard after an act around the call."""
    return Moment(act, () if isinstance(act, World) else heard(words))


@dataclass(frozen=True, slots=True)
class ScriptDraft:
    """A script that is to be written to a file."""

    name: str
    moments: tuple[Moment, ...]
    about: str = ""
    at: str = ""
    language: str = ""
    person: str = "answers"
    capture: str = "keypad"
    from_number: str = DEFAULT_FROM
    to_number: str = DEFAULT_TO
    given: tuple[Row, ...] = ()
    expect: Mapping[str, object] = field(default_factory=dict)
    """Name in `expect:` -> a text, or patterns of rows."""


def heard(words: Iterable[Speak]) -> tuple[str, ...]:
    """Return prompts as `hears:` names them; several in a row that have the same name are named once."""
    names = (
        speak.prompt if speak.variant == "say" else f"{speak.prompt} ({speak.variant} {speak.tries})" for speak in words
    )
    return tuple(name for name, _ in groupby(names))


def write(drafts: Sequence[ScriptDraft], comment: str = "") -> str:
    """Return the text of a YAML file of scripts, with a comment at its top."""
    head = [f"# {line}".rstrip() for line in comment.splitlines()]
    scripts = ["\n".join(_script(draft)) for draft in drafts]
    return "\n".join(head) + ("\n" if head else "") + "\n\n".join(scripts) + "\n"


def _script(draft: ScriptDraft) -> Iterator[str]:
    yield f"- call: {_yaml_text(draft.name)}"
    plain = {
        "about": draft.about,
        "at": draft.at,
        "language": draft.language,
        "from": draft.from_number if draft.from_number != DEFAULT_FROM else "",
        "to": draft.to_number if draft.to_number != DEFAULT_TO else "",
        "person": draft.person if draft.person != "answers" else "",
        "capture": draft.capture if draft.capture != "keypad" else "",
    }
    yield from (f"  {name}: {_yaml_text(value)}" for name, value in plain.items() if value)
    if draft.given:
        yield "  given:"
        yield from (f"    {line}" for line in _rows(draft.given))
    yield "  steps:"
    for moment in draft.moments:
        if moment.act is not None:
            yield from (f"    {line}" for line in _act(moment.act))
        yield from (f"    - hears: {name}" for name in moment.heard)
    if draft.expect:
        yield "  expect:"
        for name, value in draft.expect.items():
            if isinstance(value, str):
                yield f"    {name}: {value}"
            elif isinstance(value, Sequence):
                yield f"    {name}:"
                yield from (f"      - {_inline_yaml(row)}" for row in value)


def _act(act: Act) -> Iterator[str]:
    match act:
        case Presses():
            yield f"- presses: {act.keys if act.keys == LANGUAGE_KEY else _quoted(act.keys)}"
            if act.after:
                yield f"  after: {_inline_yaml(act.after) if '' not in act.after else _yaml_text(act.after[''])}"
        case Waits():
            yield "- waits: silence"
        case HangsUp():
            yield "- hangs_up: now"
        case Dials():
            yield f"- dials: {_inline_yaml({'from': act.from_number}) if act.from_number else 'again'}"
        case Pays():
            yield f"- pays: {_inline_yaml(act.fields)}"
        case _:
            yield from _world_act(act)
    if isinstance(act, Presses | Waits) and act.times > 1:
        yield f"  times: {act.times}"


def _world_act(act: World) -> Iterator[str]:
    match act:
        case Later():
            yield f"- later: {_span(act.span)}"
        case Breaks():
            yield f"- breaks: {act.fault}"
        case Sweeps():
            yield "- sweeps: now"
        case Ships():
            yield f"- ships: {_yaml_text(act.order_number)}"
        case ProcessorIs():
            yield f"- processor: {act.state}"
        case CarrierSends():
            yield f"- carrier: {act.what}"
        case Meanwhile():
            yield "- meanwhile:"
            yield from (f"    {line}" for line in _rows(act.rows))


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for table in dict.fromkeys(row.table for row in rows):
        yield f"{table}:"
        yield from (f"  - {_inline_yaml(row.columns)}" for row in rows if row.table == table)


def _inline_yaml(value: object) -> str:
    """Return a value in the inline form of YAML, as in `{table: [1, 2]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inline_yaml(part)}" for name, part in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_inline_yaml, value)) + "]"
    return _yaml_text(str(value))


def _yaml_text(text: str) -> str:
    """Return a text as YAML; in quotes where YAML would read something else, and for numbers: keys and ids are text."""
    plain = text and text[0].isalnum() and not set(text) & set(":#{}[],&*!|>'\"%@`\\") and not text[0].isdigit()
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def expected_rows(
    rows: Mapping[str, Sequence[Mapping[str, object]]], columns: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    """Return new rows in the form of `expect:`, keeping of each row those `columns` that are not empty.

    Both mappings are by the words of `expect:`; "none" stands where there are no rows.
    """
    written: dict[str, object] = {}
    for word, new_rows in rows.items():
        patterns: list[Mapping[str, Pattern]] = [
            {name: str(row[name]) for name in columns[word] if row.get(name)} for row in new_rows
        ]
        written[word] = patterns or "none"
    return written
