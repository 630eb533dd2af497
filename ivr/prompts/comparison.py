"""Whether every language says the same: the same prompts, with the same values, for the same occasions.

What is only misspelt in one language is one slip, and told once: in the first language that has it otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping

from ivr.errors import Place, Report
from ivr.prompts.catalogue import Catalogue, Prompt


def compare_languages(
    catalogues: Mapping[str, Catalogue], flawed: Collection[str], report: Report, root: str
) -> frozenset[str]:
    """Note what one language has and another lacks, and return the names of the prompts and subjects told of.

    What is `flawed` has been told already, prompts and subjects.
    """
    told = set(flawed)
    by_subject = {language: _by_subject(catalogue) for language, catalogue in catalogues.items()}
    for language, subject, slip in _lacking(by_subject, told):
        having = next(subjects[subject][0] for subjects in by_subject.values() if subject in subjects)
        folder = f"{root}/{language}"
        if slip:
            message = f'should this file be called "{subject}.yaml"? {having.place.file} has no other to go with it'
            report.add(Place(f"{folder}/{slip}.yaml"), message)
        else:
            report.add(
                Place(f"{folder}/{subject}.yaml"),
                f"there is no such file, but there is {having.place.file}; write this one too",
            )
        told |= {subject, slip}
    for language, subject, other in _swapped(by_subject):
        if subject not in told:
            message = f'these are the prompts of "{other}.yaml"; get those of "{subject}.yaml" back'
            report.add(Place(f"{root}/{language}/{subject}.yaml"), message)
            told.add(subject)
    by_name = {language: _outside(catalogue, told) for language, catalogue in catalogues.items()}
    lost: dict[str, list[Prompt]] = {}
    for language, name, slip in _lacking(by_name, ()):
        having = next(prompts[name] for prompts in by_name.values() if name in prompts)
        if slip:
            message = f'lacks "{_short(name)}", which {_line(having.place)} has; is it "{_short(slip)}" here?'
            report.add(by_name[language][slip].place, message)
        else:
            lost.setdefault(f"{root}/{language}/{_subject(name)}.yaml", []).append(having)
        told |= {name, slip}
    for file, missing in lost.items():
        report.add(Place(file), _lost(sorted(missing, key=lambda prompt: prompt.place)))
    for name in sorted({name for prompts in by_name.values() for name in prompts} - told):
        before = len(report.problems)
        first, *rest = (prompts[name] for prompts in by_name.values() if name in prompts)
        for prompt in rest:
            _compare(first, prompt, report)
        if len(report.problems) > before:
            told.add(name)
    return frozenset(told)


def _swapped(by_subject: Mapping[str, Mapping[str, list[Prompt]]]) -> Iterator[tuple[str, str, str]]:
    """Yield each language with a subject whose prompts are those that the others have in another one."""
    for language, subjects in by_subject.items():
        for other in (other for known, other in by_subject.items() if known != language):
            names = {subject: {_short(prompt.name) for prompt in prompts} for subject, prompts in other.items()}
            for subject, prompts in subjects.items():
                mine = {_short(prompt.name) for prompt in prompts}
                meant = [
                    one
                    for one, theirs in names.items()
                    if one != subject and 2 * len(mine & theirs) > len(mine | theirs)
                ]
                if meant and not mine & names.get(subject, mine):
                    yield language, subject, meant[0]


def _lost(prompts: list[Prompt]) -> str:
    """Tell what a file lacks: where much is gone it was one slip that took it."""
    *others, last = (f'"{_short(prompt.name)}"' for prompt in prompts)
    if not others:
        return f"lacks {last}, which {_line(prompts[0].place)} has"
    return f"lacks {', '.join(others)} and {last}, which {_line(prompts[0].place)} has; was a part of the file lost?"


def _short(name: str) -> str:
    return name.partition(".")[2]


def _subject(name: str) -> str:
    return name.partition(".")[0]


def _by_subject(catalogue: Catalogue) -> dict[str, list[Prompt]]:
    subjects: dict[str, list[Prompt]] = {}
    for name, prompt in catalogue.prompts.items():
        subjects.setdefault(_subject(name), []).append(prompt)
    return subjects


def _outside(catalogue: Catalogue, subjects: Collection[str]) -> dict[str, Prompt]:
    return {name: prompt for name, prompt in catalogue.prompts.items() if _subject(name) not in subjects}


def _lacking(named: Mapping[str, Mapping[str, object]], told: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each language with a name that it lacks, and the name it may have in its place, which no other has."""
    paired: set[str] = set()
    known = {
        name: [language for language in named if name in named[language]] for names in named.values() for name in names
    }
    for language, names in named.items():
        extra = [name for name in names if known[name] == [language] and name not in paired]
        for name in sorted(known.keys() - names.keys() - set(told) - paired):
            slip = _close(name, extra)
            paired |= {name, slip} if slip else set()
            yield language, name, slip


def _close(name: str, among: Iterable[str]) -> str:
    """Return what a name is misspelt as; within a subject only."""
    subject, _, short = name.rpartition(".")
    shorts = [one.rpartition(".")[2] for one in among if one.rpartition(".")[0] == subject]
    close = difflib.get_close_matches(short, shorts, n=1, cutoff=0.7)
    return name.removesuffix(short) + close[0] if close else ""


def _compare(one: Prompt, other: Prompt, report: Report) -> None:
    mine, theirs = one.values.keys() - other.values.keys(), other.values.keys() - one.values.keys()
    if len(mine) == len(theirs) == 1:
        (here,), (there,) = mine, theirs
        message = f'"{one.name}" lacks the value "{there}", which {_line(other.place)} has; is it "{here}" here?'
        report.add(one.at(here), message)
        return
    for value in mine:
        _lacks(other, one, f'the value "{value}"', report, other.say.place)
    for value in theirs:
        _lacks(one, other, f'the value "{value}"', report, one.say.place)
    for value in one.values.keys() & other.values.keys():
        if one.values[value] != other.values[value]:
            found, expected = other.values[value], one.values[value]
            report.add(other.at(value), f'"{other.name}" has "{value}" as {found}, {_line(one.place)} as {expected}')
    for having, lacking in ((one, other), (other, one)):
        occasions = [
            what for variant, what in _OCCASIONS.items() if getattr(having, variant) and not getattr(lacking, variant)
        ]
        if occasions:
            _lacks(lacking, having, f"words for {' and for '.join(occasions)}", report)


_OCCASIONS = {"silence": "silence", "wrong": "a wrong key"}


def _lacks(lacking: Prompt, having: Prompt, what: str, report: Report, place: Place | None = None) -> None:
    report.add(place or lacking.place, f'"{lacking.name}" lacks {what}, which {_line(having.place)} has')


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
