"""Checks that every language has the same prompts, with the same values, for the same occasions.

A name that is only misspelt in one language is one mistake, and is reported once, in the first language that has it
otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping

from ivr.errors import Place, Report
from ivr.prompts.catalogue import NOTICES, Catalogue, Notice, Prompt


def compare_languages(
    catalogues: Mapping[str, Catalogue], flawed: Collection[str], report: Report, root: str
) -> frozenset[str]:
    """Report what one language has and another lacks; return the names of the prompts and subjects that have problems.

    `flawed` are prompts and subjects whose problems were already reported; they are not compared, and are returned too.
    """
    flawed_names = set(flawed)
    _compare_subjects(catalogues, flawed_names, report, root)
    by_name = {language: _outside_subjects(catalogue, flawed_names) for language, catalogue in catalogues.items()}
    _compare_names(by_name, flawed_names, report, root)
    _compare_notices(catalogues.values(), report)
    for name in sorted({name for prompts in by_name.values() for name in prompts} - flawed_names):
        before = len(report.problems)
        first, *rest = (prompts[name] for prompts in by_name.values() if name in prompts)
        for prompt in rest:
            _compare_prompts(first, prompt, report)
        if len(report.problems) > before:
            flawed_names.add(name)
    return frozenset(flawed_names)


def _compare_subjects(catalogues: Mapping[str, Catalogue], flawed_names: set[str], report: Report, root: str) -> None:
    """Report subjects that a language lacks or has swapped, and add them to `flawed_names`."""
    by_subject = {language: _by_subject(catalogue) for language, catalogue in catalogues.items()}
    for language, subject, misspelling in _lacking_names(by_subject, flawed_names):
        original = next(subjects[subject][0] for subjects in by_subject.values() if subject in subjects)
        folder = f"{root}/{language}"
        if misspelling:
            message = f'should this file be called "{subject}.yaml"? {original.place.file} has no other to go with it'
            report.add(Place(f"{folder}/{misspelling}.yaml"), message)
        else:
            report.add(
                Place(f"{folder}/{subject}.yaml"),
                f"there is no such file, but there is {original.place.file}; write this one too",
            )
        flawed_names |= {subject, misspelling}
    for language, subject, other in _swapped_subjects(by_subject):
        if subject not in flawed_names:
            message = f'these are the prompts of "{other}.yaml"; get those of "{subject}.yaml" back'
            report.add(Place(f"{root}/{language}/{subject}.yaml"), message)
            flawed_names.add(subject)


def _compare_names(
    by_name: Mapping[str, Mapping[str, Prompt]], flawed_names: set[str], report: Report, root: str
) -> None:
    """Report prompts that a language lacks, those of one file together, and add them to `flawed_names`."""
    missing_by_file: dict[str, list[Prompt]] = {}
    for language, name, misspelling in _lacking_names(by_name, ()):
        original = next(prompts[name] for prompts in by_name.values() if name in prompts)
        if misspelling:
            missing_name, present_name = _name_in_subject(name), _name_in_subject(misspelling)
            message = (
                f'lacks "{missing_name}", which {_file_and_line(original.place)} has; is it "{present_name}" here?'
            )
            report.add(by_name[language][misspelling].place, message)
        else:
            missing_by_file.setdefault(f"{root}/{language}/{_subject_of(name)}.yaml", []).append(original)
        flawed_names |= {name, misspelling}
    for file, missing in missing_by_file.items():
        report.add(Place(file), _lost_prompts_message(sorted(missing, key=lambda prompt: prompt.place)))


def _swapped_subjects(by_subject: Mapping[str, Mapping[str, list[Prompt]]]) -> Iterator[tuple[str, str, str]]:
    """Yield a language, one of its subjects, and the subject of another language that has the same prompts instead.

    Two subjects are taken for the same if they share more than half of all the names in either.
    """
    for language, subjects in by_subject.items():
        for other_subjects in (
            other_subjects for other_language, other_subjects in by_subject.items() if other_language != language
        ):
            names = {
                subject: {_name_in_subject(prompt.name) for prompt in prompts}
                for subject, prompts in other_subjects.items()
            }
            for subject, prompts in subjects.items():
                own_names = {_name_in_subject(prompt.name) for prompt in prompts}
                same_subjects = [
                    other_subject
                    for other_subject, other_names in names.items()
                    if other_subject != subject and 2 * len(own_names & other_names) > len(own_names | other_names)
                ]
                if same_subjects and not own_names & names.get(subject, own_names):
                    yield language, subject, same_subjects[0]


def _lost_prompts_message(prompts: list[Prompt]) -> str:
    """Return the message for the prompts that a file lacks; several at once may be a part of the file that was lost."""
    *others, last = (f'"{_name_in_subject(prompt.name)}"' for prompt in prompts)
    if not others:
        return f"lacks {last}, which {_file_and_line(prompts[0].place)} has"
    place = _file_and_line(prompts[0].place)
    return f"lacks {', '.join(others)} and {last}, which {place} has; was a part of the file lost?"


def _name_in_subject(name: str) -> str:
    return name.partition(".")[2]


def _subject_of(name: str) -> str:
    return name.partition(".")[0]


def _by_subject(catalogue: Catalogue) -> dict[str, list[Prompt]]:
    subjects: dict[str, list[Prompt]] = {NOTICES: []}  # there may be none just now
    for name, prompt in catalogue.prompts.items():
        subjects.setdefault(_subject_of(name), []).append(prompt)
    return subjects


def _outside_subjects(catalogue: Catalogue, subjects: Collection[str]) -> dict[str, Prompt]:
    return {name: prompt for name, prompt in catalogue.prompts.items() if _subject_of(name) not in subjects}


def _lacking_names(
    named: Mapping[str, Mapping[str, object]], reported: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield each language with a name that it lacks, and the similar name that only this language has instead, "" for
    none.

    `named` holds the names of each language. Those in `reported` are passed over, also those that the caller adds to it
    while it takes what is yielded.
    """
    paired: set[str] = set()
    languages_of = {
        name: [language for language in named if name in named[language]] for names in named.values() for name in names
    }
    for language, names in named.items():
        extra = [name for name in names if languages_of[name] == [language] and name not in paired]
        for name in sorted(languages_of.keys() - names.keys() - set(reported) - paired):
            misspelling = _similar_name(name, extra)
            paired |= {name, misspelling} if misspelling else set()
            yield language, name, misspelling


