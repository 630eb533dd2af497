"""Files of words made into catalogues; every problem of every file is noted, none ends the reading.

`<language>/catalogue.yaml` says what the language is, who speaks it and what plan and pharmacy are called; each other
`<language>/<subject>.yaml` holds prompts, whose full names are `<subject>.<name>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from babel import Locale, UnknownLocaleError

from ivr.errors import DefinitionError, Place, Problem, Report, did_you_mean
from ivr.prompts import shapes
from ivr.prompts.catalogue import Catalogue, Catalogues, Prompt, Source, Words
from ivr.prompts.comparison import compare_languages
from ivr.prompts.words import NAME, WordsReader, is_in_braces, source
from ivr.wording import LANGUAGES
from ivr.yaml_reader import Node, read

CATALOGUE = "catalogue"
_NONE: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """What `catalogue.yaml` says."""

    locale: str = ""
    voice: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the YAML files below a folder by their relative paths; DefinitionError for one that is not UTF-8."""
    texts, problems = {}, []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file()):
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            problems.append(Problem(Place(str(path)), "the file is not UTF-8 text; save it with that encoding"))
    if problems:
        raise DefinitionError(problems)
    return texts


def load_prompts(files: Mapping[str, str], report: Report, root: str = "prompts") -> Catalogues:
    """Return the catalogues of every language in `files`, noting all problems in `report`.

    What has a problem is there without words, so the result is only good when nothing was reported.
    """
    by_language = _by_language(files, report, root)
    if not by_language:
        report.add(Place(root), f"no prompts here: {CATALOGUE}.yaml is looked for in a folder per language")
    flawed: set[str] = set()
    catalogues = Catalogues(
        {language: _catalogue(language, texts, report, root, flawed) for language, texts in by_language.items()}
    )
    compare_languages(catalogues, flawed, report, root)
    return catalogues


def _by_language(files: Mapping[str, str], report: Report, root: str) -> dict[str, dict[str, str]]:
    """Sort files into language → subject → text."""
    sorted_files: dict[str, dict[str, str]] = {}
    for path in sorted(files):
        pure, place = PurePosixPath(path), Place(f"{root}/{path}")
        if len(pure.parts) != 2 or pure.suffix != ".yaml" or not NAME.fullmatch(pure.stem):
            report.add(place, "a file of prompts is called <language>/<subject>.yaml, the subject in small letters")
        elif pure.parts[0] not in LANGUAGES:
            known = did_you_mean(pure.parts[0], LANGUAGES) or f"; known are {', '.join(LANGUAGES)}"
            report.add(place, f'no language "{pure.parts[0]}" whose numbers and dates can be spoken{known}')
        else:
            sorted_files.setdefault(pure.parts[0], {})[pure.stem] = files[path]
    return sorted_files


def _catalogue(language: str, subjects: Mapping[str, str], report: Report, root: str, flawed: set[str]) -> Catalogue:
    """Return one language's prompts; names of prompts, and of whole subjects, that have problems go to `flawed`."""
    head = _head(language, subjects.get(CATALOGUE), report, root)
    reader = WordsReader(language, head.names, report)
    prompts: dict[str, Prompt] = {}
    for subject in sorted(subjects.keys() - {CATALOGUE}):
        node = read(f"{root}/{language}/{subject}.yaml", subjects[subject], report)
        if node is None or node.fields is None:
            flawed.add(subject)
        for name, words in (node.mapping(report, "a file of prompts") if node else {}).items():
            full_name, before = f"{subject}.{name}", len(report.problems)
            prompts[full_name] = _prompt(full_name, node.key_place(name) if node else words.place, words, reader)
            if len(report.problems) > before:
                flawed.add(full_name)
    return Catalogue(language, head.locale, head.voice, prompts, head.sources)


def _head(language: str, text: str | None, report: Report, root: str) -> _Head:
    file = f"{root}/{language}/{CATALOGUE}.yaml"
    if text is None:
        report.add(Place(file), "missing; it says the language's code, voice and names")
        return _Head()
    node = read(file, text, report)
    if node is None:
        return _Head()
    fields = node.shaped(report, "a catalogue", shapes.CATALOGUE)
    locale = fields["language"].text(report, '"language"') if "language" in fields else None
    if locale is not None and not _is_locale(locale, language):
        report.add(fields["language"].place, f'"language" should be a code such as {language}-US, found "{locale}"')
    voice = fields["voice"].text(report, '"voice"') if "voice" in fields else None
    names = fields["names"].mapping(report, '"names"') if "names" in fields else {}
    written = {**{name: node for name, node in fields.items() if name != "names"}, **names}
    sources = {name: source(node) for name, node in written.items() if node.scalar}
    return _Head(locale or "", voice or "", _names(names, fields.get("names"), report), sources)


