"""Which orders another card pays for, when the one that they were to be charged to is not to be had."""

from __future__ import annotations

from sqlalchemy import Connection

from ivr.orders.cards import KeptCard, saved_card
from ivr.orders.find import OrderFacts, placed_with
from ivr.orders.payments import is_paid, payment_for
from ivr.pharmacy.tables import OrderStatus, PaymentStatus


def charged_with(connection: Connection, order: OrderFacts) -> tuple[OrderFacts, ...]:
    """Return the orders that were placed together with an unpaid one for later days, and are charged to the same card.

    They would be declined like this one. A scheduled order has none: its card is changed for it alone.
    """
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    if card is None or order.status is OrderStatus.SCHEDULED:
        return ()
    others = placed_with(connection, order)
    return tuple(other for other in others if _waits_for(connection, other, card))


def _waits_for(connection: Connection, order: OrderFacts, card: KeptCard) -> bool:
    """Return whether an order is to be charged to a card on a later day, and nobody asks for its payment yet."""
    its_card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    if order.status is not OrderStatus.SCHEDULED or its_card is None or its_card.token != card.token:
        return False
    payment = payment_for(connection, order.id)
    return not is_paid(order, payment) and (payment is None or payment.status is not PaymentStatus.PENDING)
