"""Actions that pay for a placed order, with its card or another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ivr.flow.call import Done
from ivr.line.action import action, done, external_action
from ivr.line.actions import speech
from ivr.line.actions.order_facts import is_on_file, keeping_words
from ivr.line.actions.order_ways import members_order, spoken_kept_until
from ivr.line.actions.placing import charge_to_chosen
from ivr.line.service import Context
from ivr.line.values import ChosenCard, Gathered
from ivr.orders import authorize, lease
from ivr.orders.authorize import ProcessorAnswer, Progress, Request
from ivr.orders.cards import saved_card
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.payments import payment_for
from ivr.pharmacy.tables import OrderStatus, PaymentStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

PAYMENT_FACTS = {"order_number": "digits", "amounts": "phrase", "paying": "phrase"}
"""The facts that the payment of an unpaid order is confirmed by, name -> kind."""

PHRASES = {"amounts": speech.AMOUNTS, "paying": speech.PAYING, "card": speech.CARDS}

LONGEST_WAIT = timedelta(seconds=40)
"""How long a caller waits for a slow processor."""


def _finish_authorization(context: Context, request: Request, answer: ProcessorAnswer) -> Done:
    return _outcome_of(context, request.order_id, authorize.finish(context.connection, request, answer, context.now))


def _outcome_of(context: Context, order_id: int, progress: Progress) -> Done:
    lease_row = lease.find_row(context.connection, order_id)
    if progress is Progress.WAITING and lease_row is not None and context.now - lease_row.begun_at > LONGEST_WAIT:
        return done("slow")
    if progress is not Progress.DECLINED:
        return done(progress.value)
    order = order_by_id(context.connection, order_id)
    if order is None:
        raise LookupError("an order that a call pays for is gone")
    payment = payment_for(context.connection, order_id)
    is_declined = payment is not None and payment.status is PaymentStatus.DECLINED
    why = phrase("payment.was_declined" if is_declined else "payment.not_just_now")
    return done("declined", why_unpaid=why, kept_until=spoken_kept_until(context, order))


@external_action(
    *("paid", "declined", "waiting", "held", "slow", "cancelled"),
    on={"declined": {"why_unpaid": "phrase", "kept_until": "date"}},
    tells={"declined": ("why_unpaid", "kept_until")},
    phrases={"why_unpaid": {"payment.was_declined": {}, "payment.not_just_now": {}}},
    facts=("amounts", "paying"),
    ask=lambda services, request: authorize.ask(services.gateway, request),
    finish=_finish_authorization,
)
def authorize_order(context: Context, order_id: int) -> Request | Done:
    """Claim the payment of the order that was placed, so that the processor is asked to authorize it."""
    claim_result = authorize.claim(context.connection, context.services.gateway, order_id, context.now)
    return claim_result if isinstance(claim_result, Request) else _outcome_of(context, order_id, claim_result)


@dataclass(frozen=True, slots=True)
class SaidPayment(Gathered):
    """The facts that the payment of an unpaid order is confirmed by, as they were said."""

    order_number: str = ""
    amounts: Value = ()
    paying: Value = ()


def _payment_facts(order: OrderFacts, card: Value, keeping: tuple[Value, ...]) -> SaidPayment:
    paying = (phrase("order.card", card=card), *keeping)
    return SaidPayment(order.order_number, speech.amounts([("", order.total_cents)]), paying)


@action("said", "needs_card", "not_pending", on={"said": PAYMENT_FACTS}, phrases=PHRASES)
def say_unpaid(context: Context, order_id: int) -> Done:
    """Put together the facts of a pending payment that is still to be authorized, for the caller to confirm."""
    order = order_by_id(context.connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING:
        return done("not_pending")
    said = _unpaid_facts(context, order)
    return done("said", said) if said else done("needs_card")


def _unpaid_facts(context: Context, order: OrderFacts) -> SaidPayment | None:
    """Return the facts of an order's pending payment, or None if it has none."""
    payment = payment_for(context.connection, order.id)
    if payment is None or payment.status is not PaymentStatus.PENDING:
        return None
    card = saved_card(context.connection, order.saved_card_id) if order.saved_card_id else None
    keeping: tuple[Value, ...] = ()
    is_new = card is not None and card.only_for_order_id is not None
    if is_new and not is_on_file(context, order.member_id, payment.brand, payment.last4):
        lease_row = lease.find_row(context.connection, order.id)
        keeping = (phrase("order.keep_on_file" if lease_row and lease_row.keep_card else "order.keep_for_order"),)
    return _payment_facts(order, speech.card(payment.brand, payment.last4), keeping)


@action("said", writes=PAYMENT_FACTS, phrases=PHRASES)
def say_payment(context: Context, order_id: int, member_id: int, card: ChosenCard) -> Done:
    """Put together the facts of paying an unpaid order with the chosen card, for the caller to confirm."""
    order = members_order(context, member_id, order_id)
    return done("said", _payment_facts(order, card.spoken_card, keeping_words(context, member_id, card)))


@action("taken", "changed", "not_pending", facts=tuple(PAYMENT_FACTS))
def take_unpaid(context: Context, order_id: int, said: SaidPayment) -> Done:
    """Accept the caller's yes to paying for an order, unless its facts have changed since they were said."""
    order = order_by_id(context.connection, order_id)
    current_facts = _unpaid_facts(context, order) if order and order.status is OrderStatus.PENDING else None
    if current_facts is None:
        return done("not_pending")
    return done("taken" if said == current_facts else "changed")


@action(
    *("pending", "not_pending", "changed"),
    forgets=("card", "spoken_card", "keep_card"),  # for a token may be used once, and a basket still be there
    facts=tuple(PAYMENT_FACTS),
)
def pay_with_other_card(context: Context, order_id: int, member_id: int, card: ChosenCard, said: SaidPayment) -> Done:
    """Begin another payment for an order whose card was declined, with the card chosen now."""
    order = members_order(context, member_id, order_id)
    if said != _payment_facts(order, card.spoken_card, keeping_words(context, member_id, card)):
        return done("changed")
    reopened = authorize.reopen(context.connection, order, context.now, context.today, context.services.rules)
    if reopened is None:
        return done("not_pending")
    charge_to_chosen(context, card, reopened)
    return done("pending")
