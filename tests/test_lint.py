"""Remarks on prompts that are right, but hard to listen to or to keep up: each kind of remark, and when there is none."""

from __future__ import annotations

import pytest

from ivr.errors import Report
from ivr.prompts import Catalogues, Prompt, load_prompts
from ivr.prompts.lint import RULES, Lint, Use, lint
from ivr.prompts.lint.speech import english_grade, english_syllables, spanish_grade, spanish_syllables
from ivr.wording import Value, Values

VALUES: dict[str, Value] = {
    "total": 1250, "count": 3, "number": "7304112", "zip": "94612", "options": (), "day": "2026-12-01", "who": "Lee",
    "code": 123,
}  # fmt: skip


def catalogues(**languages: str) -> Catalogues:
    files = {}
    for language, text in languages.items():
        files[f"{language}/catalogue.yaml"] = f"language: {language}-US\nvoice: Joanna\n"
        files[f"{language}/a.yaml"] = text
    report = Report()
    loaded = load_prompts(files, report)
    report.raise_if_any()
    return loaded


def examples(prompt: Prompt) -> Values:
    return {name: VALUES[name] for name in prompt.values}


def remarks(loaded: Catalogues, *uses: Use, used: frozenset[str] | None = None, languages: str = "en es") -> list[str]:
    known = loaded.names if used is None else used
    phrases = {"ways": frozenset({"a.way"})}
    found = lint(loaded, Lint(uses, known, frozenset(languages.split()), phrases, examples))
    return [f"{one.place.line}:{one.place.column} {one.rule}: {one.message}" for one in found]


WORDS = {
    "short and plain": ("a: Your order is placed.", []),
    "too long with nothing to press": (
        "a: We have got your order. We will send it as soon as we can. It is sent by mail. You will get it in a week or "
        "so.",
        ["1:4 long: takes 11 seconds before there is anything to press; 8 are enough"],
    ),
    "long, but with keys on the way": (
        "a: To hear all of your orders one by one, press one. To go back to the menu, press two. To hear how to have "
        "the order sent on a day that you choose, press three.",
        [],
    ),
    "too hard": (
        "a: Prescription authorization necessitates additional documentation immediately, notwithstanding expiration.",
        [
            "1:4 hard: is for grade 40; shorter sentences and words bring it to grade 6",
        ],
    ),
    "hard words, but too few to say": ("a: Expiration notwithstanding.", []),
    "figures": ("a: Press 1 in 24 hours.", [
        '1:4 figures: "1" is written in figures; write it as it is spoken',
        '1:4 figures: "24" is written in figures; write it as it is spoken',
    ]),
    "figures of a time": ("a: We open at 9:30.", ['1:4 figures: "9:30" is written in figures; write it as it is spoken']),
    "markup": (
        "a: 'Drugs & <more>.'",
        [
            '1:4 markup: "&" is a character that nobody speaks; write the word for it',
            '1:4 markup: "<" is a character that nobody speaks; write the word for it',
            '1:4 markup: ">" is a character that nobody speaks; write the word for it',
        ],
    ),
    "digits in a row": (
        "a: Call one eight hundred, two four five seven nine seven nine.",
        [
            '1:4 digits: "two four five seven nine seven nine" is hard to write along; put commas between groups of '
            "three or four"
        ],
    ),
    "digits in groups": ("a: Call two four five, seven nine seven nine.", []),
    "a number as a text": (
        'a: "Its number is {number:text}."',
        ["1:4 digits: {number:text} is not spoken in groups; write {number:digits}"],
    ),
    "a code as a number": (
        'a: "Your code is {code:number}."',
        ["1:4 digits: {code:number} is not spoken in groups; write {code:digits}"],
    ),
    "digits as digits": ('a: "In {zip:digits}, number {number:digits}."', []),
    "a key before its option": (
        "a: Press one for refills. To finish, press two.",
        ['1:4 key-first: says the key "one" before what it is for; say the key last'],
    ),
    "keys first after a slip": (
        "a: {say: 'For refills, press one.', wrong: [Press one for refills.]}",
        [],
    ),
    "one sentence two ways": (
        "a: To hear that again, press star.\nb: To hear that again, press star.\nc: To hear that, press star.\n"
        "d: To hear it again, please press star.",
        ['4:4 two-ways: "To hear it again, please press star." is worded "To hear that again, press star." elsewhere; '
         "say it in one way"],
    ),
    "plural forms are no second way": ("a: {by: count, one: One order is here., other: The one order is here.}", [
        '1:4 two-ways: "One order is here." is worded "The one order is here." elsewhere; say it in one way'
    ]),
    "another language": ("a: Para su pedido, press one.", ['1:4 foreign: "para" is Spanish, not English']),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WORDS.values(), ids=WORDS)
def test_words_are_remarked_on(text: str, said: list[str]) -> None:
    assert remarks(catalogues(en=text)) == said


