"""Reads files of prompts into catalogues. Every problem of every file is reported; none stops the reading.

`<language>/catalogue.yaml` holds the carrier's code of the language, the voice, and names such as the pharmacy's;
`<language>/medicines.yaml` says how medicines are spoken. Each other file `<language>/<subject>.yaml` holds prompts,
whose full names are `<subject>.<name>`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath
from typing import TypeAlias

from babel import Locale, UnknownLocaleError

from ivr.errors import Place, Report, did_you_mean
from ivr.hours import read_day
from ivr.languages import LANGUAGES
from ivr.prompts import shapes
from ivr.prompts.catalogue import NOTICES, Catalogue, Catalogues, Notice, Prompt, SourceWords, Words
from ivr.prompts.comparison import compare_languages
from ivr.prompts.medicines import MedicinesFile, read_medicines
from ivr.prompts.spoken import clean
from ivr.prompts.words import NAME, Names, WordsReader, is_in_braces, source
from ivr.yaml_reader import SUFFIX, Node, read

CATALOGUE = "catalogue"
MEDICINES = "medicines"
_NOT_NOTES = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
"""Finds a line that is no comment. A file of notices may have none, while there is nothing to tell."""
_NO_WORDS: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """The contents of `catalogue.yaml`: its names as words use them, where each stands, and the texts of all fields."""

    names: Names
    locale: str = ""
    voice: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)
    sources: Mapping[str, SourceWords] = field(default_factory=dict)


def load_prompts(files: Mapping[str, str | None], report: Report, root: str = "prompts") -> Catalogues:
    """Return the catalogues of every language in `files`, and add all problems to `report`.

    `files` maps paths below `root` to texts; None is a file that was already reported as unreadable. Prompts with a
    problem are there without words, so the result is only good when nothing was reported.
    """
    files_of = _by_language(files, report, root)
    if not files_of:
        report.add(Place(root), f"no prompts here: {CATALOGUE}.yaml is looked for in a folder per language")
    flawed: set[str] = set()
    heads = {language: _read_head(language, texts, report, root) for language, texts in files_of.items()}
    places = {name: place for head in reversed(heads.values()) for name, place in head.places.items()}
    elsewhere = {name: f"{place.file}:{place.line}" for name, place in places.items()}
    by_language = {
        language: _read_catalogue(_LanguageFiles(language, root, head, elsewhere, report), files_of[language], flawed)
        for language, head in heads.items()
    }
    return Catalogues(by_language, frozenset(flawed | compare_languages(by_language, flawed, report, root)))


_Subjects = Mapping[str, str | None]
"""Subject -> text of its file; None for a file that was already reported as unreadable."""
_Texts: TypeAlias = dict[str, dict[str, str | None]]
"""Language -> subject -> text of its file."""


def _by_language(files: Mapping[str, str | None], report: Report, root: str) -> dict[str, _Subjects]:
    """Return language -> subject -> text, languages in the order of `LANGUAGES`; report files with a wrong name.

    A file or folder with a wrong name is there under the name that was probably meant, without text, so that it is not
    also reported as missing.
    """
    texts: _Texts = {}
    misnamed_files: list[tuple[str, str]] = []
    unknown_folders: dict[str, str] = {}
    for path in sorted(files):
        language, _, name = path.partition("/")
        if not name:
            misnamed_files.append(("", path))
        elif language not in LANGUAGES:
            unknown_folders.setdefault(language, path)
        elif NAME.fullmatch(name.removesuffix(SUFFIX)):
            texts.setdefault(language, {})[name.removesuffix(SUFFIX)] = files[path]
        else:
            misnamed_files.append((language, name))
    _report_unknown_folders(unknown_folders, files, texts, report, root)
    _report_misnamed_files(misnamed_files, texts, report, root)
    return {language: texts[language] for language in LANGUAGES if language in texts}


def _report_unknown_folders(
    unknown_folders: Mapping[str, str], files: Iterable[str], texts: _Texts, report: Report, root: str
) -> None:
    """Report folders that are called like no language, each at one of its files.

    The files are added to `texts`, without text, under the language that the folder's name begins with.
    """
    for folder, path in unknown_folders.items():
        hint = (
            did_you_mean(folder, LANGUAGES)
            or f"; known are {', '.join(LANGUAGES)}, and a new one begins in ivr/languages"
        )
        report.add(Place(f"{root}/{path}"), f'no language "{folder}" whose numbers and dates can be spoken{hint}')
        meant = folder[:2].lower()
        if meant in LANGUAGES and meant not in texts:
            names = (path.rpartition("/")[2] for path in files if path.startswith(f"{folder}/"))
            texts[meant] = {CATALOGUE: None, **{name.removesuffix(SUFFIX): None for name in names}}


def _report_misnamed_files(misnamed_files: Iterable[tuple[str, str]], texts: _Texts, report: Report, root: str) -> None:
    """Report files with a wrong name; `misnamed_files` are pairs of language ("" for none) and name.

    The subject that was probably meant is added to `texts`, without text.
    """
    for language, name in misnamed_files:
        subject = _subject_meant(PurePosixPath(name).name.lower(), texts.get(language, {}))
        is_there = any(subject in subjects for other, subjects in texts.items() if language in (other, ""))
        advice = (
            f'call it "{subject}{SUFFIX}"'
            if subject and not (language and is_there)
            else "delete it, or move it elsewhere"
        )
        message = "a file of prompts is called <language>/<subject>.yaml, the subject in small letters"
        report.add(Place(f"{root}/{language}/{name}" if language else f"{root}/{name}"), f"{message}; {advice}")
        for other, subjects in texts.items():
            if language in (other, ""):
                subjects.setdefault(subject, None)


def _subject_meant(name: str, subjects: Collection[str]) -> str:
    """Return the subject that a file with a wrong name is about, as in "main (1)" or "copy of main".

    "" where that cannot be told.
    """
    words = re.findall(shapes.NAME, name)
    return next((word for word in words if word in subjects), words[0] if words else "")


@dataclass(frozen=True, slots=True)
class _LanguageFiles:
    """What is needed to read the files of one language."""

    language: str
    root: str
    head: _Head
    elsewhere: Mapping[str, str]
    """Name in the catalogue of any language -> file and line where it stands."""
    report: Report


def _read_catalogue(reading: _LanguageFiles, subjects: _Subjects, flawed: set[str]) -> Catalogue:
    """Return the catalogue of one language.

    The names of prompts, and of whole subjects, that have problems are added to `flawed`.
    """
    language, head, report = reading.language, reading.head, reading.report
    reader = WordsReader(language, replace(head.names, elsewhere=reading.elsewhere), report)
    prompts: dict[str, Prompt] = {}
    notices: dict[str, Notice] = {}
    for subject in sorted(subjects.keys() - {CATALOGUE, MEDICINES}):
        if subject == NOTICES and not _NOT_NOTES.search(subjects[subject] or "x"):
            continue
        node = _read_mapping(f"{reading.root}/{language}/{subject}.yaml", subjects[subject], report)
        if node is None or node.fields is None or _is_other_file(node, report):
            flawed.add(subject)
            continue
        for name, words in node.fields.items():
            full_name, before = f"{subject}.{name}", len(report.problems)
            place = node.key_place(name)
            if subject == NOTICES:
                prompts[full_name] = _read_notice(full_name, place, words, reader, notices)
            else:
                prompts[full_name] = _read_prompt(full_name, place, words, reader)
            if len(report.problems) > before:
                flawed.add(full_name)
    spoken = _read_medicines_file(reading, subjects)
    return Catalogue(language, head.locale, head.voice, prompts, head.sources, spoken.medicines, spoken.words, notices)


def _read_medicines_file(reading: _LanguageFiles, subjects: _Subjects) -> MedicinesFile:
    """Return how medicines are spoken; published versions older than medicines.yaml do without."""
    text = subjects.get(MEDICINES)
    if text is None:
        return MedicinesFile(None)
    medicines_file = read_medicines(f"{reading.root}/{reading.language}/{MEDICINES}.yaml", text, reading.language)
    reading.report.problems += medicines_file.problems
    return medicines_file


def _read_mapping(file: str, text: str | None, report: Report) -> Node | None:
    node = read(file, text, report) if text is not None else None
    if node and node.fields is None:
        node.mapping(report, "a file of prompts")
    return node


_OTHER_FILES = (
    (frozenset({"flow", "start", "states"}), "this is a file of the flow; it belongs into the folder of the flows"),
    (
        frozenset({"menu_keys", "ask_keys"}),
        "this says what holds for the line; it belongs into the folder of the flows",
    ),
    (
        frozenset({"language", "voice"}),
        f'this is what "{CATALOGUE}.yaml" should say; call it so, or get the prompts of this file back',
    ),
)
"""Fields by which other sorts of files are recognised, each with the message for a file that has them."""


def _is_other_file(node: Node, report: Report) -> bool:
    """Tell whether a file is of another sort than prompts, and report that once instead of every field in it."""
    message = next((what for names, what in _OTHER_FILES if names <= (node.fields or {}).keys()), "")
    if message:
        report.add(node.place, message)
    return bool(message)


def _read_head(language: str, subjects: _Subjects, report: Report, root: str) -> _Head:
    file = f"{root}/{language}/{CATALOGUE}.yaml"
    if CATALOGUE not in subjects and not difflib.get_close_matches(CATALOGUE, subjects, n=1, cutoff=0.8):
        report.add(Place(file), "missing; it says the language's code, voice and names")
    node = _read_mapping(file, subjects.get(CATALOGUE), report)
    if node is None or node.fields is None:
        return _Head(Names(Place(file), are_known=False))
    if not node.fits(shapes.CATALOGUE):
        report.add(node.place, 'a catalogue has "language", "voice" and "names"; this is another file')
        return _Head(Names(Place(file), are_known=False))
    fields = node.shaped(report, "a catalogue", shapes.CATALOGUE)
    locale = fields["language"].text(report, '"language"') if "language" in fields else None
    if locale is not None and not _is_locale(locale, language):
        report.add(fields["language"].place, f'"language" should be a code such as {language}-US, found "{locale}"')
    voice = fields["voice"].text(report, '"voice"') if "voice" in fields else None
    names = fields["names"].mapping(report, '"names"') if "names" in fields else {}
    if voice is not None and clean(voice) != voice:
        report.add(fields["voice"].place, '"voice" holds a control character, which no voice is called by')
    spoken = _read_names(names, fields.get("names"), report)
    places = {name: fields["names"].key_place(name) for name in spoken}
    where = node.key_place("names")  # the beginning of the catalogue when it has no names
    written = {**{name: node for name, node in fields.items() if name != "names"}, **names}
    sources = {name: source(node) for name, node in written.items() if node.scalar}
    return _Head(Names(where, spoken), locale or "", voice or "", places, sources)


def _is_locale(code: str, language: str) -> bool:
    try:
        return Locale.parse(code, sep="-").language == language
    except (UnknownLocaleError, ValueError):
        return False


def _read_names(fields: Mapping[str, Node], node: Node | None, report: Report) -> dict[str, str]:
    names = {}
    for name, value in fields.items():
        text = value.text(report, f'the name "{name}"')
        if node is not None and not NAME.fullmatch(name):
            report.add(node.key_place(name), f'a name is written in small letters and underscores, found "{name}"')
        elif text is not None and ("{" in text or "}" in text):
            report.add(value.place, f'the name "{name}" is spoken as it stands, so it has no braces')
        elif text is not None:
            names[name] = clean(text)
            if names[name] != text:
                report.add(value.place, f'the name "{name}" holds a control character, which nobody can speak')
    return names


def _read_prompt(name: str, place: Place, node: Node, reader: WordsReader) -> Prompt:
    """Return a prompt from its node: words alone, or a mapping that also has words for silence and for a wrong key."""
    short = name.partition(".")[2]
    if not NAME.fullmatch(short):
        message = f'a prompt\'s name is in small letters, digits and underscores, found "{short}"'
        reader.report.add(place, message)
    is_plural = node.fields is not None and (
        "by" in node.fields or ("other" in node.fields and "say" not in node.fields)
    )
    if node.fields is None or is_plural or is_in_braces(node):
        say, silence, wrong = reader.read(node, f'"{name}"'), _NO_WORDS, _NO_WORDS
    else:
        fields = node.shaped(reader.report, f'"{name}"', shapes.QUESTION)
        say = reader.read(fields["say"], f'"say" of "{name}"') if "say" in fields else Words({"other": ()})
        silence = _read_tries(fields.get("silence"), f'"silence" of "{name}"', reader)
        wrong = _read_tries(fields.get("wrong"), f'"wrong" of "{name}"', reader)
        if "facts" in fields:
            facts = reader.read(fields["facts"], f'"facts" of "{name}"')
            say, *helps = (_with_facts(facts, words, name, reader.report) for words in (say, *silence, *wrong))
            silence, wrong = tuple(helps[: len(silence)]), tuple(helps[len(silence) :])
    values = _value_kinds(name, place, (say, *silence, *wrong), reader.report)
    return Prompt(name, place, say, silence, wrong, values)


def _read_notice(name: str, place: Place, node: Node, reader: WordsReader, notices: dict[str, Notice]) -> Prompt:
    """Return the words of a notice as a prompt, and add its days to `notices`."""
    fields = node.shaped(reader.report, f'the notice "{name}"', shapes.NOTICE)
    days = [
        read_day(text, fields[key].place, reader.report)
        for key in ("from", "until")
        if key in fields and (text := fields[key].text(reader.report, f'"{key}"'))
    ]
    match days:
        case [date() as begins, date() as ends] if begins <= ends:
            notices[name] = Notice(begins, ends, place)
        case [date() as begins, date() as ends]:
            reader.report.add(fields["until"].place, f"{ends} is before {begins}, when the notice begins")
    words = fields.get("say")
    prompt = (
        _read_prompt(name, place, words, reader) if words else Prompt(name, place, Words({"other": ()}), (), (), {})
    )
    if words and (prompt.silence or prompt.wrong or prompt.values or prompt.say.by):
        reader.report.add(words.place, f'the notice "{name}" is said as it stands: it has no values and asks nothing')
    return prompt


def _with_facts(facts: Words, words: Words, name: str, report: Report) -> Words:
    """Return words with the facts before them, plural form by plural form."""
    if facts.by and words.by and facts.by != words.by and words.place:
        report.add(words.place, f'"{name}" counts by "{words.by}" here, and by "{facts.by}" in its facts; choose one')
    forms = {
        form: (*facts.forms.get(form, facts.forms["other"]), " ", *words.forms.get(form, words.forms["other"]))
        for form in {**facts.forms, **words.forms}
    }
    sources = {form: (*facts.source(form), *words.source(form)) for form in forms}
    return Words(forms, facts.by or words.by, words.place, sources)


def _read_tries(node: Node | None, what: str, reader: WordsReader) -> tuple[Words, ...]:
    """Return the words for one try after another; empty where there are none."""
    if node is None:
        return ()
    if node.items == ():
        message = f"{what} is an empty list; give the words for the first time, then for later ones"
        reader.report.add(node.place, message)
    return tuple(reader.read(item, what) for item in node.sequence(reader.report, what))


def _value_kinds(name: str, place: Place, all_words: tuple[Words, ...], report: Report) -> dict[str, str]:
    """Return the kind of every value in the words of a prompt; report a value that has two kinds."""
    kinds: dict[str, str] = {}
    for slot in (slot for words in all_words for slot in words.slots):
        if kinds.setdefault(slot.name, slot.kind) != slot.kind:
            report.add(
                slot.place or place,
                f'"{name}" speaks "{slot.name}" as {kinds[slot.name]} and as {slot.kind}; choose one',
            )
    for words in all_words:
        if words.by is not None and kinds.setdefault(words.by, "number") not in ("number", "ordinal"):
            report.add(place, f'"{name}" counts by "{words.by}", which is {kinds[words.by]} and not a number')
    return kinds
