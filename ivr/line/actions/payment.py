"""Settle turns: the order that was placed is paid, or another card is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ivr.flow.call import Done
from ivr.flow.definition import Phrases
from ivr.line.action import action, done, external_action
from ivr.line.actions import speech
from ivr.line.actions.order_facts import is_on_file, kept
from ivr.line.actions.placing import charge_to_chosen
from ivr.line.service import Context
from ivr.line.values import ChosenCard, Gathered
from ivr.orders import authorize, lease
from ivr.orders.authorize import ProcessorAnswer, Progress, Request
from ivr.orders.cancel import NotCancelled, cancel_order
from ivr.orders.cards import saved_card
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.payments import payment_for
from ivr.pharmacy.tables import OrderStatus, PaymentStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

SAID = {"order_number": "digits", "amounts": "phrase", "paying": "phrase"}
"""What a payment for an order that stands unpaid is confirmed by, name -> kind."""

PHRASES = {"amounts": speech.AMOUNTS, "paying": speech.PAYING, "card": speech.CARDS}

CANCEL_FACTS = ("order_number", "contents", "gives_back")
"""What a cancellation is confirmed by."""

CONTENTS: Phrases = {"cancel.content": {"what": "phrase", "days": "number"}}

PATIENCE = timedelta(seconds=40)
"""For how long a caller is kept waiting for a slow processor."""


def _finish(context: Context, request: Request, answer: ProcessorAnswer) -> Done:
    return _told(context, request.order_id, authorize.finish(context.connection, request, answer))


def _told(context: Context, order_id: int, progress: Progress) -> Done:
    begun = lease.find(context.connection, order_id)
    if progress is Progress.WAITING and begun is not None and context.now - begun.begun_at > PATIENCE:
        return done("slow")
    return done(progress.value)


@external_action(
    *("paid", "declined", "waiting", "held", "slow"),
    facts=("amounts", "paying"),
    ask=lambda line, request: authorize.ask(line.gateway, request),
    finish=_finish,
)
def authorize_order(context: Context, order_id: int) -> Request | Done:
    """Ask the processor to pay the order that was placed."""
    claimed = authorize.claim(context.connection, context.services.gateway, order_id, context.now)
    return claimed if isinstance(claimed, Request) else _told(context, order_id, claimed)


@dataclass(frozen=True, slots=True)
class SaidPayment(Gathered):
    """What a payment for an order that stands unpaid is confirmed by."""

    order_number: str = ""
    amounts: Value = ()
    paying: Value = ()


def _said(order: OrderFacts, card: Value, keep: tuple[Value, ...]) -> SaidPayment:
    paying = (phrase("order.card", card=card), *keep)
    return SaidPayment(order.order_number, speech.amounts([("", order.total_cents)]), paying)


@action("said", "needs_card", "not_pending", on={"said": SAID}, phrases=PHRASES)
def say_unpaid(context: Context, order_id: int) -> Done:
    """Put together what a payment that nobody asked for yet would charge: the facts that the caller's yes is to."""
    order = order_by_id(context.connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING:
        return done("not_pending")
    said = _unpaid(context, order)
    return done("said", said) if said else done("needs_card")


def _unpaid(context: Context, order: OrderFacts) -> SaidPayment | None:
    """Return what the payment of an order would charge; None where there is none that waits to be asked for."""
    payment = payment_for(context.connection, order.id)
    if payment is None or payment.status is not PaymentStatus.PENDING:
        return None
    card = saved_card(context.connection, order.saved_card_id) if order.saved_card_id else None
    keep: tuple[Value, ...] = ()
    is_new = card is not None and card.only_for_order_id is not None
    if is_new and not is_on_file(context, order.member_id, payment.brand, payment.last4):
        begun = lease.find(context.connection, order.id)
        keep = (phrase("order.keep_on_file" if begun and begun.keep_card else "order.keep_for_order"),)
    return _said(order, speech.card(payment.brand, payment.last4), keep)


@action("said", writes=SAID, phrases=PHRASES)
def say_payment(context: Context, order_id: int, member_id: int, card: ChosenCard) -> Done:
    """Put together what would be charged to the card that was chosen for an order that stands unpaid."""
    order = order_by_id(context.connection, order_id)
    if order is None:
        raise LookupError("an order that a call speaks of is gone")
    return done("said", _said(order, card.spoken_card, kept(context, member_id, card)))


@action("taken", "changed", "not_pending", facts=tuple(SAID))
def take_unpaid(context: Context, order_id: int, said: SaidPayment) -> Done:
    """Take the caller's yes to paying for an order as it was said; when it is another by now, to nothing."""
    order = order_by_id(context.connection, order_id)
    now = _unpaid(context, order) if order and order.status is OrderStatus.PENDING else None
    if now is None:
        return done("not_pending")
    return done("taken" if said == now else "changed")


@action(
    "said",
    "waiting",
    "not_pending",
    on={"said": {"order_number": "digits", "contents": "phrase", "gives_back": "phrase"}},
    phrases={"contents": CONTENTS, "what": speech.MEDICINE, "gives_back": {"cancel.gives_back": {"count": "number"}}},
)
def say_cancel(context: Context, order_id: int, proved: bool = False) -> Done:
    """Put together what would be cancelled and given back: the facts that the caller's yes is to."""
    order = order_by_id(context.connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING:
        return done("not_pending")
    payment = payment_for(context.connection, order.id)
    if payment is not None and payment.status is PaymentStatus.PENDING:
        return done("waiting")
    contents = tuple(
        phrase(
            "cancel.content", what=speech.medicine(line.drug_name, line.rx_number, proved=proved), days=line.days_supply
        )
        for line in order.lines
    )
    gives_back = phrase("cancel.gives_back", count=sum(line.refills for line in order.lines))
    return done("said", order_number=order.order_number, contents=contents, gives_back=gives_back)


@action("pending", "not_pending", "changed", facts=tuple(SAID))
def pay_with_other_card(context: Context, order_id: int, member_id: int, card: ChosenCard, said: SaidPayment) -> Done:
    """Ask again for an order that was declined, with the card chosen now."""
    paid = authorize.progress(context.connection, order_id, context.now)
    order = order_by_id(context.connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING or paid is not Progress.DECLINED:
        return done("not_pending")
    if said != _said(order, card.spoken_card, kept(context, member_id, card)):
        return done("changed")
    charge_to_chosen(context, card, order)
    return done("pending")


@action("cancelled", "waiting", "not_pending", facts=CANCEL_FACTS)
def cancel_unpaid(context: Context, order_id: int) -> Done:
    """Cancel an order that was not paid; its refills and lines are given back. One that was paid meanwhile stands."""
    match cancel_order(context.connection, order_id, context.now, only_unpaid=True):
        case NotCancelled.ASKED_FOR:
            return done("waiting")
        case NotCancelled.STANDS:
            return done("not_pending")
    return done("cancelled")
