"""Settle turns: the order that was placed is paid, or another card is asked for."""

from __future__ import annotations

from datetime import timedelta

from ivr.flow.call import Done
from ivr.flow.definition import Phrases
from ivr.line.action import action, external_action
from ivr.line.actions import speech
from ivr.line.actions.kinds import number
from ivr.line.actions.order_facts import alike, is_on_file, kept
from ivr.line.actions.placing import charge_to_chosen
from ivr.line.service import Context, Line
from ivr.orders import authorize, lease
from ivr.orders.authorize import ProcessorAnswer, Progress, Request
from ivr.orders.cancel import NotCancelled, cancel_order
from ivr.orders.cards import saved_card
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.payments import payment_for
from ivr.pharmacy.tables import OrderStatus, PaymentStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

PAYMENT_FACTS = ("order_number", "amounts", "paying")
"""What a payment for an order that stands unpaid is confirmed by."""

SAID = {"order_number": "digits", "amounts": "phrase", "paying": "phrase"}

PHRASES = {"amounts": speech.AMOUNTS, "paying": speech.PAYING, "card": speech.CARDS}

CANCEL_FACTS = ("order_number", "contents", "gives_back")
"""What a cancellation is confirmed by."""

CONTENTS: Phrases = {"cancel.content": {"what": "phrase", "days": "number"}}

PATIENCE = timedelta(seconds=40)
"""For how long a caller is kept waiting for a slow processor."""


def _ask(line: Line, request: Request) -> ProcessorAnswer:
    return authorize.ask(line.gateway, request)


def _finish(context: Context, values: Values, request: Request, answer: ProcessorAnswer) -> Done:
    return _told(context, values, authorize.finish(context.connection, request, answer))


def _told(context: Context, values: Values, progress: Progress) -> Done:
    begun = lease.found(context.connection, number(values, "order_id"))
    if progress is Progress.WAITING and begun is not None and context.now - begun.begun_at > PATIENCE:
        return Done("slow")
    return Done(progress.value)


@external_action(
    *("paid", "declined", "waiting", "held", "slow"),
    reads=("order_id",),
    facts=("amounts", "paying"),
    ask=_ask,
    finish=_finish,
)
def settle_order(context: Context, values: Values) -> Request | Done:
    """Ask the processor to pay the order that was placed."""
    claimed = authorize.claim(context.connection, context.line.gateway, number(values, "order_id"), context.now)
    return claimed if isinstance(claimed, Request) else _told(context, values, claimed)


@action("said", "needs_card", "settled", reads=("order_id", "member_id"), on={"said": SAID}, phrases=PHRASES)
def say_unpaid(context: Context, values: Values) -> Done:
    """Put together what a payment that nobody asked for yet would charge: the facts that the caller's yes is to."""
    order = order_by_id(context.connection, number(values, "order_id"))
    if order is None or order.status is not OrderStatus.PENDING:
        return Done("settled")
    payment = payment_for(context.connection, order.id)
    if payment is None or payment.status is not PaymentStatus.PENDING:
        return Done("needs_card")
    card = saved_card(context.connection, order.saved_card_id) if order.saved_card_id else None
    keep: tuple[Value, ...] = ()
    spoken: dict[str, Value] = {"brand": payment.brand, "last4": payment.last4}
    if card and card.only_for_order_id is not None and not is_on_file(context, order.member_id, spoken):
        begun = lease.found(context.connection, order.id)
        keep = (phrase("order.keep_on_file" if begun and begun.keep_card else "order.keep_for_order"),)
    return Done("said", _said(order, speech.card(payment.brand, payment.last4), keep))


@action("said", reads=("order_id", "member_id", "card", "keep_card", "spoken_card"), writes=SAID, phrases=PHRASES)
def say_payment(context: Context, values: Values) -> Done:
    """Put together what would be charged to the card that was chosen for an order that stands unpaid."""
    order = order_by_id(context.connection, number(values, "order_id"))
    if order is None:
        raise LookupError("an order that a call speaks of is gone")
    return Done("said", _said(order, values["spoken_card"], kept(context, values)))


@action("taken", "changed", "settled", reads=("order_id", "member_id"), facts=PAYMENT_FACTS)
def take_unpaid(context: Context, values: Values) -> Done:
    """Take the caller's yes to paying for an order as it was said; when it is another by now, to nothing."""
    said = say_unpaid(context, values)
    if said.outcome != "said":
        return Done("settled")
    return Done("taken" if alike(values, dict(said.values)) else "changed")


def _said(order: OrderFacts, card: Value, keep: tuple[Value, ...]) -> dict[str, Value]:
    return {
        "order_number": order.order_number,
        "amounts": speech.amounts([("", order.total_cents)]),
        "paying": (phrase("order.card", card=card), *keep),
    }


@action(
    "said",
    "waiting",
    "settled",
    reads=("order_id",),
    may_read=("proved",),
    on={"said": {"order_number": "digits", "contents": "phrase", "gives_back": "phrase"}},
    phrases={
        "contents": CONTENTS,
        "what": speech.MEDICINE,
        "gives_back": {"cancel.gives_back": {"count": "number"}},
    },
)
def say_cancel(context: Context, values: Values) -> Done:
    """Put together what would be cancelled and given back: the facts that the caller's yes is to."""
    order = order_by_id(context.connection, number(values, "order_id"))
    if order is None or order.status is not OrderStatus.PENDING:
        return Done("settled")
    payment = payment_for(context.connection, order.id)
    if payment is not None and payment.status is PaymentStatus.PENDING:
        return Done("waiting")
    contents = tuple(
        phrase("cancel.content", what=speech.medicine_of(values, line.drug_name, line.rx_number), days=line.days_supply)
        for line in order.lines
    )
    gives_back = phrase("cancel.gives_back", count=sum(line.refills for line in order.lines))
    return Done("said", {"order_number": order.order_number, "contents": contents, "gives_back": gives_back})


@action(
    *("pending", "settled", "changed"),
    reads=("order_id", "member_id", "card", "keep_card", "spoken_card"),
    facts=PAYMENT_FACTS,
)
def pay_with_other_card(context: Context, values: Values) -> Done:
    """Ask again for an order that was declined, with the card chosen now."""
    order_id = number(values, "order_id")
    paid = authorize.progress(context.connection, order_id, context.now)
    order = order_by_id(context.connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING or paid is not Progress.DECLINED:
        return Done("settled")
    if not alike(values, _said(order, values["spoken_card"], kept(context, values))):
        return Done("changed")
    charge_to_chosen(context, values, order)
    return Done("pending")


@action("cancelled", "waiting", "settled", reads=("order_id",), facts=CANCEL_FACTS)
def cancel_unpaid(context: Context, values: Values) -> Done:
    """Cancel an order that was not paid; its refills and lines are given back. One that was paid meanwhile stands."""
    match cancel_order(context.connection, number(values, "order_id"), context.now, only_unpaid=True):
        case NotCancelled.ASKED_FOR:
            return Done("waiting")
        case NotCancelled.STANDS:
            return Done("settled")
    return Done("cancelled")
