"""Actions for one prescription: judge whether it can be refilled, ask for a renewal, or put it in the call's basket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from ivr.flow.call import Done
from ivr.flow.definition import LIST, OPAQUE, Items, Phrases
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import keyed, speech
from ivr.line.service import Context
from ivr.line.values import Basket, BasketLine, Gathered, Identified, OfferedNumber, OfferedSupply, day
from ivr.pharmacy import prescriptions
from ivr.pharmacy.findings import Supply
from ivr.pharmacy.members import member_number
from ivr.pharmacy.prescriptions import KeyedRx, assess, keyed_prescriptions
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.prompts import phrase

MOST_NUMBERS = 4
"""How many of a member's prescriptions a keyed number may mean: more never differ by leading zeros alone."""

FOUND = {"prescription_id": OPAQUE, "chosen_drug": OPAQUE, "supplies": LIST, "what": "phrase", "prescriber": "text"}
"""The values known of every prescription of the caller, name -> kind."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "due_on": {"due_on": "date"},
    "ends_on": {"ends_on": "date"},
    "arrives_on": {"arrives_on": "date"},
    "transfer": {"transfer": "phrase"},
    "newer_rx_number": {"newer": OPAQUE, "ending": "digits"},
    "order": {"order_state": "phrase", "order_number": "digits"},
}
"""A finding's fact -> the values made of it, name -> kind."""

SUPPLY_END = {"supply_end": "phrase", "supply_ends_on": OPAQUE}


def _values_of(kind: FindingKind) -> Mapping[str, str]:
    """Return the values that come with a kind of finding, name -> kind; its prompts may speak no others."""
    if kind is FindingKind.NOT_FOUND:
        return {}
    values = {name: value for fact in kind.facts for name, value in VALUES.get(fact, {}).items()}
    return {**FOUND, **values, **(SUPPLY_END if "supply_end" in kind.says else {})}


FACTS = {str(kind): _values_of(kind) for kind in FindingKind}

RENEWAL_STATES = ("requested", "approved", "denied")

RENEWAL = {"renewal_on": "date", "reference": "digits"}

FINDING_VALUES = frozenset(name for values in FACTS.values() for name in values) | frozenset(RENEWAL)

SENTENCES: Mapping[str, Phrases] = {
    "what": speech.MEDICINE,
    "order_state": speech.ORDER_STATES,
    "supply_end": {
        "prescription.supply_ends": {"what": "phrase", "day": "date"},
        "prescription.supply_ended": {"what": "phrase", "day": "date"},
    },
    "transfer": {"prescription.transfer_dates": {"since": "date", "by": "date"}, "prescription.transfer_undated": {}},
}

MOST_CHOICES = 4


@action(
    "own",
    "several",
    "not_found",
    on={"own": {"rx_number": OPAQUE, "proved": OPAQUE}, "several": {"numbers": LIST, "proved": OPAQUE}},
    items={"numbers": Items({"what": "phrase", "days": "number"}, MOST_NUMBERS)},
    phrases={"what": speech.MEDICINE},
)
def take_keyed_number(context: Context, member_id: int, keyed_number: Annotated[str, keyed.RX_NUMBER]) -> Done:
    """Find the caller's prescription with the keyed number, which proves that they hold the bottle.

    It need not be refillable: a wrong number counts as a guess (`lockout`), but what is said of a right one does not.
    """

    def find_matching() -> tuple[KeyedRx, ...]:
        return keyed_prescriptions(context.connection, member_id, keyed_number)

    matching = lockout.guess(context, member_number(context.connection, member_id), find_matching).answer
    if not matching:
        return done("not_found")
    if len(matching) == 1:
        return done("own", rx_number=matching[0].rx_number, proved=True)
    numbers = tuple(
        OfferedNumber(speech.medicine(rx.drug_name, rx.rx_number, proved=True), rx.days_supply, rx.rx_number)
        for rx in matching[:MOST_NUMBERS]
    )
    return done("several", numbers=numbers, proved=True)


@action("chosen", writes={"rx_number": OPAQUE})
def use_number(_: Context, number_choice: OfferedNumber) -> Done:
    """Go on with the chosen one of several prescriptions, whose numbers differ only by leading zeros."""
    return done("chosen", rx_number=number_choice.rx_number)


@action(
    *FACTS,
    "already_chosen",
    may_write=tuple(RENEWAL),
    forgets=tuple(FINDING_VALUES),
    on={kind: {**values, "renewal": OPAQUE, "when": OPAQUE} for kind, values in FACTS.items()},
    items={"supplies": Items(speech.LINE)},
    tells={str(kind): kind.says for kind in FindingKind if kind.says},
    phrases=SENTENCES,
)
def assess_prescription(context: Context, member: Identified, rx_number: str, basket: Basket) -> Done:
    """Judge the prescription by the refusal table; the outcome is the kind of finding, with the values it speaks."""
    if any(line.rx_number == rx_number for line in basket):
        return done("already_chosen")
    finding = assess(context.connection, member.member_id, rx_number, context.today, context.services.rules)
    values = _finding_values(finding, context.today, proved=member.proved)
    renewal = finding.renewal if finding.kind.asks_for == "renewal" else None
    if renewal:
        values["renewal_on"] = day(context.services.today(renewal.requested_at))
        values["reference"] = renewal.reference
    return done(str(finding.kind), **values, renewal=renewal.status if renewal else "not_asked", when="")


