"""Ships orders for the pharmacy's staff: the money first, with nothing held, then the rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from ivr.orders import authorize
from ivr.orders.cards import forget_order_card, saved_card
from ivr.orders.desk import Desk, Outcome
from ivr.orders.find import OrderFacts, order_by_number
from ivr.orders.payments import PaymentFacts, begin_payment, payment_for, record_payment
from ivr.orders.states import hold_order, ship_order
from ivr.payment.gateway import Authorized, Captured, Refused, Unavailable, Voided
from ivr.pharmacy.members import is_for_tests

AUTHORIZED_FOR = timedelta(days=5)
"""An authorization older than this may have lapsed: it is voided and made anew before it is captured."""


def ship(desk: Desk, order_number: str, tracking_number: str | None = None) -> Outcome:
    """Capture what was authorized, then send the order off; its fill counts from today."""
    now = desk.clock()
    with desk.database.begin() as connection:
        order = order_by_number(connection, order_number)
        payment = payment_for(connection, order.id) if order else None
        for_tests = order is not None and is_for_tests(connection, order.member_id)
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    if for_tests and desk.gateway.live:
        return Outcome(
            False, f"order {order_number} is a test member's: this line charges real cards and never ships it"
        )
    if order.status != "placed":
        return Outcome(False, f"order {order_number} is {order.status}; only a placed order can be shipped")
    if order.total_cents and payment is None:
        return Outcome(False, f"order {order_number} has no payment to capture")
    if payment and payment.status != "captured":
        refusal = _capture(desk, order, payment, now)
        if refusal:
            return refusal
    with desk.database.begin() as connection:
        shipped = ship_order(connection, order.id, desk.today(now), tracking_number)
        forget_order_card(connection, order.id)
    return Outcome(
        shipped, f"order {order_number} is shipped" if shipped else f"order {order_number} changed meanwhile"
    )


def _capture(desk: Desk, order: OrderFacts, payment: PaymentFacts, now: datetime) -> Outcome | None:
    if payment.status == "authorized" and now - payment.created_at > AUTHORIZED_FOR:
        renewed = _begin_anew(desk, order, payment, now)
        if isinstance(renewed, Outcome):
            return renewed
        payment = renewed
    if payment.status == "pending":  # begun anew just now, or by an earlier try that got no answer
        authorized = _authorize(desk, order, payment)
        if isinstance(authorized, Outcome):
            return authorized
        payment = authorized
    if payment.status != "authorized" or payment.reference is None:
        return Outcome(False, f"the payment of order {order.order_number} is {payment.status}, not authorized")
    answer = desk.gateway.capture(payment.reference, payment.amount_cents, payment.request_key)
    match answer:
        case Captured():
            with desk.database.begin() as connection:
                record_payment(connection, payment.id, "captured", answer.reference)
            return None
        case Refused():
            return Outcome(
                False, f"the card processor refused to capture order {order.order_number}: {answer.reason.value}"
            )
        case Unavailable():
            return _no_answer(order)


def _begin_anew(desk: Desk, order: OrderFacts, old: PaymentFacts, now: datetime) -> PaymentFacts | Outcome:
    """Void an authorization that may have lapsed, and write a new payment down as pending in its place."""
    if old.reference is None or not isinstance(desk.gateway.void(old.reference, old.request_key), Voided):
        return Outcome(False, f"the old authorization of order {order.order_number} could not be voided; try again")
    with desk.database.begin() as connection:
        record_payment(connection, old.id, "voided", None)
        return begin_payment(
            connection,
            order.id,
            gateway=old.gateway,
            brand=old.brand,
            last4=old.last4,
            amount_cents=old.amount_cents,
            request_key=f"{old.request_key}-anew",
            now=now,
        )


def _authorize(desk: Desk, order: OrderFacts, payment: PaymentFacts) -> PaymentFacts | Outcome:
    """Ask for a pending payment with its own key; without an answer it stays pending, to be asked for again."""
    with desk.database.begin() as connection:
        card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    if card is None:
        return Outcome(False, f"the card of order {order.order_number} is gone")
    answer = desk.gateway.authorize(
        card.token, payment.amount_cents, payment.request_key, f"Order {order.order_number}"
    )
    if isinstance(answer, Unavailable):
        return _no_answer(order)
    with desk.database.begin() as connection:
        if isinstance(answer, Authorized):
            record_payment(connection, payment.id, "authorized", answer.reference)
            return payment_for(connection, order.id) or payment
        ours = authorize.is_our_fault(answer, order.order_number)
        record_payment(connection, payment.id, "failed" if ours else "declined", None)
        hold_order(connection, order.id, "payment")
    why = f"the card processor refused what was asked: {answer.reason.value}" if ours else "its card was declined"
    return Outcome(False, f"order {order.order_number} is held: {why}")


def _no_answer(order: OrderFacts) -> Outcome:
    return Outcome(False, f"the card processor does not answer for order {order.order_number}; try again")
