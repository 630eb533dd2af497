"""Whether every language says the same: the same prompts, with the same values, for the same occasions."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.errors import Place, Report
from ivr.prompts.catalogue import Catalogues, Prompt


def compare_languages(
    catalogues: Catalogues, declared: Mapping[str, Mapping[str, Place]], report: Report, root: str
) -> None:
    """Note what one language has and another lacks; `declared` gives the place of every prompt by language and name."""
    first: dict[str, Place] = {}
    for places in declared.values():
        for name, place in places.items():
            first.setdefault(name, place)
    for language, places in declared.items():
        for name in first.keys() - places.keys():
            subject, _, short = name.partition(".")
            message = f'lacks "{short}", which {_line(first[name])} has'
            report.add(Place(f"{root}/{language}/{subject}.yaml"), message)
    for name in first:
        versions = [c.prompts[name] for c in catalogues.by_language.values() if name in c.prompts]
        for version in versions[1:]:
            _compare(versions[0], version, report)


def _compare(one: Prompt, other: Prompt, report: Report) -> None:
    for value in one.values.keys() - other.values.keys():
        _lacks(other, one, f'the value "{value}"', report)
    for value in other.values.keys() - one.values.keys():
        _lacks(one, other, f'the value "{value}"', report)
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


def _lacks(lacking: Prompt, having: Prompt, what: str, report: Report) -> None:
    report.add(lacking.place, f'"{lacking.name}" lacks {what}, which {_line(having.place)} has')


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
