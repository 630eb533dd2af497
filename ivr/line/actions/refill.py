"""Actions that fill the call's basket: with everything that can be refilled, or chosen from a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.actions.on_file import find_on_file
from ivr.line.service import Context
from ivr.line.values import Basket, BasketLine, Identified, OnFile, day
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.prescriptions import assess, has_prescriptions, refillable
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.prompts import phrase

SO_FAR = ("building", "card", "spoken_card", "keep_card", "card_keyed_before", "keep_card_keyed_before")
"""What was chosen for an order that was not placed, and is no part of the next."""


@action("ready", writes={"basket": OPAQUE}, forgets=SO_FAR)
def begin_order(_: Context) -> Done:
    """Start with an empty basket."""
    return done("ready", basket=())


@action(
    "some",
    "all_on_file",
    "more",
    "none",
    "no_more",
    "no_prescriptions",
    writes={"ready": "number", "listing": OPAQUE},
    on={"all_on_file": {"on_file": "phrase"}},
    tells={"some": ("ready",), "all_on_file": ("ready", "on_file"), "more": ("ready",)},
    phrases={"on_file": {"refill.address_and_card": {}, "refill.address_alone": {}}},
)
def count_refillable(context: Context, member_id: int, basket: Basket, new_address: NewAddress | None = None) -> Done:
    """List what can be refilled now and is not in the basket, soonest to run out first.

    `all_on_file`: all of it can be ordered at once, to the address and with the card on file.
    """
    findings = _refillable(context, member_id, basket)
    listing = tuple(finding.prescription.rx_number for finding in findings if finding.prescription)
    found = {"ready": len(findings), "listing": listing}
    if basket:
        return done("more" if findings else "no_more", **found)
    if not findings:
        return done("none" if has_prescriptions(context.connection, member_id) else "no_prescriptions", **found)
    if new_address is None and (taken := _order_on_file(context, member_id, findings)):
        name = "refill.address_and_card" if taken.card.card else "refill.address_alone"
        return done("all_on_file", **found, on_file=phrase(name))
    return done("some", **found)


@action("taken", "changed", on={"taken": {"basket": OPAQUE, "all_on_file": OPAQUE}})
def take_all_on_file(context: Context, member_id: int) -> Done:
    """Put everything that can be refilled now into the basket, to be ordered to the address and with the card on file.

    The caller's yes comes later, to the words that speak all of it.
    """
    findings = _refillable(context, member_id, ())
    taken = _order_on_file(context, member_id, findings)
    if not findings or taken is None:
        return done("changed")
    return done("taken", basket=tuple(map(_usual_line, findings)), all_on_file=taken)


def _order_on_file(context: Context, member_id: int, findings: list[Finding]) -> OnFile | None:
    """Return the address and card for all of these, or None where there is still something to ask."""
    if any(finding.kind == FindingKind.RUNS_OUT_FIRST for finding in findings):
        return None
    due = any(finding.supplies[0].price_cents for finding in findings)
    return find_on_file(context, member_id, due=due)


def _refillable(context: Context, member_id: int, basket: Basket) -> list[Finding]:
    in_basket = {line.rx_number for line in basket}
    findings = refillable(context.connection, member_id, context.today, context.services.rules)
    return [finding for finding in findings if finding.prescription and finding.prescription.rx_number not in in_basket]


@action("named", "unnamed", "not_asked")
def may_name(_: Context, member: Identified, names: Literal["unnamed", ""] = "") -> Done:
    """Return whether medicines may be named in the list that follows, or else whether the third proof was asked for."""
    if member.proved:
        return done("named")
    return done("unnamed" if names else "not_asked")


@action(
    "offer",
    "finished",
    writes={"listing": OPAQUE},
    on={"offer": {"rx_number": OPAQUE, "what": "phrase", **speech.LINE}},
    tells={"offer": ("what", *speech.LINE)},
    phrases={"what": speech.LISTED_MEDICINE},
)
def next_in_list(context: Context, member: Identified, listing: tuple[str, ...]) -> Done:
    """Offer the next prescription of the list that can still be refilled."""
    for position, rx_number in enumerate(listing, 1):
        finding = assess(context.connection, member.member_id, rx_number, context.today, context.services.rules)
        if finding.kind.asks_for == "order" and (rx := finding.prescription):
            usual_supply, what = finding.supplies[0], speech.listed_medicine(rx, proved=member.proved)
            values = {"what": what, "days": usual_supply.days, "price": usual_supply.price_cents}
            return done("offer", listing=listing[position:], rx_number=rx_number, **values)
    return done("finished", listing=())


@action(
    "added",
    "runs_out",
    "nothing",
    writes={"basket": OPAQUE},
    on={"runs_out": {"supply_end": "phrase", "arrives_on": "date"}},
    tells={"runs_out": ("supply_end", "arrives_on")},
    phrases={"supply_end": {"refill.first_ends": {"day": "date"}, "refill.first_ended": {"day": "date"}}},
)
def add_all(context: Context, member_id: int, basket: Basket) -> Done:
    """Put everything that can be refilled now into the basket, each with its usual supply."""
    findings = _refillable(context, member_id, basket)
    if not findings and not basket:  # ordered elsewhere since they were counted
        return done("nothing", basket=basket)
    basket = (*basket, *map(_usual_line, findings))
    running_out = [finding for finding in findings if finding.kind == FindingKind.RUNS_OUT_FIRST]
    if not running_out:
        return done("added", basket=basket)
    soonest = min(running_out, key=lambda finding: finding.runs_out_on or context.today)
    ended = soonest.runs_out_on is not None and soonest.runs_out_on < context.today
    supply_end = phrase("refill.first_ended" if ended else "refill.first_ends", day=day(soonest.runs_out_on))
    return done("runs_out", basket=basket, supply_end=supply_end, arrives_on=day(soonest.arrives_on))


def _usual_line(finding: Finding) -> BasketLine:
    rx, supply = finding.prescription, finding.supplies[0]
    if rx is None:
        raise TypeError("a finding without a prescription cannot be ordered")
    line = BasketLine(rx.id, rx.rx_number, rx.drug_name, "", supply.n, supply.days, supply.price_cents)
    if finding.kind != FindingKind.RUNS_OUT_FIRST:
        return line
    return replace(line, ends=day(finding.runs_out_on), arrives=day(finding.arrives_on))


@action("filled", "empty")
def check_basket(_: Context, basket: Basket) -> Done:
    """Return whether anything is in the basket."""
    return done("filled" if basket else "empty")


def totals_by_day(basket: Basket) -> list[tuple[str, int]]:
    """Return (day, cents) of each day's order: now ("") first, then by day."""
    sums: dict[str, int] = {}
    for line in basket:
        sums[line.when] = sums.get(line.when, 0) + line.price
    return sorted(sums.items())


def last_charge(basket: Basket) -> str:
    """Return the last day on which a basket's card is charged, "" if that is now or never."""
    return max((line.when for line in basket if line.price), default="")


def ship_day(when: str) -> date | None:
    """Return the day an order is to ship on, None for now."""
    return date.fromisoformat(when) if when else None
