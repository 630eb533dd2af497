"""Callers whose keys double, drop, come all at once or end in pound: is anything charged that they had not heard whole?

Every caller wants one thing (an order with the card on file or a new one, an unpaid order paid or cancelled), keys it
with one kind of mishap, and goes on by what the line asks. Each time a row is ordered, charged or cancelled, the words
that no key could cut, right before the key, must hold its facts, worded here from the rows. Run:
python bench/heard.py --callers 500 --jobs 2
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from ivr import logs
from ivr.errors import Place
from ivr.phone.handset import Ended, Handset
from ivr.phone.transport import Form, Headers, Reply
from ivr.phone.verbs import TwimlSay, TwimlSound
from ivr.prompts.spoken import speak
from ivr.qa.explore.found_calls import open_scenario
from ivr.settings import Settings
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import Row

NOWHERE = Place("bench/heard.py")
LANGUAGES = {"en": "1", "es": "2"}
MISHAPS = ("none", "doubled", "pound", "ahead", "lost")
WANTS = ("card on file", "new card", "pay unpaid", "cancel")
HABITS = tuple(itertools.product((True, False), repeat=4))
ON_FILE = ("41200017", "41200702", "412093358", "41203442")
NO_CARD = ("41200154", "41204812", "41204949", "41200839")
TO_NEW_CARD = {"412093358": "119"} | dict.fromkeys(("41200017", "41200702", "41203442"), "1929")
"""The keys from what to refill to a new card, of members with cards on file: with two, or from the order said back."""
MOST_ACTS = 60
Answers = Mapping[str, str]

KEYED: Answers = {
    "main.menu": "1",
    "refill.quick": "1",
    "refill.how": "1",
    "refill.how_more": "9",
    "refill.runs_out": "1",
    "refill.go_on": "1",
    "refill.more": "9",
    "refill.offer": "9",
    "refill.no_more": "9",
    "refill.not_found": "9",
    "refill.empty": "1",
    "refill.number": "",
    "checkout.ship_to": "1",
    "checkout.rest": "1",
    "checkout.change": "2",
    "checkout.confirm": "7",
    "card.number": "4242424242424242#",
    "card.expiry": "1230",
    "card.rest_of_expiry": "30",
    "card.code": "123",
    "card.keep": "2",
    "card.other_or_on_file": "2",
    "card.other_card": "1",
    "pay_unpaid.confirm": "7",
    "payment.declined": "1",
    "card.after_decline": "9",
    "news.several": "1",
    "order.under_way": "1",
    "order.cancelled": "9",
    "sorry.sorry": "1",
    "address.scope": "9",
    "address.zip": "00000",
    "address.offer": "8",
    "address.mend": "9",
    "address.no_street": "9",
    "address.unknown_zip": "9",
    "spelling.heard": "9",
    "orders.more": "4",
    "transfer.choose": "9",
    "transfer.how": "3",
    "transfer.confirm": "9",
    "form.where": "2",
    "main.new_prescription": "2",
    "main.other_ways": "4",
    "main.website": "2",
    "main.relay": "2",
    "main.anything_else": "9",
    "refill.none_ready": "9",
    "prescription.supply": "1",
    "prescription.offer_renewal": "9",
    "prescription.runs_out": "1",
    "prescription.too_soon": "9",
}
"""What a caller presses at each question, whatever they want."""
BY_WANT: Mapping[str, Answers] = {
    "card on file": {"card.on_file": "1"},
    "pay unpaid": {"order.unpaid": "1", "order.confirm_unpaid": "7", "card.on_file": "1", "cancel.confirm": "9"}
    | {"checkout.confirm": "9", "checkout.change": "5"},
    "new card": {"card.on_file": "9", "refill.quick": "2", "refill.offer_names": "2", "refill.offer": "1"},
    "cancel": {"order.unpaid": "3", "cancel.confirm": "7", "order.confirm_unpaid": "3", "payment.declined": "3"}
    | {"card.on_file": "*", "pay_unpaid.confirm": "3", "checkout.confirm": "9", "checkout.change": "5"},
}


@dataclass(frozen=True)
class Case:
    """One caller."""

    seed: int
    want: str
    language: str
    mishap: str

    def __str__(self) -> str:
        return f"{self.want}, {self.language}, {self.mishap}, caller {self.seed}"


@dataclass
class Result:
    """What came of a call: what was not heard whole, and whether the caller got what they wanted."""

    unheard: list[str] = field(default_factory=list)
    done: bool = False
    ended: str = ""


@dataclass
class PromptMatcher:
    """What was said where no key cuts, up to the last key that reached the line; the rows are looked at all along."""

    scenario: Scenario
    language: str
    saying: list[str] = field(default_factory=list)
    before_key: str = ""
    unheard: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def hears(self, sound: TwimlSound) -> None:
        if isinstance(sound, TwimlSay):
            self.saying.append(sound.text)

    def post(self, url: str, form: Form | None, headers: Headers) -> Reply:
        """Pass a request on; what it orders, charges or cancels must have been said by then."""
        is_early = "early=1" in url  # keys from before the end of the facts, which were said all the same
        if form is not None and form.get("Digits") and not is_early:
            self.before_key = " ".join(self.saying)
        if form is None or (("Digits" in form or "msg" in form) and not is_early):
            self.saying = []
        reply = self.scenario.post(url, form, headers)
        with self.scenario.database.connect() as connection:
            now = dict(_bound(connection))
            for what, order in now.items():
                if self.known.get(what) != order:
                    self.unheard += [
                        f"{what}: {fact!r} not in {self.before_key!r}" for fact in self._missing(connection, what)
                    ]
            self.known = now
        return reply

    def _missing(self, connection: Connection, what: str) -> Iterator[str]:
        kind, _, number = what.partition(" ")
        facts = _facts(connection, kind, number, self.language)
        return (" or ".join(fact) for fact in facts if not any(words in self.before_key for words in fact))


def _bound(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what binds the caller: orders that were placed or cancelled, and what is charged for them."""
    for number, status, payments in connection.execute(
        text(
            "SELECT order_number, status, (SELECT count(*) FROM payment WHERE order_id = refill_order.id AND "
            "payment.status IN ('authorized', 'captured')) FROM refill_order WHERE channel = 'phone'"
        )
    ):
        yield f"{'cancelled' if status == 'cancelled' else 'ordered'} {number}", "there"
        if payments:
            yield f"charged {number}", str(payments)


