"""Prompts: files of words made into catalogues, their mistakes, and what a caller hears."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest
from folders import read_folder
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import DefinitionError, Report
from ivr.prompts import Catalogues, Variant, load_prompts, phrase
from ivr.prompts.spoken import Values

EN = "language: en-US\nvoice: Polly.Joanna-Neural\nnames: {plan: Meadow Health, pharmacy: Meadow Mail, fax: '+18005550142'}\n"
ES = "language: es-US\nvoice: Polly.Lupe-Neural\nnames: {plan: Meadow Health, pharmacy: Meadow Mail, fax: '+18005550142'}\n"

ENGLISH = """\
hello: Welcome to {pharmacy}.
total:
  say: Your total is {total:money}.
  silence:
    - Please press one.
    - To pay {total:money}, press one.
  wrong: [That key does not pay.]
found:
  by: count
  one: I found {count:number} prescription.
  other: I found {count:number} prescriptions.
ending: The prescription ending {rx:digits}.
both: "{first:phrase} Then: {rest:phrase}"
fax: Fax it to {fax:phone}.
"""
SPANISH = """\
hello: Le damos la bienvenida a {pharmacy}.
total:
  say: Su total es de {total:money}.
  silence: [Oprima uno.]
  wrong: [Esa tecla no paga.]
found:
  by: count
  one: Encontré {count:number} receta.
  other: Encontré {count:number} recetas.
