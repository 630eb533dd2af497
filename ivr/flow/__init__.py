"""The call flow: what a flow is, how it is read and checked, and how a call advances through it.

This package is pure: it uses no clock, no database and no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.errors import Report
from ivr.flow.checker import ReadCleanly, check_flows
from ivr.flow.definition import ActionSpec, Flow, Flows
from ivr.flow.loader import read_flows
from ivr.flow.parts import Line
from ivr.hours import Hours, read_hours
from ivr.prompts import Catalogues


def load_flows(
    files: Mapping[str, str | None],
    catalogues: Catalogues,
    actions: Mapping[str, ActionSpec],
    report: Report,
    root: str = "flows",
) -> Flows | None:
    """Read, build and check the flows of one version; None when there are problems, all of them in the report.

    `files` maps a path below `root` to its text, or None for a file that could not be read. `root` is the name of the
    folder that problems are shown with. When some files or states have problems, the rest is checked as far as that
    makes sense. Problems that are in the report already are taken to be those of the prompts.
    """
    before = len(report.problems)
    line, flows = read_flows(files, report, root)
    hours = read_hours(files, report, root)
    all_read = len(report.problems) == before and None not in files.values()
    read_cleanly = ReadCleanly(flows=all_read, words=before == 0)
    flows_built = _build(line, flows, hours, catalogues)
    check_flows(flows_built, catalogues, actions, report, read_cleanly)
    return flows_built if all_read and len(report.problems) == before else None


def flows_as_read(files: Mapping[str, str | None], catalogues: Catalogues, root: str = "flows") -> Flows:
    """Return flows that have problems, as far as they can be read, so that their words can be checked all the same.

    In a file that cannot be read to its end, every state counts as flawed.
    """
    report = Report()
    line, flows = read_flows(files, report, root)
    broken_files = {problem.place.file for problem in report.problems}
    usable_flows = {
        name: replace(flow, flawed=flow.names) if flow.place.file in broken_files else flow
        for name, flow in flows.items()
    }
    return _build(line, usable_flows, read_hours(files, report, root), catalogues)


def build_flows(files: Mapping[str, str | None], catalogues: Catalogues, report: Report) -> Flows | None:
    """Read and build flows without checking them, for those that were checked when they were published.

    Return None when there are problems; all of them are in the report.
    """
    before = len(report.problems)
    line, flows = read_flows(files, report)
    hours = read_hours(files, report)
    return _build(line, flows, hours, catalogues) if len(report.problems) == before else None


def _build(line: Line, flows: Mapping[str, Flow], hours: Hours, catalogues: Catalogues) -> Flows:
    values = {name: frozenset(catalogues.values(name)) for name in catalogues.names}
    return Flows(line, flows, values, catalogues.languages, hours)
