"""The checks of prompts before they are published, beyond those that building flows and prompts makes."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import Report
from ivr.flow import flows_as_read
from ivr.flow.checks.dropped_values import check_dropped_values
from ivr.flow.checks.key_words import check_key_words
from ivr.flow.definition import ActionSpec, Flows
from ivr.line.fallback_prompts import check_fallback_prompts
from ivr.prompts import Catalogues
from ivr.prompts.lint.faults import check_faults


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
    foreign = check_faults(catalogues, report)
    read = flows or flows_as_read(files, catalogues)
    if read:
        check_key_words(read, catalogues, actions, report, foreign)
        if flows:  # else what is missing may be what could not be read
            check_dropped_values(read, catalogues, actions, report)
