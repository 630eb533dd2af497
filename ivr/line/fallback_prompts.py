"""What the line says by itself, where no flow can: when its records are away, or something failed beyond mending."""

from __future__ import annotations

import difflib

from ivr.errors import Place, Report
from ivr.prompts import Catalogues

FALLBACK_PROMPTS = frozenset(
    {"away.broken", "away.call_again", "away.goodbye", "away.nobody", "away.one_moment", "away.person", "away.retry"}
)


def check_fallback_prompts(catalogues: Catalogues, report: Report, root: str = "prompts") -> None:
    """Note what is missing, or has a value, which nobody could provide then."""
    for language, catalogue in catalogues.by_language.items():
        for name in sorted(FALLBACK_PROMPTS):
            subject, _, short = name.partition(".")
            prompt = catalogue.prompts.get(name)
            if catalogues.flawed & {name, subject}:
                continue  # told already
            if prompt is None:
                others = {
                    known.name: known.place
                    for known in catalogue.prompts.values()
                    if known.name not in FALLBACK_PROMPTS
                }
                close = difflib.get_close_matches(
                    name, [known for known in others if known.startswith(f"{subject}.")], n=1
                )
                hint = f'; is it "{close[0].partition(".")[2]}" here?' if close else ""
                place = others[close[0]] if close else Place(f"{root}/{language}/{subject}.yaml")
                report.add(place, f'lacks "{short}", which the line says by itself when no flow can{hint}')
            elif prompt.values:
                values = ", ".join(sorted(prompt.values))
                report.add(
                    prompt.at(min(prompt.values)),
                    f'"{name}" is said when no flow can, so that nothing provides {values}',
                )
