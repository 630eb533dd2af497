"""One prescription: held against the refusal table, renewed by its prescriber, or put in the basket of the call."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.call import Done
from ivr.flow.definition import KEPT, LIST, Items, Phrases
from ivr.line import lockout
from ivr.line.action import action
from ivr.line.actions import keyed, speech
from ivr.line.actions.kinds import day, item, items, number, text
from ivr.line.service import Context
from ivr.pharmacy import prescriptions
from ivr.pharmacy.findings import Supply
from ivr.pharmacy.members import member_number
from ivr.pharmacy.prescriptions import KeyedRx, assess, keyed_prescriptions
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

MOST_NUMBERS = 4
"""Prescriptions of one member that a keyed number may mean: more never differ by leading zeros alone."""

FOUND = {"prescription_id": KEPT, "chosen_drug": KEPT, "supplies": LIST, "what": "phrase", "prescriber": "text"}
"""What is known of every prescription that is the caller's own."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "due_on": {"due_on": "date"},
    "ends_on": {"ends_on": "date"},
    "arrives_on": {"arrives_on": "date"},
    "transfer": {"transfer": "phrase"},
    "newer_rx_number": {"newer": KEPT, "ending": "digits"},
    "order": {"order_state": "phrase", "order_number": "digits"},
}
"""Fact of a finding -> the values that it becomes, name -> kind."""

SUPPLY_END = {"supply_end": "phrase", "supply_ends_on": KEPT}


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
    "transfer": {
        "prescription.transfer_dates": {"since": "date", "by": "date"},
        "prescription.transfer_undated": {},
    },
}

MOST_CHOICES = 4


@action(
    "own",
    "several",
    "not_found",
    reads=("member_id", "keyed_number"),
    forgets=("keyed_number",),
    answers={"keyed_number": keyed.RX_NUMBER},
    on={"own": {"rx_number": KEPT, "proved": KEPT}, "several": {"numbers": LIST, "proved": KEPT}},
    items={"numbers": Items({"what": "phrase", "days": "number"}, MOST_NUMBERS)},
    phrases={"what": speech.MEDICINE},
)
def take_keyed_number(context: Context, values: Values) -> Done:
    """Take a prescription number the caller keyed; one of their own proves that they hold the bottle.

    It need not be one that can be refilled: what else is said of it is no matter of guessing.
    """
    keyed, member_id = text(values, "keyed_number"), number(values, "member_id")

    def own() -> tuple[KeyedRx, ...]:
        return keyed_prescriptions(context.connection, member_id, keyed)

    found = lockout.guess(context, member_number(context.connection, member_id), own).answer
    if not found:
        return Done("not_found", forgets=("keyed_number",))
    if len(found) == 1:
        return Done("own", {"rx_number": found[0].rx_number, "proved": True}, forgets=("keyed_number",))
    numbers = tuple(
        {"what": speech.medicine_of({"proved": True}, rx.drug_name, rx.rx_number), "days": rx.days_supply}
        | {"rx_number": rx.rx_number}
        for rx in found[:MOST_NUMBERS]
    )
    return Done("several", {"numbers": numbers, "proved": True}, forgets=("keyed_number",))


@action("chosen", reads=("number_choice",), writes={"rx_number": KEPT})
def use_number(_: Context, values: Values) -> Done:
    """Take the prescription that was chosen of those whose numbers differ by zeros before them."""
    return Done("chosen", {"rx_number": text(item(values, "number_choice"), "rx_number")})


@action(
    *FACTS,
    "already_chosen",
    reads=("member_id", "rx_number", "basket"),
    may_read=("proved",),
    may_write=tuple(RENEWAL),
    forgets=tuple(TOLD),
    on={kind: {**told, "renewal": KEPT, "when": KEPT} for kind, told in FACTS.items()},
    items={"supplies": Items(speech.LINE)},
    tells={str(kind): kind.says for kind in FindingKind if kind.says},
    phrases=SENTENCES,
)
def assess_prescription(context: Context, values: Values) -> Done:
    """Hold the prescription against the refusal table, and provide all that its words speak of."""
    rx_number = text(values, "rx_number")
    if any(line["rx_number"] == rx_number for line in items(values, "basket")):
        return Done("already_chosen")
    finding = assess(context.connection, number(values, "member_id"), rx_number, context.today, context.line.rules)
    told = _facts(context, values, finding)
    renewal = finding.renewal if finding.kind.asks_for == "renewal" else None
    if renewal:
        told["renewal_on"] = day(context.line.today(renewal.requested_at))
        told["reference"] = renewal.reference
    stale = tuple(name for name in TOLD if name not in told)
    return Done(
        str(finding.kind), {**told, "renewal": renewal.status if renewal else "not_asked", "when": ""}, forgets=stale
    )