def _is_locale(code: str, language: str) -> bool:
    try:
        return Locale.parse(code, sep="-").language == language
    except (UnknownLocaleError, ValueError):
        return False


def _names(fields: Mapping[str, Node], node: Node | None, report: Report) -> dict[str, str]:
    names = {}
    for name, value in fields.items():
        text = value.text(report, f'the name "{name}"')
        if node is not None and not NAME.fullmatch(name):
            report.add(node.key_place(name), f'a name is written in small letters and underscores, found "{name}"')
        elif text is not None and ("{" in text or "}" in text):
            report.add(value.place, f'the name "{name}" is spoken as it stands, so it has no braces')
        elif text is not None:
            names[name] = text
    return names


def _prompt(name: str, place: Place, node: Node, reader: WordsReader) -> Prompt:
    """Return a prompt: words alone, or words with those for silence and for a wrong key."""
    short = name.partition(".")[2]
    if not NAME.fullmatch(short):
        message = f'a prompt\'s name is in small letters, digits and underscores, found "{short}"'
        reader.report.add(place, message)
    if node.fields is None or "by" in node.fields or is_in_braces(node):
        say, silence, wrong = reader.read(node, f'"{name}"'), _NONE, _NONE
    else:
        fields = node.shaped(reader.report, f'"{name}"', shapes.QUESTION)
        say = reader.read(fields["say"], f'"say" of "{name}"') if "say" in fields else Words({"other": ()})
        silence = _tries(fields.get("silence"), f'"silence" of "{name}"', reader)
        wrong = _tries(fields.get("wrong"), f'"wrong" of "{name}"', reader)
        if "facts" in fields:
            facts = reader.read(fields["facts"], f'"facts" of "{name}"')
            say, *helps = (_after(facts, words, name, reader.report) for words in (say, *silence, *wrong))
            silence, wrong = tuple(helps[: len(silence)]), tuple(helps[len(silence) :])
    values = _values(name, place, (say, *silence, *wrong), reader.report)
    return Prompt(name, place, say, silence, wrong, values)


def _after(facts: Words, words: Words, name: str, report: Report) -> Words:
    """Put the facts before words, form by form."""
    if facts.by and words.by and facts.by != words.by and words.place:
        report.add(words.place, f'"{name}" counts by "{words.by}" here, and by "{facts.by}" in its facts; choose one')
    forms = {
        form: (*facts.forms.get(form, facts.forms["other"]), " ", *words.forms.get(form, words.forms["other"]))
        for form in {**facts.forms, **words.forms}
    }
    sources = {form: (*facts.source(form), *words.source(form)) for form in forms}
    return Words(forms, facts.by or words.by, words.place, sources)


def _tries(node: Node | None, what: str, reader: WordsReader) -> tuple[Words, ...]:
    """Return the words for one try after another."""
    if node is None:
        return ()
    if node.items == ():
        message = f"{what} is an empty list; give the words for the first time, then for later ones"
        reader.report.add(node.place, message)
    return tuple(reader.read(item, what) for item in node.sequence(reader.report, what))


def _values(name: str, place: Place, all_words: tuple[Words, ...], report: Report) -> dict[str, str]:
    """Return the kind of every value; one value has one kind all through a prompt."""
    kinds: dict[str, str] = {}
    for slot in (slot for words in all_words for slot in words.slots):
        if kinds.setdefault(slot.name, slot.kind) != slot.kind:
            report.add(place, f'"{name}" speaks "{slot.name}" as {kinds[slot.name]} and as {slot.kind}; choose one')
    for words in all_words:
        if words.by is not None and kinds.setdefault(words.by, "number") not in ("number", "ordinal"):
            report.add(place, f'"{name}" counts by "{words.by}", which is {kinds[words.by]} and not a number')
    return kinds
