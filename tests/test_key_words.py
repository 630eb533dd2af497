"""Which keys words speak of and what for, in either language, and slips in naming them."""

from __future__ import annotations

import pytest

from ivr.languages import LANGUAGES
from ivr.prompts.lint.keys import spoken_keys

ENGLISH = {
    "For refills, press one.": "1 For refills",
    "Press one for refills.": "1 for refills",
    "Press one, two or nine.": "1 | 2 | 9",
    "Press one to pay the order or three to cancel it.": "1 to pay the order | 3 to cancel it",
    "To pay, press one, or to cancel it, press three.": "1 To pay | 3 to cancel it",
    "For an order, two.": "2 For an order",
    "House number, two. Street, three.": "2 House number | 3 Street",
    "To choose one, press one.": "1 To choose one",
    "If you want the newer one, press the two key.": "2 If you want the newer one",
    "Please press one of these keys.": "",
    "Press a key from one to four or nine for another ZIP code.": "1 | 2 | 3 | 4 | 9 for another ZIP code",
    "Press seven to have us ask, nine if not.": "7 to have us ask | 9 if not",
    "In an emergency, hang up and dial nine one one.": "",
    "For Maple, you would press six two seven.": "",
    "Say three words.": "",
    "It takes five days, and ships on day two.": "",
    "To hear that again, star.": "star To hear that again",
    "Key it in, then press pound.": "pound Key it in, then",
    "For {card:phrase}, press {key:digits}.": "choice",
    "{options:phrase} {others:phrase} To spell it, press nine.": "9 To spell it",
    "To order, press 1; to stop, press *.": "1 To order | star to stop",
    "If you need no more, press nine on your telephone.": "9 If you need no more",
}
SPANISH = {
    "Para resurtir, oprima uno.": "1 Para resurtir",
    "Oprima uno para pagar el pedido o tres para cancelarlo.": "1 para pagar el pedido | 3 para cancelarlo",
    "Oprima una tecla del uno al cuatro o nueve para dejarlo.": "1 | 2 | 3 | 4 | 9 para dejarlo",
    "Oprima una de estas teclas.": "",
    "Para un pedido, dos.": "2 Para un pedido",
    "En una emergencia, cuelgue y marque nueve uno uno.": "",
    "Si quiere pagarlo, presione la tecla número uno.": "1 Si quiere pagarlo",
    "Para terminar, pulse 9.": "9 Para terminar",
    "Para oír eso otra vez, asterisco.": "star Para oír eso otra vez",
    "Si no, oprima nueve.": "9 Si no",
}
TEXTS = [("en", *case) for case in ENGLISH.items()] + [("es", *case) for case in SPANISH.items()]


@pytest.mark.parametrize(("language", "text", "keys"), TEXTS)
def test_keys_are_told_from_other_words(language: str, text: str, keys: str) -> None:
    found = spoken_keys(text, LANGUAGES[language].speech)
    assert " | ".join(f"{word.key} {word.option}".strip() for word in found.keys) == keys
    assert found.slips == ()


SLIPS = {
    ("en", "To pay, press on."): "on → one",
    ("en", "To pay, press on or stay."): "",
    ("en", "To pay, press oone to go on."): "oone → one",
    ("en", "To pay, presss one."): "presss → press",
    ("en", "To pay, press ten."): "ten → ",
    ("en", "To pay, press the fuor key."): "fuor → four",
    ("en", "To pay, press puond."): "puond → pound",
    ("en", "Press the number of digits before the dash."): "",
    ("en", "For each letter press its key."): "",
    ("en", "You need not press anything."): "",
    ("es", "Para pagar, oprma uno."): "oprma → oprima",
    ("es", "Para pagar, oprima un."): "un → uno",
    ("es", "Para pagar, oprima sinco."): "sinco → cinco",
    ("es", "Oprima la tecla de cada letra."): "",
    ("es", "Marque un número y espere."): "",
}


@pytest.mark.parametrize(("language", "text"), SLIPS)
def test_slips_in_naming_a_key_are_told_from_other_words(language: str, text: str) -> None:
    found = spoken_keys(text, LANGUAGES[language].speech).slips
    assert ", ".join(f"{slip.written} → {slip.meant}" for slip in found) == SLIPS[language, text]
    assert all(text[slip.start :].startswith(slip.written) for slip in found)
