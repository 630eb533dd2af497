"""Reviews flows and prompts: finds problems and remarks.

Problems keep a version from being published; remarks tell what could be said better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ivr.errors import Place, Problem, Report
from ivr.flow import build_flows, load_flows
from ivr.flow.definition import Flows
from ivr.flow.usage import used_languages, used_prompts
from ivr.line.actions import SPECS
from ivr.line.fallback_prompts import FALLBACK_PROMPTS
from ivr.line.versions import Proof
from ivr.line.word_checks import check_words
from ivr.prompts import Catalogues, load_prompts
from ivr.prompts.lint import PromptUsage, Remark, lint
from ivr.yaml_reader import texts_below

Texts = Mapping[str, str | None]
"""Path of a file -> its text, or None if it cannot be read."""


@dataclass(frozen=True, slots=True)
class Review:
    """The result of a review; `flows` and `catalogues` are set only if there are no problems in them."""

    problems: tuple[Problem, ...]
    remarks: tuple[Remark, ...] = ()
    flows: Flows | None = None
    catalogues: Catalogues | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of every readable file, by the path that problems are reported with."""


def review(flows: Path, prompts: Path, prove: Proof) -> Review:
    """Read and check both folders. Problems are reported with the folders' paths as they were given.

    `prove` checks flows and prompts against the carrier's rules.
    """
    report = Report()
    flow_files, prompt_files = (texts_below(folder, report, str(folder)) for folder in (flows, prompts))
    return _review(report, flow_files, prompt_files, (str(flows), str(prompts)), prove)


def review_files(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str], prove: Proof) -> Review:
    """Check the files of a version; `roots` are the folders of flows and prompts that problems are reported with."""
    return _review(Report(), flow_files, prompt_files, roots, prove)


def _review(report: Report, flow_files: Texts, prompt_files: Texts, roots: tuple[str, str], prove: Proof) -> Review:
    catalogues = load_prompts(prompt_files, report, roots[1])
    flows_built = load_flows(flow_files, catalogues, SPECS, report, roots[0])
    check_words(flows_built, flow_files, catalogues, SPECS, report, roots[1])
    texts = _texts(flow_files, prompt_files, roots)
    if flows_built is None or report.problems:
        return Review(_sorted(report), texts=texts)
    report.problems.extend(prove(flows_built, catalogues))
    return Review(_sorted(report), remarks(flows_built, catalogues), flows_built, catalogues, texts)


def review_published(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str]) -> Review:
    """Return only the remarks on a version, which was checked when it was published."""
    report = Report()
    catalogues = load_prompts(prompt_files, report, roots[1])
    flows_built = build_flows(flow_files, catalogues, report)
    remarks_found = remarks(flows_built, catalogues) if flows_built and not report.problems else ()
    return Review((), remarks_found, texts=_texts(flow_files, prompt_files, roots))


def _texts(flow_files: Texts, prompt_files: Texts, roots: tuple[str, str]) -> Mapping[str, str]:
    both = zip(roots, (flow_files, prompt_files), strict=True)
    return {f"{root}/{path}": text for root, files in both for path, text in files.items() if text is not None}


def remarks(flows: Flows, catalogues: Catalogues) -> tuple[Remark, ...]:
    """Return the remarks on prompts without problems."""
    notices = {name for catalogue in catalogues.by_language.values() for name in catalogue.notices}
    used = used_prompts(flows, SPECS) | FALLBACK_PROMPTS | notices
    return lint(catalogues, PromptUsage(used, used_languages(flows)))


def over(flows: Flows, catalogues: Catalogues, today: date) -> Iterator[tuple[Place, str]]:
    """Yield the dates of hours and notices that are over, each with its place, so that they can be taken out."""
    for day, place in flows.hours.places.items():
        if day < today:
            yield place, f"{day} is over; take it out"
    for catalogue in catalogues.by_language.values():
        for name, notice in catalogue.notices.items():
            if notice.ends < today:
                yield notice.place, f'the notice "{name}" is over since {notice.ends}; take it out'


def _sorted(report: Report) -> tuple[Problem, ...]:
    return tuple(sorted(set(report.problems)))
