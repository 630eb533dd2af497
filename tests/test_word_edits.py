"""Edits of words that staff might make: which are taken, and what is said, and where, of the others.

These are tests of words. What is edited are the words in `tests/words`, each put in the place of the prompt of that name, so
that a prompt of the line can be reworded at will. In what takes the place of other words, `@` marks where a problem must be told; the mark is no part of the edit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from demo_line import PROJECT
from folders import read_folder
from hearing import entry

from ivr.errors import Report
from ivr.flow import build_flows
from ivr.flow.checks.answers import check_answers
from ivr.flow.checks.prompts import check_prompts
from ivr.line.actions import SPECS
from ivr.line.word_checks import check_words
from ivr.prompts import load_prompts

Change = tuple[str, str, str]
"""File, what gives way, and what takes its place."""

REAL = {f"{root}/{name}": text for root in ("flows", "prompts") for name, text in read_folder(PROJECT / root).items()}
WORDS = {f"prompts/{name}": text for name, text in read_folder(PROJECT / "tests" / "words").items()}
MARK = "@"


def with_words(file: str, text: str) -> str:
    """Return a file of the line with our words in the place of its own."""
    ours = WORDS.get(file, "")
    for name in re.findall(r"^\w+", ours, re.MULTILINE):
        text = text.replace(entry(text, name), entry(ours, name), 1)
    return text


FILES = {file: with_words(file, text) for file, text in REAL.items()}


def made(*changes: Change) -> tuple[dict[str, str], list[str]]:
    """Return the files after an edit, and the marked places in order."""
    files = dict(FILES)
    for file, old, new in changes:
        assert old in files[file], f"{file} has no {old!r}"
        files[file] = files[file].replace(old, new, 1)
    places = []
    for file in sorted(files):
        while MARK in files[file]:
            before, _, after = files[file].partition(MARK)
            places.append(f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}")
            files[file] = before + after
    return files, places


def problems(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return place and message of each problem with words, as publishing looks for them."""
    flow_files, prompt_files = (
        {name.removeprefix(f"{root}/"): text for name, text in files.items() if name.startswith(f"{root}/")}
        for root in ("flows", "prompts")
    )
    report = Report()
    catalogues = load_prompts(prompt_files, report)
    flows = build_flows(flow_files, catalogues, report)
    if flows:  # what is proved of all calls takes time, and is not about words
        check_answers(flows, SPECS, report)
        check_prompts(flows, catalogues, SPECS, report)
    check_words(flows, flow_files, catalogues, SPECS, report)
    return [(str(problem.place), problem.message) for problem in sorted(set(report.problems))]


EN, ES = "prompts/en/main.yaml", "prompts/es/main.yaml"
REFILL, RESURTIR = "prompts/en/refill.yaml", "prompts/es/refill.yaml"
CARD, TARJETA = "prompts/en/card.yaml", "prompts/es/card.yaml"
TO_REFILL = "To refill prescriptions, press one."
TO_ASK = "To ask about an order, press two."
PAY = "  say: To pay it now, press one. To cancel it, press three."
PAGAR = "  say: Para pagarlo ahora, oprima uno. Para cancelarlo, oprima tres."
ANOTHER = "  say: For another number, press one."
PARA_RESURTIR = "Para resurtir sus recetas, oprima uno."
ORDER = "  say: To order, press seven. To change it, press nine."
GOODBYE = "goodbye: Thank you for calling {pharmacy}. Goodbye."

