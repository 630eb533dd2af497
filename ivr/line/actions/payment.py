"""Actions that pay for a placed order, with its card or another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done, external_action
from ivr.line.actions import speech
from ivr.line.actions.order_facts import EXPIRING, card_expiring, is_on_file, keeping_words
from ivr.line.actions.order_ways import members_order, spoken_kept_until
from ivr.line.actions.placing import charge_to_chosen
from ivr.line.service import Context
from ivr.line.values import CardForOrder, ChosenCard, Gathered, KeyedCard, day
from ivr.orders import authorize, lease
from ivr.orders.another_card import charged_with
from ivr.orders.authorize import ProcessorAnswer, Progress, Request
from ivr.orders.cards import saved_card
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.payments import is_paid, payment_for
from ivr.pharmacy.members import is_active
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
    later = len(charged_with(context.connection, order)) if is_declined else 0
    later_card = (phrase("payment.later_card", count=later),) if later else ()
    kept_until = spoken_kept_until(context, order)
    return done("declined", why_unpaid=why, kept_until=kept_until, later_card=later_card)


@external_action(
    *("paid", "declined", "waiting", "held", "slow", "cancelled"),
    on={"declined": {"why_unpaid": "phrase", "kept_until": "date", "later_card": "phrase"}},
    tells={"declined": ("why_unpaid", "kept_until")},
    phrases={
        "why_unpaid": {"payment.was_declined": {}, "payment.not_just_now": {}},
        "later_card": {"payment.later_card": {"count": "number"}},
    },
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


def _other_card_facts(context: Context, order: OrderFacts, card: ChosenCard) -> SaidPayment:
    """Return the facts of charging an order, and those that were to be charged to its card, to the chosen one."""
    later = charged_with(context.connection, order)
    is_scheduled = order.status is OrderStatus.SCHEDULED
    words = "order.card_on_day" if is_scheduled else "order.card_later" if later else "order.card"
    keeping = keeping_words(context, order.member_id, card, len(later) + is_scheduled)
    return SaidPayment(order.order_number, _amounts((order, *later)), (phrase(words, card=card.spoken_card), *keeping))


def _amounts(orders: Sequence[OrderFacts]) -> Value:
    return speech.amounts([(_charged_on(order), order.total_cents) for order in orders])


def _charged_on(order: OrderFacts) -> str:
    """Return the day on which an order is charged, "" for now."""
    return day(order.ship_on) if order.status is OrderStatus.SCHEDULED else ""


@action(
    "due",
    "nothing_due",
    on={"due": {"amounts": "phrase", "last_charge": OPAQUE}},
    phrases={"amounts": speech.AMOUNTS},
)
def add_up_order(context: Context, member_id: int, order_id: int) -> Done:
    """Add up what another card is to pay: an order, and those of its basket that were to be charged to the same card."""
    order = members_order(context, member_id, order_id)
    if is_paid(order, payment_for(context.connection, order.id)):
        return done("nothing_due")
    orders = (order, *charged_with(context.connection, order))
    return done("due", amounts=_amounts(orders), last_charge=last_charge_with(context, order))


def last_charge_with(context: Context, order: OrderFacts) -> str:
    """Return the last day on which another card for an order is charged, "" for now."""
    return max(map(_charged_on, (order, *charged_with(context.connection, order))))


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


@action(
    "said",
    "card_expires",
    writes={**PAYMENT_FACTS, "card_for_order": OPAQUE},
    on={"card_expires": {"expiring": "phrase"}},
    phrases={**PHRASES, "expiring": EXPIRING},
)
def say_payment(context: Context, order_id: int, member_id: int, card: ChosenCard, last_charge: str = "") -> Done:
    """Put together the facts of paying for an order with the chosen card, for the caller to confirm.

    A card that expires before the last of what it is to pay for is charged does not do (`card_expires`).
    """
    facts = _other_card_facts(context, members_order(context, member_id, order_id), card)
    if expiring := card_expiring(context, card, last_charge):
        return done("card_expires", facts, expiring=expiring, card_for_order=None)
    keyed = CardForOrder(order_id, card.card, card.keep_card) if isinstance(card.card, KeyedCard) else None
    return done("said", facts, card_for_order=keyed)


@action("taken", "changed", "not_pending", "ended", facts=tuple(PAYMENT_FACTS))
def take_unpaid(context: Context, order_id: int, said: SaidPayment) -> Done:
    """Accept the caller's yes to paying for an order, unless its facts have changed since they were said."""
    order = order_by_id(context.connection, order_id)
    current_facts = _unpaid_facts(context, order) if order and order.status is OrderStatus.PENDING else None
    if order is None or current_facts is None:
        return done("not_pending")
    if not is_active(context.connection, order.member_id):
        return done("ended")
    return done("taken" if said == current_facts else "changed")


@action(
    *("pending", "scheduled", "not_pending", "changed", "ended"),
    # a token may be used once, and a basket still be there
    forgets=("card", "spoken_card", "keep_card", "card_for_order"),
    facts=tuple(PAYMENT_FACTS),
)
def pay_with_other_card(context: Context, order_id: int, member_id: int, card: ChosenCard, said: SaidPayment) -> Done:
    """Have an order paid by the card chosen now: another payment begins, or on its day, if it is scheduled.

    After a decline the later orders of its basket that were to be charged to the same card are paid by this one, too.
    """
    order = members_order(context, member_id, order_id)
    if said != _other_card_facts(context, order, card):
        return done("changed")
    if not is_active(context.connection, member_id):
        return done("ended")
    terms = context.now, context.today, context.services.rules
    later = [authorize.reopen(context.connection, other, *terms) for other in charged_with(context.connection, order)]
    if None in later:  # its day came after it was said
        return done("changed")
    reopened = authorize.reopen(context.connection, order, *terms)
    if reopened is None:
        return done("not_pending")
    charge_to_chosen(context, card, [reopened, *filter(None, later)])
    return done(reopened.status)
