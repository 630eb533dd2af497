"""Damage done on purpose to the data of a run, for the audit to find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection, text

Plant = Callable[[Connection, str], None]
"""Damages the books of one order, by its number."""


def _second_charge(connection: Connection, number: str) -> None:
    """The processor set the money aside twice, under two keys."""
    connection.execute(
        text(
            "INSERT INTO sandbox_charge (reference, request_key, token, amount_cents, status, captured_cents, description,"
            " created_at) SELECT reference || '-again', request_key || '-again', token, amount_cents, status,"
            " captured_cents, description, created_at FROM sandbox_charge"
            " WHERE description = :description AND status IN ('authorized', 'captured')"
        ),
        {"description": f"Order {number}"},
    )


def _off_by_a_cent(connection: Connection, number: str) -> None:
    """The processor set aside a cent more than the order costs, and the line wrote down the same."""
    for table, of_order in (
        ("sandbox_charge", "description = :description"),
        ("payment", "order_id = (SELECT id FROM refill_order WHERE order_number = :number)"),
    ):
        connection.execute(
            text(f"UPDATE {table} SET amount_cents = amount_cents + 1 WHERE status = 'authorized' AND {of_order}"),
            {"description": f"Order {number}", "number": number}
            if "number" in of_order
            else {"description": f"Order {number}"},
        )


def _lost_order(connection: Connection, number: str) -> None:
    """The order is gone with all its rows, as if its turn had never been committed; the processor knows nothing else."""
    connection.execute(
        text(
            "UPDATE prescription SET refills_left = refills_left + 1, refills_used = refills_used - 1 WHERE id IN"
            " (SELECT prescription_id FROM order_line l JOIN refill_order o ON o.id = l.order_id WHERE order_number = :number)"
        ),
        {"number": number},
    )
    connection.execute(
        text("UPDATE refill_order SET saved_card_id = NULL WHERE order_number = :number"), {"number": number}
    )
    its_id = "(SELECT id FROM refill_order WHERE order_number = :number)"
    for row in ("order_event WHERE order_id", "order_line WHERE order_id", "payment WHERE order_id",
                "saved_card WHERE only_for_order_id", "refill_order WHERE id"):  # fmt: skip
        connection.execute(text(f"DELETE FROM {row} = {its_id}"), {"number": number})


PLANTS: Mapping[str, Plant] = {
    "second-charge": _second_charge,
    "lost-order": _lost_order,
    "off-by-a-cent": _off_by_a_cent,
}


def plant(connection: Connection, name: str, told: Iterable[str]) -> str:
    """Damage the books of a placed order among those that callers were told of; return its number.

    Raises LookupError if none of them is placed.
    """
    placed = set(connection.scalars(text("SELECT order_number FROM refill_order WHERE status = 'placed'")))
    number = next((number for number in told if number in placed), None)
    if number is None:
        raise LookupError("no order that a caller was told of is placed")
    PLANTS[name](connection, number)
    return number
