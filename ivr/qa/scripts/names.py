"""The vocabulary of scripts that are played on the simulator."""

from __future__ import annotations

from ivr.prompts import Catalogues
from ivr.qa.scripts.vocabulary import Vocabulary, hearable_prompts
from ivr.simulator import line_rows, pharmacy_rows


def vocabulary_of(catalogues: Catalogues) -> Vocabulary:
    """Return the names that scripts may use: these prompts, and the simulator's tables and rows."""
    return Vocabulary(
        catalogues.names,
        pharmacy_rows.COLUMNS,
        catalogues.languages,
        line_rows.COLUMNS,
        hearable_prompts(catalogues),
        {**pharmacy_rows.MADE_OF, **line_rows.MADE_OF},
        pharmacy_rows.demo_keys(),
    )
