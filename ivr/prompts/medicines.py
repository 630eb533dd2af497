"""Reads `<language>/medicines.yaml`, which says how a language speaks the medicine labels of the pharmacy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ivr.errors import Place, Problem, Report, did_you_mean
from ivr.prompts import shapes
from ivr.prompts.catalogue import SourceWords
from ivr.prompts.medicine_checks import check_fields, check_spoken_for, check_units
from ivr.prompts.spoken import clean
from ivr.prompts.spoken.labels import Name, Spellings, key_of
from ivr.prompts.spoken.medicines import FIELDS, Medicines, MedicineUnit, words_of
from ivr.prompts.words import source
from ivr.yaml_reader import Node, Record, read

_BRACES = re.compile(r"\{([^{}]*)\}")

_SEPARATE_SECTIONS = ("labels", "names", "as_written")
"""Sections that `_MedicinesReader` reads with methods of their own."""

_SpelledName: TypeAlias = tuple[Node, str, list[str], str]
"""Node that a name stands in, how it is written there, its spellings, and what is said for it."""


@dataclass(frozen=True, slots=True)
class MedicinesFile:
    """The contents of one file and its problems."""

    medicines: Medicines | None
    """None when the file has any problem, or is missing."""
    words: tuple[SourceWords, ...] = ()
    """The texts that are spoken, of names only those that are not plain ASCII."""
    problems: tuple[Problem, ...] = ()


@lru_cache(maxsize=8)
def read_medicines(file: str, text: str, language: str = "") -> MedicinesFile:
    """Return what a file says, from its name and text, and its language's tag, by which its units are checked.

    Results are cached, for these files are long and seldom change.
    """
    report = Report()
    node = read(file, text, report)
    if node is None or node.fields is None:
        if node:
            node.mapping(report, "a file of medicines")
        return MedicinesFile(None, problems=tuple(report.problems))
    reader = _MedicinesReader(node, language, report)
    medicines = reader.read()
    return MedicinesFile(medicines, tuple(reader.words), tuple(report.problems))


class _MedicinesReader:
    """Reads the sections of one file and adds their problems to a report."""

    def __init__(self, node: Node, language: str, report: Report) -> None:
        self._node = node
        self._language = language
        self._report = report
        self.words: list[SourceWords] = []

    def read(self) -> Medicines | None:
        """Return what the file says; None when it has any problem. All problems are reported."""
        before = len(self._report.problems)
        sections = self._node.shaped(self._report, "a file of medicines", shapes.MEDICINES)
        sections_words = {
            name: self._section(name, node) for name, node in sections.items() if name not in _SEPARATE_SECTIONS
        }
        labels = self._labels(sections.get("labels"))
        names = self._names(sections.get("names"), sections.get("as_written"))
        if "and" in sections_words and "other" not in sections_words["and"]:
            self._report.add(self._node.key_place("and"), '"and" lacks "other", the word where no beginning fits')
        if len(self._report.problems) == before:
            check_units(sections["units"], self._language, self._report)
            check_fields("phrases", sections["phrases"], self._report)
            check_fields("per", sections["per"], self._report)
        if len(self._report.problems) > before:
            return None
        return Medicines(
            labels=labels,
            names=names,
            forms=sections_words["forms"],
            modifiers=sections_words["modifiers"],
            releases={name: words for name, words in sections_words["releases"].items() if name != "with_hours"},
            release_with_hours=sections_words["releases"]["with_hours"],
            ages=sections_words["ages"],
            units=self._units(sections["units"]),
            per_one=sections_words["per"]["one"],
            per_other=sections_words["per"]["other"],
            joins=sections_words["and"],
            before_amounts=sections_words.get("before_amounts", {}),
            phrases=sections_words["phrases"],
        )

    def _section(self, name: str, node: Node) -> dict[str, str]:
        """Return the words of a section by name; report names and {fields} that the section may not have."""
        shape = shapes.MEDICINES.fields[name].shape
        fields = (
            node.shaped(self._report, f'"{name}"', shape)
            if isinstance(shape, Record)
            else self._free_mapping(name, node)
        )
        if name == "units":
            return {}  # `_units` reads them: each has two forms
        allowed = {"phrases": FIELDS, "ages": ("name",), "per": ("unit", "amount")}.get(name, ())
        return {
            key: self._words(f"{name}.{key}", value, (*allowed, *(("release", "hours") if key == "with_hours" else ())))
            for key, value in fields.items()
        }

    def _free_mapping(self, name: str, node: Node) -> Mapping[str, Node]:
        return node.mapping(self._report, f'"{name}"')

    def _words(self, what: str, node: Node, fields: tuple[str, ...] = ()) -> str:
        """Return the words of a node; report braces that hold none of `fields`, and brackets that are not closed."""
        text = node.words(self._report, f'"{what}"') or ""
        for brace in _BRACES.finditer(text):
            if brace[1] not in fields:
                hint = did_you_mean(brace[1], fields) or (f"; known are {', '.join(fields)}" if fields else "")
                self._report.add(node.within(brace[0], offset=1), f'"{what}" has no {{{brace[1]}}}{hint}')
        rest = _BRACES.sub("", text)
        if stray_brace := next((mark for mark in "{}" if mark in rest), ""):
            self._report.add(node.within(stray_brace), "a brace that opens or closes nothing")
        if rest.count("[") != rest.count("]"):
            self._report.add(node.place, f'"{what}" has a bracket without its other half')
        if clean(text) != text:
            self._report.add(node.place, f'"{what}" holds a control character, which nobody can speak')
        if not text.isascii() or not what.startswith(("names.", "as_written")):
            self.words.append(source(node))
        return " ".join(text.split()) if not text.startswith(" ") else text

    def _units(self, node: Node) -> dict[str, MedicineUnit]:
        units = {}
        for name, forms in (node.fields or {}).items():
            fields = forms.shaped(self._report, f'"units.{name}"', shapes.MEDICINE_UNIT)
            words = {form: self._words(f"units.{name}.{form}", text, ("number",)) for form, text in fields.items()}
            units[name] = MedicineUnit(words.get("one", ""), words.get("other", ""))
        return units

    def _labels(self, node: Node | None) -> dict[tuple[str, ...], str]:
        labels: dict[tuple[str, ...], str] = {}
        places: dict[tuple[str, ...], Place] = {}
        for label, words in self._free_mapping("labels", node).items() if node else ():
            key, place = words_of(label), node.key_place(label) if node else Place("")
            if key in places:
                self._report.add(place, f'"{label}" stands here twice; the first is on line {places[key].line}')
            places.setdefault(key, place)
            labels[key] = self._words(f"labels.{label}", words)
            check_spoken_for(label, words, f"labels.{label}", self._report)
        return labels

    def _names(self, names: Node | None, as_written: Node | None) -> Spellings[Name]:
        """Return the names by their spellings; report a spelling that stands twice."""
        places: dict[tuple[str, ...], tuple[Node, str]] = {}
        spelled_names: list[tuple[tuple[str, ...], Name]] = []
        for node, written, spellings, spoken in (*self._names_in_mapping(names), *self._names_as_written(as_written)):
            keys = [key_of(spelling) for spelling in spellings]
            name = Name(" ".join(keys[0]), spoken)
            for key in keys:
                if not key:
                    message = "a name has no spelling before its colon, or between its commas"
                    self._report.add(_place_of_name(node, written), message)
                elif key in places:
                    first = _place_of_name(*places[key]).line
                    message = f'the name "{" ".join(key)}" stands here twice; the first is on line {first}'
                    self._report.add(_place_of_name(node, written), message)
                else:
                    places[key] = node, written
                    spelled_names.append((key, name))
        return Spellings.of(spelled_names)

    def _names_in_mapping(self, node: Node | None) -> Iterator[_SpelledName]:
        for key, words in self._free_mapping("names", node).items() if node else ():
            if node:
                check_spoken_for(key, words, f"names.{key}", self._report)
                yield node, key, [spelling.strip() for spelling in key.split(",")], self._words(f"names.{key}", words)

    def _names_as_written(self, node: Node | None) -> Iterator[_SpelledName]:
        """Yield the names of `as_written`, separated by commas, which are spoken as they are written."""
        if node:
            for name in self._words("as_written", node).split(","):
                yield node, name.strip(), [name], name.strip()


def _place_of_name(node: Node, written: str) -> Place:
    """Return where a name stands in the file: as the key of a mapping, or within a text."""
    return node.within(written) if node.fields is None else node.key_place(written)