GOOD: dict[str, tuple[Change, ...]] = {
    "nothing": (),
    "more words": ((EN, TO_REFILL, "To refill any of your prescriptions, please press the one key."),),
    "other words": ((EN, TO_ASK, "Would you like to ask about an order? Then press two."),),
    "push": ((EN, TO_REFILL, "If you want a refill, just push one."),),
    "the number one": ((EN, TO_REFILL, "To refill prescriptions, press the number one now."),),
    "option one": ((REFILL, ANOTHER, "  say: For another number, choose option one."),),
    "figures": ((EN, TO_REFILL, "To refill prescriptions, press 1."),),
    "the key first": ((EN, TO_REFILL, "Press one to refill prescriptions."),),
    "two keys in a sentence": ((CARD, PAY, "  say: To pay it now, press one, or to cancel it, press three."),),
    "keys first, in short": ((CARD, PAY, "  say: Press one to pay it now, three to cancel it."),),
    "a semicolon": ((CARD, PAY, "  say: To pay it now, press one; to cancel it, press three."),),
    "without commas": ((CARD, PAY, "  say: To pay it now press one. To cancel it press three."),),
    "by pressing": ((CARD, PAY, "  say: You can pay it now by pressing one. To cancel it, press the three key."),),
    "words after the key": (
        ("prompts/en/checkout.yaml", "say: If that is right, press one. For another address, press two.", "say: If that is right, just press one. To send it elsewhere, press two instead."),
    ),
    "another language named in passing": ((EN, "to order, press five.", "to order, press five. Se habla español."),),
    "a dash": ((REFILL, ANOTHER, "  say: For another number \N{EN DASH} press one."),),
    "one as a number": ((REFILL, ANOTHER, "  say: You may add up to five. To add one more, press one."),),
    "an emergency": ((EN, TO_REFILL, f"In an emergency, hang up and dial nine one one. {TO_REFILL}"),),
    "a confirming key": (("prompts/en/checkout.yaml", ORDER, "  say: To place this order, press seven. To change something, press nine."),),
    "presione la tecla": ((ES, PARA_RESURTIR, "Si quiere resurtir sus recetas, presione la tecla uno."),),
    "marque": ((ES, PARA_RESURTIR, "Para resurtir sus recetas, marque uno."),),
    "pulse": ((TARJETA, PAGAR, "  say: Si quiere pagarlo ahora, pulse uno; si quiere cancelarlo, pulse tres."),),
    "la tecla primero": ((TARJETA, PAGAR, "  say: Oprima uno para pagarlo ahora o tres para cancelarlo."),),
    "the pound key": ((REFILL, "number, then press pound.", "number, and finish with the pound key."),),
    "another name for pound": ((RESURTIR, "luego oprima la tecla numeral.", "termine con la tecla gato."),),
    "a curly apostrophe, dots": (("prompts/en/person.yaml", "Let's", "Let\N{RIGHT SINGLE QUOTATION MARK}s…"),),
    "accented letters": (("prompts/es/person.yaml", "Un momento.", "Un momento, señor o señora. ¡Gracias!"),),
    "another voice": (("prompts/es/catalogue.yaml", "Polly.Lupe-Neural", "Google.es-US-Chirp3-HD-Kore"),),
    "a voice of no maker": (("prompts/es/catalogue.yaml", "Polly.Lupe-Neural", "woman"),),
    "a number that calls begin in Spanish": (("flows/line.yaml", "default: en", "default: en\n  '+18005550100': es"),),
}  # fmt: skip


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_a_good_edit_is_taken(changes: tuple[Change, ...]) -> None:
    files, _ = made(*changes)
    assert problems(files) == []


