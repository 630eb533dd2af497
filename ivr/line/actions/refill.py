"""Actions that fill the call's basket: with everything that can be refilled, or chosen from a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.service import Context
from ivr.line.values import Basket, BasketLine, Identified, day
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
    "more",
    "none",
    "no_more",
    "no_prescriptions",
    writes={"ready": "number", "listing": OPAQUE},
    tells={"some": ("ready",), "more": ("ready",)},
)
def count_refillable(context: Context, member_id: int, basket: Basket) -> Done:
    """List what can be refilled now and is not in the basket, soonest to run out first."""
    findings = _refillable(context, member_id, basket)
    if basket:
        outcome = "more" if findings else "no_more"
    elif findings:
        outcome = "some"
    else:
        outcome = "none" if has_prescriptions(context.connection, member_id) else "no_prescriptions"
    listing = tuple(finding.prescription.rx_number for finding in findings if finding.prescription)
    return done(outcome, ready=len(findings), listing=listing)


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


def ship_day(when: str) -> date | None:
    """Return the day an order is to ship on, None for now."""
    return date.fromisoformat(when) if when else None
