"""Turns facts of the pharmacy into phrases: which prompt speaks a medicine, an order's status, a card.

The tables list the phrases that a value may be: prompt -> the values it speaks, name -> kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.flow.definition import Phrases
from ivr.line.service import Services
from ivr.line.values import Basket, day
from ivr.orders.events import Happened
from ivr.orders.find import OrderFacts
from ivr.orders.judge import JudgedLine
from ivr.pharmacy.findings import OpenOrder, Rx
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.pharmacy.tables import OrderStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

MEDICINE: Phrases = {"medicine.named": {"drug": "medicine"}, "medicine.ending": {"ending": "digits"}}
LISTED_MEDICINE: Phrases = {**MEDICINE, "medicine.ending_sent": {"ending": "digits", "sent_on": "date"}}
ORDER_STATES: Phrases = {
    "order_state.pending": {},
    "order_state.under_way": {"since": "date"},
    "order_state.unpaid": {"total": "money", "kept_until": "date"},
    "order_state.declined": {"total": "money", "card": "phrase", "kept_until": "date"},
    "order_state.card_expired": {"total": "money", "card": "phrase", "kept_until": "date"},
    "order_state.held": {},
    "order_state.held_address": {},
    "order_state.held_payment": {},
    "order_state.held_payment_unknown": {},
    "order_state.held_stock": {},
    "order_state.held_stock_until": {"day": "date"},
    "order_state.held_rules": {},
    "order_state.member_not_active": {},
    "order_state.not_filled": {"what": "phrase", "rx_state": "phrase"},
    "order_state.can_be_filled": {},
    "order_state.price_changed": {"old_total": "money", "total": "money"},
    "order_state.scheduled": {"day": "date"},
    "order_state.scheduled_later": {"day": "date"},
    "order_state.placed": {"day": "date"},
    "order_state.shipped": {"day": "date"},
    "order_state.tracked": {"day": "date", "tracking": "digits"},
    "order_state.delivered": {},
    "order_state.cancelled": {},
    **{f"order_state.cancelled_{why}": {"day": "date"} for why in ("by_you", "by_staff", "online", "unpaid")},
}
RX_STATES: Phrases = {
    "rx_state.due_now": {"refills": "number"},
    "rx_state.due_on": {"day": "date", "refills": "number"},
    "rx_state.due_too_late": {"day": "date", "ends_on": "date"},
    "rx_state.none_left": {},
    "rx_state.by_law": {},
    "rx_state.expired": {"day": "full_date"},
    "rx_state.ordered": {"order_state": "phrase"},
    "rx_state.first_fill": {},
    "rx_state.transfer_pending": {},
    "rx_state.on_hold": {},
    "rx_state.not_mailable": {},
    "rx_state.renewal_requested": {"day": "date"},
    "rx_state.renewal_approved": {"day": "date"},
    "rx_state.renewal_denied": {"day": "date"},
}
NOT_FILLED: Phrases = {
    **{name: values for name, values in RX_STATES.items() if name not in ("rx_state.due_now", "rx_state.ordered")},
    **{f"rx_state.{why}": {} for why in ("discontinued", "replaced", "supply_changed")},
}
"""Why a prescription of an order cannot be filled now."""

_ENDED: Mapping[str | None, str] = {
    "rules_discontinued": "rx_state.discontinued",
    "rules_replaced": "rx_state.replaced",
    "rules_replaced_by_unknown": "rx_state.replaced",
    Happened.SUPPLY_CHANGED: "rx_state.supply_changed",
}
"""What keeps a prescription of an order from being filled, and is never told in a list of prescriptions."""

CARDS: Phrases = {f"card.{brand}": {"last4": "digits"} for brand in ("visa", "mastercard", "discover", "amex")}
AMOUNTS: Phrases = {
    "amount.now": {"total": "money"},
    "amount.later": {"day": "date", "total": "money"},
    "amount.nothing": {},
    "amount.nothing_later": {"day": "date"},
}
LINES: Phrases = {
    "order.line": {"what": "phrase", "days": "number"},
    "order.line_later": {"what": "phrase", "days": "number", "day": "date"},
}
PAYING: Phrases = {
    "order.card": {"card": "phrase"},
    "order.card_later": {"card": "phrase"},
    "order.card_on_day": {"card": "phrase"},
    "order.card_missing": {},
    "order.card_expired": {"card": "phrase"},
    "order.card_expires_before": {"card": "phrase", "day": "date"},
    "order.card_held": {"card": "phrase"},
    "order.card_held_later": {"card": "phrase"},
    "order.no_card": {},
    "order.keep_on_file": {},
    "order.keep_for_order": {},
    "order.keep_until": {"count": "number"},
}
SUPPLY_NOTES: Phrases = {
    "order.supply_ends": {"what": "phrase", "day": "date", "arrives": "date"},
    "order.supply_ended": {"what": "phrase", "day": "date", "arrives": "date"},
}
PLACED: Phrases = {
    "order.placed_now": {"order_number": "digits", "arrives": "date"},
    "order.placed_held": {"order_number": "digits"},
    "order.placed_later": {"order_number": "digits", "arrives": "date", "day": "date"},
}

LINE = {"days": "number", "price": "money"}
"""The values told of a supply: how many days it lasts and what it costs."""

ENDING = 3
"""How many last digits of its number identify a prescription whose medicine may not be named."""


def medicine(drug_name: str, rx_number: str, *, proved: bool) -> Value:
    """Return a phrase for a medicine: its name if the member has given the third proof, else the number's ending."""
    if proved:
        return phrase("medicine.named", drug=drug_name)
    return phrase("medicine.ending", ending=rx_number[-ENDING:])


