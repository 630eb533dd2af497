"""Action that tells an order, and which ways it has: what a caller can still do about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, Phrases
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.service import Context
from ivr.line.values import Identified, day
from ivr.orders.cards import KeptCard, is_expired, saved_card
from ivr.orders.events import Actor, Happened, who_last
from ivr.orders.find import GOES_ON, OrderFacts, mark_told, order_by_id
from ivr.orders.judge import Judgement, is_held_by_line, judge_order
from ivr.orders.payments import PaymentFacts, is_paid, kept_until, payment_for
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

STATES = (
    "under_way",
    "wait",
    "unpaid",
    "held_address",
    "held",
    "can_be_filled",
    "scheduled",
    "due",
    "placed",
    "sent",
    "cancelled",
)

TOLD = ("order_number", "order_state")

TOLD_WHOLE = (*TOLD, "contents")
"""What is told of an order that may be changed for what is in it."""

CONTENTS: Phrases = {"order.content": {"what": "phrase", "days": "number"}}
"""What is in an order."""

CARD_NOTES: Phrases = {
    "order.card_missing": {},
    "order.card_expired": {"card": "phrase"},
    "order.card_expires_before": {"card": "phrase", "day": "date"},
}
"""Why an order needs another card."""

CANCELLED_BY: Mapping[str | None, str] = {
    Actor.PHONE: "order_state.cancelled_by_you",
    Actor.STAFF: "order_state.cancelled_by_staff",
    Actor.LINE: "order_state.cancelled_unpaid",
}
"""Who cancelled an order -> the prompt that says so; others did it on the website or in the app."""


@action(
    *STATES,
    writes={
        **dict.fromkeys(("order_state", "contents", "amounts", "placed"), "phrase"),
        "order_number": "digits",
        "told_orders": OPAQUE,
    },
    tells={
        **dict.fromkeys(STATES, TOLD),
        **dict.fromkeys(("held", "can_be_filled", "scheduled", "due", "placed"), TOLD_WHOLE),
    },
    phrases={
        "order_state": {**speech.ORDER_STATES, **CARD_NOTES, "card.was_declined": {"card": "phrase"}},
        "contents": CONTENTS,
        "what": speech.MEDICINE,
        "rx_state": speech.NOT_FILLED,
        "card": speech.CARDS,
        "amounts": speech.AMOUNTS,
        "placed": speech.PLACED,
    },
)
def tell_order(context: Context, member: Identified, order_id: int, told_orders: tuple[int, ...] = ()) -> Done:
    """Tell an order's state and what is in it; the outcome is which ways it has.

    What is news by itself, as that it is cancelled, was moved to another day by the line, or that its call broke off,
    is so once.
    """
    order = members_order(context, member.member_id, order_id)
    payment = payment_for(context.connection, order.id)
    is_news = order.status in (OrderStatus.CANCELLED, OrderStatus.SCHEDULED)
    if is_news or (order.told_at is None and order.status in GOES_ON):
        mark_told(context.connection, order.id, context.now)
    judgement = judge_held(context, order)
    arrives = arrival(context.today, context.services.rules.mail_business_days)
    return done(
        _ways(context, order, payment, judgement),
        told_orders=(*told_orders, order.id),
        order_number=order.order_number,
        order_state=_state(context, order, payment, judgement, proved=member.proved),
        contents=contents(order, proved=member.proved),
        amounts=speech.amounts([("", order.total_cents)]),
        placed=(phrase("order.placed_now", order_number=order.order_number, arrives=day(arrives)),),
    )


def members_order(context: Context, member_id: int, order_id: int) -> OrderFacts:
    """Return an order that this call speaks of; LookupError if it is not the member's."""
    order = order_by_id(context.connection, order_id)
    if order is None or order.member_id != member_id:
        raise LookupError("an order that a call speaks of is not its member's")
    return order


def contents(order: OrderFacts, *, proved: bool) -> Value:
    """Return a phrase for each prescription in an order."""
    return tuple(
        phrase(
            "order.content", what=speech.medicine(line.drug_name, line.rx_number, proved=proved), days=line.days_supply
        )
        for line in order.lines
    )


def paying_on(context: Context, order: OrderFacts, ship_day: str) -> Value:
    """Return the phrase for the card that an order is charged to on its ship day, "" for now."""
    if is_paid(order, payment_for(context.connection, order.id)):
        return (phrase("order.no_card"),)
    card, note = _card_of(context, order), card_note(context, order, date.fromisoformat(ship_day or day(context.today)))
    if card is None or note:
        return (note,)
    words = "order.card_on_day" if ship_day else "order.card"
    return (phrase(words, card=speech.card(card.brand, card.last4)),)


def card_note(context: Context, order: OrderFacts, on: date) -> Value | None:
    """Return the phrase for why an order's card cannot be charged on a day; None if it can, or no card is needed."""
    if is_paid(order, payment_for(context.connection, order.id)):
        return None
    card = _card_of(context, order)
    if card is None:
        return phrase("order.card_missing")
    spoken = speech.card(card.brand, card.last4)
    if is_expired(card, context.today):
        return phrase("order.card_expired", card=spoken)
    return phrase("order.card_expires_before", card=spoken, day=day(on)) if is_expired(card, on) else None


def _card_of(context: Context, order: OrderFacts) -> KeptCard | None:
    return saved_card(context.connection, order.saved_card_id) if order.saved_card_id else None


