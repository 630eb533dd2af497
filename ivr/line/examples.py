"""Example values for prompts, so that a prompt can be heard without a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from ivr.errors import IvrError, did_you_mean
from ivr.flow.checks.wordings import OPTIONS
from ivr.flow.definition import MOST_AT_ONCE, ActionSpec, Flow
from ivr.prompts import PHRASE, Catalogues, Prompt, Words, phrase
from ivr.prompts.catalogue import plural_category, written
from ivr.prompts.spoken import Value

_NAMED: Mapping[str, Value] = {
    "days": 30,
    "drug": "METFORMIN HCL 500 MG TAB",
    "ending": "552",
    "key": "1",
    "last4": "4242",
    "order_number": "12345674",
    "prescriber": "Doctor Luis Ortega",
    "tracking": "9 4 0 0 1 1 1 2",
}
_BY_KIND: Mapping[str, Value] = {
    "text": "for example",
    "medicine": "METFORMIN HCL 500 MG TAB",
    "digits": "7304112",
    "number": 2,
    "ordinal": 3,
    "money": 2450,
    "time": "08:30",
    "time_zone": "America/Los_Angeles",
    "phone": "+15105550123",
    "spelled": "meadowlark.example",
    "address": {
        "house_number": "1204",
        "street": "Fulton Street",
        "unit": "Apt 3",
        "city": "San Francisco",
        "state": "CA",
        "zip": "94117",
    },
}
_LONGEST_NAMED: Mapping[str, Value] = {
    **_NAMED,
    "days": 365,
    "drug": "HYDROCHLOROTHIAZIDE AND TRIAMTERENE 37.5 MG-25 MG EXTENDED RELEASE ORAL CAPSULES",
    "prescriber": "Doctor María de los Ángeles Fernández-Villanueva y Montalbán",
    "tracking": " ".join("9400111899223857523421"),
}
_LONGEST_BY_KIND: Mapping[str, Value] = {
    **_BY_KIND,
    "text": " ".join(["for example"] * 5),
    "digits": "7" * 22,
    "number": 999_999,
    "ordinal": 99,
    "money": 99_999_999,
    "address": {
        "house_number": "12345-6789 1/2",
        "street": "Northeast Martin Luther King Junior Memorial Boulevard Extension",
        "unit": "Apt 1234",
        "urbanization": "Urbanización Jardines de Country Club",
        "city": "Rancho Santa Margarita",
        "state": "NC",
        "zip": "92688",
    },
}
"""The longest values that are likely, made of real ones, so that a prompt gets about as long as it ever will."""
_DAYS_AHEAD = 9
_OPTIONS = 2
"""How many choices an example of a menu has."""
_DEEPEST = 5
"""How many phrases within phrases are made."""
_MOST_IN_A_LIST = 20
"""How many phrases the longest example of a list has, such as the prescriptions of one order."""
_COUNTS = (2, 1, *range(3, 101), 0, 1_000_000)
"""The numbers tried for each plural form, in this order."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Makes example values.

    `given` are values that somebody typed, name -> text; they are used at any depth of phrases within phrases. Others
    are made up by name or kind; dates are a few days after `today`.
    """

    catalogues: Catalogues
    flows: Mapping[str, Flow]
    actions: Mapping[str, ActionSpec]
    today: date
    given: Mapping[str, str]
    longest: bool = False
    """Make the longest values that are likely, instead of common ones."""

    def values(self, prompt: Prompt, depth: int = 0) -> dict[str, Value]:
        """Return the values that a prompt speaks, by name; raise IvrError if a given one does not fit its kind."""
        return {name: self._value(prompt, name, kind, depth) for name, kind in prompt.values.items()}

    def choices(self, option: Prompt) -> tuple[dict[str, Value], ...]:
        """Return the values of a menu's choices, as many as there may be; `option` is the prompt that speaks one."""
        return (self.values(option),) * MOST_AT_ONCE

    def counts(self, prompt: Prompt, language: str, words: Words | None = None) -> tuple[dict[str, Value], ...]:
        """Return one set of values for each plural form of `words`, which default to `prompt.say`.

        Words without plural forms, or whose number is given, get a single set.
        """
        words = words or prompt.say
        values, count_name = self.values(prompt), words.by
        if count_name is None or count_name in self.given:
            return (values,)
        values_by_form = {}
        for form in sorted(words.forms, key=lambda form: form == "other"):
            number = next((count for count in _COUNTS if plural_category(count, language) == form), None)
            if number is not None:
                values_by_form[form] = {**values, count_name: number}
        return tuple(values_by_form.values())

    def unused(self, prompt: Prompt) -> list[str]:
        """Return a problem for each given name that nothing in the prompt speaks."""
        spoken_names = set(self._names(prompt, 0))
        return [
            f'"{prompt.name}" speaks no "{name}"{did_you_mean(name, spoken_names)}'
            for name in self.given
            if name not in spoken_names
        ]

    def _value(self, prompt: Prompt, name: str, kind: str, depth: int) -> Value:
        if name in self.given:
            return self._given(name, kind, self.given[name], depth)
        if kind == PHRASE:
            return self._phrases(prompt, name, depth)
        if kind in ("date", "full_date"):
            return (self.today + timedelta(days=_DAYS_AHEAD)).isoformat()
        named, by_kind = (_LONGEST_NAMED, _LONGEST_BY_KIND) if self.longest else (_NAMED, _BY_KIND)
        return named.get(name, by_kind[kind])

    def _given(self, name: str, kind: str, text: str, depth: int) -> Value:
        if kind == PHRASE:
            return tuple(self._one(name, part.strip(), depth) for part in text.split("+"))
        try:
            return read_value(kind, text)
        except ValueError as error:
            raise IvrError(f"{name}={text}: {error}") from error

    def _phrases(self, prompt: Prompt, name: str, depth: int) -> Value:
        if name == OPTIONS and (option := self._option(prompt)):
            example = self._one(name, option, depth)
            return tuple(_keyed(example, key) for key in range(1, _OPTIONS + 1))
        candidates = self._candidates(name)
        if not candidates:
            return ()
        if self.longest:
            example = self._one(name, max(candidates, key=self._letters), depth)
            return example if depth else (example,) * _MOST_IN_A_LIST
        subject = prompt.name.partition(".")[0]
        return self._one(name, min(candidates, key=lambda candidate: not candidate.startswith(f"{subject}.")), depth)

    def _one(self, name: str, prompt_name: str, depth: int) -> Value:
        prompt = self.catalogues.prompt(prompt_name)
        if prompt is None:
            hint = did_you_mean(prompt_name, self.catalogues.names)
            raise IvrError(f'{name}: there is no prompt "{prompt_name}"{hint}')
        return phrase(prompt_name, **self.values(prompt, depth + 1)) if depth < _DEEPEST else ()

    def _letters(self, prompt_name: str) -> int:
        prompt = self.catalogues.prompt(prompt_name)
        return max((len(written(parts)) for parts in prompt.say.forms.values()), default=0) if prompt else 0

    def _candidates(self, name: str) -> list[str]:
        """Return the names of the prompts that a phrase value of this name may be, according to the actions."""
        return list(dict.fromkeys(prompt for spec in self.actions.values() for prompt in spec.phrases.get(name, ())))

    def _option(self, prompt: Prompt) -> str | None:
        """Return the prompt that the menu with this prompt speaks for each choice, or None if it lists no choices."""
        states = (state for flow in self.flows.values() for state in flow.states.values())
        return next((s.choices.option for s in states if s.choices and s.prompt == prompt.name), None)

    def _names(self, prompt: Prompt, depth: int) -> Iterator[str]:
        for name, kind in prompt.values.items():
            yield name
            options = self._option(prompt) if name == OPTIONS else None
            inner_names = [*self._candidates(name), *self.given.get(name, "").split("+"), options or ""]
            names = (inner_name.strip() for inner_name in inner_names if kind == PHRASE and depth < _DEEPEST)
            for phrase_prompt in map(self.catalogues.prompt, names):
                if phrase_prompt:
                    yield from self._names(phrase_prompt, depth + 1)


