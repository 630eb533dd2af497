"""What an order takes a caller who knows what they want: seconds and keys from the answer to the confirming key.

Words are spoken at 165 a minute and heard up to the option that is taken; a key takes half a second; nothing is keyed
ahead. The pause before the confirming key is asked for is counted. `bench/order.py` prints it, and `test_budgets.py` holds it to the budgets here.
"""

from __future__ import annotations

from dataclasses import dataclass

from demo_line import DemoLine
from hearing import hears

from ivr.flow.verbs import EARLY_KEYS_SECONDS
from ivr.languages import LANGUAGES
from ivr.phone.handset import KEY_SECONDS
from ivr.prompts.lint.keys import words_up_to
from ivr.prompts.spoken import WORDS_A_MINUTE, count_words
from ivr.qa.replay.caller import language_key

MOST_FOR_EVERY_WORD = 4 / 3
"""How much longer the same call may take, at most, for who hears every word to its end before each key."""
ANY_PHONE = "+15105550100"


@dataclass(frozen=True)
class Press:
    """Keys, and the question that they answer."""

    question: str
    keys: str


@dataclass(frozen=True)
class OrderCall:
    """A call that orders, and what it may take: seconds, and keys up to the confirming one."""

    language: str
    from_number: str
    presses: tuple[Press, ...]
    most_seconds: int
    most_keys: int | None = None


@dataclass(frozen=True)
class Cost:
    """What a call took: its keys, and its words up to the options that were taken and to the end of each question."""

    keys: int
    words: int
    every_word: int

    @property
    def seconds(self) -> float:
        """The seconds of who presses each key as soon as they heard of it."""
        return self._seconds(self.words)

    @property
    def whole_seconds(self) -> float:
        """The seconds of who hears every word to its end."""
        return self._seconds(self.every_word)

    def _seconds(self, words: int) -> float:
        return words * 60 / WORDS_A_MINUTE + self.keys * KEY_SECONDS + EARLY_KEYS_SECONDS


def _identify(member_number: str, zip_code: str) -> tuple[Press, ...]:
    return (
        Press("main.menu", "1"),
        Press("identify.member_number", f"{member_number}#"),
        Press("identify.zip", zip_code),
    )


QUICK = (Press("refill.quick", "1"), Press("checkout.confirm", "7"))
ENGLISH, SPANISH = _identify("41200017", "94550"), _identify("41200702", "93230")
NEW_CARD = (
    Press("refill.quick", "3"),
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
    "caller's number on file, all on file, refill all": OrderCall("en", "+19255550142", (*ENGLISH, *QUICK), 60, 17),
    "the same in Spanish": OrderCall("es", "+15595550133", (*SPANISH, *QUICK), 60, 17),
    "any other phone, all on file, refill all": OrderCall("en", ANY_PHONE, (*ENGLISH, *QUICK), 90),
    "any other phone, in Spanish": OrderCall("es", ANY_PHONE, (*SPANISH, *QUICK), 90),
    "two numbers and a new card": OrderCall("en", ANY_PHONE, (*ENGLISH, *NEW_CARD), 160),
    "two numbers and a new card, in Spanish": OrderCall("es", ANY_PHONE, (*ENGLISH, *NEW_CARD), 160),
}


def cost(demo_line: DemoLine, call: OrderCall) -> Cost:
    """Make a call and return what it took. Raises AssertionError when other questions are asked, or nothing is ordered."""
    phone = demo_line.phone(from_number=call.from_number)
    heard, words, every_word, keys = phone.dial(), 0, 0, 0
    presses = call.presses
    if demo_line.last_prompts[-1] == "main.language":
        presses = (
            Press("main.language", language_key(demo_line.services.versions.current.flows, call.language)),
            *presses,
        )
    for press in presses:
        assert demo_line.last_prompts[-1] == press.question, f"{press} is asked otherwise: {demo_line.last_prompts}"
        words += count_words(_until(press.keys, heard.text, call.language) if len(press.keys) == 1 else heard.text)
        every_word += count_words(heard.text)
        keys += len(press.keys)
        heard = phone.press(press.keys)
    assert hears(heard.text, "order.placed_now", call.language), f"no order was placed: {heard.text}"
    return Cost(keys, words, every_word)


def _until(key: str, text: str, language: str) -> str:
    """Return what a caller listens to before the key of a menu."""
    words = words_up_to(key, text, LANGUAGES[language].speech)
    assert words is not None, f'the key {key} is never named: "{text}"'
    return words
