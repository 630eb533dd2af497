"""Actions that cancel an order, and void what was authorized for it."""

from __future__ import annotations

from dataclasses import dataclass

from ivr import logs
from ivr.flow.call import Done
from ivr.line.action import action, done, external_action
from ivr.line.actions import speech
from ivr.line.actions.order_ways import CONTENTS, contents, members_order
from ivr.line.service import Context
from ivr.line.values import Gathered, Identified
from ivr.orders import cancel, lease
from ivr.orders.cancel import Cancelled, NotCancelled
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts
from ivr.orders.payments import PaymentFacts, payment_for
from ivr.pharmacy.tables import PaymentStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

CANCEL_FACTS = {"order_number": "digits", "contents": "phrase", "gives_back": "phrase", "money": "phrase"}
"""The facts that a cancellation is confirmed by, name -> kind."""

REFUSALS = {
    NotCancelled.ASKED_FOR: "under_way",
    NotCancelled.UNKNOWN: "unknown",
    NotCancelled.SHIPPING: "shipping",
    NotCancelled.FINISHED: "finished",
    NotCancelled.STANDS: "finished",
}


@dataclass(frozen=True, slots=True)
class SaidCancel(Gathered):
    """What would be cancelled, given back and released, as it was said."""

    order_number: str = ""
    contents: Value = ()
    gives_back: Value = ()
    money: Value = ()


@action(
    *("said", "under_way", "unknown", "shipping", "finished"),
    on={"said": CANCEL_FACTS},
    phrases={
        "contents": CONTENTS,
        "what": speech.MEDICINE,
        "gives_back": {"cancel.gives_back": {"count": "number"}},
        "money": {
            "cancel.not_charged": {},
            "cancel.will_be_released": {"total": "money", "card": "phrase"},
            "cancel.held_elsewhere": {"total": "money", "card": "phrase"},
        },
        "card": speech.CARDS,
    },
)
def say_cancel(context: Context, member: Identified, order_id: int) -> Done:
    """Put together what would be cancelled and given back, for the caller to confirm."""
    order = members_order(context, member.member_id, order_id)
    payment = payment_for(context.connection, order.id)
    refusal = cancel.why_not(order, payment, lease.find_row(context.connection, order.id))
    return (
        done(REFUSALS[refusal])
        if refusal
        else done("said", _cancel_facts(context, order, payment, proved=member.proved))
    )


def _cancel_facts(context: Context, order: OrderFacts, payment: PaymentFacts | None, *, proved: bool) -> SaidCancel:
    gives_back = phrase("cancel.gives_back", count=sum(line.refills for line in order.lines))
    return SaidCancel(order.order_number, contents(order, proved=proved), gives_back, _money(context, payment))


def _money(context: Context, payment: PaymentFacts | None) -> Value:
    if payment is None or payment.status is not PaymentStatus.AUTHORIZED:
        return phrase("cancel.not_charged")
    card = speech.card(payment.brand, payment.last4)
    is_here = payment.gateway == context.services.gateway.name
    return phrase(
        f"cancel.{'will_be_released' if is_here else 'held_elsewhere'}", total=payment.amount_cents, card=card
    )


@action(
    *("cancelled", "to_be_released", "changed", "under_way", "unknown", "shipping", "finished"),
    facts=tuple(CANCEL_FACTS),
)
def cancel_order(context: Context, member: Identified, order_id: int, said: SaidCancel) -> Done:
    """Cancel an order as it was said, and give back its refills; what is authorized for it is still to be voided."""
    order = members_order(context, member.member_id, order_id)
    payment = payment_for(context.connection, order.id)
    refusal = cancel.why_not(order, payment, lease.lock_row(context.connection, order.id, context.now))
    if refusal is None and said != _cancel_facts(context, order, payment, proved=member.proved):
        return done("changed")
    match cancel.cancel_order(context.connection, order.id, context.now, Actor.PHONE):
        case Cancelled(authorized):
            return done("to_be_released" if authorized else "cancelled")
        case NotCancelled() as not_cancelled:
            return done(REFUSALS[not_cancelled])


def _finish_void(context: Context, payment: PaymentFacts, voided: bool) -> Done:
    if not voided:
        return done("later")
    cancel.finish_void(context.connection, payment, context.now)
    return done("voided")


@external_action(
    *("voided", "later"),
    ask=lambda services, payment: cancel.ask_void(services.gateway, payment),
    finish=_finish_void,
)
def void_payment(context: Context, order_id: int) -> PaymentFacts | Done:
    """Have the processor release what was authorized for a cancelled order; if it does not now, the sweep will.

    What another processor holds is for staff to have released.
    """
    payment = cancel.claim_void(context.connection, context.services.gateway, order_id)
    left = payment_for(context.connection, order_id)
    if payment is None and left and left.status is PaymentStatus.AUTHORIZED:
        logs.get_logger().warning("hold_elsewhere", order_id=order_id)
    return payment or done("later")
