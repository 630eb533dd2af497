"""Everything there is to say of flows and prompts as they lie in their folders: problems, and remarks.

Problems keep them from being published; remarks are what could be said better.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.errors import DefinitionError, Problem, Report
from ivr.flow import load_flows
from ivr.flow.definition import Flows
from ivr.flow.usage import used_languages, used_prompts
from ivr.line import own_words, spoken_words
from ivr.line.specs import SPECS
from ivr.prompts import Catalogues, load_prompts, read_folder
from ivr.prompts.lint import Lint, Remark, lint


@dataclass(frozen=True, slots=True)
class Review:
    """What was found; flows and catalogues are there when there are no problems."""

    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...] = ()
    flows: Flows | None = None
    catalogues: Catalogues | None = None


def review(flows: Path, prompts: Path) -> Review:
    """Read and check both folders; problems are told with the folders as they were given."""
    report = Report()
    flow_files, prompt_files = _read(flows, report), _read(prompts, report)
    if flow_files is None or prompt_files is None:
        return Review(_sorted(report))
    catalogues = load_prompts(prompt_files, report, str(prompts))
    built = load_flows(flow_files, catalogues, SPECS, report, str(flows))
    spoken_words.check(built, flow_files, catalogues, SPECS, report, str(prompts))
    if built is None or report.problems:
        return Review(_sorted(report))
    return Review((), remarks(built, catalogues), built, catalogues)


def remarks(flows: Flows, catalogues: Catalogues) -> tuple[Remark, ...]:
    """Return what could be said better in prompts that are right."""
    used = used_prompts(flows, SPECS) | own_words.OWN_WORDS
    return lint(catalogues, Lint(used, used_languages(flows)))


def _read(folder: Path, report: Report) -> dict[str, str] | None:
    try:
        return read_folder(folder)
    except DefinitionError as error:
        report.problems.extend(error.problems)
        return None


def _sorted(report: Report) -> tuple[Problem, ...]:
    return tuple(sorted(set(report.problems)))