Fact = tuple[str, ...]
"""The ways a fact can be worded."""


def _facts(connection: Connection, kind: str, number: str, language: str) -> Iterator[Fact]:
    """Yield the facts of an order, worded from its rows: by no prompt, and by none of our flow's values."""
    order = connection.execute(
        text("SELECT * FROM refill_order JOIN address a ON a.id = ship_to_id WHERE order_number = :n"), {"n": number}
    ).one()
    if kind == "ordered":
        yield (speak("address", _address(order), language),)
    if kind in ("ordered", "cancelled"):
        yield from _lines(connection, order.order_number, language)
    if kind in ("ordered", "charged"):
        yield (speak("money", order.total_cents, language),)
        payment = connection.execute(
            text("SELECT last4 FROM payment p JOIN refill_order o ON o.id = p.order_id WHERE order_number = :n "
                 "ORDER BY p.id DESC"), {"n": number}
        ).first()  # fmt: skip
        if payment:
            yield (speak("digits", payment.last4, language),)


def _address(row: Any) -> dict[str, str]:
    names = ("house_number", "street", "unit", "city", "state", "zip")
    return {name: getattr(row, name) or "" for name in names}


def _lines(connection: Connection, number: str, language: str) -> Iterator[Fact]:
    lines = connection.execute(
        text("SELECT rx_number, drug_name, l.days_supply FROM order_line l JOIN refill_order o ON o.id = l.order_id "
             "JOIN prescription p ON p.id = l.prescription_id WHERE order_number = :n"), {"n": number}
    )  # fmt: skip
    for rx_number, drug, days in lines:
        yield speak("digits", rx_number[-3:], language), speak("text", drug, language)
        yield (speak("number", days, language),)