BAD: dict[str, tuple[str, tuple[Change, ...]]] = {
    # Keys
    "press on": ('"on" is no key that can be pressed (did you mean "one"?)', ((EN, TO_REFILL, "To refill prescriptions, press @on."),)),
    "press to": ('"to" is no key that can be pressed (did you mean "two"?)', ((EN, TO_ASK, "To ask about an order, press @to."),)),
    "press tow": ('(did you mean "two"?)', ((EN, TO_ASK, "To ask about an order, press @tow."),)),
    "press for": ('(did you mean "four"?)', ((EN, "press four", "press @for"),)),
    "press oone": ('(did you mean "one"?)', ((REFILL, ANOTHER, "  say: For another number, press @oone."),)),
    "press ten": ('"ten" is no key that can be pressed', ((EN, "to order, press five", "to order, press @ten"),)),
    "presss one": ('"presss" stands before a key (did you mean "press"?)', ((EN, TO_REFILL, "To refill prescriptions, @presss one."),)),
    "pres one": ('(did you mean "press"?)', ((REFILL, ANOTHER, "  say: For another number, @pres one."),)),
    "oprma uno": ('(did you mean "oprima"?)', ((ES, PARA_RESURTIR, "Para resurtir sus recetas, @oprma uno."),)),
    "oprima un": ('"un" is no key that can be pressed (did you mean "uno"?)', ((ES, PARA_RESURTIR, "Para resurtir sus recetas, oprima @un."),)),
    "no key at all": ('never say the key "one"', ((REFILL, ANOTHER, "  say: @For another number, press."),)),
    "an option is left out": ('never say the key "one"', ((REFILL, f"{ANOTHER} For", "  say: @For"),)),
    "two options on one key": ('"one" a second time, and never of "two"', ((EN, TO_ASK, "To ask about an order, press @one."),)),
    "two options on one key in a help": ('"one" a second time, and never of "two"', ((EN, "For an order, two.", "For an order, @one."),)),
    "two options on one key in Spanish": ('"uno" a second time', ((ES, "Para un pedido, dos.", "Para un pedido, @uno."),)),
    "a key in short, misspelt": ('never say the key "two"', ((EN, "For refills, press one. For an order, two.", "@For refills, press one. For an order, tow."),)),
    "a key changed in the first words": ('speaks of the key "six", which "main.menu" does not take; it takes "five"', ((EN, "to order, press five", "to order, press @six"),)),
    "a key changed in a help": ('speaks of the key "ocho", which "card.other_card" does not take; it takes "tres"', ((TARJETA, "Para pagar el pedido, oprima uno. Para cancelarlo, oprima tres.", "Para pagar el pedido, oprima uno. Para cancelarlo, oprima @ocho."),)),
    "two keys exchanged in the first words": ('in the later words', ((EN, f"{TO_REFILL} {TO_ASK}", "To refill prescriptions, press @two. To ask about an order, press one."),)),
    "two keys exchanged in a help": ('in the first words', ((EN, "For refills, press one. For an order, two.", "For refills, press @two. For an order, one."),)),
    "two keys exchanged in Spanish": ('in the later words', ((ES, f"{PARA_RESURTIR} Para preguntar por un pedido, oprima dos.", "Para resurtir sus recetas, oprima @dos. Para preguntar por un pedido, oprima uno."),)),
    "the confirming key exchanged": ('in the later words', (("prompts/en/checkout.yaml", ORDER, "  say: To order, press @nine. To change it, press seven."),)),
    "the key that cancels exchanged": ('in the later words', (("prompts/en/cancel.yaml", "  say: To cancel this order, press seven. If not, press nine.", "  say: To cancel this order, press @nine. If not, press seven."),)),
    "a no exchanged with its yes": (
        "in the later words",
        (("prompts/en/prescription.yaml", "  say: For that, press seven. If not, press nine.", "  say: For that, press nine. If not, press @seven."),),
    ),
    "the confirming key is another": ('it takes "seven"', (("prompts/en/checkout.yaml", ORDER, "  say: To order, press @one. To change it, press nine."),)),
    "star left out at last": ('never say the key "star"', ((REFILL, "Please press one to go on or two to start again. To hear that again, press star.", "@Please press one to go on or two to start again."),)),
    "star left out of a number": ('never say the key "star"', (("prompts/en/identify.yaml", "I need the five-digit ZIP code of the address where we mail your medicine. To start over, press star.", "@I need the five-digit ZIP code of the address where we mail your medicine."),)),
    "pound left out": ('never say the key "pound"', ((REFILL, "  say: Key in the prescription number, then press pound.", "  say: @Key in the prescription number."),)),
    "star for pound": ('never say the key "pound"', ((REFILL, "  say: Key in the prescription number, then press pound.", "  say: @Key in the prescription number, then press star."),)),
    "pound where none is needed": ("takes 5 digits and goes on by itself", (("prompts/en/identify.yaml", "Now the five digits of your ZIP code.", "Now the five digits of your ZIP code, then press @pound."),)),
    "a person offered on another key": ('should offer a person on the key "zero"', (("prompts/en/person.yaml", "offer: For a person, press zero.", "offer: @For a person, press nine."),)),
    "a person offered in a number": ('the key "zero" and "pound"', (("prompts/en/person.yaml", "offer_in_number: For a person, press zero, then pound.", "offer_in_number: @For a person, press zero, then star."),)),
    "zero offered besides": ('speaks of the key 0 by itself', ((REFILL, ANOTHER, "  say: @For a person, press zero. For another number, press one."),)),
    "the key of a choice for something else": ('speaks of the key "one", which "address.offer" does not take', (("prompts/en/address.yaml", "\nunit: For an apartment or unit there, press four.", "\nunit: For an apartment or unit there, press @one."),)),
    "a choice without its key": ("never says its key", (("prompts/en/card.yaml", "option: To pay with {card:phrase}, press {key:digits}.", "option: @To pay with {card:phrase}, press one."), ("prompts/es/card.yaml", "option: Para pagar con {card:phrase}, oprima {key:digits}.", "option: @Para pagar con {card:phrase}, oprima uno."))),
    "choices left out": ("offers choices, which these words do not speak", (("prompts/en/card.yaml", '  say: "{options:phrase} For a new card, press nine."', '  say: "@For a new card, press nine."'),)),
    # Languages
    "languages exchanged in the flow": ("the words offer", (("flows/main.yaml", "1: {next: notices, sets: {language: en}}", "1: @{next: notices, sets: {language: es}}"), ("flows/main.yaml", "2: {next: notices, sets: {language: es}}", "2: @{next: notices, sets: {language: en}}"))),
    "languages exchanged in the words": ("which sets", ((EN, 'For English, press one."', 'For English, press @two."'), (ES, "Para español, oprima dos.", "Para español, oprima @uno."))),
    "the wrong language named": ("offers Spanish", ((EN, 'For English, press one."', 'For Spanish, press @one."'),)),
    "a prompt in another language": ("these words are Spanish, and the folder is for English", ((EN, GOODBYE, "goodbye: @Gracias por llamar a {pharmacy}. Hasta luego."),)),
    "a prompt left in English": ("these words are English, and the folder is for Spanish", (("prompts/es/person.yaml", "connecting: Un momento. Le comunico con una persona.", "connecting: @One moment. I will connect you to a person."),)),
    "a misspelt voice": ('(did you mean "Polly.Joanna-Neural"?)', (("prompts/en/catalogue.yaml", "Polly.Joanna-Neural", "@Polly.Joana-Neural"),)),
    "a voice without its maker": ('(did you mean "Polly.Joanna"?)', (("prompts/en/catalogue.yaml", "Polly.Joanna-Neural", "@Joanna"),)),
    "a voice of another language": ('speaks "es", and these words are "en"', (("prompts/en/catalogue.yaml", "Polly.Joanna-Neural", "@Polly.Lupe-Neural"),)),
    "a voice of another language by its name": ('speaks "en", and these words are "es"', (("prompts/es/catalogue.yaml", "Polly.Lupe-Neural", "@Google.en-US-Standard-A"),)),
    # Characters
    "a smile": ("is a sign that nobody speaks", ((EN, GOODBYE, "goodbye: Thank you @\N{GRINNING FACE} for calling. Goodbye."),)),
    "an arrow": ('"→" is a sign that nobody speaks', ((EN, GOODBYE, "goodbye: Thank you @→ Goodbye."),)),
    "a bullet": ('"•" is a sign', ((REFILL, ANOTHER, "  say: @• For another number, press one."),)),
    "a trade mark in a name": ('"™" is a sign', (("prompts/en/catalogue.yaml", "pharmacy: Meadowlark Pharmacy", "pharmacy: Meadowlark@™ Pharmacy"),)),
    "degrees": ('"°" is a sign', (("prompts/en/person.yaml", "One moment.", "Keep it below 70@°."),)),
    "euros": ('"€" is a sign', (("prompts/en/amount.yaml", "The total is", "The total in @€ is"),)),
    "a half": ('"½" is a sign', (("prompts/en/payment.yaml", "half an hour", "@½ hour"),)),
    "letters in another encoding": ('(did you mean "ñ"?)', ((ES, "Para español, oprima dos.", "Para espa@Ã±ol, oprima dos."),)),
    "an apostrophe in another encoding": ('(did you mean "\N{RIGHT SINGLE QUOTATION MARK}"?)', (("prompts/en/person.yaml", "Let's", "Let@â€™s"),)),
    "a letter lost": ("saved in another encoding", ((ES, "Para español, oprima dos.", "Para espa@\ufffdol, oprima dos."),)),
    # What is asked and told
    "a ZIP code of four digits": ('"zip" is a ZIP code, which has 5 digits', (("flows/identify.yaml", "  zip:\n    ask: identify.zip\n    digits: {exactly: 5}", "  zip:\n    ask: identify.zip\n    @digits: {exactly: 4}"),)),
    "a member number that some lack": ("has 8 to 10 digits", (("flows/identify.yaml", "  member_number:\n    ask: identify.member_number\n    digits: {min: 8, max: 10}", "  member_number:\n    ask: identify.member_number\n    @digits: {min: 8, max: 9}"),)),
    "a code that no card has": ("has 3 to 4 digits", (("flows/card.yaml", "  code:\n    ask: card.code\n    digits: {exactly: 3}", "  code:\n    ask: card.code\n    @digits: {exactly: 5}"),)),
    "a number without its country": ('(did you mean "+18002457979"?)', (("flows/line.yaml", "  default: en", "  default: en\n  @8002457979: es"),)),
    "a number with dashes": ("is no number that is called", (("flows/line.yaml", "  default: en", "  default: en\n  @'+1-800-245-7979': es"),)),
    "the contents are dropped": ("callers are not told {contents}", (("prompts/en/ways.yaml", " {contents:phrase}", ""), ("prompts/es/ways.yaml", " {contents:phrase}", ""), ("flows/order.yaml", "      held: held\n", "      held: @held\n"))),
    "a day is dropped": ("callers are not told {due_on}", (("prompts/en/prescription.yaml", " It can be refilled from {due_on:date}.", ""), ("prompts/es/prescription.yaml", " Se puede resurtir desde el {due_on:date}.", ""), ("flows/prescription.yaml", "too_soon: too_soon", "too_soon: @too_soon"))),
    "a price is dropped from a choice": ("does not say {price:money} in any language", (("prompts/en/prescription.yaml", 'supply_option: "For {days:number} days at {price:money}, press', 'supply_option: @"For {days:number} days, press'), ("prompts/es/prescription.yaml", "Para {days:number} días, por {price:money}, oprima", "Para {days:number} días, oprima"))),
    "a day is dropped from a phrase": ("does not say {arrives:date} in any language", (("prompts/en/order.yaml", "placed_now: Your order is placed. It should arrive by {arrives:date}.", "placed_now: @Your order is placed."), ("prompts/es/order.yaml", "Su pedido está confirmado. Debe llegar a más tardar el {arrives:date}.", "Su pedido está confirmado."))),
}  # fmt: skip


