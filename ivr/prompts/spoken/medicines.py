"""Medicines as a pharmacist says them: "Losartan 100 milligram tablets", "Losartán, tabletas de 100 miligramos".

The pharmacy's label is what `labels` and `label_forms` make of it; the words, and their order, are the language's own, from its
`medicines.yaml`. A label that is not wholly understood is spoken as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from ivr import logs
from ivr.languages import Language
from ivr.prompts.spoken.label_forms import COUNTED, NAMELESS, MedicineLabel, understood
from ivr.prompts.spoken.labels import Group, Name, Spellings, parts_of

FIELDS = ("name", "modifiers", "form", "strength", "strength_of_one", "of_strength", "more")
"""What a phrase for a whole medicine may hold."""
PHRASES = ("counted", "other", "device", "without_form")
"""Tablets and what else is taken by the piece; all other forms; what is no medicine; labels that name no form."""
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")
_FIGURES = re.compile(r"(?<![\w.])(\d+)(?:\.(\d+))?(?!\w)(?:\s+([^\W\d_]+))?")
_MOST_KEPT = 10_000
_MOST_LOGGED = 1_000
_logged: set[tuple[str, str]] = set()
"""Labels that were not understood and are in the log, by language: each is told once."""


@dataclass(frozen=True, slots=True)
class MedicineUnit:
    """A unit's words for one and for more; they follow the number, or hold it as `{number}`."""

    one: str
    other: str

    def words(self, numbers: str, is_one: bool) -> str:
        """Return numbers with the unit."""
        words = self.one if is_one else self.other
        return words.replace("{number}", numbers) if "{number}" in words else f"{numbers} {words}"