def call(simulator: Simulator, case: Case) -> Result:
    """Make one call."""
    chance = random.Random(f"{case}")
    with open_scenario(simulator, "nobody") as scenario:
        member, zip_code = _member(scenario, case, chance)
        if case.want in ("pay unpaid", "cancel"):
            _leave_unpaid(scenario, member)
        prompt_matcher = PromptMatcher(scenario, case.language)
        with scenario.database.connect() as connection:
            prompt_matcher.known = dict(_bound(connection))
        proof = next(str(row["rx_number"]) for row in scenario.table("prescription") if row["member_number"] == member)
        caller = _Caller(case, prompt_matcher, scenario, _answers(case, member, zip_code, proof), chance)
        caller.call()
        done = _is_done(scenario, case, member)
        return Result(prompt_matcher.unheard, done, caller.where)


def _member(scenario: Scenario, case: Case, chance: random.Random) -> tuple[str, str]:
    member = chance.choice(NO_CARD if case.want == "new card" and chance.random() < 0.5 else ON_FILE)
    addresses = scenario.table("address")
    zips = (str(row["zip"]) for row in addresses if row["member_number"] == member and not row["replaced_at"])
    return member, next(zips)


def _leave_unpaid(scenario: Scenario, member: str) -> None:
    """Leave an order that an earlier call did not pay, for its card was declined."""
    rx = next(str(row["rx_number"]) for row in scenario.table("prescription") if row["member_number"] == member)
    number, card = "76543214", {"brand": "visa", "last4": "4242"}
    order = {"order_number": number, "member_number": member, "channel": "phone", "status": "pending"}
    payment = {"order_number": number, "gateway": "sandbox", "request_key": "earlier", **card, "status": "declined"}
    rows = (
        Row(NOWHERE, "refill_order", {**order, "total_cents": "1250"}),
        Row(NOWHERE, "order_line", {"order_number": number, "rx_number": rx, "price_cents": "1250"}),
        Row(NOWHERE, "payment", payment),
    )
    scenario.change(rows)


def _answers(case: Case, member: str, zip_code: str, proof: str) -> Answers:
    own = {
        "address.prove": f"{proof}#",
        "main.language": LANGUAGES[case.language],
        "identify.member_number": f"{member}#",
        "identify.zip": zip_code,
    }
    return {**KEYED, **BY_WANT[case.want], **own}


def _is_done(scenario: Scenario, case: Case, member: str) -> bool:
    orders = [
        row for row in scenario.table("refill_order") if row["member_number"] == member and row["channel"] == "phone"
    ]
    match case.want:
        case "cancel":
            return any(row["order_number"] == "76543214" and row["status"] == "cancelled" for row in orders)
        case "pay unpaid":
            return any(row["order_number"] == "76543214" and row["status"] == "placed" for row in orders)
        case _:
            return any(row["status"] == "placed" for row in scenario.new_rows("refill_order"))


