"""The call flow: what a flow is and how it advances. Pure: no clock, no database, no network."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import Report
from ivr.flow.checker import check
from ivr.flow.definition import ActionSpec, Flows
from ivr.flow.loader import read_flows
from ivr.prompts import Catalogues


def load_flows(
    files: Mapping[str, str], catalogues: Catalogues, actions: Mapping[str, ActionSpec], report: Report
) -> Flows | None:
    """Read, build and check the flows of one version; None when there are problems, all of them in the report."""
    before = len(report.problems)
    built = build_flows(files, catalogues, report)
    if built:
        check(built, catalogues, actions, report)
    return built if len(report.problems) == before else None


def build_flows(files: Mapping[str, str], catalogues: Catalogues, report: Report) -> Flows | None:
    """Read and build flows without checking what they come to: for those that were checked when they were published."""
    before = len(report.problems)
    line, flows = read_flows(files, report)
    if line is None or len(report.problems) > before:
        return None
    values = {name: frozenset(_spoken(catalogues, name)) for name in catalogues.names}
    return Flows(line, flows, values, catalogues.languages)


def _spoken(catalogues: Catalogues, name: str) -> Mapping[str, str]:
    prompt = catalogues.prompt(name)
    return prompt.values if prompt else {}
