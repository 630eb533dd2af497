"""What a caller could do next, and what could happen around the call: the ways a search tries."""

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
from ivr.qa.explore.found_calls import NOWHERE
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.scripts.script import LANGUAGE_KEY, Act, Breaks, Dials, HangsUp, Later, Meanwhile, Presses, Waits
from ivr.simulator.scenario import Scenario
from ivr.simulator.world import Row

OF_MEMBER = ("zip", "keyed_number", "keyed_order", "keyed_proof")
"""Answers that depend on who is calling, by the value they are saved in."""
KEPT_KEYS = {"member_number": "member", "keyed_zip": "zip", "card_number": "card", "keyed_letters": "letters"}
"""What is remembered of what was keyed, likewise."""
MOST_CHOICES = 3
"""Choices of a menu that are tried."""
TOO_LONG = timedelta(minutes=31)
"""A call lasts half an hour at most."""
KEYS_LAST = timedelta(hours=20)
"""For how long a processor is asked by the same key: it may forget keys after a day."""
ASKED_BEFORE = timedelta(seconds=7)
"""From a yes to the processor's being asked the first time, and a little more."""
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
    """Something to try at a question."""

    acts: tuple[Act, ...]
    name: object
    """What is counted as the same thing tried, whoever does it."""
    keyed: Keyed
    """What is known of the caller then."""
    label: str = ""
    """How the flow's graph calls that way; "" for none of its own."""
    unlikely: int = 0
    """How many answers to the same question are likelier."""
    leaves: bool = False
    """It leads away from the question, not on: what comes then depends on what was done, not on the question."""
    troubled: tuple[tuple[str, str], ...] = ()
    """The actions with outcomes left that it runs while something else happens."""

    @property
    def is_long(self) -> bool:
        """Say whether most of a day passes: the line sweeps all the while, which takes its time here too."""
        return any(isinstance(act, Later) and act.span > TOO_LONG for act in self.acts)


def attempts(
    flows: Flows, language: str, pharmacy: Pharmacy, keyed: Keyed, call: Call, few: int | None
) -> Iterator[Attempt]:
    """Yield everything to try at a question: answers first, then what leads away. Of numbers perhaps only a few."""
    where = (call.top.flow, call.top.state)
    state = flows.state(*where)
    answers = [*_answers(language, pharmacy, keyed, call, state)]
    if few and len(answers) > few and state.number:
        answers = [*answers[: few - 1], answers[-1]]
    for place, (keys, label, known) in enumerate(answers):
        unlikely = place if few and state.number else 0
        yield Attempt((Presses(NOWHERE, keys),), (where, keys), known, label, unlikely)
    yield from (Attempt(acts, name, keyed, label, leaves=True) for name, label, acts in _elsewhere(flows, state))
    come_back = call.values.get("basket") or call.values.get("order_id")
    if come_back and not keyed.earlier:  # two calls are enough
        left = Keyed(earlier=f"{keyed.member} at {where[0]}.{where[1]}", again=keyed.again)
        yield Attempt((HangsUp(NOWHERE), Dials(NOWHERE)), ("left", where), left, leaves=True)
    yield Attempt((Breaks(NOWHERE, "line"), Waits(NOWHERE)), "line", keyed, "failed", leaves=True)
    yield Attempt((Later(NOWHERE, TOO_LONG), Waits(NOWHERE)), "too long", keyed, "too_long", leaves=True)


def _answers(
    language: str, pharmacy: Pharmacy, keyed: Keyed, call: Call, state: State
) -> Iterator[tuple[str, str, Keyed]]:
    """Yield keys, the label of the way they lead, and what is known of the caller then."""
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
            yield keys, "next", keyed.but(name, keys.rstrip("#"))
    if state.pound:
        yield "#", "pound", keyed


def _elsewhere(flows: Flows, state: State) -> Iterator[tuple[str, str, tuple[Act, ...]]]:
    """Yield what leads elsewhere without an answer, by name and label; the rest is tried question by question."""
    if not state.limits:
        return
    name = f"{state.place}" if state.too_many else "too_many"
    silent = Waits(NOWHERE, state.limits.silence + 1)  # the first may be taken for the pause of a habit
    yield name, "too_many", (silent,)
    for key, flow in state.shared_keys(flows.line).items():
        if flow != REPEAT:
            yield flow, key, (Presses(NOWHERE, key if state.one_key else f"{key}#"),)


