"""How long an order takes a caller who knows what they want: seconds and keys from the answer to the confirming key.

Words are spoken at 165 a minute and heard up to the option that is taken; a key takes half a second; nothing is keyed
ahead. Run: python bench/order.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from demo_line import TODAY, DemoLine, open_demo_line
from hearing import hears

from ivr import logs
from ivr.languages import LANGUAGES
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.prompts.lint.keys import words_up_to
from ivr.prompts.spoken import WORDS_A_MINUTE, count_words
from ivr.qa.replay.caller import language_key

KEY_SECONDS = 0.5


@dataclass(frozen=True)
class Press:
    """Keys, and the question that they answer."""

    question: str
    keys: str


IDENTIFY = (
    Press("main.menu", "1"),
    Press("identify.member_number", "41200017#"),
    Press("identify.zip", "94550"),
)
ON_FILE = (
    *IDENTIFY,
    Press("refill.how", "1"),
    Press("checkout.ship_to", "1"),
    Press("card.on_file", "1"),
    Press("checkout.confirm", "7"),
)
NEW_CARD = (
    *IDENTIFY,
    Press("refill.how", "3"),
    Press("refill.number", "7304112#"),
    Press("prescription.supply", "1"),
    Press("refill.more", "1"),
    Press("refill.number", "7304249#"),
    Press("refill.more", "9"),
    Press("checkout.ship_to", "1"),
    Press("card.on_file", "9"),
    Press("card.number", "4242424242424242#"),
    Press("card.expiry", "1230"),
    Press("card.code", "123"),
    Press("card.keep", "2"),
    Press("checkout.confirm", "7"),
)
CALLS = {
    "caller's number on file, all on file, refill all": ("en", "+19255550143", ON_FILE, 75, 25),
    "any other phone, all on file, refill all": ("en", "+15105550100", ON_FILE, 105, None),
    "two numbers and a new card": ("en", "+15105550100", NEW_CARD, 180, None),
    "in Spanish, caller's number on file, all on file, refill all": ("es", "+19255550143", ON_FILE, 75, 25),
    "in Spanish, two numbers and a new card": ("es", "+15105550100", NEW_CARD, 180, None),
}


def until(key: str, text: str, language: str) -> str:
    """Return what a caller listens to before the key of a menu."""
    words = words_up_to(key, text, LANGUAGES[language].speech)
    if words is None:
        raise SystemExit(f'the key {key} is never named: "{text}"')
    return words


def cost(demo_line: DemoLine, language: str, from_number: str, presses: tuple[Press, ...]) -> tuple[float, int, int]:
    """Return the seconds, keys and words of a call."""
    phone = demo_line.phone(from_number=from_number)
    heard, words, keys = phone.dial(), 0, 0
    for press in (Press("main.language", language_key(demo_line.services.versions.current.flows, language)), *presses):
        if demo_line.last_prompts[-1] != press.question:
            raise SystemExit(f"expected the question {press.question}, heard {demo_line.last_prompts}")
        words += count_words(until(press.keys, heard.text, language) if len(press.keys) == 1 else heard.text)
        keys += len(press.keys)
        heard = phone.press(press.keys)
    if not hears(heard.text, "order.placed_now", language):
        raise SystemExit(f"no order was placed: {heard.text}")
    return words * 60 / WORDS_A_MINUTE + keys * KEY_SECONDS, keys, words


def lines() -> Iterator[str]:
    for name, (language, from_number, presses, seconds, most_keys) in CALLS.items():
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            engine = open_database(url, durable=False)
            load_demo(engine, TODAY)
            engine.dispose()
            took, keys, words = cost(open_demo_line(url), language, from_number, presses)
        limit = f"{seconds} s" + (f" and {most_keys} keys" if most_keys else "")
        yield f"{name}: {took:.0f} s, {keys} keys, {words} words (to reach: at most {limit})"


if __name__ == "__main__":
    logs.configure(open(os.devnull, "w"))  # noqa: SIM115, PTH123 - as long as this process
    for line in lines():
        print(line)
