"""Reports of the scripts that were played: as text, as JSON, and as JUnit XML for CI servers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from ivr.qa.replay.coverage import Coverage
from ivr.qa.replay.played import Played

INDENT = "    "


def line(played: Played) -> str:
    """Return the result of a script in one line."""
    if played.skipped:
        return f"SKIP  {played.title}: {played.skipped}"
    cost = f"{played.cost.keys} keys, {played.cost.seconds:.0f} s"
    if not played.passed:
        return f"FAIL  {played.title}"
    unchecked = f", {played.unchecked} assertions not checked" if played.unchecked else ""
    note = f"; {played.note}" if played.note else ""
    return f"ok    {played.title}: {played.end}, {cost}{unchecked}{note}"


def failure(played: Played) -> str:
    """Return a failure in several lines: the problems, the state of the call, its transcript, and the end of the log."""
    lines = [str(problem) for problem in played.problems]
    if played.where:
        lines.append(f"the call was in {played.where}")
    lines.extend(INDENT + entry for entry in played.transcript)
    if played.log:
        lines.append("the line's log:")
        lines.extend(INDENT + entry for entry in played.log.splitlines()[-LOG_LINES:])
    return "\n".join(lines)


LOG_LINES = 30
"""How many lines of the log are shown with a failure."""


def results_summary(played: Sequence[Played], took: float) -> str:
    """Return in one line how many scripts passed, failed and were skipped, and how long that took."""
    passed = sum(play.passed for play in played)
    failed = sum(bool(play.problems) for play in played)
    skipped = sum(bool(play.skipped) for play in played)
    turns = sum(play.requests for play in played)
    parts = [
        f"{passed} passed",
        *([f"{failed} failed"] if failed else []),
        *([f"{skipped} skipped"] if skipped else []),
    ]
    return f"{', '.join(parts)} in {took:.1f} s ({turns} turns)"


def as_json(played: Iterable[Played]) -> str:
    """Return the results as JSON: a list with one object for each script."""
    return json.dumps([_object(play) for play in played], indent=2, ensure_ascii=False)


def _object(played: Played) -> dict[str, object]:
    return {
        "call": played.name,
        "language": played.language,
        "file": played.place.file,
        "line": played.place.line,
        "result": "skipped" if played.skipped else "passed" if played.passed else "failed",
        "why": played.skipped or [str(problem) for problem in played.problems],
        "state": played.where,
        "end": played.end,
        "keys": played.cost.keys,
        "seconds": round(played.cost.seconds, 1),
        "spoken": round(played.cost.spoken, 1),
        "waiting": round(played.cost.waiting, 1),
        "turns": played.requests,
        "note": played.note,
        "unchecked": played.unchecked,
        "transcript": list(played.transcript),
        "took": round(played.took, 4),
    }


def as_junit(played: Sequence[Played], took: float) -> str:
    """Return the results as JUnit XML, which CI servers read."""
    suite = ET.Element(
        "testsuite",
        name="calls",
        tests=str(len(played)),
        failures=str(sum(bool(play.problems) for play in played)),
        skipped=str(sum(bool(play.skipped) for play in played)),
        errors="0",
        time=f"{took:.3f}",
    )
    for play in played:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=play.place.file.removesuffix(".yaml").replace("/", "."),
            name=play.title,
            file=play.place.file,
            line=str(play.place.line),
            time=f"{play.took:.3f}",
        )
        if play.skipped:
            ET.SubElement(case, "skipped", message=play.skipped)
        elif play.problems:
            ET.SubElement(case, "failure", message=str(play.problems[0])).text = _printable_text(failure(play))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable_text(text: str) -> str:
    """Return text without the characters that XML cannot contain."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")


def shares(measured: Coverage) -> str:
    """Return the covered share of each state, 0 to 1, as JSON for `ivr draw --shares`."""
    share_by_state = {f"{flow}.{state}": round(share, 3) for (flow, state), share in measured.of_states().items()}
    return json.dumps(share_by_state, indent=2)