NamedTrouble = tuple[str, tuple[Act, ...]]
"""What could happen around a call, by a name: of those of one name it is enough to try one."""


def troubles(call: Call, member: str, scenario: Scenario) -> Iterator[NamedTrouble]:
    """Yield what could happen before an action: the processor fails, time passes, somebody else acts meanwhile."""
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
            kept = {name: str(card[name]) for name in CARD_COLUMNS} | {"token": f"tok_{card['brand']}"}
            yield "card expired", (_changed("saved_card", **kept, exp_month="1", exp_year="2020"),)
    for number in numbers[:1]:
        yield "another price", (_changed("prescription", rx_number=number, price_cents=OTHER_CENTS),)
    for chosen in (numbers[:1], numbers) if len(numbers) > 1 else (numbers,):
        if chosen:
            yield f"{min(len(chosen), 2)} ordered", (Meanwhile(NOWHERE, web_order(member, chosen)),)
    for name in ("rx_number", "newer"):
        if rx_number := call.values.get(name):
            moved = _changed("prescription", rx_number=str(rx_number), member_number=OTHER_MEMBER)
            yield f"{name} moved", (moved,)
    number = str(call.values.get("order_number", ""))
    if any(
        order["order_number"] == number and order["status"] == "pending" for order in scenario.table("refill_order")
    ):
        yield from _order_troubles(number)
        yield from _forgotten(number, scenario)


def _order_troubles(number: str) -> Iterator[NamedTrouble]:
    """Yield what could happen to an order that waits for its payment."""
    yield "placed elsewhere", (_changed("refill_order", order_number=number, status="placed"),)
    yield "another total", (_changed("refill_order", order_number=number, total_cents=OTHER_CENTS),)
    paying = {"status": "pending", "request_key": "elsewhere", "brand": "visa", "last4": "4242"}
    yield "paid elsewhere", (_changed("payment", order_number=number, **paying),)


def _forgotten(number: str, scenario: Scenario) -> Iterator[NamedTrouble]:
    """Yield that a payment was begun so long ago that its key is too old, or grows so while it is being asked for."""
    asked = scenario.clock.now + ASKED_BEFORE
    for payment in scenario.table("payment"):
        if payment["order_number"] == number and payment["status"] == "pending":
            for trouble, begun in (("key too old", asked - 2 * KEYS_LAST), ("key growing old", asked - KEYS_LAST)):
                kept = {name: str(payment[name]) for name in PAYMENT_COLUMNS}
                aged = _changed("payment", **kept, created_at=begun.isoformat())
                yield trouble, (aged, Breaks(NOWHERE, "processor_once"))


def _changed(table: str, **columns: str) -> Meanwhile:
    return Meanwhile(NOWHERE, (Row(NOWHERE, table, columns),))


def changes(pharmacy: Pharmacy, keyed: Keyed) -> Iterator[NamedTrouble]:
    """Yield what could have changed in the member's rows before a number is keyed or a subject begins."""
    if keyed.member in pharmacy.zips:
        mailing = {"member_number": keyed.member, "kind": "mailing", "zip": pharmacy.zips[keyed.member]}
        yield "address unsure", (_changed("address", verified="false", **mailing),)
    own = pharmacy.prescriptions.get(keyed.member, ())
    if own:
        yield "all ordered", (Meanwhile(NOWHERE, web_order(keyed.member, own)),)
    for rx_number in own[:1]:
        twin = {"rx_number": f"0{rx_number}", "member_number": keyed.member}
        yield "zeros before it", (_changed("prescription", **twin, **NEW_PRESCRIPTION),)
    for rx_number in pharmacy.replaced.get(keyed.member, ()):
        yield "newer unknown", (_changed("prescription", rx_number=rx_number, replaced_by=UNKNOWN_RX),)
    for transfer in pharmacy.transfers.get(keyed.member, ()):
        rejected = _changed("transfer", member_number=keyed.member, status="rejected", **transfer)
        yield "transfer rejected", (rejected,)


def web_order(member: str, prescriptions: Sequence[str]) -> tuple[Row, ...]:
    """Return an order that the member places on the website, as rows."""
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
    """Yield silences one at a time, so that they can end when the line gives up."""
    if isinstance(act, Waits):
        yield from (replace(act, times=1) for _ in range(act.times))
    else:
        yield act


def gave_up(caller: SimulatedCaller) -> bool:
    """Say whether the line has just given up on a question."""
    return any(trace_step.branch == "too_many" for turn in caller.latest for trace_step in turn.trace)
