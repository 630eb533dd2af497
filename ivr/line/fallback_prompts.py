"""Fallback prompts: what the line says when no flow can, as when the database is away or an error cannot be handled."""

from __future__ import annotations

import difflib

from ivr.errors import Place, Report
from ivr.prompts import Catalogues

FALLBACK_PROMPTS = frozenset(
    {"away.broken", "away.call_again", "away.goodbye", "away.nobody", "away.one_moment", "away.person", "away.retry"}
)


def check_fallback_prompts(catalogues: Catalogues, report: Report, root: str = "prompts") -> None:
    """Report every fallback prompt that is missing, or that speaks a value, which nothing could provide then."""
    for language, catalogue in catalogues.by_language.items():
        for name in sorted(FALLBACK_PROMPTS):
            subject, _, short = name.partition(".")
            prompt = catalogue.prompts.get(name)
            if catalogues.flawed & {name, subject}:
                continue  # told already
            if prompt is None:
                place_of_others = {
                    other.name: other.place
                    for other in catalogue.prompts.values()
                    if other.name not in FALLBACK_PROMPTS
                }
                close = difflib.get_close_matches(
                    name, [other for other in place_of_others if other.startswith(f"{subject}.")], n=1
                )
                hint = f'; is it "{close[0].partition(".")[2]}" here?' if close else ""
                place = place_of_others[close[0]] if close else Place(f"{root}/{language}/{subject}.yaml")
                report.add(place, f'lacks "{short}", which the line says by itself when no flow can{hint}')
            elif prompt.values:
                values = ", ".join(sorted(prompt.values))
                report.add(
                    prompt.at(min(prompt.values)),
                    f'"{name}" is said when no flow can, so that nothing provides {values}',
                )
