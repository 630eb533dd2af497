"""Speaks medicine labels as a pharmacist would: "Losartan 100 milligram tablets", "Losartán, tabletas de 100
miligramos".

`labels` and `label_forms` find out what a label means; the words and their order come from the medicines.yaml of a
language. A label that is not understood completely is spoken as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from ivr import logs
from ivr.languages import Language
from ivr.prompts.spoken.label_forms import COUNTED, NAMELESS, MedicineLabel, meaning_of
from ivr.prompts.spoken.labels import Group, Name, Spellings, parts_of

FIELDS = ("name", "modifiers", "form", "strength", "strength_of_one", "of_strength", "more")
"""Fields that a phrase for a whole medicine may have."""
PHRASES = ("counted", "other", "device", "without_form")
"""Keys of the phrases: tablets and other pieces; all other forms; devices such as needles; labels that name no form."""
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")
_FIGURES = re.compile(r"(?<![\w.])(\d+)(?:\.(\d+))?(?!\w)(?:\s+([^\W\d_]+))?")
_MOST_KEPT = 10_000
"""Labels for which `Medicines` keeps what is spoken, before it forgets them all."""
_MOST_LOGGED = 1_000
_logged_labels: set[tuple[str, str]] = set()
"""Language and label of those that were logged as not understood, so that each is logged once."""


@dataclass(frozen=True, slots=True)
class MedicineUnit:
    """The words of a unit for one and for more; they follow the number unless they contain it as `{number}`."""

    one: str
    other: str

    def words(self, numbers: str, is_one: bool) -> str:
        """Return numbers, in figures or words, with the unit."""
        words = self.one if is_one else self.other
        return words.replace("{number}", numbers) if "{number}" in words else f"{numbers} {words}"


@dataclass(frozen=True, slots=True)
class Medicines:
    """How one language speaks medicines: the contents of its medicines.yaml."""

    labels: Mapping[tuple[str, ...], str]
    """Whole label, as `words_of` returns it -> what is spoken for it."""
    names: Spellings[Name]
    forms: Mapping[str, str]
    modifiers: Mapping[str, str]
    releases: Mapping[str, str]
    release_with_hours: str
    ages: Mapping[str, str]
    units: Mapping[str, MedicineUnit]
    per_one: str
    per_other: str
    joins: Mapping[str, str]
    """Beginning of a name -> the word for "and" before it; `other` is for all other names."""
    before_amounts: Mapping[str, str]
    """Unit -> what stands before an amount of it; `other` is for other units, and only right after a form."""
    phrases: Mapping[str, str]
    _spoken_by_label: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def spoken(self, label: str, language: Language, code: str) -> str | None:
        """Return a medicine as a caller hears it, with numbers in words; None when its label is not understood.

        Such labels are logged. `code` is the language's tag, for the log.
        """
        if label not in self._spoken_by_label:
            if len(self._spoken_by_label) >= _MOST_KEPT:
                self._spoken_by_label.clear()
            phrase = self.phrase(label, aloud=True)
            self._spoken_by_label[label] = None if phrase is None else _figures_in_words(phrase, language)
            if phrase is None:
                _log_label(label, code)
        return self._spoken_by_label[label]

    @property
    def entries(self) -> dict[str, str]:
        """What is spoken for each whole label, name and word of the file, to compare two versions of it."""
        names = {
            " ".join(words): name.spoken for spellings in self.names.by_first.values() for words, name in spellings
        }
        labels = {" ".join(words): spoken for words, spoken in self.labels.items()}
        units = {unit: f"{words.one}, {words.other}" for unit, words in self.units.items()}
        words = {**self.forms, **self.modifiers, **self.releases, **self.ages, **self.phrases, **self.joins}
        return {**words, **units, **names, **labels}

    def phrase(self, label: str, *, aloud: bool = False) -> str | None:
        """Return a medicine with its numbers in figures; None when its label is not understood.

        With `aloud`, numbers that would sound like a single one, such as 100 and 25, each get their unit.
        """
        whole_label = self.labels.get(words_of(label))
        if whole_label is not None:
            return whole_label
        parts = parts_of(label, self.names)
        meaning = parts and meaning_of(parts)
        return self._speak_whole(meaning, aloud) if meaning else None

    def _speak_whole(self, label: MedicineLabel, aloud: bool) -> str:
        first, *others = label.strengths or ((),)
        more = [self._speak_group(group, aloud) for group in (*others, *((size,) for size in label.sizes))]
        values = {
            "name": self._speak_name(label),
            "modifiers": " ".join(self._speak_modifiers(label)),
            "form": self.forms.get(label.form, ""),
            "strength": self._speak_group(first, aloud),
            "strength_of_one": self._speak_group(first, aloud, of_one=True),
            "of_strength": self._speak_group(first, aloud, behind_form=True),
            "more": ", ".join(more),
        }
        kind = "counted" if label.form in COUNTED else "device" if label.form in NAMELESS else "other"
        words = _fill_in(self.phrases[kind if label.form else "without_form"], values)
        return words[:1].upper() + words[1:]

    def _speak_name(self, label: MedicineLabel) -> str:
        names = [name.spoken for name in label.names]
        name = " ".join((self._listed(names), *filter(None, [label.behind_brand]))) if names else ""
        return self.ages[label.age].replace("{name}", name) if label.age else name

    def _speak_modifiers(self, label: MedicineLabel) -> Iterable[str]:
        yield from (self.modifiers[modifier] for modifier in label.modifiers)
        if label.release:
            release = self.releases[label.release]
            fields = {"release": release, "hours": label.hours}
            yield _fill_in(self.release_with_hours, fields) if label.hours else release

    def _listed(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        last = words[-1].casefold()
        beginning = max((start for start in self.joins if last.startswith(start)), key=len, default="other")
        return f"{', '.join(words[:-1])} {self.joins[beginning]} {words[-1]}"

    def _speak_group(self, group: Group, aloud: bool, *, of_one: bool = False, behind_form: bool = False) -> str:
        """Return amounts that belong together; a unit is spoken once for all amounts of it that follow each other."""
        if not group:
            return ""
        pers = {amount.per for amount in group}
        if len(pers - {None}) > 1:
            return self._listed_amounts([self._speak_group((amount,), aloud) for amount in group])
        spoken_amounts: list[str] = []
        for unit, amounts in groupby(group, key=lambda amount: amount.unit):
            numbers = [amount.number for amount in amounts]
            if aloud and _sound_like_one_number(numbers):
                spoken_amounts += [self._speak_amount([number], unit, of_one) for number in numbers]
            else:
                spoken_amounts.append(self._speak_amount(numbers, unit, of_one))
        words = self._listed_amounts(spoken_amounts) if group[0].unit or not aloud else ", ".join(spoken_amounts)
        before = self.before_amounts.get(group[0].unit, self.before_amounts.get("other", "") if behind_form else "")
        per = next((per for per in pers if per), None)
        return " ".join(filter(None, (before, words, self._speak_per(*per) if per else "")))

    def _speak_amount(self, numbers: Sequence[str], unit: str, of_one: bool) -> str:
        together = self._listed_amounts(numbers)
        if not unit:
            return together
        return self.units[unit].words(together, is_one=of_one or list(numbers) == ["1"])

    def _listed_amounts(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.joins['other']} {words[-1]}"

    def _speak_per(self, number: str, unit: str) -> str:
        if number == "1":
            return self.per_one.replace("{unit}", self.units[unit].one)
        return self.per_other.replace("{amount}", self.units[unit].words(number, is_one=False))


def words_of(label: str) -> tuple[str, ...]:
    """Return the words of a whole label, for looking it up whatever its capitals and spaces."""
    return tuple(label.casefold().split())


def _fill_in(phrase: str, values: Mapping[str, str]) -> str:
    """Return a phrase with its fields filled in; a part in brackets is left out where any of its fields is empty."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(values[name] for name in _FIELD.findall(match[1])) else ""

    return _FIELD.sub(lambda match: values[match[1]], _OPTIONAL.sub(optional, phrase)).strip(" ,")


