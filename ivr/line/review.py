"""Everything there is to say of flows and prompts as they lie in their folders: problems, and remarks.

Problems keep them from being published; remarks are what could be said better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.errors import Problem, Report
from ivr.flow import build_flows, load_flows
from ivr.flow.definition import Flows
from ivr.flow.usage import used_languages, used_prompts
from ivr.line.actions import SPECS
from ivr.line.fallback_prompts import FALLBACK_PROMPTS
from ivr.line.versions import Proof
from ivr.line.word_checks import check_words
from ivr.prompts import Catalogues, load_prompts
from ivr.prompts.lint import Lint, Remark, lint
from ivr.yaml_reader import texts_below

Texts = Mapping[str, str | None]
"""File -> its text; None for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Review:
    """What was found; flows and catalogues are there when they are right in themselves."""

    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...] = ()
    flows: Flows | None = None
    catalogues: Catalogues | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of every file, by the name that it is told with."""


def review(flows: Path, prompts: Path, prove: Proof) -> Review:
    """Read and check both folders; problems are told with the folders as they were given.

    `prove` finds what keeps a version that is right in itself from being spoken.
    """
    report = Report()
    flow_files, prompt_files = (texts_below(folder, report, str(folder)) for folder in (flows, prompts))
    return _judged(report, flow_files, prompt_files, (str(flows), str(prompts)), prove)


def judge(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str], prove: Proof) -> Review:
    """Check the files of a version; `roots` are the folders' names that problems are told with."""
    return _judged(Report(), flow_files, prompt_files, roots, prove)


def _judged(report: Report, flow_files: Texts, prompt_files: Texts, roots: tuple[str, str], prove: Proof) -> Review:
    catalogues = load_prompts(prompt_files, report, roots[1])
    built = load_flows(flow_files, catalogues, SPECS, report, roots[0])
    check_words(built, flow_files, catalogues, SPECS, report, roots[1])
    texts = _texts(flow_files, prompt_files, roots)
    if built is None or report.problems:
        return Review(_sorted(report), texts=texts)
    report.problems.extend(prove(built, catalogues))
    return Review(_sorted(report), remarks(built, catalogues), built, catalogues, texts)


def remarks_alone(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str]) -> Review:
    """Return what could be said better in a version that was checked when it was published."""
    report = Report()
    catalogues = load_prompts(prompt_files, report, roots[1])
    built = build_flows(flow_files, catalogues, report)
    said = remarks(built, catalogues) if built and not report.problems else ()
    return Review((), said, texts=_texts(flow_files, prompt_files, roots))


def _texts(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str]) -> Mapping[str, str]:
    both = zip(roots, (flow_files, prompt_files), strict=True)
    return {f"{root}/{path}": text for root, files in both for path, text in files.items() if text is not None}


def remarks(flows: Flows, catalogues: Catalogues) -> tuple[Remark, ...]:
    """Return what could be said better in prompts that are right."""
    used = used_prompts(flows, SPECS) | FALLBACK_PROMPTS
    return lint(catalogues, Lint(used, used_languages(flows)))


def _sorted(report: Report) -> tuple[Problem, ...]:
    return tuple(sorted(set(report.problems)))