SPANISH = {
    "English left in it": ("a: Para su order, oprima uno. Thank you.", ['1:4 foreign: "you" is English, not Spanish']),
    "a name that looks foreign": ("a: Gracias por llamar a Meadowlark Pharmacy.", []),
    "a key before its option": (
        "a: Oprima uno para resurtir.",
        ['1:4 key-first: says the key "uno" before what it is for; say the key last'],
    ),
    "too hard": (
        "a: La documentación complementaria requerida imposibilita temporalmente la tramitación administrativa solicitada.",
        ["1:4 hard: is for grade 16; shorter sentences and words bring it to grade 6"],
    ),
    "one sentence two ways": (
        "a: El pedido está listo hoy.\nb: Su pedido está listo hoy.",
        [
            '1:4 two-ways: "El pedido está listo hoy." is worded "Su pedido está listo hoy." elsewhere; say it in one way'
        ],
    ),
}


@pytest.mark.parametrize(("text", "said"), SPANISH.values(), ids=SPANISH)
def test_spanish_is_looked_at_as_spanish(text: str, said: list[str]) -> None:
    assert remarks(catalogues(es=text)) == said


def menu(keys: str, **more: bool) -> Use:
    return Use("main.menu", "a.menu", frozenset(keys.split()), frozenset({"star", "0"}), **more)


KEYS = {
    "what is taken is spoken": ("For refills, press one. To finish, nine.", menu("1 9"), []),
    "a key nobody takes": (
        "For refills, press one. To finish, press nine.",
        menu("1"),
        ['1:7 unknown-key: speaks of the key 9, which "main.menu" does not take'],
    ),
    "a key nobody speaks": (
        "For refills, press one.",
        menu("1 9"),
        ['1:1 unspoken-key: "main.menu" takes the key 9, which is never spoken'],
    ),
    "keys of every question": ("For refills, press one, or press star or zero.", menu("1"), []),
    "keys in a list": ("Please press one, two or nine.", menu("1 2 9"), []),
    "keys with what they are for": ("Press one if you like, two if not, or nine to finish.", menu("1 2 9"), [
        '1:7 key-first: says the key "one" before what it is for; say the key last'
    ]),
    "numbers that are no keys": ("It takes five days. In need, dial nine one one. Press one.", menu("1"), []),
    "a range of keys": ("Press a key from one to two.", menu("1 2"), []),
    "pound": ("To go on, press pound.", menu("pound"), []),
    "choices that are spoken": ('"{options:phrase} Or press nine."', menu("9", has_choices=True), []),
    "choices that are not": (
        "Choose, or press nine.",
        menu("9", has_choices=True),
        [
            '1:1 unspoken-key: "main.menu" offers choices, which are never spoken: write {options:phrase} where they '
            "belong"
        ],
    ),
    "a key in a phrase": ('"{ways:phrase}"', menu("4"), []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "use", "said"), KEYS.values(), ids=KEYS)
def test_keys_spoken_are_held_against_keys_taken(text: str, use: Use, said: list[str]) -> None:
    VALUES["ways"] = ()
    loaded = catalogues(en=f"menu: {text}\nway: For the fourth, press four.\n")
    assert remarks(loaded, use) == said


def test_keys_of_a_menu_in_every_language_are_spoken_in_one_of_them() -> None:
    loaded = catalogues(en="menu: For English, press one.", es="menu: Para español, oprima dos.")
    assert remarks(loaded, menu("1 2", every_language=True)) == []
    assert len(remarks(loaded, menu("1 2"))) == 2


def test_a_prompt_nobody_uses_is_remarked_on_in_each_language() -> None:
    loaded = catalogues(en="menu: Hello.\nold: Goodbye.", es="menu: Hola.\nold: Adiós.")
    assert remarks(loaded, used=frozenset({"a.menu"})) == ['2:1 unused: nobody uses the prompt "a.old"'] * 2


def test_a_language_no_call_is_in_is_remarked_on() -> None:
    loaded = catalogues(en="menu: Hello.", es="menu: Hola.")
    assert remarks(loaded, languages="en") == ['1:1 language: no call is ever in the language "es"']


@pytest.mark.parametrize(
    ("word", "count"),
    [("pharmacy", 3), ("one", 1), ("table", 2), ("placed", 1), ("wanted", 2), ("the", 1), ("agree", 2), ("by", 1)],
)
def test_english_syllables_are_counted(word: str, count: int) -> None:
    assert english_syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [("receta", 3), ("farmacia", 3), ("día", 2), ("oír", 2), ("siete", 2), ("que", 1), ("aeropuerto", 5), ("y", 1)],
)
def test_spanish_syllables_are_counted(word: str, count: int) -> None:
    assert spanish_syllables(word) == count


def test_plain_words_are_for_low_grades_and_long_ones_for_high() -> None:
    assert english_grade("Key in the number. Then press pound. We will call you.") < 2
    assert english_grade("Authorization of prescriptions necessitates documentation.") > 12
    assert spanish_grade("Marque el número. Luego oprima uno.") < 4
    assert spanish_grade("La tramitación administrativa requiere documentación complementaria.") > 8


def test_every_rule_is_remarked_on_in_a_test() -> None:
    said = [line for _, lines in [*WORDS.values(), *SPANISH.values()] for line in lines]
    said += [line for _, _, lines in KEYS.values() for line in lines]
    rules = {line.split(" ")[1].rstrip(":") for line in said}
    assert rules | {"unused", "language"} == set(RULES)
