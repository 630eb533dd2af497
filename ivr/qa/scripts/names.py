"""The names a script may use, as the simulator knows them."""

from __future__ import annotations

from ivr.prompts import Catalogues
from ivr.qa.scripts.vocabulary import Vocabulary, spoken_of
from ivr.simulator import line_rows, pharmacy_rows


def vocabulary_of(catalogues: Catalogues) -> Vocabulary:
    """Return the names that scripts for these prompts may use."""
    return Vocabulary(
        catalogues.names,
        pharmacy_rows.COLUMNS,
        catalogues.languages,
        line_rows.COLUMNS,
        spoken_of(catalogues),
        {**pharmacy_rows.MADE_OF, **line_rows.MADE_OF},
        pharmacy_rows.demo_keys(),
    )
