"""Callers for `bench/faults.py`: each a member with a script of their own, who note what they confirm and hear.

A caller answers each question as the script wants, whichever question comes: after a dead line, a lost answer or news of
an order the call goes on elsewhere than the script began. Who was cut off calls again and asks what became of it.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

from fault_network import PUBLIC, BadNetwork, HungUpError
from faults_audit import Note, What
from hearing import catalogues

from ivr.payment.cards import Brand
from ivr.payment.published_cards import KNOWN_CARDS
from ivr.phone.handset import Ended, Handset, Heard, Paying
from ivr.phone.transport import Transport, signed
from ivr.phone.verbs import TwimlPause, TwimlSound
from ivr.prompts import Slot
from ivr.prompts.spoken import speak
from ivr.secret import Secret

GOOD_CARDS = ("5105105105105100", "4000056655665556", "6011000990139424", "378282246310005")
BAD_CARDS = ("4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127", "4000000000000119")
EXPIRY, CODE, CODE_ON_FRONT = "0939", "073", "0739"
"""They begin with 0, as no process id, amount or count in a log does."""
ZIP = "02134"
TOKENS = {card.number: card.token for card in KNOWN_CARDS if card.number in (*GOOD_CARDS, *BAD_CARDS)}
FOUR_DIGIT_CODES = [card.number for card in KNOWN_CARDS if card.brand is Brand.AMEX]
STARS, HANGS_UP_PAYING = 0.05, 0.03
"""How often a caller ends the carrier's card step by star, or hangs up in it."""
TO_NUMBER = "+18002457979"
MOST_CALLS, MOST_TURNS, MOST_PAUSE_SECONDS = 8, 90, 3.0


@dataclass(frozen=True)
class Member:
    """Whom a caller is: their numbers, and what each of their prescriptions costs."""

    number: str
    born: str
    """As keyed: month, day, year."""
    rx: Mapping[str, int]
    """Prescription number -> cents."""
    on_file: bool

    @classmethod
    def of(cls, index: int) -> Member:
        """Return the member with this index; all their numbers are theirs alone, and unlike those of cards."""
        # No number ends as the security code does, since its last three digits are spoken and kept with the call
        rx = {f"{copy}{67_890_000 + index}1": 1000 * copy + 13 * (index % 50) + copy for copy in (1, 2, 3)}
        born = f"{1 + index % 12:02}{1 + index % 28:02}{1930 + index % 60}"
        return cls(f"7{23_450_000 + index}", born, rx, on_file=index % 3 == 0)

    @property
    def phone(self) -> str:
        return f"+1510{self.number[-7:]}"


@dataclass(frozen=True)
class Wish:
    """What a caller wants to happen."""

    cards: tuple[str, ...]
    """Keyed one after the other, as far as they are asked for."""
    chooses: str
    """The key at the question what to refill: all, from a list, by number."""
    declined: str
    """The key after a decline: another card, cancel, leave it."""
    keeps: str
    cancels: bool
    hangs_up: str
    """When the confirming key is pressed for the first time: "" not at all, "at once", "before" the answer comes."""

    @classmethod
    def drawn(cls, chance: random.Random) -> Wish:
        bad = chance.random() < 0.25
        good = chance.choice(GOOD_CARDS)
        return cls(
            cards=(chance.choice(BAD_CARDS), good) if bad else (good,),
            chooses=chance.choices("123", [6, 2, 2])[0],
            declined=chance.choices("139", [6, 2, 1])[0],
            keeps=chance.choice("12"),
            cancels=chance.random() < 0.2,
            hangs_up=chance.choices(["", "at once", "before"], [8, 1, 1])[0],
        )


# What is heard