def _facts(context: Context, values: Values, finding: Finding) -> dict[str, Value]:
    rx = finding.prescription
    if rx is None:
        return {}
    dates = ("due_on", "ends_on", "arrives_on")
    told: dict[str, Value] = {name: day(getattr(finding, name)) for name in dates if getattr(finding, name)}
    told["prescription_id"], told["what"] = rx.id, speech.medicine(values, rx)
    told["prescriber"] = rx.prescriber_name
    told["supplies"] = _choices(finding.supplies)
    told["chosen_drug"] = rx.drug_name
    if "supply_end" in finding.kind.says and finding.runs_out_on:
        ended = finding.runs_out_on < context.today
        name = "prescription.supply_ended" if ended else "prescription.supply_ends"
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


def _choices(supplies: tuple[Supply, ...]) -> Value:
    """Offer the smallest supplies and the largest: nobody can listen to a dozen of them."""
    offered = supplies if len(supplies) <= MOST_CHOICES else (*supplies[: MOST_CHOICES - 1], supplies[-1])
    return tuple({"n": supply.n, "days": supply.days, "price": supply.price_cents} for supply in offered)


@action(
    "not_asked",
    *RENEWAL_STATES,
    reads=("renewal",),
    on=dict.fromkeys(RENEWAL_STATES, RENEWAL),
    tells=dict.fromkeys(RENEWAL_STATES, tuple(RENEWAL)),
)
def renewal_state(_: Context, values: Values) -> Done:
    """Say what has become of the last request to the prescriber, if there was one."""
    return Done(text(values, "renewal"))


@action(
    "requested",
    reads=("prescription_id",),
    writes={"reference": "digits"},
    facts=("what", "prescriber"),
    tells={"requested": ("reference",)},
)
def request_renewal(context: Context, values: Values) -> Done:
    """Ask the prescriber for more refills: once, however often it is asked for here."""
    rx_id = number(values, "prescription_id")
    renewal = prescriptions.request_renewal(context.connection, rx_id, context.now, "phone", context.line.draw)
    return Done("requested", {"reference": renewal.reference})


@action("done", reads=("newer",), writes={"rx_number": KEPT})
def use_newer(_: Context, values: Values) -> Done:
    """Go on with the prescription that replaced this one."""
    return Done("done", {"rx_number": text(values, "newer")})


@action("done", reads=("due_on",), writes={"when": KEPT})
def ship_later(_: Context, values: Values) -> Done:
    """Keep the prescription for the day it is due."""
    return Done("done", {"when": text(values, "due_on")})


@action("one", "several", reads=("supplies",), on={"one": {"supply": KEPT}})
def offer_supplies(_: Context, values: Values) -> Done:
    """Offer the usual supply and its multiples, where there is a choice."""
    supplies = items(values, "supplies")
    if len(supplies) == 1:
        return Done("one", {"supply": supplies[0]})
    return Done("several")


@action(
    "added",
    reads=("prescription_id", "rx_number", "chosen_drug", "when", "supply", "basket"),
    may_read=("supply_ends_on", "arrives_on"),
    writes={"basket": KEPT, "count": "number", **speech.LINE},
    tells={"added": tuple(speech.LINE)},
)
def add_to_order(_: Context, values: Values) -> Done:
    """Put the prescription in the basket with the supply chosen."""
    supply = item(values, "supply")
    line: dict[str, Value] = {
        "prescription_id": number(values, "prescription_id"),
        "rx_number": text(values, "rx_number"),
        "drug": text(values, "chosen_drug"),
        "when": text(values, "when"),
        **{name: supply[name] for name in ("n", "days", "price")},
    }
    if values.get("supply_ends_on"):
        line |= {"ends": values["supply_ends_on"], "arrives": values["arrives_on"]}
    basket = (*items(values, "basket"), line)
    return Done("added", {"basket": basket, "days": supply["days"], "price": supply["price"], "count": len(basket)})
