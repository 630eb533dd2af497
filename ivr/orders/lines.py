"""Closes an order's lines, for shipping and cancelling.

Refills are given back, or a fill is counted, exactly once: a line that the pharmacy's own file has filled
(`pharmacy.load_refills`) is counted there, and not here.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from ivr.pharmacy.statements import update_where
from ivr.pharmacy.tables import OrderLine, Prescription

_ITS_PRESCRIPTIONS = (
    select(Prescription.id)
    .where(Prescription.id.in_(select(OrderLine.prescription_id).where(OrderLine.order_id == bindparam("order"))))
    .order_by(Prescription.id)
    .with_for_update()
)
_CLOSE_LINES = (
    update_where(OrderLine, OrderLine.order_id == bindparam("order"), OrderLine.open)
    .values(open=False)
    .returning(OrderLine.prescription_id, OrderLine.days_supply, OrderLine.refills_short, OrderLine.filled_on)
)


def take_prescriptions(connection: Connection, order_id: int) -> None:
    """Lock an order's prescriptions by ascending id, as placing does.

    Call it before any other row is locked but the order's row in `lease`, so that no two transactions can wait for each
    other.
    """
    connection.execute(_ITS_PRESCRIPTIONS, {"order": order_id}).all()


def close_lines(connection: Connection, order_id: int) -> list[tuple[int, int, int]]:
    """Close the order's open lines; return (prescription id, days' supply, refills short) of those not filled yet."""
    closed = connection.execute(_CLOSE_LINES, {"order": order_id})
    return sorted((prescription_id, days, short) for prescription_id, days, short, filled_on in closed if not filled_on)
