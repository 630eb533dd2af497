"""The call flow: what a flow is and how it advances. Pure: no clock, no database, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.errors import Report
from ivr.flow.checker import Sound, check
from ivr.flow.definition import ActionSpec, Flow, Flows
from ivr.flow.loader import read_flows
from ivr.flow.parts import Line
from ivr.prompts import Catalogues


def load_flows(
    files: Mapping[str, str | None],
    catalogues: Catalogues,
    actions: Mapping[str, ActionSpec],
    report: Report,
    root: str = "flows",
) -> Flows | None:
    """Read, build and check the flows of one version; None when there are problems, all of them in the report.

    `root` is the folder's name that problems are told with. What can be known is checked even where some files or
    states are flawed; what is in the report already is taken for flaws of the prompts.
    """
    before = len(report.problems)
    line, flows = read_flows(files, report, root)
    are_read = len(report.problems) == before and None not in files.values()
    sound = Sound(flows=are_read, words=before == 0)
    built = _flows(line, flows, catalogues)
    check(built, catalogues, actions, report, sound)
    return built if are_read and len(report.problems) == before else None


def flows_as_read(files: Mapping[str, str | None], catalogues: Catalogues, root: str = "flows") -> Flows:
    """Return what can be read of flows in which something is wrong, so that their words can be looked at all the same.

    The states of a file that cannot be read to its end are flawed, whatever is there of them.
    """
    report = Report()
    line, flows = read_flows(files, report, root)
    broken = {problem.place.file for problem in report.problems}
    read = {
        name: replace(flow, flawed=flow.names) if flow.place.file in broken else flow for name, flow in flows.items()
    }
    return _flows(line, read, catalogues)


def build_flows(files: Mapping[str, str | None], catalogues: Catalogues, report: Report) -> Flows | None:
    """Read and build flows without checking what they come to: for those that were checked when they were published."""
    before = len(report.problems)
    line, flows = read_flows(files, report)
    return _flows(line, flows, catalogues) if len(report.problems) == before else None


def _flows(line: Line, flows: Mapping[str, Flow], catalogues: Catalogues) -> Flows:
    values = {name: frozenset(catalogues.values(name)) for name in catalogues.names}
    return Flows(line, flows, values, catalogues.languages)