class _Caller:
    """Somebody on the telephone, with a mishap."""

    def __init__(
        self, case: Case, prompt_matcher: PromptMatcher, scenario: Scenario, answers: Answers, chance: random.Random
    ) -> None:
        self.case, self.prompt_matcher, self.scenario, self.answers, self.chance = (
            case,
            prompt_matcher,
            scenario,
            answers,
            chance,
        )
        ahead, through, ends_empty, empty_digits = HABITS[case.seed % len(HABITS)]
        self.phone = Handset(
            prompt_matcher.post, scenario.url, "+15105550123", "+18002457979", f"CA{chance.getrandbits(128):032x}",
            carries_keys_ahead=ahead, carries_keys_through_words=through, finish_key_ends_empty=ends_empty,
            sends_empty_digits=empty_digits, plays=prompt_matcher.hears, passes=scenario.passes,
        )  # fmt: skip
        self.slip = case.seed // len(HABITS)
        """The key that is doubled or lost, counted over the call."""
        self.pressed = 0

    @property
    def where(self) -> str:
        """The state the call waits in."""
        top = self.scenario.turns[-1].call.top
        return f"{top.flow}.{top.state}"

    def call(self) -> None:
        heard = self.phone.dial()
        if self.case.mishap == "ahead":
            heard = self.phone.press(self._plan())
        for _ in range(MOST_ACTS):
            if isinstance(heard.waiting, Ended):
                return
            keys = self._slipped(self.answers.get(self.where, "*"))
            heard = self.phone.press(keys) if keys else self.phone.wait()
        self.phone.hang_up()

    def _plan(self) -> str:
        """All the keys of a call without a mishap, to be pressed at once."""
        known = self.answers
        begun = known["main.language"] + "11".replace("11", "1")
        who = known["identify.member_number"] + known["identify.zip"]
        match self.case.want:
            case "card on file":
                return f"{begun}{who}17"
            case "new card":
                to_card = TO_NEW_CARD.get(known["identify.member_number"].rstrip("#"), "11")
                return f"{begun}{who}{to_card}4242424242424242#123012327"
            case "pay unpaid":
                return f"{begun}{who}117"
            case _:
                return f"{begun}{who}37"

    def _next(self, keys: int) -> int | None:
        """Count keys that are about to be pressed, and return which of them is the one to slip."""
        at, self.pressed = self.slip - self.pressed, self.pressed + keys
        return at if 0 <= at < keys else None

    def _slipped(self, keys: str) -> str:
        match self.case.mishap:
            case "pound":
                return keys + "#" if keys and not keys.endswith("#") else keys
            case "doubled":
                at = self._next(len(keys))
                return keys[: at + 1] + keys[at:] if at is not None else keys
            case "lost":
                at = self._next(len(keys))
                return keys[:at] + keys[at + 1 :] if at is not None else keys
            case _:
                return keys


def cases(callers: int) -> Iterator[Case]:
    for want, language, mishap in itertools.product(WANTS, LANGUAGES, MISHAPS):
        for seed in range(callers):
            yield Case(seed, want, language, mishap)


def run(part: list[Case]) -> list[tuple[Case, Result]]:
    simulator = Simulator(Settings())
    return [(case, call(simulator, case)) for case in part]


def report(results: list[tuple[Case, Result]]) -> int:
    """Print what came of it; return how many calls bound their caller to what was not heard."""
    unheard = [(case, result) for case, result in results if result.unheard]
    for case, result in unheard[:20]:
        print(f"{case}: {result.unheard[0]}")
    for mishap in MISHAPS:
        of = [(case, result) for case, result in results if case.mishap == mishap]
        done = sum(result.done for _, result in of)
        print(
            f"{mishap:8} {len(of):6} calls, {sum(bool(r.unheard) for _, r in of)} unheard, {done / max(len(of), 1):.1%} as wanted"
        )
        where = Counter(result.ended for _, result in of if not result.done)
        print("         not done, ended at: " + ", ".join(f"{name} {count}" for name, count in where.most_common(6)))
    total = sum(result.done for _, result in results)
    print(f"in all   {len(results):6} calls, {len(unheard)} unheard, {total / len(results):.1%} as wanted")
    return len(unheard)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=500, help="callers of each kind")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    logs.configure(open(os.devnull, "w"))  # noqa: SIM115, PTH123 - as long as this process
    every = list(cases(given.callers))
    parts = [every[at :: given.jobs * 4] for at in range(given.jobs * 4)]
    with ProcessPoolExecutor(given.jobs) as pool:
        results = [result for part in pool.map(run, parts) for result in part]
    return 1 if report(results) else 0


if __name__ == "__main__":
    sys.exit(main())
