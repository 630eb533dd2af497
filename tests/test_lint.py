"""Remarks on prompts that are right, but hard to listen to or to keep up: each kind of remark, and when there is none."""

from __future__ import annotations

import pytest

from ivr.errors import Report
from ivr.languages.english import english_grade, english_syllables
from ivr.languages.spanish import spanish_grade, spanish_syllables
from ivr.prompts import Catalogues, load_prompts
from ivr.prompts.lint import RULES, PromptUsage, lint


def catalogues(**languages: str) -> Catalogues:
    files = {}
    for language, text in languages.items():
        files[f"{language}/catalogue.yaml"] = f"language: {language}-US\nvoice: Joanna\n"
        files[f"{language}/a.yaml"] = text
    report = Report()
    loaded = load_prompts(files, report)
    report.raise_if_any()
    return loaded


def remarks(loaded: Catalogues, used: frozenset[str] | None = None, languages: str = "en es") -> list[str]:
    known = loaded.names if used is None else used
    found = lint(loaded, PromptUsage(known, frozenset(languages.split())))
    told = (one for one in found if one.rule != "folder")  # most of these words are in one language only
    return [f"{one.place.line}:{one.place.column} {one.rule}: {one.message}" for one in told]


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
    "long, but every sentence tells a fact": (
        'a: "Your order of {day:date} comes to {total:money}. It should be with you by {by:date}, by mail, as always. If it '
        'is not there by {then:date}, call us again."',
        [],
    ),
    "long after the last fact": (
        'a: "It is {total:money}. We will send it as soon as we can, by mail, to the address that we have on file for you. '
        'It will be with you in a week or so."',
        ["1:4 long: takes 12 seconds before there is anything to press; 8 are enough"],
    ),
    "facts of a question, and names of any length": (
        "a: {facts: We have got your order and will send it as soon as we can. It is sent by mail. You will get it in a "
        "week or so., say: 'To go on, press one.'}",
        [],
    ),
    "a number that can be keyed at once": (
        "a: To keep you safe, one more number. Key in the number of your card, or the month, day and year of your birth in "
        "eight digits, then press pound.",
        [],
    ),
    "names and a list are not hard": (
        "a: We take Visa, Mastercard, Discover and American Express, on the telephone, by mail and in Albuquerque.",
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
    "no accents are looked for in English": ("a: My numero is here.", []),
    "another language": ("a: Para su pedido, press one.", ['1:4 foreign: "para" is Spanish, not English']),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WORDS.values(), ids=WORDS)
def test_words_are_remarked_on(text: str, said: list[str]) -> None:
    assert remarks(catalogues(en=text)) == said


SPANISH = {
    "English left in it": ("a: Para su order, oprima uno. Thank you.", ['1:4 foreign: "you" is English, not Spanish']),
    "no accents": (
        "a: Marque el numero de su direccion, el número del dia.",
        [
            '1:4 accents: "dia" lacks its accent; write "día"',
            '1:4 accents: "direccion" lacks its accent; write "dirección"',
            '1:4 accents: "numero" lacks its accent; write "número"',
        ],
    ),
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


def test_a_prompt_nobody_uses_is_remarked_on_in_each_language() -> None:
    loaded = catalogues(en="menu: Hello.\nold: Goodbye.", es="menu: Hola.\nold: Adiós.")
    assert remarks(loaded, used=frozenset({"a.menu"})) == ['2:1 unused: nobody uses the prompt "a.old"'] * 2


def test_a_language_no_call_is_in_is_remarked_on() -> None:
    loaded = catalogues(en="menu: Hello.", es="menu: Hola.")
    assert remarks(loaded, languages="en") == ['1:1 language: no call is ever in the language "es"']


def test_a_language_without_a_folder_is_remarked_on() -> None:
    loaded = catalogues(en="menu: Hello.")
    found = [one for one in lint(loaded, PromptUsage(loaded.names, frozenset({"en"}))) if one.rule == "folder"]
    message = "Spanish has an entry in ivr/languages and no folder of prompts here"
    assert [(str(one.place), one.message) for one in found] == [("prompts/es/catalogue.yaml:1:1", message)]


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
    rules = {line.split(" ")[1].rstrip(":") for line in said}
    assert rules | {"unused", "language", "folder"} == set(RULES)