def _sound_like_one_number(numbers: Sequence[str]) -> bool:
    """Tell whether a number and the next, spoken with "and" between, could sound like one.

    Examples are 100 and 25 in English, and "treinta y cuatro".
    """
    return any(
        first.isdigit() and float(second) < 10 ** (len(first) - len(first.rstrip("0")))
        for first, second in pairwise(numbers)
    )


def _figures_in_words(phrase: str, language: Language) -> str:
    """Return a phrase with its figures in words; decimals are spoken digit by digit."""

    def spoken(match: re.Match[str]) -> str:
        whole, decimals, noun = match.groups()
        number = language.cardinal(int(whole))
        if decimals:
            number = " ".join((number, language.point, *(language.cardinal(int(digit)) for digit in decimals)))
        elif noun:
            number = language.agree(number, noun)
        millions = not decimals and int(whole) and int(whole) % 1_000_000 == 0
        return f"{number}{language.millions_of if millions else ' '}{noun}" if noun else number

    return _FIGURES.sub(spoken, phrase)


def _log_label(label: str, language: str) -> None:
    """Log a label that is not understood, once per process.

    The log's context is left out: with the call's identifier one could tell whose medicine it is.
    """
    if (language, label) not in _logged_labels and len(_logged_labels) < _MOST_LOGGED:
        _logged_labels.add((language, label))
        Context().run(lambda: logs.get_logger().warning("medicine_not_understood", language=language, label=label))