@pytest.mark.parametrize(("told", "changes"), BAD.values(), ids=BAD)
def test_a_bad_edit_is_told_where_it_is_wrong(told: str, changes: tuple[Change, ...]) -> None:
    files, places = made(*changes)
    found = problems(files)
    assert [place for place, _ in found] == places
    assert all(told in message for _, message in found)


def test_a_key_moved_in_the_flow_and_in_all_its_words_is_taken() -> None:
    files, _ = made(("flows/main.yaml", "      5: other_ways", "      6: other_ways"))
    for file, old, new in ((EN, "five", "six"), (ES, "cinco", "seis")):
        files[file] = files[file].replace(old, new)
    assert problems(files) == []


def test_a_key_that_is_new_in_the_flow_and_in_all_its_words_is_taken() -> None:
    files, _ = made(("flows/payment.yaml", "      3: cancel\n", "      3: cancel\n      8: {end: finished}\n"))
    for language, old, new in (
        ("en", "press three.", "press three. To do nothing, press eight."),
        ("es", "oprima tres.", "oprima tres. Para no hacer nada, oprima ocho."),
        (
            "en",
            "Please press one for another card, three to cancel or nine to leave it.",
            "Please press one, three, eight or nine.",
        ),
        (
            "es",
            "Por favor, oprima uno para usar otra tarjeta, tres para cancelar o nueve para dejarlo.",
            "Por favor, oprima uno, tres, ocho o nueve.",
        ),
    ):
        before, mark, after = files[f"prompts/{language}/payment.yaml"].partition("\nfacts:")
        files[f"prompts/{language}/payment.yaml"] = before.replace(old, new) + mark + after
    assert problems(files) == []


