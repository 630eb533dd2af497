"""One prescription: held against the refusal table, renewed by its prescriber, or put in the basket of the call."""

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
"""Prescriptions of one member that a keyed number may mean: more never differ by leading zeros alone."""

FOUND = {"prescription_id": OPAQUE, "chosen_drug": OPAQUE, "supplies": LIST, "what": "phrase", "prescriber": "text"}
"""What is known of every prescription that is the caller's own."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "due_on": {"due_on": "date"},
    "ends_on": {"ends_on": "date"},
    "arrives_on": {"arrives_on": "date"},
    "transfer": {"transfer": "phrase"},
    "newer_rx_number": {"newer": OPAQUE, "ending": "digits"},
    "order": {"order_state": "phrase", "order_number": "digits"},
}
"""Fact of a finding -> the values that it becomes, name -> kind."""

SUPPLY_END = {"supply_end": "phrase", "supply_ends_on": OPAQUE}


def _values_of(kind: FindingKind) -> Mapping[str, str]:
    """Return the values that come with a finding: its words may speak of those and of nothing else."""
    if kind is FindingKind.NOT_FOUND:
        return {}
    told = {name: value for fact in kind.facts for name, value in VALUES.get(fact, {}).items()}
    return {**FOUND, **told, **(SUPPLY_END if "supply_end" in kind.says else {})}


FACTS = {str(kind): _values_of(kind) for kind in FindingKind}

RENEWAL_STATES = ("requested", "approved", "denied")

RENEWAL = {"renewal_on": "date", "reference": "digits"}

TOLD = frozenset(name for told in FACTS.values() for name in told) | frozenset(RENEWAL)

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
    """Take a prescription number the caller keyed; one of their own proves that they hold the bottle.

    It need not be one that can be refilled: what else is said of it is no matter of guessing.
    """

    def own() -> tuple[KeyedRx, ...]:
        return keyed_prescriptions(context.connection, member_id, keyed_number)

    found = lockout.guess(context, member_number(context.connection, member_id), own).answer
    if not found:
        return done("not_found")
    if len(found) == 1:
        return done("own", rx_number=found[0].rx_number, proved=True)
    numbers = tuple(
        OfferedNumber(speech.medicine(rx.drug_name, rx.rx_number, proved=True), rx.days_supply, rx.rx_number)
        for rx in found[:MOST_NUMBERS]
    )
    return done("several", numbers=numbers, proved=True)


@action("chosen", writes={"rx_number": OPAQUE})
def use_number(_: Context, number_choice: OfferedNumber) -> Done:
    """Take the prescription that was chosen of those whose numbers differ by zeros before them."""
    return done("chosen", rx_number=number_choice.rx_number)


@action(
    *FACTS,
    "already_chosen",
    may_write=tuple(RENEWAL),
    forgets=tuple(TOLD),
    on={kind: {**told, "renewal": OPAQUE, "when": OPAQUE} for kind, told in FACTS.items()},
    items={"supplies": Items(speech.LINE)},
    tells={str(kind): kind.says for kind in FindingKind if kind.says},
    phrases=SENTENCES,
)
def assess_prescription(context: Context, member: Identified, rx_number: str, basket: Basket) -> Done:
    """Hold the prescription against the refusal table, and provide all that its words speak of."""
    if any(line.rx_number == rx_number for line in basket):
        return done("already_chosen")
    finding = assess(context.connection, member.member_id, rx_number, context.today, context.services.rules)
    told = _facts(finding, context.today, proved=member.proved)
    renewal = finding.renewal if finding.kind.asks_for == "renewal" else None
    if renewal:
        told["renewal_on"] = day(context.services.today(renewal.requested_at))
        told["reference"] = renewal.reference
    return done(str(finding.kind), **told, renewal=renewal.status if renewal else "not_asked", when="")


def _facts(finding: Finding, today: date, *, proved: bool) -> dict[str, Any]:
    rx = finding.prescription
    if rx is None:
        return {}
    dates = ("due_on", "ends_on", "arrives_on")
    told: dict[str, Any] = {name: day(getattr(finding, name)) for name in dates if getattr(finding, name)}
    told["prescription_id"], told["what"] = rx.id, speech.medicine(rx.drug_name, rx.rx_number, proved=proved)
    told["prescriber"] = rx.prescriber_name
    told["supplies"] = _choices(finding.supplies)
    told["chosen_drug"] = rx.drug_name
    if "supply_end" in finding.kind.says and finding.runs_out_on:
        name = "prescription.supply_ended" if finding.runs_out_on < today else "prescription.supply_ends"
        told["supply_end"] = phrase(name, what=told["what"], day=day(finding.runs_out_on))
        told["supply_ends_on"] = day(finding.runs_out_on)
    if finding.kind == FindingKind.TRANSFER_PENDING:
        told["transfer"] = (
            phrase("prescription.transfer_dates", since=day(finding.transfer.requested_on), by=day(finding.transfer.by))
            if finding.transfer
            else phrase("prescription.transfer_undated")
        )
    if finding.newer_rx_number:
        told["newer"], told["ending"] = finding.newer_rx_number, finding.newer_rx_number[-speech.ENDING :]
    if finding.order:
        told["order_state"], told["order_number"] = speech.order_state(finding.order), finding.order.order_number
    return told


def _choices(supplies: tuple[Supply, ...]) -> tuple[OfferedSupply, ...]:
    """Offer the smallest supplies and the largest: nobody can listen to a dozen of them."""
    offered = supplies if len(supplies) <= MOST_CHOICES else (*supplies[: MOST_CHOICES - 1], supplies[-1])
    return tuple(OfferedSupply(supply.n, supply.days, supply.price_cents) for supply in offered)


@action(
    "not_asked",
    *RENEWAL_STATES,
    on=dict.fromkeys(RENEWAL_STATES, RENEWAL),
    tells=dict.fromkeys(RENEWAL_STATES, tuple(RENEWAL)),
)
def renewal_state(_: Context, renewal: str) -> Done:
    """Say what has become of the last request to the prescriber, if there was one."""
    return done(renewal)


@action("requested", writes={"reference": "digits"}, facts=("what", "prescriber"), tells={"requested": ("reference",)})
def request_renewal(context: Context, prescription_id: int) -> Done:
    """Ask the prescriber for more refills: once, however often it is asked for here."""
    renewal = prescriptions.request_renewal(
        context.connection, prescription_id, context.now, "phone", context.services.random_number
    )
    return done("requested", reference=renewal.reference)


@action("done", writes={"rx_number": OPAQUE})
def use_newer(_: Context, newer: str) -> Done:
    """Go on with the prescription that replaced this one."""
    return done("done", rx_number=newer)


@action("done", writes={"when": OPAQUE})
def ship_later(_: Context, due_on: str) -> Done:
    """Keep the prescription for the day it is due."""
    return done("done", when=due_on)


@action("one", "several", on={"one": {"supply": OPAQUE}})
def offer_supplies(_: Context, supplies: tuple[OfferedSupply, ...]) -> Done:
    """Offer the usual supply and its multiples, where there is a choice."""
    if len(supplies) == 1:
        return done("one", supply=supplies[0])
    return done("several")


@dataclass(frozen=True, slots=True)
class ChosenPrescription(Gathered):
    """The prescription that is spoken of, and the day it is kept for; where its supply ends first, when that is."""

    prescription_id: int
    rx_number: str
    chosen_drug: str
    when: str
    supply_ends_on: str = ""
    arrives_on: str = ""


@action("added", writes={"basket": OPAQUE, "count": "number", **speech.LINE}, tells={"added": tuple(speech.LINE)})
def add_to_order(_: Context, chosen: ChosenPrescription, supply: OfferedSupply, basket: Basket) -> Done:
    """Put the prescription in the basket with the supply chosen."""
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
