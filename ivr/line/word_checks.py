"""The checks of prompts before they are published, beyond those that building flows and prompts makes."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import Place, Report
from ivr.flow import flows_as_read
from ivr.flow.checks.dropped_values import check_dropped_values
from ivr.flow.checks.key_words import check_key_words
from ivr.flow.definition import ActionSpec, Flows
from ivr.line.fallback_prompts import check_fallback_prompts
from ivr.prompts import Catalogues
from ivr.prompts.lint.faults import check_faults
from ivr.prompts.loader import MEDICINES


def check_words(
    flows: Flows | None,
    files: Mapping[str, str | None],
    catalogues: Catalogues,
    actions: Mapping[str, ActionSpec],
    report: Report,
    root: str = "prompts",
) -> None:
    """Report all that is wrong in the prompts.

    `flows` is None when the flows have problems; then as much of them as can be read is read from `files`. `root` is
    the folder that problems of prompts are reported with.
    """
    check_fallback_prompts(catalogues, report, root)
    _check_medicines(catalogues, report, root)
    foreign = check_faults(catalogues, report)
    read = flows or flows_as_read(files, catalogues)
    if read:
        check_key_words(read, catalogues, actions, report, foreign)
        if flows:  # else what is missing may be what could not be read
            check_dropped_values(read, catalogues, actions, report)


def _check_medicines(catalogues: Catalogues, report: Report, root: str) -> None:
    """Report a language that speaks medicines without a file that says how; one with problems is reported already."""
    with_problems = {problem.place.file for problem in report.problems}
    for language, catalogue in catalogues.by_language.items():
        file = f"{root}/{language}/{MEDICINES}.yaml"
        speaking = [prompt.name for prompt in catalogue.prompts.values() if "medicine" in prompt.values.values()]
        if speaking and catalogue.medicines is None and file not in with_problems:
            report.add(Place(file), f'is missing; "{speaking[0]}" speaks medicines as it says')