def test_whole_files_exchanged_are_told_once_each() -> None:
    files, _ = made()
    files[EN], files[ES] = files[ES], files[EN]
    assert problems(files) == [
        (f"{EN}:1:1", "most of these words are Spanish, and the folder is for English"),
        (f"{ES}:1:1", "most of these words are English, and the folder is for Spanish"),
    ]


SUBJECTS = sorted(
    name.removeprefix("prompts/en/") for name, text in FILES.items() if "/en/" in name and re.search(r"(?m)^\w", text)
)
"""The files that have words: that of the notices has none until somebody writes one."""


@pytest.mark.parametrize("subject", SUBJECTS)
def test_any_file_of_words_in_the_wrong_folder_is_told(subject: str) -> None:
    files, _ = made()
    files[f"prompts/en/{subject}"] = files[f"prompts/es/{subject}"]
    assert any(place.startswith(f"prompts/en/{subject}:") for place, _ in problems(files))


def test_a_key_changed_in_the_flow_is_told_of_all_its_words() -> None:
    files, _ = made(("flows/main.yaml", "      5: other_ways", "      6: other_ways"))
    found = problems(files)
    assert {place.partition(":")[0] for place, _ in found} == {EN, ES}
    assert all('"main.menu" does not take' in message for _, message in found)
    assert len(found) == 10


def test_a_notice_that_offers_a_key_is_told() -> None:
    days = "storm:\n  from: 2026-03-01\n  until: 2026-03-02\n"
    files, _ = made()
    files["prompts/en/notices.yaml"] = f"{days}  say: The mail is late. Press seven.\n"
    files["prompts/es/notices.yaml"] = f"{days}  say: El correo se retrasa.\n"
    message = 'offers the key "seven", but nothing is asked here: leave it out'
    assert problems(files) == [("prompts/en/notices.yaml:4:32", message)]