def judge_held(context: Context, order: OrderFacts) -> Judgement | None:
    """Judge an order anew that the line held for the rules; return None for any other, which is not the line's to judge."""
    if not is_held_by_line(context.connection, order):
        return None
    return judge_order(context.connection, order, context.today, context.services.rules)


def _ways(context: Context, order: OrderFacts, payment: PaymentFacts | None, judgement: Judgement | None) -> str:
    is_asked_for = payment is not None and payment.status is PaymentStatus.PENDING
    match order.status, order.held_reason:
        case OrderStatus.PENDING, _ if payment is not None and is_asked_for:
            return "under_way" if payment.gateway == context.services.gateway.name else "wait"
        case OrderStatus.HELD, HeldReason.PAYMENT_UNKNOWN:
            return "wait"
        case ((OrderStatus.HELD | OrderStatus.SCHEDULED), _) if is_asked_for:
            return "wait"
        case (OrderStatus.PENDING, _) | (OrderStatus.HELD, HeldReason.PAYMENT):
            return "unpaid"
        case OrderStatus.HELD, HeldReason.ADDRESS:
            return "held_address"
        case OrderStatus.HELD, _:
            return "can_be_filled" if judgement and judgement.may_be_filled else "held"
        case OrderStatus.SCHEDULED, _:
            judged_now = judge_order(context.connection, order, context.today, context.services.rules)
            return "scheduled" if judged_now.causes else "due"
        case OrderStatus.PLACED, _:
            return "placed"
        case OrderStatus.CANCELLED, _:
            return "cancelled"
        case _:
            return "sent"


def _state(
    context: Context, order: OrderFacts, payment: PaymentFacts | None, judgement: Judgement | None, *, proved: bool
) -> Value:
    """Return the phrase for an order's state, with all that a caller needs to choose among its ways."""
    match order.status, order.held_reason:
        case OrderStatus.HELD, HeldReason.PAYMENT_UNKNOWN:
            return phrase("order_state.held_payment_unknown")
        case ((OrderStatus.PENDING | OrderStatus.HELD | OrderStatus.SCHEDULED), _) if (
            payment is not None and payment.status is PaymentStatus.PENDING
        ):
            return phrase("order_state.under_way", since=day(context.services.today(payment.created_at)))
        case (OrderStatus.PENDING, _) | (OrderStatus.HELD, HeldReason.PAYMENT):
            return _unpaid_state(context, order, payment)
        case OrderStatus.HELD, HeldReason.RULES if judgement:
            return _judged_state(context, order, judgement, proved=proved)
        case OrderStatus.SCHEDULED, _:
            return (_scheduled_state(context, order), *_card_state(context, order))
        case OrderStatus.HELD, HeldReason.STOCK if order.stock_expected_on:
            return phrase("order_state.held_stock_until", day=day(order.stock_expected_on))
        case OrderStatus.CANCELLED, _ if order.cancelled_at:
            words = CANCELLED_BY.get(order.cancelled_by, "order_state.cancelled_online")
            return phrase(words, day=day(context.services.today(order.cancelled_at)))
        case _:
            return speech.order_state(order)


def _scheduled_state(context: Context, order: OrderFacts) -> Value:
    if who_last(context.connection, order.id, Happened.SHIP_DAY_CHANGED) == Actor.LINE:
        return phrase("order_state.scheduled_later", day=day(order.ship_on))
    return speech.order_state(order)


def _card_state(context: Context, order: OrderFacts) -> tuple[Value, ...]:
    """Return the phrase for what speaks against the card of a scheduled order, if anything does."""
    if note := card_note(context, order, max(context.today, order.ship_on or context.today)):
        return (note,)
    card = _card_of(context, order)
    if card is None or card.last_declined_at is None or not order.total_cents:
        return ()
    return (phrase("card.was_declined", card=speech.card(card.brand, card.last4)),)


def _judged_state(context: Context, order: OrderFacts, judgement: Judgement, *, proved: bool) -> Value:
    """Return the phrases for an order that the line held on its day, as it would be judged now."""
    if not judgement.member_is_active:
        return phrase("order_state.member_not_active")
    if judgement.refused:
        refused = (
            phrase(
                "order_state.not_filled",
                what=speech.medicine(judged.line.drug_name, judged.line.rx_number, proved=proved),
                rx_state=speech.not_filled(judged, context.services),
            )
            for judged in judgement.refused
        )
        return (phrase("order_state.held_rules"), *refused)
    if judgement.asks_price:
        return phrase("order_state.price_changed", old_total=order.total_cents, total=judgement.total_cents)
    return phrase("order_state.can_be_filled")


def _unpaid_state(context: Context, order: OrderFacts, payment: PaymentFacts | None) -> Value:
    values: dict[str, Value] = {"total": order.total_cents, "kept_until": spoken_kept_until(context, order)}
    if payment is not None and payment.status is PaymentStatus.DECLINED:
        return phrase("order_state.declined", card=speech.card(payment.brand, payment.last4), **values)
    card = _card_of(context, order)
    if card is not None and is_expired(card, context.today):
        return phrase("order_state.card_expired", card=speech.card(card.brand, card.last4), **values)
    return phrase("order_state.unpaid", **values)


def spoken_kept_until(context: Context, order: OrderFacts) -> str:
    """Return the last day on which an unpaid order is kept."""
    return day(context.services.today(kept_until(context.connection, order, context.services.rules)))
