"""What is checked of words before they are published, beyond what flows and prompts need to be built at all."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import Report
from ivr.flow import flows_as_read, key_words, untold
from ivr.flow.definition import ActionSpec, Flows
from ivr.line import own_words
from ivr.prompts import Catalogues
from ivr.prompts.lint import faults


def check(
    flows: Flows | None,
    files: Mapping[str, str | None],
    catalogues: Catalogues,
    actions: Mapping[str, ActionSpec],
    report: Report,
    root: str = "prompts",
) -> None:
    """Note all that is wrong in the words; flows in which something is wrong are read from their files for it."""
    own_words.check(catalogues, report, root)
    foreign = faults.check(catalogues, report)
    read = flows or flows_as_read(files, catalogues)
    if read:
        key_words.check(read, catalogues, actions, report, foreign)
        if flows:  # else what is missing may be what could not be read
            untold.check(read, catalogues, actions, report)
