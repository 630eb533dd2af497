"""What is checked of words before they are published, beyond what flows and prompts need to be built at all."""

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
    """Note all that is wrong in the words; flows in which something is wrong are read from their files for it."""
    check_fallback_prompts(catalogues, report, root)
    foreign = check_faults(catalogues, report)
    read = flows or flows_as_read(files, catalogues)
    if read:
        check_key_words(read, catalogues, actions, report, foreign)
        if flows:  # else what is missing may be what could not be read
            check_dropped_values(read, catalogues, actions, report)
