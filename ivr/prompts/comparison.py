"""Whether every language says the same: the same prompts, with the same values, for the same occasions."""

from __future__ import annotations

from collections.abc import Collection

from ivr.errors import Place, Report
from ivr.prompts.catalogue import Catalogues, Prompt


def compare_languages(catalogues: Catalogues, flawed: Collection[str], report: Report, root: str) -> None:
    """Note what one language has and another lacks; what is `flawed` has been told already, prompts and subjects."""
    by_name: dict[str, dict[str, Prompt]] = {}
    for language, catalogue in catalogues.by_language.items():
        for name, prompt in catalogue.prompts.items():
            by_name.setdefault(name, {})[language] = prompt
    for name, by_language in by_name.items():
        subject, _, short = name.partition(".")
        first, *others = by_language.values()
        for language in catalogues.languages:
            if language not in by_language and subject not in flawed:
                place = Place(f"{root}/{language}/{subject}.yaml")
                report.add(place, f'lacks "{short}", which {_line(first.place)} has')
        for other in others:
            if name not in flawed:
                _compare(first, other, report)


def _compare(one: Prompt, other: Prompt, report: Report) -> None:
    for value in one.values.keys() - other.values.keys():
        _lacks(other, one, f'the value "{value}"', report, other.say.place)
    for value in other.values.keys() - one.values.keys():
        _lacks(one, other, f'the value "{value}"', report, one.say.place)
    for value in one.values.keys() & other.values.keys():
        if one.values[value] != other.values[value]:
            found, expected = other.values[value], one.values[value]
            report.add(other.place, f'"{other.name}" has "{value}" as {found}, {_line(one.place)} as {expected}')
    for variant in ("silence", "wrong"):
        in_one, in_other = getattr(one, variant), getattr(other, variant)
        if in_one and not in_other:
            _lacks(other, one, f"words for {_OCCASIONS[variant]}", report)
        if in_other and not in_one:
            _lacks(one, other, f"words for {_OCCASIONS[variant]}", report)


_OCCASIONS = {"silence": "silence", "wrong": "a wrong key"}


def _lacks(lacking: Prompt, having: Prompt, what: str, report: Report, place: Place | None = None) -> None:
    report.add(place or lacking.place, f'"{lacking.name}" lacks {what}, which {_line(having.place)} has')


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
