"""Splits words as staff write them, `Your total is {total:money}.`, into fixed texts and values.

A value is written with its kind; a name from catalogue.yaml without one, `{pharmacy}`, unless it is a telephone number
or a web address to be spelled: `{fax:phone}`. Plural forms are a mapping: `by`
names the value that is counted, and each plural category of the language has its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.errors import Place, Report, did_you_mean
from ivr.prompts import shapes
from ivr.prompts.catalogue import PROMPT_KINDS, Slot, SourceWords, Words
from ivr.prompts.spoken import clean, speak
from ivr.yaml_reader import Node

NAME = re.compile(shapes.NAME)

NAME_KINDS = ("phone", "spelled")
"""Kinds by which a name can be spoken: a telephone number is written in E.164 form, a web address as it is typed."""

_VALUE_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_STRAY_BRACE = re.compile(r"[{}]")
_NEXT_WORD = re.compile(r"\s+([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a catalogue gives, each with the words that are spoken for it."""

    place: Place
    """Where the names stand in catalogue.yaml."""
    spoken: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Name in the catalogue of any language -> file and line where it stands."""
    are_known: bool = True
    """False when the catalogue could not be read: then no name is reported as unknown."""


@dataclass(frozen=True, slots=True)
class WordsReader:
    """Reads words of one language, and adds their problems to a report."""

    language: str
    names: Names
    report: Report

    def read(self, node: Node, what: str) -> Words:
        """Return the words of a node; `what` names them in messages.

        Words with a problem are returned without text, so that they are not reported as missing as well.
        """
        if is_in_braces(node):
            self.report.add(node.place, 'words that begin with "{" need quotes around the whole text')
            return Words({"other": ()})
        if node.fields is not None:
            return self._plural(node, what)
        return Words({"other": self._parts(node, what)}, place=node.place, sources={"other": (source(node),)})

    def _plural(self, node: Node, what: str) -> Words:
        allowed, required = shapes.categories(self.language)
        fields = node.record(self.report, what, ("by", *required), [c for c in allowed if c not in required])
        by = fields["by"].text(self.report, f'"by" of {what}') if "by" in fields else None
        if by is not None and not NAME.fullmatch(by):
            self.report.add(fields["by"].place, f'"by" of {what} should name a value, found "{by}"')
            by = None
        written = {name: form for name, form in fields.items() if name != "by"}
        forms = {name: self._parts(form, f'"{name}" of {what}') for name, form in written.items()}
        sources = {name: (source(form),) for name, form in written.items()}
        return Words({"other": (), **forms}, by, node.place, {"other": (), **sources})

    def _parts(self, node: Node, what: str) -> tuple[str | Slot, ...]:
        """Return the parts of a text, split at its braces; parts with a problem are reported and left out."""
        text = node.words(self.report, what) or ""
        doubled = next((braces for braces in ("{{", "}}") if braces in text), "")
        if doubled:
            message = "doubled braces: nobody can speak a brace, and a value is written {name:kind}"
            self.report.add(node.within(doubled), message)
            return ()
        parts: list[str | Slot | None] = []
        end_of_last = 0
        for brace in _VALUE_IN_BRACES.finditer(text):
            parts.append(self._fixed_text(text, end_of_last, brace.start(), node))
            parts.append(self._value_or_name(brace, node))
            end_of_last = brace.end()
        parts.append(self._fixed_text(text, end_of_last, len(text), node))
        return _join_texts(part for part in parts if part)

    def _fixed_text(self, text: str, start: int, end: int, node: Node) -> str:
        stray_brace = _STRAY_BRACE.search(text, start, end)
        if stray_brace:
            place = node.within(stray_brace[0], text.count(stray_brace[0], 0, stray_brace.start()))
            self.report.add(place, "a brace that opens or closes nothing: a value is written {name:kind}")
        if clean(text[start:end]) != text[start:end]:
            self.report.add(node.place, "a control character in the words, which nobody can speak")
        return text[start:end]

    def _value_or_name(self, brace: re.Match[str], node: Node) -> str | Slot | None:
        inside, text = brace[1], brace.string
        name, colon, kind = inside.partition(":")
        number = text.count(brace[0], 0, brace.start())
        place, kind_place = (node.within(brace[0], number, offset) for offset in (1, len(name) + 2))
        if not NAME.fullmatch(name):
            self.report.add(
                place, f"{{{inside}}} is not a value: it is written {{name:kind}}, the name in small letters"
            )
        elif not colon:
            return self._name_words(name, place)
        elif kind not in PROMPT_KINDS:
            hint = did_you_mean(kind, PROMPT_KINDS) or f"; known are {', '.join(PROMPT_KINDS)}"
            self.report.add(kind_place, f'{{{inside}}} has the unknown kind "{kind}"{hint}')
        elif name in self.names.spoken or name in self.names.elsewhere:
            return self._name_words(name, place, kind)
        else:
            next_word = _NEXT_WORD.match(text, brace.end())
            return Slot(name, kind, next_word[1] if next_word else "", place)
        return None

    def _name_words(self, name: str, place: Place, kind: str = "") -> str | None:
        """Return the words of a name of the catalogue; one that is no words, such as a telephone number, has a kind.

        A name that only another language has is reported at the names of this catalogue, and so only once.
        """
        spoken, elsewhere = self.names.spoken, self.names.elsewhere
        if not self.names.are_known:
            return None
        if name in elsewhere and name not in spoken:
            lacking = f'"{name}", which {elsewhere[name]} has' if spoken else "all that the words speak of them"
            self.report.add(self.names.place, f"the catalogue's names lack {lacking}")
        elif name not in spoken:
            hint = did_you_mean(name, spoken) or f"; a value needs its kind, as in {{{name}:text}}"
            self.report.add(place, f"{{{name}}} is not one of the catalogue's names{hint}")
        elif kind:
            return self._name_by_kind(name, kind, place)
        return spoken.get(name)

    def _name_by_kind(self, name: str, kind: str, place: Place) -> str | None:
        if kind in NAME_KINDS:
            try:
                return speak(kind, self.names.spoken[name], self.language)
            except ValueError as error:
                self.report.add(place, f'the name "{name}" cannot be spoken as {kind}: {error}')
        else:
            message = f'"{name}" is one of the catalogue\'s names, so it is written {{{name}}} without a kind'
            self.report.add(place, f"{message}, or as {' or '.join(NAME_KINDS)}")
        return None


def source(node: Node) -> SourceWords:
    """Return the text of a node as it stands in its file."""
    return SourceWords(node.scalar or "", node.place, node.written)


def is_in_braces(node: Node) -> bool:
    """Tell whether words begin with a value but lack quotes: YAML reads `{name:kind} …` as a mapping without values."""
    return bool(node.fields) and all(value.scalar == "" for value in (node.fields or {}).values())


def _join_texts(parts: Iterable[str | Slot]) -> tuple[str | Slot, ...]:
    """Return parts with neighbouring texts joined into one, so that speaking has fewer parts to visit."""
    joined: list[str | Slot] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
