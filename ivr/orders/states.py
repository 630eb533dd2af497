"""What becomes of an order after it is placed: paid, held, released, shipped, delivered, cancelled.

Every step is an update that names the states it may start from and says whether it happened, so that of two people who
do the same thing only one does. Refills come back, and a fill is counted, exactly once: a line that the pharmacy's own
file has filled (`load_refills`) is counted there, and neither here.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from ivr.orders.cards import forget_order_card
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import change, changed
from ivr.pharmacy.tables import OrderLine, Prescription, RefillOrder

CANCELLABLE = ("pending", "held", "scheduled", "placed")

_MOVE = change(
    RefillOrder,
    RefillOrder.id == bindparam("order"),
    RefillOrder.status.in_(bindparam("states", expanding=True)),
)
_ITS_PRESCRIPTIONS = (
    select(Prescription.id)
    .where(Prescription.id.in_(select(OrderLine.prescription_id).where(OrderLine.order_id == bindparam("order"))))
    .order_by(Prescription.id)
    .with_for_update()
)
_CLOSE_LINES = (
    change(OrderLine, OrderLine.order_id == bindparam("order"), OrderLine.open)
    .values(open=False)
    .returning(OrderLine.prescription_id, OrderLine.days_supply, OrderLine.refills_short, OrderLine.filled_on)
)


def mark_placed(connection: Connection, order_id: int) -> bool:
    """Let an order go to be filled: nothing is due any more, or its scheduled day came and its card was authorized."""
    return _move(connection, order_id, ("pending", "scheduled"), status="placed")


def hold_order(connection: Connection, order_id: int, reason: str) -> bool:
    """Keep an order back for staff, for its `address`, its `payment` or the `stock`."""
    return _move(connection, order_id, ("pending", "scheduled", "placed"), status="held", held_reason=reason)


def release_order(connection: Connection, order_id: int, today: date, rules: Rules, *, paid: bool = True) -> bool:
    """Let a held order go on, to its day if that is still to come; it arrives so much later.

    One that is not paid yet is scheduled for today at the earliest, since scheduled orders are charged as they ship.
    """
    wished = connection.scalar(select(RefillOrder.ship_on).where(RefillOrder.id == order_id))
    ship_on = max(wished or today, today)
    scheduled = ship_on > today or not paid
    return _move(
        connection,
        order_id,
        ("held",),
        status="scheduled" if scheduled else "placed",
        ship_on=ship_on if scheduled else wished,
        held_reason=None,
        expected_by=arrival(ship_on, rules.mail_business_days),
    )


def use_card(connection: Connection, order_id: int, saved_card_id: int) -> bool:
    """Note which kept card an unfinished order is to be charged to."""
    return _move(connection, order_id, CANCELLABLE, saved_card_id=saved_card_id)


def ship_order(connection: Connection, order_id: int, today: date, tracking_number: str | None = None) -> bool:
    """Send a placed order off: its lines close, and its prescriptions count the fill from today."""
    _take_prescriptions(connection, order_id)
    if not _move(connection, order_id, ("placed",), status="shipped", tracking_number=tracking_number):
        return False
    for prescription_id, days, _ in _close_lines(connection, order_id):
        connection.execute(
            change(Prescription, Prescription.id == prescription_id).values(
                first_filled_on=func.coalesce(Prescription.first_filled_on, today),
                last_filled_on=today,
                last_days_supply=days,
                days_supplied=Prescription.days_supplied + days,
            )
        )
    return True


def deliver_order(connection: Connection, order_id: int) -> bool:
    """Note that a shipped order has arrived."""
    return _move(connection, order_id, ("shipped",), status="delivered")


def cancel_order(connection: Connection, order_id: int) -> bool:
    """Undo an order that has not shipped: refills and lines are given back, a card kept only for it is forgotten.

    A payment that stands is for the caller to void.
    """
    _take_prescriptions(connection, order_id)
    if not _move(connection, order_id, CANCELLABLE, status="cancelled"):
        return False
    for prescription_id, days, short in _close_lines(connection, order_id):
        back = _refills_back(days)
        connection.execute(
            change(Prescription, Prescription.id == prescription_id).values(
                refills_left=Prescription.refills_left + case((back > short, back - short), else_=0),
                refills_used=Prescription.refills_used - back,
            )
        )
    forget_order_card(connection, order_id)
    return True


def _move(connection: Connection, order_id: int, states: tuple[str, ...], **values: object) -> bool:
    return changed(connection, _MOVE, order=order_id, states=states, **values)


def _take_prescriptions(connection: Connection, order_id: int) -> None:
    """Lock prescriptions before anything else, in the order in which placing does: no two can wait for each other."""
    connection.execute(_ITS_PRESCRIPTIONS, {"order": order_id}).all()


def _close_lines(connection: Connection, order_id: int) -> list[tuple[int, int, int]]:
    """Close the order's open lines; return prescription, days' supply and refills short of those not filled yet."""
    closed = connection.execute(_CLOSE_LINES, {"order": order_id})
    return sorted((prescription_id, days, short) for prescription_id, days, short, filled_on in closed if not filled_on)


def _refills_back(days: int) -> ColumnElement[int]:
    """Return the refills a line holds: its days' supply over the usual one, never more than were taken."""
    held = days // Prescription.days_supply
    return case((held > Prescription.refills_used, Prescription.refills_used), else_=held)
