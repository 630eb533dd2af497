"""Takes medicine labels of pharmacy systems apart into names, strengths, release, form and so on.

A label is read as a whole or not at all: with one unknown word, or one number whose unit is unclear, `parts_of` returns
None. Names come from the medicines.yaml of a language, all other words from `label_words`.

A token is a word, a number or a mark of the label; a spelling is a tuple of tokens that has one meaning; a release says
how fast a medicine acts, as in "extended release".
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
"""Matches spellings of plain words only, as most names are: these need not be split into tokens."""
_MARKS = frozenset("-/.,'\u2019()")
"""Marks that may stand between the words of a spelling."""
_JOINERS = frozenset(["-", "/", "&", "+", "and", "with", "w", "plus"])
"""What joins names or amounts of a mixture."""
_SKIPPED = frozenset("()],.:;*®™'\u2019") | {"x"}
_SHORTEST_BEGINNING = 7
"""How many letters of a name whose end is cut off are enough, if no other name begins with them."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Name:
    """A medicine's name as labels write it, and as it is spoken.

    Brands are spoken with a capital letter, generic names without.
    """

    written: str
    spoken: str

    @property
    def is_brand(self) -> bool:
        """Whether this is a brand and no generic name."""
        return self.spoken[:1].isupper()


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of some unit ("" where the label has none), which may be per an amount of another: 400 mg per 5 ml."""

    number: str
    unit: str
    per: tuple[str, str] | None = None
    """Number and unit; the number is "1" where it is not written."""


Group = tuple[Amount, ...]
"""Amounts that belong together, one for each ingredient of a mixture."""


@dataclass(slots=True)
class LabelParts:
    """The parts of a label by what they are, each in the order of the label."""

    names: list[Name] = field(default_factory=list)
    ages: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    """Letters after a brand that are part of its name, such as XR."""
    devices: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    modifiers: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    implied: list[str] = field(default_factory=list)
    """Releases, and hours as in `12_hours`, that only follow from the code of a form."""
    hours: list[str] = field(default_factory=list)
    """For how many hours one dose lasts."""
    groups: list[list[Amount]] = field(default_factory=list)
    sizes: list[Amount] = field(default_factory=list)
    """How much is in the package."""
    concentrations: list[str] = field(default_factory=list)
    """Units of insulin in a milliliter, as in U-100."""


def tokens_of(text: str) -> tuple[str, ...]:
    """Return the words, numbers and marks of a text, in lower case."""
    return tuple(
        token[0].replace(",", "") if token[0][0].isdigit() else token[0] for token in _TOKEN.finditer(text.casefold())
    )


def key_of(text: str) -> tuple[str, ...]:
    """Return a spelling as `Spellings` look it up: its words and numbers, in lower case and without apostrophes."""
    if _PLAIN.fullmatch(text):
        return tuple(text.casefold().split())
    return tuple(
        _without_apostrophes(token)
        for token in tokens_of(text)
        if token[0].isalnum() or token[0] == "%" or (token[0] == "." and len(token) > 1)
    )


def plain_number(text: str) -> str:
    """Return a number without needless zeros: ".50" as "0.5", "5.0" as "5"."""
    whole, point, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{point if decimals else ''}{decimals}"


def _without_apostrophes(word: str) -> str:
    return word.replace("'", "").replace("\u2019", "")


def _is_word(token: str) -> bool:
    return token[:1].isalpha()


def _is_number(token: str) -> bool:
    return token[:1].isdigit() or (token[:1] == "." and len(token) > 1)


@dataclass(frozen=True, slots=True)
class Spellings(Generic[_T]):
    """Meanings of spellings, which are looked up by their first word.

    `by_first` maps the first word to all spellings that begin with it, each with its meaning.
    """

    by_first: Mapping[str, Sequence[tuple[tuple[str, ...], _T]]]

    @classmethod
    def of(cls, meanings: Iterable[tuple[tuple[str, ...], _T]]) -> Spellings[_T]:
        """Return a look-up for spellings, as `key_of` returns them, with their meanings."""
        by_first: dict[str, list[tuple[tuple[str, ...], _T]]] = {}
        for words, meaning in meanings:
            by_first.setdefault(words[0], []).append((words, meaning))
        return cls(by_first)

    def longest(self, tokens: Sequence[str], start: int) -> tuple[int, _T] | None:
        """Return the end and the meaning of the longest spelling that begins at `start`; None for none.

        Salts may be abbreviated.
        """
        longest: tuple[int, _T] | None = None
        first = _without_apostrophes(tokens[start])
        for words, meaning in (
            entry for word in {first, _salt_in_full(first)} for entry in self.by_first.get(word, ())
        ):
            end = _end_of(words, tokens, start)
            if end and (longest is None or end > longest[0]):
                longest = end, meaning
        return longest


def _salt_in_full(word: str) -> str:
    return written.SALTS.get(word, word)


def _end_of(words: tuple[str, ...], tokens: Sequence[str], start: int) -> int:
    """Return where a spelling ends that begins at `start`, 0 if it does not stand there.

    Marks between its words are skipped.
    """
    position = start
    for number, word in enumerate(words):
        while number and position < len(tokens) and tokens[position] in _MARKS:
            position += 1
        label_word = _without_apostrophes(tokens[position]) if position < len(tokens) else ""
        if label_word != word and _salt_in_full(label_word) != word:
            return 0
        position += 1
    return position


_WORDS = Spellings.of(
    (key_of(spelling), (kind, meaning)) for kind, table in written.WORDS.items() for spelling, meaning in table.items()
)
_UNITS = Spellings.of((key_of(spelling), unit) for spelling, unit in written.UNITS.items())


def parts_of(label: str, names: Spellings[Name]) -> LabelParts | None:
    """Return the parts of a label; None where any of it is not understood. `names` are those of one language."""
    reader = _LabelReader(tokens_of(label), names)
    while reader.at < len(reader.tokens):
        if not reader.take():
            return None
    return reader.parts


@dataclass(slots=True)
class _LabelReader:
    """Reads a label from its first token to its last; `at` is the position of the next token."""

    tokens: tuple[str, ...]
    names: Spellings[Name]
    parts: LabelParts = field(default_factory=LabelParts)
    at: int = 0
    joins_name: bool = True
    """Whether a joiner stands after the last name, or no name was read yet."""
    joins_amount: bool = False
    """Whether a joiner stands after the last amount."""
    name_ends: int = -1
    """Position after the last name and the salts behind it."""

    def take(self) -> bool:
        """Read what comes next; return whether it was understood."""
        current = self.tokens[self.at]
        if current == "[":
            return self._take_brackets()
        if current in _SKIPPED:
            return self._skip(1)
        if current in _JOINERS and not self._begins_known_word():
            self.joins_name = self.joins_amount = True
            return self._skip(1)
        if current == "#":
            return self._take_count()
        if _is_number(current):
            return self._take_amounts()
        return _is_word(current) and (self._take_letters() or self._take_salt() or self._take_word())

    def _skip(self, tokens: int) -> bool:
        self.at += tokens
        return True

    def _begins_known_word(self) -> bool:
        return _is_word(self.tokens[self.at]) and _WORDS.longest(self.tokens, self.at) is not None

    def _token(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def _take_brackets(self) -> bool:
        """Skip a brand in brackets, which RxNorm writes after the generic name."""
        brand = self.names.longest(self.tokens, self.at + 1) if self._token(1) else None
        if not self.parts.names or brand is None or self.tokens[brand[0] : brand[0] + 1] != ("]",):
            return False
        self.at = brand[0] + 1
        return True

    def _take_letters(self) -> bool:
        """Read letters right after a brand, which are part of its name."""
        if self.at != self.name_ends or not self.parts.names[-1].is_brand or self._token() not in written.BRAND_LETTERS:
            return False
        self.parts.letters.append(self._token().upper())
        self.name_ends = self.at + 1
        return self._skip(1)

    def _take_salt(self) -> bool:
        """Skip a salt right after a name, which tells callers nothing.

        Salts that do are part of the names themselves.
        """
        salt = written.SALTS.get(self._token()) if self.at == self.name_ends else None
        if salt is None or not self._is_needless_salt(self.parts.names[-1].written, salt):
            return False
        self.name_ends = self.at + 1
        return self._skip(1)

    def _is_needless_salt(self, name: str, salt: str) -> bool:
        """Tell whether a name means the same medicine with and without a salt, so that the salt can be left out."""
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
            return self._take_meaning(*word[1], end=word[0])
        if self._token() == "u":
            return self._take_concentration()
        cut_off = self._cut_off_name()
        return cut_off is not None and self._take_name(cut_off, self.at + 1)

    def _take_name(self, name: Name, end: int) -> bool:
        if not self.joins_name and self._token() not in written.ADDED:
            return False  # two names side by side: it is unclear whether both are meant
        self.parts.names.append(name)
        self.at = self.name_ends = end
        self.joins_name = False
        return True

    def _cut_off_name(self) -> Name | None:
        """Return the name that begins with the next token, which may be cut off; None where several names begin so."""
        word = self._token()
        if len(word) < _SHORTEST_BEGINNING:
            return None
        matching_names = [
            name for first, spellings in self.names.by_first.items() if first.startswith(word) for _, name in spellings
        ]
        return matching_names[0] if len({name.spoken for name in matching_names}) == 1 else None

    def _take_meaning(self, kind: str, meaning: str, end: int) -> bool:
        if kind == "forms":
            for word in meaning.split():
                self._take_form_word(word)
        elif kind != "ignored":
            getattr(self.parts, kind).append(meaning)
        self.at = end
        return True

    def _take_form_word(self, word: str) -> None:
        if word.startswith("~"):
            self.parts.implied.append(word[1:])
        elif word in written.MODIFIERS.values():
            self.parts.modifiers.append(word)
        elif word in written.ROUTES.values():
            self.parts.routes.append(word)
        else:
            self.parts.forms.append(word)

    def _take_concentration(self) -> bool:
        """Read U-100, which says how many units a milliliter has."""
        if self._token(1) != "-" or not self._token(2).isdigit():
            return False
        self.parts.concentrations.append(self._token(2))
        return self._skip(3)

    def _take_count(self) -> bool:
        """Read "#30", the number of tablets in a bottle; with codeine, "#3" is the strength."""
        if not self._token(1).isdigit():
            return False
        number = plain_number(self._token(1))
        if number in written.CODEINE_STRENGTHS and not self.parts.groups and self._has_codeine():
            self.parts.groups.append([Amount(number, "number")])
        else:
            self.parts.sizes.append(Amount(number, "pack"))
        self.joins_amount = False
        return self._skip(2)

    def _has_codeine(self) -> bool:
        return any(name.written == "codeine" for name in self.parts.names)

    def _take_amounts(self) -> bool:
        """Read a number, or several side by side, with their units and what they are per."""
        numbers = self._read_numbers()
        iron = self._read_iron()
        units = self._read_units(len(numbers))
        if not units and len(numbers) == 1:
            return False
        per = self._read_per() if units else None
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

    def _read_iron(self) -> str:
        """Read "(65 FE)" between a number and its unit, and return the number: so much of it is iron. "" for none."""
        if (
            self._token() == "("
            and _is_number(self._token(1))
            and self._token(2) in ("fe", "iron")
            and self._token(3) == ")"
        ):
            self.at += 4
            return plain_number(self._token(-3))
        return ""

    def _read_numbers(self) -> list[str]:
        """Read numbers side by side; where those of a salt and of its base are given, return the base's alone."""
        numbers = [plain_number(self._token())]
        self.at += 1
        while self._token() in ("-", "/") and _is_number(self._token(1)):
            numbers.append(plain_number(self._token(1)))
            self.at += 2
        if self._token() == "(" and _is_number(self._token(1)) and self._token(2) == "base" and self._token(3) == ")":
            numbers = [plain_number(self._token(1))]
            self.at += 4
        return numbers

    def _unit_at(self, ahead: int = 0) -> tuple[int, str] | None:
        """Return the end and the meaning of the unit that stands `ahead` tokens from here; None for none."""
        return _UNITS.longest(self.tokens, self.at + ahead) if self._token(ahead) else None

    def _read_units(self, count: int) -> list[str]:
        """Read the unit of each number; a unit that is written once holds for all."""
        units: list[str] = []
        unit = self._unit_at()
        if count == 1 and self._token() == "-" and (hyphened := self._unit_at(1)) and hyphened[1] in ("hour", "pack"):
            unit = hyphened  # 12-HOUR, 2-PAK
        while unit:
            units.append(unit[1])
            self.at = unit[0]
            follows = self._unit_at(1) if len(units) < count and self._token() in ("-", "/") else None
            unit = follows if follows and not (self._token() == "/" and follows[1] in written.PER) else None
        return units * count if len(units) == 1 else units

    def _read_per(self) -> tuple[str, str] | None:
        """Read what a strength is per, and return its number and unit: "/5 ML", "/HR".

        "/1" means each piece, and is skipped.
        """
        if self._token() not in ("/", "per"):
            return None
        number = self._token(1) if _is_number(self._token(1)) else ""
        unit = self._unit_at(2 if number else 1)
        if unit and unit[1] in written.PER:
            self.at = unit[0]
            return plain_number(number or "1"), unit[1]
        if number == "1" and not unit:
            self.at += 2
        return None
