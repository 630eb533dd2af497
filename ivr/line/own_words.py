"""What the line says by itself, where no flow can: when its records are away, or something failed beyond mending."""

from __future__ import annotations

from ivr.errors import Place, Report
from ivr.prompts import Catalogues

OWN_WORDS = frozenset(
    {"away.broken", "away.call_again", "away.goodbye", "away.nobody", "away.one_moment", "away.person", "away.retry"}
)


def check(catalogues: Catalogues, report: Report, root: str = "prompts") -> None:
    """Note what is missing, or has a value, which nobody could provide then."""
    for language, catalogue in catalogues.by_language.items():
        for name in sorted(OWN_WORDS):
            subject, _, short = name.partition(".")
            prompt = catalogue.prompts.get(name)
            if prompt is None:
                message = f'lacks "{short}", which the line says by itself when no flow can'
                report.add(Place(f"{root}/{language}/{subject}.yaml"), message)
            elif prompt.values:
                values = ", ".join(sorted(prompt.values))
                report.add(prompt.place, f'"{name}" is said when no flow can, so that nothing provides {values}')
