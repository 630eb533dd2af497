"""What became of scripts, told to people and to machines."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from ivr.qa.replay.coverage import Coverage
from ivr.qa.replay.played import Played

INDENT = "    "


def line(played: Played) -> str:
    """Return the one line of a script that was played."""
    if played.skipped:
        return f"SKIP  {played.title}: {played.skipped}"
    cost = f"{played.cost.keys} keys, {played.cost.seconds:.0f} s"
    if not played.passed:
        return f"FAIL  {played.title}"
    unchecked = f", {played.unchecked} assertions not checked" if played.unchecked else ""
    note = f"; {played.note}" if played.note else ""
    return f"ok    {played.title}: {played.end}, {cost}{unchecked}{note}"


def failure(played: Played) -> str:
    """Return what did not hold, where the call was, and the call up to there."""
    told = [str(problem) for problem in played.problems]
    if played.where:
        told.append(f"the call was in {played.where}")
    told.extend(INDENT + heard for heard in played.transcript)
    if played.log:
        told.append("the line's log:")
        told.extend(INDENT + logged for logged in played.log.splitlines()[-LOG_LINES:])
    return "\n".join(told)


LOG_LINES = 30
"""Lines of log that go with a failure."""


def summary(played: Sequence[Played], took: float) -> str:
    """Return how many passed, in one line."""
    passed = sum(one.passed for one in played)
    failed = sum(bool(one.problems) for one in played)
    skipped = sum(bool(one.skipped) for one in played)
    turns = sum(one.asked for one in played)
    parts = [
        f"{passed} passed",
        *([f"{failed} failed"] if failed else []),
        *([f"{skipped} skipped"] if skipped else []),
    ]
    return f"{', '.join(parts)} in {took:.1f} s ({turns} turns)"


def as_json(played: Iterable[Played]) -> str:
    """Return everything as JSON, an object a script."""
    return json.dumps([_object(one) for one in played], indent=2, ensure_ascii=False)


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
        "turns": played.asked,
        "note": played.note,
        "unchecked": played.unchecked,
        "transcript": list(played.transcript),
        "took": round(played.took, 4),
    }


def as_junit(played: Sequence[Played], took: float) -> str:
    """Return the results as the XML that CI servers read."""
    suite = ET.Element(
        "testsuite",
        name="calls",
        tests=str(len(played)),
        failures=str(sum(bool(one.problems) for one in played)),
        skipped=str(sum(bool(one.skipped) for one in played)),
        errors="0",
        time=f"{took:.3f}",
    )
    for one in played:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=one.place.file.removesuffix(".yaml").replace("/", "."),
            name=one.title,
            file=one.place.file,
            line=str(one.place.line),
            time=f"{one.took:.3f}",
        )
        if one.skipped:
            ET.SubElement(case, "skipped", message=one.skipped)
        elif one.problems:
            ET.SubElement(case, "failure", message=str(one.problems[0])).text = _plain(failure(one))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _plain(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")


def shares(measured: Coverage) -> str:
    """Return how much of each state is covered, 0 to 1, as JSON for those who draw the flow."""
    told = {f"{flow}.{state}": round(share, 3) for (flow, state), share in measured.of_states().items()}
    return json.dumps(told, indent=2)