def listed_medicine(rx: Rx, *, proved: bool) -> Value:
    """Return a phrase for a medicine in a list: if it may not be named, with the day it was last sent, as a hint."""
    if proved or rx.last_filled_on is None:
        return medicine(rx.drug_name, rx.rx_number, proved=proved)
    return phrase("medicine.ending_sent", ending=rx.rx_number[-ENDING:], sent_on=day(rx.last_filled_on))


def order_state(order: OpenOrder) -> Value:
    """Return a phrase for an order's status, with its dates."""
    match order.status:
        case OrderStatus.HELD if order.held_reason:
            return phrase(f"order_state.held_{order.held_reason}")
        case OrderStatus.SCHEDULED:
            return phrase("order_state.scheduled", day=day(order.ship_on))
        case OrderStatus.PLACED:
            return phrase("order_state.placed", day=day(order.expected_by))
        case OrderStatus.SHIPPED if order.tracking_number:
            spaced = " ".join(order.tracking_number)  # for older versions, whose prompts take it as text
            return phrase("order_state.tracked", day=day(order.expected_by), tracking=spaced)
        case OrderStatus.SHIPPED:
            return phrase("order_state.shipped", day=day(order.expected_by))
        case status:
            return phrase(f"order_state.{status}")


def rx_state(finding: Finding, services: Services) -> tuple[Value, ...]:
    """Return phrases for what holds of a prescription, in short; none for one that has ended otherwise."""
    renewal = finding.renewal
    if renewal is None:
        return _rx_state(finding)
    asked_on = day(services.today(renewal.requested_at))
    return (*_rx_state(finding), phrase(f"rx_state.renewal_{renewal.status}", day=asked_on))


def not_filled(judged: JudgedLine, services: Services) -> tuple[Value, ...]:
    """Return phrases for why a prescription of an order cannot be filled now, in short."""
    ended = _ENDED.get(judged.cause)
    return (phrase(ended),) if ended else rx_state(judged.finding, services)


def _rx_state(finding: Finding) -> tuple[Value, ...]:
    refills = finding.prescription.refills_left if finding.prescription else 0
    match finding.kind:
        case FindingKind.REFILLABLE | FindingKind.RUNS_OUT_FIRST:
            return (phrase("rx_state.due_now", refills=refills),)
        case FindingKind.TOO_SOON:
            return (phrase("rx_state.due_on", day=day(finding.due_on), refills=refills),)
        case FindingKind.DUE_TOO_LATE:
            return (phrase("rx_state.due_too_late", day=day(finding.due_on), ends_on=day(finding.ends_on)),)
        case FindingKind.NO_REFILLS_BY_LAW | FindingKind.LEGAL_LIMIT:
            return (phrase("rx_state.by_law"),)
        case FindingKind.EXPIRED:
            return (phrase("rx_state.expired", day=day(finding.ends_on)),)
        case FindingKind.ALREADY_ORDERED if finding.order:
            return (phrase("rx_state.ordered", order_state=order_state(finding.order)),)
        case FindingKind.NONE_LEFT | FindingKind.FIRST_FILL | FindingKind.TRANSFER_PENDING:
            return (phrase(f"rx_state.{finding.kind}"),)
        case FindingKind.ON_HOLD | FindingKind.NOT_MAILABLE:
            return (phrase(f"rx_state.{finding.kind}"),)
        case _:
            return ()


def placed(order: OrderFacts) -> Value:
    """Return a phrase that says that an order is placed, its number, and when it arrives."""
    if order.status is OrderStatus.HELD:
        return phrase("order.placed_held", order_number=order.order_number)
    values: dict[str, Value] = {"order_number": order.order_number, "arrives": day(order.expected_by)}
    if order.status is OrderStatus.SCHEDULED:
        return phrase("order.placed_later", day=day(order.ship_on), **values)
    return phrase("order.placed_now", **values)


def card(brand: Value, last4: Value) -> Value:
    """Return a phrase for a card: its brand and last four digits."""
    return phrase(f"card.{brand}", last4=last4)


def amounts(totals: Iterable[tuple[str, int]]) -> Value:
    """Return a phrase for each amount in cents that is due on a day (ISO format, "" for now)."""
    return tuple(_amount(when, total) for when, total in totals)


def _amount(when: str, total: int) -> Value:
    if total:
        return phrase("amount.later", day=when, total=total) if when else phrase("amount.now", total=total)
    return phrase("amount.nothing_later", day=when) if when else phrase("amount.nothing")


def lines(basket: Basket, *, proved: bool) -> Value:
    """Return a phrase for each prescription in the basket."""
    return tuple(
        phrase(
            "order.line_later" if line.when else "order.line",
            what=medicine(line.drug, line.rx_number, proved=proved),
            days=line.days,
            **({"day": line.when} if line.when else {}),
        )
        for line in basket
    )