@dataclass(frozen=True, slots=True)
class Medicines:
    """How one language speaks medicines: what its `medicines.yaml` says."""

    labels: Mapping[tuple[str, ...], str]
    """Whole labels, by their words in small letters."""
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
    """The word for "and" by the beginning of the name after it; `other` where no beginning fits."""
    before_amounts: Mapping[str, str]
    """What stands before an amount by its unit; `other` right behind a form alone."""
    phrases: Mapping[str, str]
    _kept: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def spoken(self, label: str, language: Language, code: str) -> str | None:
        """Return a medicine as a caller hears it, numbers in words; None when its label is not understood, which is logged."""
        if label not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            phrase = self.phrase(label, aloud=True)
            self._kept[label] = None if phrase is None else _in_words(phrase, language)
            if phrase is None:
                _log(label, code)
        return self._kept[label]

    @property
    def entries(self) -> dict[str, str]:
        """Return what is said for each whole label, name and word, to tell two files apart."""
        names = {" ".join(words): name.spoken for found in self.names.by_first.values() for words, name in found}
        labels = {" ".join(words): spoken for words, spoken in self.labels.items()}
        units = {unit: f"{words.one}, {words.other}" for unit, words in self.units.items()}
        words = {**self.forms, **self.modifiers, **self.releases, **self.ages, **self.phrases, **self.joins}
        return {**words, **units, **names, **labels}

    def phrase(self, label: str, *, aloud: bool = False) -> str | None:
        """Return a medicine with its numbers in figures; None when its label is not understood.

        With `aloud`, numbers that would be heard as one, 100 and 25, each have their unit.
        """
        whole = self.labels.get(words_of(label))
        if whole is not None:
            return whole
        parts = parts_of(label, self.names)
        read = parts and understood(parts)
        return self._whole(read, aloud) if read else None

    def _whole(self, label: MedicineLabel, aloud: bool) -> str:
        first, *others = label.strengths or ((),)
        more = [self._group(group, aloud) for group in (*others, *((size,) for size in label.sizes))]
        values = {
            "name": self._name(label),
            "modifiers": " ".join(self._modifiers(label)),
            "form": self.forms.get(label.form, ""),
            "strength": self._group(first, aloud),
            "strength_of_one": self._group(first, aloud, of_one=True),
            "of_strength": self._group(first, aloud, behind_form=True),
            "more": ", ".join(more),
        }
        kind = "counted" if label.form in COUNTED else "device" if label.form in NAMELESS else "other"
        words = _filled(self.phrases[kind if label.form else "without_form"], values)
        return words[:1].upper() + words[1:]

    def _name(self, label: MedicineLabel) -> str:
        names = [name.spoken for name in label.names]
        name = " ".join((self._listed(names), *filter(None, [label.behind_brand]))) if names else ""
        return self.ages[label.age].replace("{name}", name) if label.age else name

    def _modifiers(self, label: MedicineLabel) -> Iterable[str]:
        yield from (self.modifiers[modifier] for modifier in label.modifiers)
        if label.release:
            release = self.releases[label.release]
            fields = {"release": release, "hours": label.hours}
            yield _filled(self.release_with_hours, fields) if label.hours else release

    def _listed(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        last = words[-1].casefold()
        beginning = max((one for one in self.joins if last.startswith(one)), key=len, default="other")
        return f"{', '.join(words[:-1])} {self.joins[beginning]} {words[-1]}"

    def _group(self, group: Group, aloud: bool, *, of_one: bool = False, behind_form: bool = False) -> str:
        """Return amounts that belong together; those of one unit are said with it once."""
        if not group:
            return ""
        pers = {amount.per for amount in group}
        if len(pers - {None}) > 1:
            return self._listed_amounts([self._group((amount,), aloud) for amount in group])
        said: list[str] = []
        for unit, amounts in groupby(group, key=lambda amount: amount.unit):
            numbers = [amount.number for amount in amounts]
            if aloud and _sounds_like_one(numbers):
                said += [self._amount([number], unit, of_one) for number in numbers]
            else:
                said.append(self._amount(numbers, unit, of_one))
        words = self._listed_amounts(said) if group[0].unit or not aloud else ", ".join(said)
        before = self.before_amounts.get(group[0].unit, self.before_amounts.get("other", "") if behind_form else "")
        per = next((per for per in pers if per), None)
        return " ".join(filter(None, (before, words, self._per(*per) if per else "")))

    def _amount(self, numbers: Sequence[str], unit: str, of_one: bool) -> str:
        together = self._listed_amounts(numbers)
        if not unit:
            return together
        return self.units[unit].words(together, is_one=of_one or list(numbers) == ["1"])

    def _listed_amounts(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.joins['other']} {words[-1]}"

    def _per(self, number: str, unit: str) -> str:
        if number == "1":
            return self.per_one.replace("{unit}", self.units[unit].one)
        return self.per_other.replace("{amount}", self.units[unit].words(number, is_one=False))


def words_of(label: str) -> tuple[str, ...]:
    """Return what a whole label is found by: neither capitals nor spaces make a difference."""
    return tuple(label.casefold().split())


def _filled(phrase: str, values: Mapping[str, str]) -> str:
    """Return a phrase with its fields; what stands in brackets is left out where a field in it has nothing to say."""

    def optional(found: re.Match[str]) -> str:
        return found[1] if all(values[name] for name in _FIELD.findall(found[1])) else ""

    return _FIELD.sub(lambda found: values[found[1]], _OPTIONAL.sub(optional, phrase)).strip(" ,")


def _sounds_like_one(numbers: Sequence[str]) -> bool:
    """Tell whether some number and the next, said with "and" between, could be heard as one: 100 and 25, treinta y cuatro."""
    return any(
        first.isdigit() and float(second) < 10 ** (len(first) - len(first.rstrip("0")))
        for first, second in pairwise(numbers)
    )


def _in_words(phrase: str, language: Language) -> str:
    """Return a phrase with its figures as words; decimals are said one by one."""

    def spoken(found: re.Match[str]) -> str:
        whole, decimals, noun = found.groups()
        number = language.cardinal(int(whole))
        if decimals:
            number = " ".join((number, language.point, *(language.cardinal(int(digit)) for digit in decimals)))
        elif noun:
            number = language.agree(number, noun)
        return f"{number} {noun}" if noun else number

    return _FIGURES.sub(spoken, phrase)


def _log(label: str, language: str) -> None:
    """Note a label that is not understood, once for each process; without the call, by which it could be told whose it is."""
    if (language, label) not in _logged and len(_logged) < _MOST_LOGGED:
        _logged.add((language, label))
        Context().run(lambda: logs.get_logger().warning("medicine_not_understood", language=language, label=label))
