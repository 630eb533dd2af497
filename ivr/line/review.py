"""Everything there is to say of flows and prompts as they lie in their folders: problems, and remarks.

Problems keep them from being published; remarks are what could be said better.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ivr.errors import Problem, Report
from ivr.flow import load_flows
from ivr.flow.definition import Flows
from ivr.flow.usage import menu_uses, phrases_of, used_languages, used_prompts
from ivr.line import own_words
from ivr.line.examples import Examples
from ivr.line.specs import SPECS
from ivr.prompts import Catalogues, load_prompts
from ivr.prompts.lint import Lint, Remark, lint
from ivr.yaml_reader import texts_below


@dataclass(frozen=True, slots=True)
class Review:
    """What was found; flows and catalogues are there when there are no problems."""

    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...] = ()
    flows: Flows | None = None
    catalogues: Catalogues | None = None


def review(flows: Path, prompts: Path, today: date) -> Review:
    """Read and check both folders; problems are told with the folders as they were given."""
    report = Report()
    flow_files, prompt_files = (texts_below(folder, report, str(folder)) for folder in (flows, prompts))
    catalogues = load_prompts(prompt_files, report, str(prompts))
    built = load_flows(flow_files, catalogues, SPECS, report, str(flows))
    own_words.check(catalogues, report, str(prompts))
    if built is None or report.problems:
        return Review(_sorted(report))
    return Review((), remarks(built, catalogues, today), built, catalogues)


def remarks(flows: Flows, catalogues: Catalogues, today: date) -> tuple[Remark, ...]:
    """Return what could be said better in prompts that are right."""
    examples = Examples(catalogues, flows.flows, SPECS, today, {})
    how = Lint(
        uses=menu_uses(flows),
        used=used_prompts(flows, SPECS) | own_words.OWN_WORDS,
        languages=used_languages(flows),
        phrases=phrases_of(SPECS),
        examples=examples.values,
    )
    return lint(catalogues, how)


def _sorted(report: Report) -> tuple[Problem, ...]:
    return tuple(sorted(set(report.problems)))