@cache
def _patterns(prompt: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the longest fixed words of each wording of a prompt, and a pattern in which each value is a group."""
    found = catalogues().by_language["en"].prompts[prompt]
    forms = [form for words in (found.say, *found.silence, *found.wrong) for form in words.forms.values()]
    return tuple((max(_fixed(form), key=len), re.compile(r"\s*".join(_parts(form)))) for form in forms)


def _fixed(form: Iterable[str | Slot]) -> Iterator[str]:
    yield from (" ".join(part.split()) for part in form if isinstance(part, str))


def _parts(form: Iterable[str | Slot]) -> Iterator[str]:
    for index, part in enumerate(form):
        is_value = isinstance(part, Slot)
        yield rf"(?P<{part.name}_{index}>.*?)" if is_value else r"\s+".join(map(re.escape, part.split()))


def matches(prompt: str, text: str) -> Iterator[re.Match[str]]:
    """Yield where a prompt is heard in one of its wordings."""
    for fixed, pattern in _patterns(prompt):
        if fixed in text:
            yield from pattern.finditer(text)


def question(text: str) -> str:
    """Return the question that is asked last, "" for none that is known; of two, the one with more words of its own."""
    ends = {
        (match.start() + len(match[0].rstrip()), len(match[0]) - sum(map(len, match.groups()))): prompt
        for prompt in ANSWERS
        for match in matches(prompt, text)
    }
    return ends[max(ends)] if ends else ""


def value(match: re.Match[str], name: str) -> str:
    """Return the words of a value where it is spoken first; "" where a wording leaves it out."""
    return next((words for group, words in match.groupdict().items() if group.rpartition("_")[0] == name), "")


_DIGITS = {speak("digits", digit, "en"): digit for digit in "0123456789"}


def number_in(words: str) -> str | None:
    """Return an order number that was spoken digit by digit."""
    digits = [_DIGITS.get(word, "") for word in re.findall("[a-z]+", words)]
    return "".join(digits) if len(digits) == 8 else None


@dataclass
class FaultyCaller:
    """One caller: calls until they know what became of their order, at most `MOST_CALLS` times."""

    index: int
    network: BadNetwork
    token: Secret
    chance: random.Random
    token_of: Callable[[str], str]
    """Gives what the carrier's connector gives for a card's number."""
    notes: list[Note] = field(default_factory=list)
    made: int = 0
    """How many calls."""
    heard: Counter[str] = field(default_factory=Counter)
    """Ways that calls and callers ended, and questions that nobody here knows."""
    _goal: str = "order"
    """order, ask, cancel, or done."""
    _total: int | None = None
    _number: str | None = None
    """The order that the call is about."""
    _cards: int = 0
    _asked: bool = False
    _question: str = ""

    def __post_init__(self) -> None:
        self.member, self.wish = Member.of(self.index), Wish.drawn(self.chance)
        self._post: Transport = signed(self.network, self.token)
        self._totals = _totals(tuple(self.member.rx.values()))

    def calls(self) -> Iterator[None]:
        """Call again and again until all is known; yield after each call."""
        while self._goal != "done" and self.made < MOST_CALLS:
            self.made += 1
            confirmed = self._confirmed
            self.heard[f"call: {self._call()}"] += 1
            if self._goal == "order" and self._confirmed > confirmed:
                self._goal = "ask"
            yield
        self.heard["settled" if self._goal == "done" else "gave up"] += 1

    @property
    def _confirmed(self) -> int:
        return sum(note.what == "ordered" for note in self.notes)

    def _call(self) -> str:
        sid = f"CA{self.chance.getrandbits(128):032x}"
        phone = Handset(self._post, f"{PUBLIC}/voice", self.member.phone, TO_NUMBER, sid, plays=_pause)
        self._asked = False
        try:
            heard = phone.dial()
            for _ in range(MOST_TURNS):
                self._note(heard.text)
                if isinstance(heard.waiting, Ended):
                    return heard.waiting.reason
                if isinstance(heard.waiting, Paying):
                    heard = self._pay_by_carrier(phone)
                    continue
                keys = self._keys(heard)
                if not keys:
                    break
                heard = self._press(phone, keys)
        except HungUpError:
            self.network.hangs_up = False
        phone.hang_up()
        return "caller hung up"

    def _press(self, phone: Handset, keys: str) -> Heard:
        hangs_up = keys == "7" and self._question == "checkout.confirm" and self.made == 1 and self.wish.hangs_up
        if hangs_up:
            self.network.hangs_up = hangs_up == "before"
            phone.press(keys)
            raise HungUpError
        return phone.press(keys)

    def _pay_by_carrier(self, phone: Handset) -> Heard:
        """Key the card for the carrier, or press star, or hang up in the middle."""
        if self.chance.random() < STARS:
            return phone.press("*")
        if self.chance.random() < HANGS_UP_PAYING:
            return phone.hang_up()
        number = self._card()
        self._cards += 1
        self.heard["card taken by the carrier"] += 1
        return phone.pay(number, EXPIRY, CODE_ON_FRONT if number in FOUR_DIGIT_CODES else CODE, self.token_of(number))

    # What is heard is noted

    def _note(self, text: str) -> None:
        for what, prompts in TOLD.items():
            for match in (match for prompt in prompts for match in matches(prompt, text)):
                self._is_told(what, number_in(value(match, "order_number")))
        for match in (match for prompt in WAYS for match in matches(prompt, text)):
            for what, states in STATES.items():
                if any(any(matches(f"order_state.{state}", match[0])) for state in states):
                    self._is_told(what, number_in(value(match, "order_number")))
        for match in matches("cancel.facts", text):
            self._number = number_in(value(match, "order_number"))
        if self._number and any(matches("cancel.cancelled", text)):
            self._is_told("cancelled", self._number)
        for match in matches("payment.facts", text):
            self._number = number_in(value(match, "order_number"))
        for match in matches("amount.now", text):
            self._total = self._totals.get(value(match, "total"))

    def _is_told(self, what: What, number: str | None) -> None:
        self._add(what, number)
        self._number = number
        wants_cancel = self.wish.cancels and what == "stands" and not any(note.what == "cancels" for note in self.notes)
        self._goal = "cancel" if wants_cancel else "done"

    def _add(self, what: What, number: str | None = None, cents: int | None = None) -> None:
        self.notes.append(Note(self.member.number, "phone", what, number, cents))

    # What is asked is answered

    def _keys(self, heard: Heard) -> str:
        """Return the keys for the question that was heard, or none to hang up."""
        self._question = question(heard.text)
        if not self._question:
            self.heard[f"unknown question: {heard.text[-100:]}"] += 1
            return ""
        answer = ANSWERS[self._question]
        return answer if isinstance(answer, str) else answer(self, heard.text)

    def _card(self) -> str:
        return self.wish.cards[min(self._cards, len(self.wish.cards) - 1)]

    def _key_card(self, _: str) -> str:
        return f"{self._card()}#"

    def _key_code(self, _: str) -> str:
        self._cards += 1
        return CODE

    def _key_code_on_front(self, _: str) -> str:
        self._cards += 1
        return CODE_ON_FRONT

    def _choose_on_file(self, text: str) -> str:
        return "9" if any(matches("card.try_again", text)) else "1"

    def _main_menu(self, _: str) -> str:
        if self._goal == "ask" and self._asked:
            self._goal = "order"
        self._asked = self._goal == "ask"
        return {"order": "1", "ask": "2", "cancel": "2"}.get(self._goal, "")

    def _order(self, _: str) -> str:
        self._add("ordered", cents=self._total)
        return "7"

    def _pay(self, _: str) -> str:
        self._add("pays", self._number, self._total)
        return "7"

    def _cancel(self, _: str) -> str:
        self._add("cancels", self._number)
        return "7"

    def _keep_or_cancel(self, _: str) -> str:
        return "3" if self._goal == "cancel" else "9"

    def _nothing_to_order(self, _: str) -> str:
        self._goal = "done" if self._asked else "ask"
        return "9"

    def _more_of_orders(self, _: str) -> str:
        if self._goal == "cancel":  # it is too late for that
            self._goal = "done"
        return "9" if self._goal == "done" else "4"

    def _anything_else(self, _: str) -> str:
        return "9" if self._goal == "done" else "1"


Answer = str | Callable[[FaultyCaller, str], str]
TOLD: Mapping[What, Sequence[str]] = {
    "stands": ("order.placed_now",),
    "completes": ("payment.slow", "payment.held", "payment.kept"),
}
STATES: Mapping[What, Sequence[str]] = {
    "stands": ("placed", "placed_late", "shipped", "tracked"),
    "completes": ("pending", "under_way", "unpaid", "declined", "held_payment", "held_payment_unknown"),
    "cancelled": ("cancelled", "cancelled_online", "cancelled_by_you", "cancelled_by_staff", "cancelled_unpaid"),
}
"""What the states of an order tell who asks about it."""
WAYS: Mapping[str, Answer] = {
    "ways.under_way": "1",
    "ways.wait": "9",
    "ways.unpaid": lambda caller, _: caller.wish.declined,
    "ways.held": "9",
    "ways.placed": FaultyCaller._keep_or_cancel,
    "ways.late": "9",
    "ways.sent": "9",
    "ways.cancelled": "9",
}
ANSWERS: Mapping[str, Answer] = {
    "main.language": "1",
    "main.menu": FaultyCaller._main_menu,
    "main.anything_else": FaultyCaller._anything_else,
    "main.nothing_else": "9",
    "identify.member_number": lambda caller, _: f"{caller.member.number}#",
    "identify.zip": ZIP,
    "news.several": "1",
    "refill.go_on": "1",
    "refill.how": lambda caller, _: caller.wish.chooses,
    "refill.quick": lambda caller, _: caller.wish.chooses,
    "refill.how_more": "9",
    "refill.no_more": "9",
    "refill.none_ready": FaultyCaller._nothing_to_order,
    "refill.runs_out": "1",
    "refill.names": "1",
    "refill.offer": "1",
    "refill.number": lambda caller, _: f"{caller.chance.choice([*caller.member.rx])}#",
    "refill.not_found": "2",
    "refill.more": "9",
    "refill.empty": "1",
    "proof.prove": lambda caller, _: f"{caller.member.born}#",
    "prescription.runs_out": "1",
    "prescription.already_ordered": "9",
    "prescription.supply": "1",
    "checkout.ship_to": "1",
    "checkout.confirm": FaultyCaller._order,
    "checkout.change": "5",
    "checkout.review": "1",
    "checkout.rest": "1",
    "card.on_file": FaultyCaller._choose_on_file,
    "card.after_decline": FaultyCaller._choose_on_file,
    "card.number": FaultyCaller._key_card,
    "card.expiry": EXPIRY,
    "card.code": FaultyCaller._key_code,
    "card.code_on_front": FaultyCaller._key_code_on_front,
    "card.keep": lambda caller, _: caller.wish.keeps,
    "card.other_or_on_file": "1",
    "card.other_card": "1",
    "card.stopped": "1",
    "payment.declined": lambda caller, _: caller.wish.declined,
    "payment.confirm": FaultyCaller._pay,
    "cancel.confirm": FaultyCaller._cancel,
    "orders.more": FaultyCaller._more_of_orders,
    **WAYS,
}
"""Question -> the keys, or what gives them; questions are told by their words."""


@cache
def _totals(prices: Sequence[int]) -> Mapping[str, int]:
    """Return the words for every total that an order can have -> cents."""
    sums = (sum(some) for count in range(1, len(prices) + 1) for some in combinations(prices, count))
    return {speak("money", cents, "en"): cents for cents in sums}


def _pause(sound: TwimlSound) -> None:
    """Wait as long as the line asks the carrier to; words take no time here."""
    if isinstance(sound, TwimlPause):
        time.sleep(min(sound.seconds, MOST_PAUSE_SECONDS))