def _finding_values(finding: Finding, today: date, *, proved: bool) -> dict[str, Any]:
    rx = finding.prescription
    if rx is None:
        return {}
    dates = ("due_on", "ends_on", "arrives_on")
    values: dict[str, Any] = {name: day(getattr(finding, name)) for name in dates if getattr(finding, name)}
    values["prescription_id"], values["what"] = rx.id, speech.medicine(rx.drug_name, rx.rx_number, proved=proved)
    values["prescriber"] = rx.prescriber_name
    values["supplies"] = _choices(finding.supplies)
    values["chosen_drug"] = rx.drug_name
    if "supply_end" in finding.kind.says and finding.runs_out_on:
        name = "prescription.supply_ended" if finding.runs_out_on < today else "prescription.supply_ends"
        values["supply_end"] = phrase(name, what=values["what"], day=day(finding.runs_out_on))
        values["supply_ends_on"] = day(finding.runs_out_on)
    if finding.kind == FindingKind.TRANSFER_PENDING:
        values["transfer"] = (
            phrase("prescription.transfer_dates", since=day(finding.transfer.requested_on), by=day(finding.transfer.by))
            if finding.transfer
            else phrase("prescription.transfer_undated")
        )
    if finding.newer_rx_number:
        values["newer"], values["ending"] = finding.newer_rx_number, finding.newer_rx_number[-speech.ENDING :]
    if finding.order:
        values["order_state"] = speech.order_state(finding.order, today)
        values["order_number"] = finding.order.order_number
    return values


def _choices(supplies: tuple[Supply, ...]) -> tuple[OfferedSupply, ...]:
    """Return the supplies to offer: at most four, the smallest three and the largest, as more are hard to follow."""
    offered = supplies if len(supplies) <= MOST_CHOICES else (*supplies[: MOST_CHOICES - 1], supplies[-1])
    return tuple(OfferedSupply(supply.n, supply.days, supply.price_cents) for supply in offered)


@action(
    "not_asked",
    *RENEWAL_STATES,
    on=dict.fromkeys(RENEWAL_STATES, RENEWAL),
    tells=dict.fromkeys(RENEWAL_STATES, tuple(RENEWAL)),
)
def renewal_state(_: Context, renewal: str) -> Done:
    """Return the status of the last renewal request to the prescriber, or `not_asked`."""
    return done(renewal)


@action("requested", writes={"reference": "digits"}, facts=("what", "prescriber"), tells={"requested": ("reference",)})
def request_renewal(context: Context, prescription_id: int) -> Done:
    """Ask the prescriber for a new prescription; only once, however often the caller asks for it."""
    renewal = prescriptions.request_renewal(
        context.connection, prescription_id, context.now, "phone", context.services.random_number
    )
    return done("requested", reference=renewal.reference)


@action("done", writes={"rx_number": OPAQUE})
def use_newer(_: Context, newer: str) -> Done:
    """Go on with the newer prescription that replaced this one."""
    return done("done", rx_number=newer)


@action("done", writes={"when": OPAQUE})
def ship_later(_: Context, due_on: str) -> Done:
    """Order the prescription for the day it is due."""
    return done("done", when=due_on)


@action("one", "several", on={"one": {"supply": OPAQUE}})
def offer_supplies(_: Context, supplies: tuple[OfferedSupply, ...]) -> Done:
    """Offer the usual supply and its multiples, if there is a choice."""
    if len(supplies) == 1:
        return done("one", supply=supplies[0])
    return done("several")


@dataclass(frozen=True, slots=True)
class ChosenPrescription(Gathered):
    """The prescription spoken of, the day it is ordered for ("" for now), and when its supply ends if that is first."""

    prescription_id: int
    rx_number: str
    chosen_drug: str
    when: str
    supply_ends_on: str = ""
    arrives_on: str = ""


@action("added", writes={"basket": OPAQUE, "count": "number", **speech.LINE}, tells={"added": tuple(speech.LINE)})
def add_to_order(_: Context, chosen: ChosenPrescription, supply: OfferedSupply, basket: Basket) -> Done:
    """Put the prescription in the basket with the chosen supply."""
    line = BasketLine(
        chosen.prescription_id,
        chosen.rx_number,
        chosen.chosen_drug,
        chosen.when,
        supply.n,
        supply.days,
        supply.price,
        ends=chosen.supply_ends_on,
        arrives=chosen.arrives_on if chosen.supply_ends_on else "",
    )
    return done("added", basket=(*basket, line), days=supply.days, price=supply.price, count=len(basket) + 1)