ending: La receta que termina en {rx:digits}.
both: "{first:phrase} Luego: {rest:phrase}"
fax: Envíelo por fax al {fax:phone}.
"""
FILES = {
    "en/catalogue.yaml": EN,
    "en/refill.yaml": ENGLISH,
    "es/catalogue.yaml": ES,
    "es/refill.yaml": SPANISH,
}


def load(files: Mapping[str, str]) -> Catalogues:
    report = Report()
    catalogues = load_prompts(files, report)
    report.raise_if_any()
    return catalogues


def problems(files: Mapping[str, str]) -> list[str]:
    report = Report()
    load_prompts(files, report)
    return [str(problem) for problem in sorted(report.problems)]


@pytest.fixture(scope="module")
def catalogues() -> Catalogues:
    return load(FILES)


@pytest.mark.parametrize(
    ("name", "values", "english", "spanish"),
    [
        pytest.param(
            "refill.hello", {}, "Welcome to Meadow Mail.", "Le damos la bienvenida a Meadow Mail.", id="a constant name"
        ),
        pytest.param(
            "refill.fax",
            {},
            "Fax it to eight zero zero, five five five, zero one four two.",
            "Envíelo por fax al ocho cero cero, cinco cinco cinco, cero uno cuatro dos.",
            id="a constant by its kind",
        ),
        pytest.param(
            "refill.total",
            {"total": 1250},
            "Your total is twelve dollars and fifty cents.",
            "Su total es de doce dólares con cincuenta centavos.",
            id="a value",
        ),
        pytest.param("refill.found", {"count": 1}, "I found one prescription.", "Encontré una receta.", id="one"),
        pytest.param(
            "refill.found",
            {"count": 21},
            "I found twenty-one prescriptions.",
            "Encontré veintiuna recetas.",
            id="several",
        ),
        pytest.param(
            "refill.found", {"count": "2"}, "I found two prescriptions.", "Encontré dos recetas.", id="a keyed count"
        ),
        pytest.param(
            "refill.found",
            {"count": 1_000_000},
            "I found one million prescriptions.",
            "Encontré un millón recetas.",
            id="a category that was not written",
        ),
        pytest.param(
            "refill.both",
            {
                "first": phrase("refill.hello"),
                "rest": (phrase("refill.ending", rx="552"), phrase("refill.found", count=1)),
            },
            "Welcome to Meadow Mail. Then: The prescription ending five five two. I found one prescription.",
            "Le damos la bienvenida a Meadow Mail. Luego: La receta que termina en cinco cinco dos. "
            "Encontré una receta.",
            id="prompts inside a prompt",
        ),
        pytest.param(
            "refill.both",
            {"first": [{"prompt": "refill.hello", "values": {}}], "rest": ()},
            "Welcome to Meadow Mail. Then:",
            "Le damos la bienvenida a Meadow Mail. Luego:",
            id="a phrase that was stored, and none",
        ),
    ],
)
def test_a_caller_hears_words_with_their_values(
    catalogues: Catalogues, name: str, values: Values, english: str, spanish: str
) -> None:
    heard = [catalogues.by_language[language].words(name, values) for language in ("en", "es")]
    assert heard == [english, spanish]


@pytest.mark.parametrize(
    ("variant", "tries", "heard"),
    [
        ("say", 1, "Your total is one dollar."),
        ("silence", 1, "Please press one."),
        ("silence", 2, "To pay one dollar, press one."),
        ("silence", 3, "To pay one dollar, press one."),
        ("wrong", 1, "That key does not pay."),
        ("wrong", 2, "That key does not pay."),
    ],
)
def test_words_grow_more_helpful_and_the_last_stay(
    catalogues: Catalogues, variant: Variant, tries: int, heard: str
) -> None:
    assert catalogues.by_language["en"].words("refill.total", {"total": 100}, variant, tries) == heard


def test_a_prompt_without_words_for_silence_says_itself(catalogues: Catalogues) -> None:
    assert catalogues.by_language["en"].words("refill.hello", {}, "silence", 2) == "Welcome to Meadow Mail."


def test_what_was_loaded_can_be_asked_for(catalogues: Catalogues) -> None:
    english = catalogues.by_language["en"]
    assert catalogues.languages == ("en", "es")
    assert (english.language, english.locale, english.voice) == ("en", "en-US", "Polly.Joanna-Neural")
    assert catalogues.names == {f"refill.{name}" for name in ("hello", "fax", "total", "found", "ending", "both")}
    total = catalogues.prompt("refill.total")
    assert total is not None
    assert (str(total.place), total.values) == ("prompts/en/refill.yaml:2:1", {"total": "money"})
    assert catalogues.prompt("refill.totl") is None


def test_spaces_are_single_however_the_words_are_broken() -> None:
    files = {"en/catalogue.yaml": EN, "en/a.yaml": "b: |\n  One\n    two {x:text}\n\n  three. \n"}
    assert (
        load(files).by_language["en"].words("a.b", {"x": " ZOLPIDEM \x07 10\tmg "}) == "One two ZOLPIDEM 10 mg three."
    )


@given(value=st.text())
def test_no_text_value_brings_control_characters_or_line_ends(value: str) -> None:
    files = {"en/catalogue.yaml": EN, "en/a.yaml": "b: Yes {x:text}."}
    heard = load(files).by_language["en"].words("a.b", {"x": value})
    assert not any(unicodedata.category(character) == "Cc" for character in heard)
    assert "  " not in heard


@pytest.mark.parametrize(
    ("name", "values", "error", "message"),
    [
        ("refill.totl", {}, KeyError, 'no prompt "refill.totl" in "en"'),
        ("refill.total", {}, KeyError, 'prompt "refill.total" needs the value "total"'),
        ("refill.found", {}, KeyError, 'prompt "refill.found" needs the value "count"'),
        ("refill.found", {"count": True}, ValueError, 'prompt "refill.found", value "count": expected a whole number'),
        ("refill.total", {"total": None}, ValueError, 'prompt "refill.total", value "total": money to speak: expected'),
        ("refill.both", {"first": "hello", "rest": ()}, ValueError, 'value "first": phrase to speak: expected'),
        ("refill.both", {"first": phrase("x.y"), "rest": ()}, KeyError, 'no prompt "x.y" in "en"'),
    ],
)
def test_a_mistake_in_code_names_the_prompt_and_the_value(
    catalogues: Catalogues, name: str, values: Values, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        catalogues.by_language["en"].words(name, values)
    assert message in str(raised.value.args[0])


def in_english(text: str, problem: str) -> tuple[dict[str, str], list[str]]:
    """Return files with one prompt file in English, and its one problem."""
    return {"en/catalogue.yaml": EN, "en/a.yaml": text}, [f"prompts/en/a.yaml:{problem}"]


def in_spanish(text: str, problem: str) -> tuple[dict[str, str], list[str]]:
    """Return files with a question in English, and the one problem of its Spanish version."""
    english = "\nb: {say: 'All {total:money}.', silence: ['Press one.'], wrong: ['Not that.']}"
    files = {"en/catalogue.yaml": EN, "en/a.yaml": english, "es/catalogue.yaml": ES, "es/a.yaml": text}
    return files, [f"prompts/es/a.yaml:{problem}"]


MISTAKES = {
    "an unknown kind": in_english(
        "b: Pay {total:mony}.", '1:15: {total:mony} has the unknown kind "mony" (did you mean "money"?)'
    ),
    "a kind like no other": in_english(
        "b: Pay {total:x}.",
        '1:15: {total:x} has the unknown kind "x"; known are text, digits, number, ordinal, money, date, full_date, '
        "time, time_zone, phone, spelled, address, medicine, phrase",
    ),
    "a misspelt constant": in_english(
        "b: Hello from {pharmcy}.",
        '1:16: {pharmcy} is not one of the catalogue\'s names (did you mean "pharmacy"?)',
    ),
    "a value without a kind": in_english(
        "b: Pay {total}.",
        "1:9: {total} is not one of the catalogue's names; a value needs its kind, as in {total:text}",
    ),
    "a constant with a kind": in_english(
        "b: Hello from {plan:text}.",
        '1:16: "plan" is one of the catalogue\'s names, so it is written {plan} without a kind, or as phone or spelled',
    ),
    "a constant that is no web address": in_english(
        "b: Look at {plan:spelled}.",
        '1:13: the name "plan" cannot be spoken as spelled: web address to speak: expected one such as '
        "meadowlark.example",
    ),
    "not a value": in_english(
        'b: "Pay {Total:money}."',
        "1:10: {Total:money} is not a value: it is written {name:kind}, the name in small letters",
    ),
    "an empty value": in_english(
        'b: "Pay {}."', "1:10: {} is not a value: it is written {name:kind}, the name in small letters"
    ),
    "literal braces": in_english(
        'b: "Pay {{now}}."', "1:9: doubled braces: nobody can speak a brace, and a value is written {name:kind}"
    ),
    "a brace left open": in_english(
        'b: "Pay {total:money."', "1:9: a brace that opens or closes nothing: a value is written {name:kind}"
    ),
    "a control character": in_english(
        'b: "Pay\\a now."', "1:4: a control character in the words, which nobody can speak"
    ),
    "two kinds of one value": in_english(
        "b: {say: 'Pay {total:money}.', wrong: ['Pay {total:number}.']}",
        '1:46: "a.b" speaks "total" as money and as number; choose one',
    ),
    "a count that is no number": in_english(
        "b: {by: total, one: 'One {total:money}.', other: 'Many {total:money}.'}",
        '1:1: "a.b" counts by "total", which is money and not a number',
    ),
    "a plural form too few": in_english("b: {by: n, other: '{n:number} orders'}", '1:4: "a.b" lacks "one"'),
    "a plural form the language has not": in_english(
        "b: {by: n, one: one order, few: some, other: '{n:number} orders'}", '1:28: "a.b" has no "few"'
    ),
    "a count that is no name": in_english(
        "b: {by: 2, one: one, other: more}", '1:9: "by" of "a.b" should name a value, found "2"'
    ),
    "a plural without a count": in_english("b: {say: {one: one, other: more}}", '1:10: "say" of "a.b" lacks "by"'),
    "an unknown field": in_english(
        "b: {say: Yes., silense: [No.]}", '1:16: "a.b" has no "silense" (did you mean "silence"?)'
    ),
    "nothing to say": in_english("b: {silence: [Yes.]}", '1:4: "a.b" lacks "say"'),
    "words that are a list": in_english("b: [Yes.]", '1:4: "a.b" should be text, found a list'),
    "words that are missing": in_english("b:", '1:3: "a.b" should be text, found nothing'),
    "silence that is no list": in_english(
        "b: {say: Yes., silence: No.}", '1:25: "silence" of "a.b" should be a list, found "No."'
    ),
    "silence that is empty": in_english(
        "b: {say: Yes., silence: []}",
        '1:25: "silence" of "a.b" is an empty list; give the words for the first time, then for later ones',
    ),
    "a name in capitals": in_english(
        "Bye: Yes.", '1:1: a prompt\'s name is in small letters, digits and underscores, found "Bye"'
    ),
    "a name twice": in_english("b: Yes.\nb: No.", '2:1: "b" stands here twice; the first is on line 1'),
    "a file that is a list": in_english("- Yes.", "1:1: a file of prompts should be a mapping, found a list"),
    "a file that is empty": in_english("", "1:1: the file is empty"),
    "a missing prompt": in_spanish("c: Bien.", '1:1: lacks "b", which prompts/en/a.yaml:2 has'),
    "a missing value": in_spanish(
        "b: {say: Todo., silence: [Uno.], wrong: [No.]}",
        '1:10: "a.b" lacks the value "total", which prompts/en/a.yaml:2 has',
    ),
    "another kind of value": in_spanish(
        "b: {say: '{total:number}', silence: [Uno.], wrong: [No.]}",
        '1:12: "a.b" has "total" as number, prompts/en/a.yaml:2 as money',
    ),
    "missing words for silence": in_spanish(
        "b: {say: '{total:money}', wrong: [No.]}",
        '1:1: "a.b" lacks words for silence, which prompts/en/a.yaml:2 has',
    ),
    "missing words for a wrong key": in_spanish(
        "b: {say: '{total:money}', silence: [Uno.]}",
        '1:1: "a.b" lacks words for a wrong key, which prompts/en/a.yaml:2 has',
    ),
}
MISTAKES["a missing prompt"][1].append('prompts/en/a.yaml:1:1: lacks "c", which prompts/es/a.yaml:1 has')
MISTAKES["a missing prompt"][1].sort()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_words_is_told_with_its_place(mistake: str) -> None:
    files, expected = MISTAKES[mistake]
    assert problems(files) == expected


@pytest.mark.parametrize(
    ("catalogue", "expected"),
    [
        pytest.param("voice: Polly.Joanna", ['1:1: a catalogue lacks "language"'], id="no language"),
        pytest.param("language: en-US", ['1:1: a catalogue lacks "voice"'], id="no voice"),
        pytest.param(
            "language: es-US\nvoice: V",
            ['1:11: "language" should be a code such as en-US, found "es-US"'],
            id="another language",
        ),
        pytest.param(
            "language: English\nvoice: V",
            ['1:11: "language" should be a code such as en-US, found "English"'],
            id="not a code",
        ),
        pytest.param(
            "language: en-US\nvoice: V\nnames: {plan: 'a {b} c'}",
            ['3:15: the name "plan" is spoken as it stands, so it has no braces'],
            id="a name with braces",
        ),
        pytest.param(
            "language: en-US\nvoice: V\nnames: {Plan: x}",
            ['3:9: a name is written in small letters and underscores, found "Plan"'],
            id="a name in capitals",
        ),
        pytest.param(
            "language: en-US\nvoice: V\nname: {plan: x}",
            ['3:1: a catalogue has no "name" (did you mean "names"?)'],
            id="an unknown field",
        ),
    ],
)
def test_a_mistake_in_a_catalogue_is_told_with_its_place(catalogue: str, expected: list[str]) -> None:
    files = {"en/catalogue.yaml": catalogue, "en/a.yaml": "b: Yes."}
    assert problems(files) == [f"prompts/en/catalogue.yaml:{problem}" for problem in expected]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {},
            ["prompts:1:1: no prompts here: catalogue.yaml is looked for in a folder per language"],
            id="no files",
        ),
        pytest.param(
            {"en/a.yaml": "b: Yes."},
            ["prompts/en/catalogue.yaml:1:1: missing; it says the language's code, voice and names"],
            id="no catalogue",
        ),
        pytest.param(
            {"en/catalogue.yaml": EN, "enn/a.yaml": "b: Yes."},
            [
                'prompts/enn/a.yaml:1:1: no language "enn" whose numbers and dates can be spoken (did you mean "en"?)',
            ],
            id="an unknown language",
        ),
        pytest.param(
            {"en/catalogue.yaml": EN, "en/a.yml": "b: Yes.", "en/sub/a.yaml": "b: Yes.", "A.yaml": ""},
            [
                f"prompts/{path}:1:1: a file of prompts is called <language>/<subject>.yaml, the subject in small "
                f"letters; {todo}"
                for path, todo in (
                    ("A.yaml", 'call it "a.yaml"'),
                    ("en/a.yml", "delete it, or move it elsewhere"),
                    ("en/sub/a.yaml", "delete it, or move it elsewhere"),
                )
            ],
            id="files in odd places",
        ),
    ],
)
def test_files_have_their_places(files: dict[str, str], expected: list[str]) -> None:
    assert problems(files) == expected


def test_all_problems_of_all_files_are_told_at_once_and_each_once() -> None:
    files = FILES | {
        "en/refill.yaml": ENGLISH.replace("money", "mony"),
        "es/refill.yaml": SPANISH.replace("digits", "number").replace("ending", "endin"),
        "es/order.yaml": "hello: '\n",
        "en/order.yaml": "hello: Hello.",
    }
    assert problems(files) == [
        'prompts/en/refill.yaml:3:29: {total:mony} has the unknown kind "mony" (did you mean "money"?)',
        'prompts/en/refill.yaml:6:21: {total:mony} has the unknown kind "mony" (did you mean "money"?)',
        'prompts/en/refill.yaml:12:1: lacks "endin", which prompts/es/refill.yaml:10 has; is it "ending" here?',
        "prompts/es/order.yaml:1:8: not readable as YAML: a quotation mark that is opened here is never closed",
    ]


def test_a_prompt_with_a_problem_still_counts_as_there() -> None:
    report = Report()
    catalogues = load_prompts({"en/catalogue.yaml": EN, "en/a.yaml": "b: {say: '{', silence: ['{x:y}', No.]}"}, report)
    prompt = catalogues.prompt("a.b")
    assert prompt is not None
    assert (len(report.problems), len(prompt.silence)) == (2, 2)


def test_a_plural_may_leave_out_what_only_millions_need() -> None:
    files = {"es/catalogue.yaml": ES, "es/a.yaml": "b: {by: n, one: una, many: millones, other: más}"}
    words = load(files).by_language["es"].words
    assert [words("a.b", {"n": count}) for count in (0, 1, 2, 1_000_000)] == ["más", "una", "más", "millones"]


def test_a_folder_is_read_by_relative_paths(tmp_path: Path) -> None:
    (tmp_path / "en" / "audio").mkdir(parents=True)
    (tmp_path / "en" / "catalogue.yaml").write_text(EN, encoding="utf-8")
    (tmp_path / "en" / "refill.yaml").write_text("\ufeff" + ENGLISH, encoding="utf-8")
    (tmp_path / "en" / "audio" / "hello.wav").write_bytes(b"RIFF")
    files = read_folder(tmp_path)
    assert files == {"en/catalogue.yaml": EN, "en/refill.yaml": ENGLISH}


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / "refill.yaml").write_bytes("hello: Adiós".encode("latin-1"))
    with pytest.raises(DefinitionError, match=r"refill\.yaml:1:11: the file is not UTF-8 text.*ó"):
        read_folder(tmp_path)
