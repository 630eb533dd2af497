"""The attempts of a search: what a caller could do next at a question, and what could happen around the call.

A trouble is something that happens around a call: the payment processor fails, time passes, a row changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ivr.flow.call import Call
from ivr.flow.definition import Flows
from ivr.flow.parts import REPEAT
from ivr.flow.states import State
from ivr.qa.explore.answers import UNKNOWN_RX, Keyed, Pharmacy
from ivr.qa.explore.answers import answers as answers_to
from ivr.qa.explore.card_acts import card_ways
from ivr.qa.explore.found_calls import NOWHERE
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.scripts.script import LANGUAGE_KEY, Act, Breaks, Dials, HangsUp, Later, Meanwhile, Presses, Waits
from ivr.simulator.scenario import Scenario
from ivr.simulator.world import Row

OF_MEMBER = ("zip", "keyed_number", "keyed_order", "keyed_proof")
"""The values whose answers depend on who is calling."""
KEPT_KEYS = {"member_number": "member", "keyed_zip": "zip", "card_number": "card", "keyed_letters": "letters"}
"""The answers that `Keyed` remembers: the value they are saved in -> the field of `Keyed`."""
MOST_CHOICES = 3
"""At most so many items of a list are chosen, where a menu offers one."""
TOO_LONG = timedelta(minutes=31)
"""Just over the half hour after which the line ends a call."""
KEYS_LAST = timedelta(hours=20)
"""How long a payment is asked for by the same request key: a processor may forget keys after a day."""
ASKED_BEFORE = timedelta(seconds=7)
"""From the caller's yes to the first request to the processor, and a little more."""
WEB_ORDER = "70010004"
OTHER_MEMBER = "41200154"
OTHER_CENTS = "12345"
PAYMENT_COLUMNS = ("order_number", "request_key", "brand", "last4", "status")
CARD_COLUMNS = ("member_number", "gateway", "brand", "last4")
NEW_PRESCRIPTION = {
    "drug_name": "LISINOPRIL 10 MG TAB",
    "written_on": "-80d",
    "refills_left": "3",
    "days_supply": "30",
    "quantity": "30",
    "price_cents": "900",
    "prescriber_name": "Dr. Priya Raman",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Acts to try at a question."""

    acts: tuple[Act, ...]
    name: object
    """Attempts of the same name count as the same thing tried, whoever is calling."""
    keyed: Keyed
    """What the caller has keyed, after this attempt."""
    label: str = ""
    """The label of the transition it takes in the flow's graph; "" when it has none there."""
    unlikely: int = 0
    """How many answers to the same question are more likely."""
    leaves: bool = False
    """It leaves the question unanswered; what follows depends on what was done in the call, not on the question."""
    troubled: tuple[tuple[str, str], ...] = ()
    """For an attempt with a trouble: the actions it runs that have outcomes left to find, as (flow, state)."""

    @property
    def is_long(self) -> bool:
        """Whether it lets most of a day pass. That is slow to simulate, since the line sweeps all the while."""
        return any(isinstance(act, Later) and act.span > TOO_LONG for act in self.acts)


def attempts(
    flows: Flows, language: str, pharmacy: Pharmacy, keyed: Keyed, call: Call, few: int | None
) -> Iterator[Attempt]:
    """Yield everything to try at the question where a call waits: answers first, then what leaves it unanswered.

    Of the numbers that could be keyed, at most `few` are tried; None for all.
    """
    where = (call.top.flow, call.top.state)
    state = flows.state(*where)
    answers = [*_answers(language, pharmacy, keyed, call, state)]
    if few and len(answers) > few and state.number:
        answers = [*answers[: few - 1], answers[-1]]
    for place, (keys, label, keyed_then) in enumerate(answers):
        unlikely = place if few and state.number else 0
        yield Attempt((Presses(NOWHERE, keys),), (where, keys), keyed_then, label, unlikely)
    yield from (
        Attempt(acts, name, keyed, label, leaves=True) for name, label, acts in _attempts_to_leave(flows, state)
    )
    yield from _attempts_to_fail(keyed, call, Waits(NOWHERE))


def card_attempts(keyed: Keyed, call: Call, most_attempts: int) -> Iterator[Attempt]:
    """Yield everything to try where the carrier takes a card."""
    where = (call.top.flow, call.top.state)
    for place, (number, outcome, acts) in enumerate(card_ways(most_attempts)):
        yield Attempt(acts, (where, place), keyed.with_answer("card" if number else "", number), outcome)
    yield from _attempts_to_fail(keyed, call, Presses(NOWHERE, "*"))


def _attempts_to_fail(keyed: Keyed, call: Call, act: Act) -> Iterator[Attempt]:
    """Yield a hang-up and another call; and an act in whose turn the line fails, or the call has been too long."""
    where = (call.top.flow, call.top.state)
    can_resume = call.values.get("basket") or call.values.get("order_id")
    if can_resume and not keyed.earlier:  # two calls are enough
        in_second_call = Keyed(earlier=f"{keyed.member} at {where[0]}.{where[1]}", again=keyed.again)
        yield Attempt((HangsUp(NOWHERE), Dials(NOWHERE)), ("left", where), in_second_call, leaves=True)
    yield Attempt((Breaks(NOWHERE, "line"), act), "line", keyed, "failed", leaves=True)
    yield Attempt((Later(NOWHERE, TOO_LONG), act), "too long", keyed, "too_long", leaves=True)


def _answers(
    language: str, pharmacy: Pharmacy, keyed: Keyed, call: Call, state: State
) -> Iterator[tuple[str, str, Keyed]]:
    """Yield keys, the label of the transition they take, and what the caller has then keyed."""
    for key, target in state.keys.items():
        chosen = target.sets.get("language")
        if chosen is None or chosen == language:
            yield (LANGUAGE_KEY if chosen else key), key, keyed
    items = call.values.get(state.choices.of) if state.choices else None
    for number in range(1, 1 + min(len(items) if isinstance(items, list | tuple) else 0, MOST_CHOICES)):
        yield str(number), "choice", keyed
    if state.number:
        name = KEPT_KEYS.get(state.number.save, "")
        for keys in answers_to(state.number, pharmacy, keyed):
            yield keys, "next", keyed.with_answer(name, keys.rstrip("#"))
    if state.pound:
        yield "#", "pound", keyed


def _attempts_to_leave(flows: Flows, state: State) -> Iterator[tuple[str, str, tuple[Act, ...]]]:
    """Yield name, label and acts of what leaves a question without an answer: silence to the end, and the shared keys."""
    if not state.limits:
        return
    name = f"{state.place}" if state.too_many else "too_many"
    silent = Waits(NOWHERE, state.limits.silence + 1)  # one more: the first may count as a pound pressed by habit
    yield name, "too_many", (silent,)
    for key, flow in state.shared_keys(flows.line).items():
        if flow != REPEAT:
            yield flow, key, tuple(Presses(NOWHERE, one if state.one_key else f"{one}#") for one in key)


NamedTrouble = tuple[str, tuple[Act, ...]]
"""Something that could happen around a call, with its name; of several with one name it is enough to try one."""


def troubles(call: Call, member: str, scenario: Scenario) -> Iterator[NamedTrouble]:
    """Yield what could happen before an action: the processor fails, time passes, somebody else changes a row."""
    yield "processor away", (Breaks(NOWHERE, "processor"),)
    yield "processor away once", (Breaks(NOWHERE, "processor_once"),)
    yield "processor slow", (Breaks(NOWHERE, "slow_processor_once"),)
    if "member_id" not in call.values:
        yield "guessed at", (Breaks(NOWHERE, "guessing"),)
    yield "minutes", (Later(NOWHERE, timedelta(minutes=6)),)
    yield "a day", (Later(NOWHERE, timedelta(hours=21)), Breaks(NOWHERE, "processor"))
    basket = call.values.get("basket")
    lines = basket if isinstance(basket, list | tuple) else ()
    numbers = [str(line["rx_number"]) for line in lines if isinstance(line, Mapping)]
    for card in scenario.table("saved_card") if numbers else ():
        if card["member_number"] == member:
            unchanged = {name: str(card[name]) for name in CARD_COLUMNS} | {"token": f"tok_{card['brand']}"}
            yield "card expired", (_row_change("saved_card", **unchanged, exp_month="1", exp_year="2020"),)
    for number in numbers[:1]:
        yield "another price", (_row_change("prescription", rx_number=number, price_cents=OTHER_CENTS),)
    for chosen in (numbers[:1], numbers) if len(numbers) > 1 else (numbers,):
        if chosen:
            yield f"{min(len(chosen), 2)} ordered", (Meanwhile(NOWHERE, web_order(member, chosen)),)
    for name in ("rx_number", "newer"):
        if rx_number := call.values.get(name):
            moved = _row_change("prescription", rx_number=str(rx_number), member_number=OTHER_MEMBER)
            yield f"{name} moved", (moved,)
    number = str(call.values.get("order_number", ""))
    if any(
        order["order_number"] == number and order["status"] == "pending" for order in scenario.table("refill_order")
    ):
        yield from _order_troubles(number)
        yield from _old_payment_keys(number, scenario)


def _order_troubles(number: str) -> Iterator[NamedTrouble]:
    """Yield changes to an order that waits for its payment: placed, repriced or paid by somebody else."""
    yield "placed elsewhere", (_row_change("refill_order", order_number=number, status="placed"),)
    yield "another total", (_row_change("refill_order", order_number=number, total_cents=OTHER_CENTS),)
    paying = {"status": "pending", "request_key": "elsewhere", "brand": "visa", "last4": "4242"}
    yield "paid elsewhere", (_row_change("payment", order_number=number, **paying),)


def _old_payment_keys(number: str, scenario: Scenario) -> Iterator[NamedTrouble]:
    """Yield that a payment was begun so long ago that its request key is too old, or becomes so during the request."""
    asked = scenario.clock.now + ASKED_BEFORE
    for payment in scenario.table("payment"):
        if payment["order_number"] == number and payment["status"] == "pending":
            for trouble, begun in (("key too old", asked - 2 * KEYS_LAST), ("key growing old", asked - KEYS_LAST)):
                unchanged = {name: str(payment[name]) for name in PAYMENT_COLUMNS}
                aged = _row_change("payment", **unchanged, created_at=begun.isoformat())
                yield trouble, (aged, Breaks(NOWHERE, "processor_once"))


def _row_change(table: str, **columns: str) -> Meanwhile:
    return Meanwhile(NOWHERE, (Row(NOWHERE, table, columns),))


def member_row_changes(pharmacy: Pharmacy, keyed: Keyed) -> Iterator[NamedTrouble]:
    """Yield changes to the member's own rows that could happen before a number is keyed or a flow begins."""
    if keyed.member in pharmacy.zips:
        mailing = {"member_number": keyed.member, "kind": "mailing", "zip": pharmacy.zips[keyed.member]}
        yield "address unsure", (_row_change("address", verified="false", **mailing),)
    own = pharmacy.prescriptions.get(keyed.member, ())
    if own:
        yield "all ordered", (Meanwhile(NOWHERE, web_order(keyed.member, own)),)
    for rx_number in own[:1]:
        twin = {"rx_number": f"0{rx_number}", "member_number": keyed.member}
        yield "zeros before it", (_row_change("prescription", **twin, **NEW_PRESCRIPTION),)
    for rx_number in pharmacy.replaced.get(keyed.member, ()):
        yield "newer unknown", (_row_change("prescription", rx_number=rx_number, replaced_by=UNKNOWN_RX),)
    for transfer in pharmacy.transfers.get(keyed.member, ()):
        rejected = _row_change("transfer", member_number=keyed.member, status="rejected", **transfer)
        yield "transfer rejected", (rejected,)


def web_order(member: str, prescriptions: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of an order that the member places on the website."""
    order = {
        "order_number": WEB_ORDER,
        "member_number": member,
        "channel": "web",
        "status": "placed",
        "total_cents": "0",
    }
    lines = [{"order_number": WEB_ORDER, "rx_number": number} for number in prescriptions]
    return (Row(NOWHERE, "refill_order", order), *(Row(NOWHERE, "order_line", line) for line in lines))


def one_by_one(act: Act) -> Iterator[Act]:
    """Yield an act; several silences one at a time, so that the caller can stop when the line gives up."""
    if isinstance(act, Waits):
        yield from (replace(act, times=1) for _ in range(act.times))
    else:
        yield act


def gave_up(caller: SimulatedCaller) -> bool:
    """Return whether the line has just given up on a question, after too many silences or wrong keys."""
    return any(trace_step.branch == "too_many" for turn in caller.latest for trace_step in turn.trace)
