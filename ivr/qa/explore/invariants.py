"""The invariants of calls: what must hold of every call, whatever the caller does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ivr.flow.definition import Flows
from ivr.flow.verbs import HangUp
from ivr.qa.explore.secrecy import Canary, leaks
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.prompt_matcher import spoken_prompts
from ivr.simulator.scenario import Scenario, Turn
from ivr.simulator.world import LINES, Found

MOST_SECONDS = 3600.0
"""No call lasts longer, apart from a talk with a person: the line ends it after half an hour, with some words yet."""


def broken_now(caller: SimulatedCaller) -> Iterator[str]:
    """Yield the invariants that are broken after an act of the caller, each as a sentence."""
    for slip in (*caller.handset.errors, *caller.handset.warnings):
        yield f"the carrier cannot take an answer: {slip}"
    for turn in caller.latest:
        if silent := _is_silent(caller.flows, turn):
            yield silent
        if any(trace_step.flow == caller.flows.line.failed for trace_step in turn.trace):
            yield "a turn failed"
    if caller.handset.seconds > MOST_SECONDS:
        yield "the call does not come to an end"


def _is_silent(flows: Flows, turn: Turn) -> str:
    """Return what is wrong with a turn in which nothing is said; "" when nothing is.

    A call may end without a word, and a quiet question may take the rest of a number that is still being keyed. In any
    other turn the caller must hear words, even one who only waits for the payment processor.
    """
    if turn.verb.words or isinstance(turn.verb, HangUp):
        return ""
    flow, name = turn.call.top.flow, turn.call.top.state
    state = flows.state(flow, name)
    if state.quiet:
        return ""
    return (
        f'{state.place}: {state.word} "{name}" says nothing and the call goes on: callers must hear words in every turn'
    )


def broken_after(
    caller: SimulatedCaller, scenario: Scenario, before: Sequence[Found], canaries: Sequence[Canary]
) -> Iterator[str]:
    """Yield the invariants that are broken when all calls are over; `before` are the prescriptions as they were."""
    turns = scenario.turns
    orders = scenario.new_rows("refill_order")
    confirmed = sum(_confirms(caller.flows, turn) for turn in turns)
    if orders and not confirmed:
        yield "an order was placed that nobody confirmed"
    spoken = _spoken_totals(turns)
    payments = {str(row["order_number"]): row for row in scenario.new_rows("payment") if row["status"] == "authorized"}
    for order in orders:
        yield from _order(order, payments.get(str(order["order_number"])), spoken)
    yield from _refills(before, scenario.table("prescription"))
    yield from leaks(scenario.holdings(), canaries)


def _confirms(flows: Flows, turn: Turn) -> bool:
    for trace_step in turn.trace:
        state = flows.state(trace_step.flow, trace_step.state)
        if trace_step.branch in state.keys and state.keys[trace_step.branch].confirms:
            return True
    return False


def _spoken_totals(turns: Sequence[Turn]) -> set[str]:
    spoken = [spoken_prompt.speak for turn in turns for spoken_prompt in spoken_prompts(turn.verb.words)]
    nothing = {"0" for speak in spoken if speak.prompt in ("amount.nothing", "amount.nothing_later")}
    return nothing | {str(speak.values["total"]) for speak in spoken if "total" in speak.values}


def _order(order: Found, payment: Found | None, spoken: set[str]) -> Iterator[str]:
    lines = order.get(LINES)
    total = sum(int(line["price_cents"]) for line in lines) if isinstance(lines, list) else 0
    number, charged = order["order_number"], order["total_cents"]
    if str(total) != charged:
        yield f"order {number} costs {charged}, but its lines {total}"
    if str(charged) not in spoken:
        yield f"order {number} costs {charged}, which was never spoken"
    if payment and payment["amount_cents"] != charged:
        yield f"order {number} costs {charged}, but {payment['amount_cents']} were charged"


def _refills(before: Sequence[Found], after: Sequence[Found]) -> Iterator[str]:
    rows_before: Mapping[str, Found] = {str(row["rx_number"]): row for row in before}
    for row in after:
        if int(str(row["refills_left"])) < 0:
            yield f"prescription {row['rx_number']} has fewer than no refills"
        if _all_refills(row) != _all_refills(rows_before[str(row["rx_number"])]):
            yield f"refills of prescription {row['rx_number']} were lost, or came from nowhere"


def _all_refills(prescription: Found) -> int:
    return int(str(prescription["refills_left"])) + int(str(prescription["refills_used"]))
