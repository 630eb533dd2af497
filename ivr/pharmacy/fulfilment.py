"""What becomes of an order after it is placed: paid, held, released, shipped, delivered, cancelled.

Every step is an update that names the states it may start from and says whether it happened, so that of two people who
do the same thing only one does. Refills come back, and a fill is counted, exactly once.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.payments import forget_order_card
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import change, changed
from ivr.pharmacy.tables import OrderLine, Prescription, RefillOrder

CANCELLABLE = ("pending", "held", "scheduled", "placed")


def mark_placed(session: Session, order_id: int) -> bool:
    """Let an order go to be filled: nothing is due any more, or its scheduled day came and its card was authorized."""
    return _move(session, order_id, ("pending", "scheduled"), status="placed")


def hold_order(session: Session, order_id: int, reason: str) -> bool:
    """Keep an order back for staff, for its `address`, its `payment` or the `stock`."""
    return _move(session, order_id, ("pending", "scheduled", "placed"), status="held", held_reason=reason)


def release_order(session: Session, order_id: int, today: date, rules: Rules, *, paid: bool = True) -> bool:
    """Let a held order go on, to its day if that is still to come; it arrives so much later.

    One that is not paid yet is scheduled for today at the earliest, since scheduled orders are charged as they ship.
    """
    wished = session.scalar(select(RefillOrder.ship_on).where(RefillOrder.id == order_id))
    ship_on = max(wished or today, today)
    scheduled = ship_on > today or not paid
    return _move(
        session,
        order_id,
        ("held",),
        status="scheduled" if scheduled else "placed",
        ship_on=ship_on if scheduled else wished,
        held_reason=None,
        expected_by=arrival(ship_on, rules.mail_business_days),
    )


def use_card(session: Session, order_id: int, saved_card_id: int) -> bool:
    """Note which kept card an unfinished order is to be charged to."""
    return _move(session, order_id, CANCELLABLE, saved_card_id=saved_card_id)


def ship_order(session: Session, order_id: int, today: date, tracking_number: str | None = None) -> bool:
    """Send a placed order off: its lines close, and its prescriptions count the fill from today."""
    _take_prescriptions(session, order_id)
    if not _move(session, order_id, ("placed",), status="shipped", tracking_number=tracking_number):
        return False
    for prescription_id, days in _close_lines(session, order_id):
        session.execute(
            change(Prescription, Prescription.id == prescription_id).values(
                first_filled_on=func.coalesce(Prescription.first_filled_on, today),
                last_filled_on=today,
                last_days_supply=days,
                days_supplied=Prescription.days_supplied + days,
            )
        )
    return True


def deliver_order(session: Session, order_id: int) -> bool:
    """Note that a shipped order has arrived."""
    return _move(session, order_id, ("shipped",), status="delivered")


def cancel_order(session: Session, order_id: int) -> bool:
    """Undo an order that has not shipped: refills and lines are given back, a card kept only for it is forgotten.

    A payment that stands is for the caller to void.
    """
    _take_prescriptions(session, order_id)
    if not _move(session, order_id, CANCELLABLE, status="cancelled"):
        return False
    for prescription_id, days in _close_lines(session, order_id):
        back = _refills_back(days)
        session.execute(
            change(Prescription, Prescription.id == prescription_id).values(
                refills_left=Prescription.refills_left + back, refills_used=Prescription.refills_used - back
            )
        )
    forget_order_card(session, order_id)
    return True


def _move(session: Session, order_id: int, states: tuple[str, ...], **values: object) -> bool:
    fits = change(RefillOrder, RefillOrder.id == order_id, RefillOrder.status.in_(states))
    return changed(session, RefillOrder, fits.values(**values))


def _take_prescriptions(session: Session, order_id: int) -> None:
    """Lock prescriptions before anything else, in the order in which placing does: no two can wait for each other."""
    lines = select(OrderLine.prescription_id).where(OrderLine.order_id == order_id)
    rows = select(Prescription.id).where(Prescription.id.in_(lines)).order_by(Prescription.id)
    session.execute(rows.with_for_update()).all()


def _close_lines(session: Session, order_id: int) -> list[tuple[int, int]]:
    """Close the order's open lines and return the prescription and days' supply of each."""
    closing = change(OrderLine, OrderLine.order_id == order_id, OrderLine.open).values(open=False)
    closed = session.execute(closing.returning(OrderLine.prescription_id, OrderLine.days_supply))
    return sorted((prescription_id, days) for prescription_id, days in closed)


def _refills_back(days: int) -> ColumnElement[int]:
    """Return the refills a line holds: its days' supply over the usual one, never more than were taken."""
    held = days // Prescription.days_supply
    return case((held > Prescription.refills_used, Prescription.refills_used), else_=held)