def _similar_name(name: str, among: Iterable[str]) -> str:
    """Return the name among others of the same subject that is most like a name, "" if none is similar."""
    subject, _, short = name.rpartition(".")
    shorts = [other.rpartition(".")[2] for other in among if other.rpartition(".")[0] == subject]
    close = difflib.get_close_matches(short, shorts, n=1, cutoff=0.7)
    return name.removesuffix(short) + close[0] if close else ""


def _compare_prompts(first: Prompt, second: Prompt, report: Report) -> None:
    only_first, only_second = first.values.keys() - second.values.keys(), second.values.keys() - first.values.keys()
    if len(only_first) == len(only_second) == 1:
        (own_value,), (missing_value,) = only_first, only_second
        place = _file_and_line(second.place)
        message = f'"{first.name}" lacks the value "{missing_value}", which {place} has; is it "{own_value}" here?'
        report.add(first.at(own_value), message)
        return
    for value in only_first:
        _report_lack(second, first, f'the value "{value}"', report, second.say.place)
    for value in only_second:
        _report_lack(first, second, f'the value "{value}"', report, first.say.place)
    for value in first.values.keys() & second.values.keys():
        if first.values[value] != second.values[value]:
            kind, first_kind = second.values[value], first.values[value]
            report.add(
                second.at(value),
                f'"{second.name}" has "{value}" as {kind}, {_file_and_line(first.place)} as {first_kind}',
            )
    for complete, lacking in ((first, second), (second, first)):
        occasions = [
            occasion
            for variant, occasion in _OCCASIONS.items()
            if getattr(complete, variant) and not getattr(lacking, variant)
        ]
        if occasions:
            _report_lack(lacking, complete, f"words for {' and for '.join(occasions)}", report)


def _compare_notices(catalogues: Iterable[Catalogue], report: Report) -> None:
    """Report notices that languages tell on different days."""
    first: dict[str, Notice] = {}
    for name, notice in (both for catalogue in catalogues for both in catalogue.notices.items()):
        other = first.setdefault(name, notice)
        if other != notice:
            message = f'"{name}" is told from {notice.begins} until {notice.ends} here'
            report.add(
                notice.place, f"{message}, from {other.begins} until {other.ends} in {_file_and_line(other.place)}"
            )


_OCCASIONS = {"silence": "silence", "wrong": "a wrong key"}


def _report_lack(lacking: Prompt, complete: Prompt, what: str, report: Report, place: Place | None = None) -> None:
    report.add(place or lacking.place, f'"{lacking.name}" lacks {what}, which {_file_and_line(complete.place)} has')


def _file_and_line(place: Place) -> str:
    return f"{place.file}:{place.line}"
