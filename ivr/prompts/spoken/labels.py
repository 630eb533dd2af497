"""Medicine labels of pharmacy systems taken apart: name, strength, release and form.

A label is read as a whole or not at all: one word that is not known, or one number whose unit is not clear, and the
answer is None. Names come from a language's own file, all other words from `label_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ivr.prompts.spoken import label_words as written

_TOKEN = re.compile(
    r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+|[^\W\d_](?:[^\W_]|['\u2019](?=\w))*|[^\w\s]|_"
)
_PLAIN = re.compile("[A-Za-z]+(?: +[A-Za-z]+)*")
"""Words alone, as most names are: these need no taking apart."""
_MARKS = frozenset("-/.,'\u2019()")
"""What may stand within a spelling of several words."""
_JOINERS = frozenset(["-", "/", "&", "+", "and", "with", "w", "plus"])
_SKIPPED = frozenset("()],.:;*®™'\u2019") | {"x"}
_SHORTEST_BEGINNING = 7
"""Letters that are enough of a name whose end is cut off, where no other name begins so."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Name:
    """A medicine's name: as labels write it, and as it is spoken. What is spoken with a capital is a brand."""

    written: str
    spoken: str

    @property
    def is_brand(self) -> bool:
        """Tell a brand from a generic name."""
        return self.spoken[:1].isupper()


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of some unit ("" where the label has none), perhaps in so much of another: 400 mg per 5 ml."""

    number: str
    unit: str
    per: tuple[str, str] | None = None
    """Number and unit; the number is "1" where it is not written."""


Group = tuple[Amount, ...]
"""Amounts that belong together, one for each thing in a mixture."""


@dataclass(slots=True)
class LabelParts:
    """What stands on a label, in the order it stands there."""

    names: list[Name] = field(default_factory=list)
    ages: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    """Letters behind a brand, which are part of it."""
    devices: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    modifiers: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    implied: list[str] = field(default_factory=list)
    """Releases and hours that only the code of a form tells."""
    hours: list[str] = field(default_factory=list)
    groups: list[list[Amount]] = field(default_factory=list)
    sizes: list[Amount] = field(default_factory=list)
    concentrations: list[str] = field(default_factory=list)
    """Units in a milliliter, as in U-100."""


def tokens_of(text: str) -> tuple[str, ...]:
    """Return the words, numbers and marks of a text, in small letters."""
    return tuple(
        found[0].replace(",", "") if found[0][0].isdigit() else found[0] for found in _TOKEN.finditer(text.casefold())
    )


def key_of(text: str) -> tuple[str, ...]:
    """Return what a spelling is looked up by: its words and numbers."""
    if _PLAIN.fullmatch(text):
        return tuple(text.casefold().split())
    return tuple(_bare(sign) for sign in tokens_of(text) if sign[0].isalnum() or (sign[0] in ".%" and sign != "."))


def plain_number(text: str) -> str:
    """Return a number without zeros that say nothing: ".50" is 0.5, "5.0" is 5."""
    whole, point, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{point if decimals else ''}{decimals}"


def _bare(word: str) -> str:
    return word.replace("'", "").replace("\u2019", "")


def _is_word(sign: str) -> bool:
    return sign[:1].isalpha()


def _is_number(sign: str) -> bool:
    return sign[:1].isdigit() or (sign[:1] == "." and len(sign) > 1)


@dataclass(frozen=True, slots=True)
class Spellings(Generic[_T]):
    """What spellings of one or more words stand for, found where they begin."""

    by_first: Mapping[str, Sequence[tuple[tuple[str, ...], _T]]]

    @classmethod
    def of(cls, meanings: Iterable[tuple[tuple[str, ...], _T]]) -> Spellings[_T]:
        """Take spellings, as `key_of` gives them, with what each stands for."""
        by_first: dict[str, list[tuple[tuple[str, ...], _T]]] = {}
        for words, meaning in meanings:
            by_first.setdefault(words[0], []).append((words, meaning))
        return cls(by_first)

    def longest(self, tokens: Sequence[str], start: int) -> tuple[int, _T] | None:
        """Return where the longest spelling that begins here ends, and what it stands for; a salt may be written short."""
        found: tuple[int, _T] | None = None
        first = _bare(tokens[start])
        for words, meaning in (one for word in {first, _in_full(first)} for one in self.by_first.get(word, ())):
            end = _end_of(words, tokens, start)
            if end and (found is None or end > found[0]):
                found = end, meaning
        return found


def _in_full(word: str) -> str:
    return written.SALTS.get(word, word)


def _end_of(words: tuple[str, ...], tokens: Sequence[str], start: int) -> int:
    """Return where words end that begin here, 0 if they do not stand here; marks between them are passed over."""
    position = start
    for number, word in enumerate(words):
        while number and position < len(tokens) and tokens[position] in _MARKS:
            position += 1
        sign = _bare(tokens[position]) if position < len(tokens) else ""
        if sign != word and _in_full(sign) != word:
            return 0
        position += 1
    return position


_WORDS = Spellings.of(
    (key_of(spelling), (kind, meaning)) for kind, table in written.WORDS.items() for spelling, meaning in table.items()
)
_UNITS = Spellings.of((key_of(spelling), unit) for spelling, unit in written.UNITS.items())


def parts_of(label: str, names: Spellings[Name]) -> LabelParts | None:
    """Return what stands on a label; None where any of it is not known. `names` are those of one language."""
    reader = _Reader(tokens_of(label), names)
    while reader.at < len(reader.tokens):
        if not reader.take():
            return None
    return reader.parts


@dataclass(slots=True)
class _Reader:
    """Goes through a label from its first word to its last."""

    tokens: tuple[str, ...]
    names: Spellings[Name]
    parts: LabelParts = field(default_factory=LabelParts)
    at: int = 0
    joins_name: bool = True
    """A mark that joins stands since the last name."""
    joins_amount: bool = False
    """A mark that joins stands since the last amount."""
    name_ends: int = -1
    """Where the last name ends, with the salts behind it."""

    def take(self) -> bool:
        """Take what comes next; tell whether it was understood."""
        sign = self.tokens[self.at]
        if sign == "[":
            return self._take_brackets()
        if sign in _SKIPPED:
            return self._pass(1)
        if sign in _JOINERS and not self._is_word_with_marks():
            self.joins_name = self.joins_amount = True
            return self._pass(1)
        if sign == "#":
            return self._take_count()
        if _is_number(sign):
            return self._take_amounts()
        return _is_word(sign) and (self._take_letters() or self._take_salt() or self._take_word())

    def _pass(self, tokens: int) -> bool:
        self.at += tokens
        return True

    def _is_word_with_marks(self) -> bool:
        return _is_word(self.tokens[self.at]) and _WORDS.longest(self.tokens, self.at) is not None

    def _sign(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def _take_brackets(self) -> bool:
        """Pass over a brand that RxNorm puts behind the generic name."""
        brand = self.names.longest(self.tokens, self.at + 1) if self._sign(1) else None
        if not self.parts.names or brand is None or self.tokens[brand[0] : brand[0] + 1] != ("]",):
            return False
        self.at = brand[0] + 1
        return True

    def _take_letters(self) -> bool:
        """Take letters right behind a brand, which are part of it."""
        if self.at != self.name_ends or not self.parts.names[-1].is_brand or self._sign() not in written.BRAND_LETTERS:
            return False
        self.parts.letters.append(self._sign().upper())
        self.name_ends = self.at + 1
        return self._pass(1)

    def _take_salt(self) -> bool:
        """Pass over a salt right behind a name, which tells a caller nothing; the names hold those that do."""
        salt = written.SALTS.get(self._sign()) if self.at == self.name_ends else None
        if salt is None or not self._is_one_of_a_kind(self.parts.names[-1].written, salt):
            return False
        self.name_ends = self.at + 1
        return self._pass(1)

    def _is_one_of_a_kind(self, name: str, salt: str) -> bool:
        """Tell whether a salt that the names do not hold makes no other medicine of one that they do."""
        if name in written.MINERALS:
            return False
        words = tuple(name.split())
        kinds = [spelling for spelling, _ in self.names.by_first.get(words[0], ()) if spelling[:-1] == words]
        return salt not in written.DISTINGUISHING or not any(
            spelling[-1] in written.DISTINGUISHING for spelling in kinds
        )

    def _take_word(self) -> bool:
        name, word = self.names.longest(self.tokens, self.at), _WORDS.longest(self.tokens, self.at)
        if name and (word is None or name[0] >= word[0]):
            return self._take_name(name[1], name[0])
        if word:
            return self._take_sign(*word[1], end=word[0])
        if self._sign() == "u":
            return self._take_concentration()
        cut_off = self._cut_off()
        return cut_off is not None and self._take_name(cut_off, self.at + 1)

    def _take_name(self, name: Name, end: int) -> bool:
        if not self.joins_name and self._sign() not in written.ADDED:
            return False  # two names side by side: nothing says whether both are meant
        self.parts.names.append(name)
        self.at = self.name_ends = end
        self.joins_name = False
        return True

    def _cut_off(self) -> Name | None:
        """Return the name of which the end is cut off; None where several begin so."""
        word = self._sign()
        if len(word) < _SHORTEST_BEGINNING:
            return None
        begun = [
            name for first, spellings in self.names.by_first.items() if first.startswith(word) for _, name in spellings
        ]
        return begun[0] if len({name.spoken for name in begun}) == 1 else None

    def _take_sign(self, kind: str, meaning: str, end: int) -> bool:
        if kind == "forms":
            for sign in meaning.split():
                self._take_form_sign(sign)
        elif kind != "ignored":
            getattr(self.parts, kind).append(meaning)
        self.at = end
        return True

    def _take_form_sign(self, sign: str) -> None:
        if sign.startswith("~"):
            self.parts.implied.append(sign[1:])
        elif sign in written.MODIFIERS.values():
            self.parts.modifiers.append(sign)
        elif sign in written.ROUTES.values():
            self.parts.routes.append(sign)
        else:
            self.parts.forms.append(sign)

    def _take_concentration(self) -> bool:
        """Take U-100, which tells how many units a milliliter has."""
        if self._sign(1) != "-" or not self._sign(2).isdigit():
            return False
        self.parts.concentrations.append(self._sign(2))
        return self._pass(3)

    def _take_count(self) -> bool:
        """Take "#30", tablets in a bottle; of codeine, "#3" is the strength."""
        if not self._sign(1).isdigit():
            return False
        number = plain_number(self._sign(1))
        if number in written.CODEINE_STRENGTHS and not self.parts.groups and self._has_codeine():
            self.parts.groups.append([Amount(number, "number")])
        else:
            self.parts.sizes.append(Amount(number, "pack"))
        self.joins_amount = False
        return self._pass(2)

    def _has_codeine(self) -> bool:
        return any(name.written == "codeine" for name in self.parts.names)

    def _take_amounts(self) -> bool:
        """Take a number, or several side by side, with what they count."""
        numbers = self._numbers()
        iron = self._iron()
        units = self._units(len(numbers))
        if not units and len(numbers) == 1:
            return False
        per = self._per() if units else None
        units = units or [""] * len(numbers)
        if len(units) != len(numbers):
            return False
        amounts = [Amount(number, unit, per) for number, unit in zip(numbers, units, strict=True)]
        if len(amounts) == 1 and per is None and units[0] == "hour":
            self.parts.hours += numbers
        elif len(amounts) == 1 and per is None and units[0] in written.SIZES:
            self.parts.sizes += amounts
        elif self.parts.groups and self.joins_amount:
            self.parts.groups[-1] += amounts
        else:
            self.parts.groups.append(amounts)
        if iron:
            self.parts.groups.append([Amount(iron, "mg_iron")])
        self.joins_amount = False
        return True

    def _iron(self) -> str:
        """Take "(65 FE)" between a number and its unit: so much of it is iron."""
        if (
            self._sign() == "("
            and _is_number(self._sign(1))
            and self._sign(2) in ("fe", "iron")
            and self._sign(3) == ")"
        ):
            self.at += 4
            return plain_number(self._sign(-3))
        return ""

    def _numbers(self) -> list[str]:
        """Take numbers side by side; where a salt and its base are told, the base alone."""
        numbers = [plain_number(self._sign())]
        self.at += 1
        while self._sign() in ("-", "/") and _is_number(self._sign(1)):
            numbers.append(plain_number(self._sign(1)))
            self.at += 2
        if self._sign() == "(" and _is_number(self._sign(1)) and self._sign(2) == "base" and self._sign(3) == ")":
            numbers = [plain_number(self._sign(1))]
            self.at += 4
        return numbers

    def _unit(self, ahead: int = 0) -> tuple[int, str] | None:
        """Return where a unit ends that stands here, and which it is."""
        return _UNITS.longest(self.tokens, self.at + ahead) if self._sign(ahead) else None

    def _units(self, count: int) -> list[str]:
        """Take the unit of each number; one that is written once holds for all."""
        units: list[str] = []
        unit = self._unit()
        if count == 1 and self._sign() == "-" and (hyphened := self._unit(1)) and hyphened[1] in ("hour", "pack"):
            unit = hyphened  # 12-HOUR, 2-PAK
        while unit:
            units.append(unit[1])
            self.at = unit[0]
            follows = self._unit(1) if len(units) < count and self._sign() in ("-", "/") else None
            unit = follows if follows and not (self._sign() == "/" and follows[1] in written.PER) else None
        return units * count if len(units) == 1 else units

    def _per(self) -> tuple[str, str] | None:
        """Take what a strength is in: "/5 ML", "/HR"; "/1" is each one, and need not be told."""
        if self._sign() not in ("/", "per"):
            return None
        number = self._sign(1) if _is_number(self._sign(1)) else ""
        unit = self._unit(2 if number else 1)
        if unit and unit[1] in written.PER:
            self.at = unit[0]
            return plain_number(number or "1"), unit[1]
        if number == "1" and not unit:
            self.at += 2
        return None
