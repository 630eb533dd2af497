"""What to refill: all that can be, or chosen from a list, in the basket of the call."""

from __future__ import annotations

from datetime import date

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line.action import action
from ivr.line.actions import speech
from ivr.line.actions.kinds import Item, day, items, number
from ivr.line.service import Context
from ivr.orders.find import pending_orders
from ivr.pharmacy.prescriptions import assess, has_prescriptions, refillable
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values


@action(
    "ready",
    "unpaid",
    reads=("member_id",),
    writes={"basket": KEPT},
    on={
        "unpaid": {
            "order_id": KEPT,
            "order_number": "digits",
            "total": "money",
            "amounts": "phrase",
            "placed": "phrase",
        }
    },
    phrases={"amounts": speech.AMOUNTS, "placed": speech.PLACED},
    tells={"unpaid": ("order_number", "total")},
)
def begin_order(context: Context, values: Values) -> Done:
    """Start with an empty basket; an order that an earlier call left unpaid comes first."""
    pending = pending_orders(context.connection, number(values, "member_id"))
    fresh: dict[str, Value] = {"basket": ()}
    if pending:
        order = pending[0]
        amounts = speech.amounts([("", order.total_cents)])
        told: dict[str, Value] = {"order_id": order.id, "order_number": order.order_number, "amounts": amounts}
        told["placed"] = (speech.placed(order),)
        return Done("unpaid", {**fresh, **told, "total": order.total_cents})
    return Done("ready", fresh)


@action(
    "some",
    "more",
    "none",
    "no_more",
    "no_prescriptions",
    reads=("member_id", "basket"),
    writes={"ready": "number", "listing": KEPT},
    tells={"some": ("ready",), "more": ("ready",)},
)
def count_refillable(context: Context, values: Values) -> Done:
    """Find what can be refilled now, soonest to run out first, less what is in the basket."""
    found = _refillable(context, values)
    listing = tuple(finding.prescription.rx_number for finding in found if finding.prescription)
    if items(values, "basket"):
        return Done("more" if found else "no_more", {"ready": len(found), "listing": listing})
    member_id = number(values, "member_id")
    none = "none" if found or has_prescriptions(context.connection, member_id) else "no_prescriptions"
    return Done("some" if found else none, {"ready": len(found), "listing": listing})


def _refillable(context: Context, values: Values) -> list[Finding]:
    chosen = {line["rx_number"] for line in items(values, "basket")}
    found = refillable(context.connection, number(values, "member_id"), context.today, context.line.rules)
    return [finding for finding in found if finding.prescription and finding.prescription.rx_number not in chosen]


@action(
    "offer",
    "finished",
    reads=("member_id", "listing"),
    may_read=("proved",),
    writes={"listing": KEPT},
    on={"offer": {"rx_number": KEPT, "what": "phrase", **speech.LINE}},
    tells={"offer": ("what", *speech.LINE)},
    phrases={"what": speech.MEDICINE},
)
def next_in_list(context: Context, values: Values) -> Done:
    """Offer the next prescription that can be refilled."""
    listing = values.get("listing")
    waiting = tuple(str(rx) for rx in listing) if isinstance(listing, tuple | list) else ()
    for position, rx_number in enumerate(waiting, 1):
        finding = assess(context.connection, number(values, "member_id"), rx_number, context.today, context.line.rules)
        if finding.kind.asks_for == "order" and finding.prescription:
            usual = finding.supplies[0]
            told: dict[str, Value] = {"days": usual.days, "price": usual.price_cents}
            told["what"] = speech.medicine(values, finding.prescription)
            return Done("offer", {"listing": waiting[position:], "rx_number": rx_number, **told})
    return Done("finished", {"listing": ()})


@action(
    "added",
    "runs_out",
    "nothing",
    reads=("member_id", "basket"),
    writes={"basket": KEPT},
    on={"runs_out": {"supply_end": "phrase", "arrives_on": "date"}},
    tells={"runs_out": ("supply_end", "arrives_on")},
    phrases={"supply_end": {"refill.first_ends": {"day": "date"}, "refill.first_ended": {"day": "date"}}},
)
def add_all(context: Context, values: Values) -> Done:
    """Put everything that can be refilled now in the basket, each with its usual supply."""
    found = _refillable(context, values)
    basket = [*items(values, "basket")]
    if not found and not basket:  # ordered elsewhere since they were counted
        return Done("nothing")
    basket += [_line(f) for f in found]
    late = [finding for finding in found if finding.kind == FindingKind.RUNS_OUT_FIRST]
    if not late:
        return Done("added", {"basket": tuple(basket)})
    soonest = min(late, key=lambda finding: finding.runs_out_on or context.today)
    ended = soonest.runs_out_on is not None and soonest.runs_out_on < context.today
    first = phrase("refill.first_ended" if ended else "refill.first_ends", day=day(soonest.runs_out_on))
    return Done("runs_out", {"basket": tuple(basket), "supply_end": first, "arrives_on": day(soonest.arrives_on)})


def _line(finding: Finding) -> Item:
    rx, supply = finding.prescription, finding.supplies[0]
    if rx is None:
        raise TypeError("a finding without a prescription cannot be ordered")
    chosen: dict[str, Value] = {"prescription_id": rx.id, "rx_number": rx.rx_number, "drug": rx.drug_name, "when": ""}
    if finding.kind == FindingKind.RUNS_OUT_FIRST:
        chosen |= {"ends": day(finding.runs_out_on), "arrives": day(finding.arrives_on)}
    return {**chosen, "n": supply.n, "days": supply.days, "price": supply.price_cents}


@action("filled", "empty", reads=("basket",))
def check_basket(_: Context, values: Values) -> Done:
    """Say whether anything has been chosen."""
    return Done("filled" if items(values, "basket") else "empty")


def totals(values: Values) -> list[tuple[str, int]]:
    """Return what each day's order costs, in cents: now ("") first, then by day."""
    sums: dict[str, int] = {}
    for line in items(values, "basket"):
        sums[str(line["when"])] = sums.get(str(line["when"]), 0) + number(line, "price")
    return sorted(sums.items())


def later(when: str) -> date | None:
    """Return the day an order is kept for, None for now."""
    return date.fromisoformat(when) if when else None
