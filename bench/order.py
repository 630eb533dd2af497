"""How long an order takes a caller who knows what they want: seconds and keys from the answer to the confirming key.

Words are spoken at 165 a minute and heard up to the option that is taken; a key takes half a second; nothing is keyed
ahead. Run: python bench/order.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from rehearsal import TODAY, Rehearsal, rehearse

from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.prompts.spoken import WORDS_A_MINUTE, count_words

KEY_SECONDS = 0.5


@dataclass(frozen=True)
class Press:
    """Keys, and the words after which they are pressed: the last of them that the caller waits for."""

    after: str
    keys: str


IDENTIFY = (
    Press("For English, press one.", "1"),
    Press("To refill prescriptions, press one.", "1"),
    Press("then press pound.", "41200017#"),
    Press("ZIP code.", "94550"),
)
ON_FILE = (
    *IDENTIFY,
    Press("For all of them, press one.", "1"),
    Press("If that is right, press one.", "1"),
    Press("press one.", "1"),
    Press("To order, press seven.", "7"),
)
NEW_CARD = (
    *IDENTIFY,
    Press("To key in the numbers, press three.", "3"),
    Press("then press pound.", "7304112#"),
    Press("For thirty days at eight dollars and fifty cents, press one.", "1"),
    Press("For another number, press one.", "1"),
    Press("then press pound.", "7304249#"),
    Press("When that is all, press nine.", "9"),
    Press("If that is right, press one.", "1"),
    Press("For a new card, press nine.", "9"),
    Press("then press pound.", "4242424242424242#"),
    Press("four digits.", "1230"),
    Press("of the card.", "123"),
    Press("For this order only, press two.", "2"),
    Press("To order, press seven.", "7"),
)
IDENTIFY_ES = (
    Press("Para español, oprima dos.", "2"),
    Press("Para resurtir sus recetas, oprima uno.", "1"),
    Press("numeral.", "41200017#"),
    Press("código postal.", "94550"),
)
ON_FILE_ES = (
    *IDENTIFY_ES,
    Press("Para resurtirlas todas, oprima uno.", "1"),
    Press("Si está bien, oprima uno.", "1"),
    Press("oprima uno.", "1"),
    Press("Para hacer el pedido, oprima siete.", "7"),
)
NEW_CARD_ES = (
    *IDENTIFY_ES,
    Press("Para marcar los números, oprima tres.", "3"),
    Press("numeral.", "7304112#"),
    Press("Para treinta días, por ocho dólares con cincuenta centavos, oprima uno.", "1"),
    Press("Para otro número de receta, oprima uno.", "1"),
    Press("numeral.", "7304249#"),
    Press("Si eso es todo, oprima nueve.", "9"),
    Press("Si está bien, oprima uno.", "1"),
    Press("Para una tarjeta nueva, oprima nueve.", "9"),
    Press("numeral.", "4242424242424242#"),
    Press("cuatro dígitos.", "1230"),
    Press("de la tarjeta.", "123"),
    Press("solo en este pedido, oprima dos.", "2"),
    Press("Para hacer el pedido, oprima siete.", "7"),
)
CALLS = {
    "caller's number on file, all on file, refill all": ("+19255550143", ON_FILE, 75, 25),
    "any other phone, all on file, refill all": ("+15105550100", ON_FILE, 105, None),
    "two numbers and a new card": ("+15105550100", NEW_CARD, 180, None),
    "in Spanish, caller's number on file, all on file, refill all": ("+19255550143", ON_FILE_ES, 75, 25),
    "in Spanish, two numbers and a new card": ("+15105550100", NEW_CARD_ES, 180, None),
}


def cost(rehearsal: Rehearsal, from_number: str, presses: tuple[Press, ...]) -> tuple[float, int, int]:
    """Return the seconds, keys and words of a call."""
    phone = rehearsal.phone(from_number=from_number)
    heard, words, keys = phone.dial(), 0, 0
    for press in presses:
        said = heard.text
        if press.after not in said:
            raise SystemExit(f'expected to hear "{press.after}", heard "{said}"')
        words += count_words(said[: said.index(press.after) + len(press.after)])
        keys += len(press.keys)
        heard = phone.press(press.keys)
    if "Your order is placed" not in heard.text and "Su pedido está confirmado" not in heard.text:
        raise SystemExit(f"no order was placed: {heard.text}")
    return words * 60 / WORDS_A_MINUTE + keys * KEY_SECONDS, keys, words


def lines() -> Iterator[str]:
    for name, (from_number, presses, seconds, most_keys) in CALLS.items():
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            engine = open_database(url, durable=False)
            load_demo(engine, TODAY)
            engine.dispose()
            took, keys, words = cost(rehearse(url), from_number, presses)
        limit = f"{seconds} s" + (f" and {most_keys} keys" if most_keys else "")
        yield f"{name}: {took:.0f} s, {keys} keys, {words} words (to reach: at most {limit})"


if __name__ == "__main__":
    for line in lines():
        print(line)
