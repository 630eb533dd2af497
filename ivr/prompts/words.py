"""Words as staff write them, `Your total is {total:money}.`, made into parts.

A value is written with its kind; a name from the top of the catalogue, `{pharmacy}`, without. Plural forms are a
mapping: `by` names the value that is counted, and each category of the language's plural has its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.errors import Place, Report, did_you_mean
from ivr.prompts import shapes
from ivr.prompts.catalogue import PROMPT_KINDS, Slot, SourceWords, Words
from ivr.prompts.spoken import clean
from ivr.yaml_reader import Node

NAME = re.compile(shapes.NAME)

_BRACES = re.compile(r"\{([^{}]*)\}")
_STRAY_BRACE = re.compile(r"[{}]")
_NEXT_WORD = re.compile(r"\s+([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Names:
    """The constants that a catalogue gives."""

    place: Place
    spoken: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Those of another language, each with where it stands there."""
    are_known: bool = True
    """False: the catalogue could not be read, so that any may be there."""


@dataclass(frozen=True, slots=True)
class WordsReader:
    """Reads words of one language."""

    language: str
    names: Names
    report: Report

    def read(self, node: Node, what: str) -> Words:
        """Return words; those with a problem read as nothing to say, so that they do not count as missing too."""
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
        """Split a text at its braces; a piece that is wrong is left out."""
        text = node.words(self.report, what) or ""
        doubled = next((braces for braces in ("{{", "}}") if braces in text), "")
        if doubled:
            message = "doubled braces: nobody can speak a brace, and a value is written {name:kind}"
            self.report.add(node.within(doubled), message)
            return ()
        parts: list[str | Slot | None] = []
        end = 0
        for found in _BRACES.finditer(text):
            parts.append(self._plain(text, end, found.start(), node))
            parts.append(self._inside(found, node))
            end = found.end()
        parts.append(self._plain(text, end, len(text), node))
        return _joined(part for part in parts if part)

    def _plain(self, text: str, start: int, end: int, node: Node) -> str:
        stray = _STRAY_BRACE.search(text, start, end)
        if stray:
            place = node.within(stray[0], text.count(stray[0], 0, stray.start()))
            self.report.add(place, "a brace that opens or closes nothing: a value is written {name:kind}")
        if clean(text[start:end]) != text[start:end]:
            self.report.add(node.place, "a control character in the words, which nobody can speak")
        return text[start:end]

    def _inside(self, found: re.Match[str], node: Node) -> str | Slot | None:
        inside, text = found[1], found.string
        name, colon, kind = inside.partition(":")
        number = text.count(found[0], 0, found.start())
        place, of_kind = (node.within(found[0], number, offset) for offset in (1, len(name) + 2))
        if not NAME.fullmatch(name):
            self.report.add(
                place, f"{{{inside}}} is not a value: it is written {{name:kind}}, the name in small letters"
            )
        elif not colon:
            return self._name(name, place)
        elif name in self.names.spoken:
            self.report.add(
                place, f'"{name}" is one of the catalogue\'s names, so it is written {{{name}}} without a kind'
            )
        elif kind not in PROMPT_KINDS:
            known = did_you_mean(kind, PROMPT_KINDS) or f"; known are {', '.join(PROMPT_KINDS)}"
            self.report.add(of_kind, f'{{{inside}}} has the unknown kind "{kind}"{known}')
        else:
            follows = _NEXT_WORD.match(text, found.end())
            return Slot(name, kind, follows[1] if follows else "", place)
        return None

    def _name(self, name: str, place: Place) -> str | None:
        """Return a constant; one that only another language has is told where the catalogue lacks it, once."""
        spoken, elsewhere = self.names.spoken, self.names.elsewhere
        if not self.names.are_known:
            return None
        if name in elsewhere and name not in spoken:
            lacking = f'"{name}", which {elsewhere[name]} has' if spoken else "all that the words speak of them"
            self.report.add(self.names.place, f"the catalogue's names lack {lacking}")
        elif name not in spoken:
            hint = did_you_mean(name, spoken) or f"; a value needs its kind, as in {{{name}:text}}"
            self.report.add(place, f"{{{name}}} is not one of the catalogue's names{hint}")
        return spoken.get(name)


def source(node: Node) -> SourceWords:
    """Return a text as it was written."""
    return SourceWords(node.scalar or "", node.place, node.written)


def is_in_braces(node: Node) -> bool:
    """Tell whether words that begin with a value, and lack their quotes, have been read as a mapping of nothing."""
    return bool(node.fields) and all(value.scalar == "" for value in (node.fields or {}).values())


def _joined(parts: Iterable[str | Slot]) -> tuple[str | Slot, ...]:
    """Join texts that stand side by side, so that speaking has fewer parts to visit."""
    joined: list[str | Slot] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