def _keyed(example: Value, key: int) -> Value:
    """Return an example of a menu's choice with its key, and with numbers that differ from the other choices'."""
    if not isinstance(example, Mapping) or not isinstance(values := example.get("values"), Mapping):
        return example
    numbers = {name: value * key for name, value in values.items() if isinstance(value, int)}
    return {**example, "values": {**values, **numbers, "key": str(key)}}


def read_value(kind: str, text: str) -> Value:
    """Return the value of a kind that a person typed; raise ValueError, which says how to write it."""
    match kind:
        case "number" | "ordinal":
            return _read_whole_number(text, "a whole number is written in figures, as in 3")
        case "money":
            dollars, _, cents = text.removeprefix("$").partition(".")
            if cents and (len(cents) != 2 or not cents.isdigit()):
                raise ValueError("an amount is written in dollars, as in 24.50")
            return _read_whole_number(dollars, "an amount is written in dollars, as in 24.50") * 100 + int(cents or 0)
        case "date" | "full_date":
            return _read_day(text)
        case "time":
            return _read_time(text)
        case "address":
            return _read_address(text)
        case _:
            return text


def _read_whole_number(text: str, expected: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(expected)
    return int(text)


def _read_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("a day is written as in 2026-12-01") from None


def _read_time(text: str) -> str:
    try:
        return time.fromisoformat(text).isoformat("minutes")
    except ValueError:
        raise ValueError("a time of day is written as in 08:30") from None


def _read_address(text: str) -> Value:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (4, 5):
        raise ValueError("an address is written as in 1204 Fulton Street, Apt 3, San Francisco, CA, 94117")
    house, _, street = parts[0].partition(" ")
    place = dict(zip(("city", "state", "zip"), parts[-3:], strict=True))
    return {"house_number": house, "street": street, "unit": parts[1] if len(parts) == 5 else "", **place}
