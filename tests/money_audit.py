"""An audit of orders against the card processor's own ledger, never against our rows of payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

CANARIES = ("5105105105105100", "4000000000009995")
"""The card numbers that callers key, of which nothing may lie in any row."""
PART_OF_CARD = 12
"""How many digits of a card in a row are too many anywhere."""

STANDS = ("pending", "held", "scheduled", "placed", "shipped", "delivered")
PAID = ("placed", "shipped", "delivered")
MAY_BE_PAID = ("address", "stock")
"""What an order is held for whose amount may be set aside already."""


@dataclass(frozen=True)
class LedgerEntry:
    """An amount that the processor set aside, and what became of it, by the processor's own account."""

    order_number: str
    amount_cents: int
    status: str
    captured_cents: int = 0


def audit(connection: Connection, ledger: Iterable[LedgerEntry], refills: Mapping[str, int]) -> list[str]:
    """Return what is wrong once nothing is under way any more; `refills` has each prescription's in all, by number."""
    return [*_orders(connection, list(ledger)), *_refills(connection, refills), *_left_over(connection)]


def _orders(connection: Connection, ledger: list[LedgerEntry]) -> Iterator[str]:
    orders = {row.order_number: row for row in connection.execute(text("SELECT * FROM refill_order"))}
    open_lines = _open_lines(connection)
    for entry in ledger:
        if entry.order_number not in orders:
            yield f"the processor was paid for order {entry.order_number}, which is not there"
    for number, order in orders.items():
        live = [each for each in ledger if each.order_number == number and each.status in ("authorized", "captured")]
        amounts = [each.captured_cents if each.status == "captured" else each.amount_cents for each in live]
        due = [order.total_cents] if order.status in PAID and order.total_cents else []
        if order.held_reason in MAY_BE_PAID and amounts:
            due = [order.total_cents]
        if amounts != due:
            yield f"order {number} is {order.status}: {due} is due, and the processor holds {amounts}"
        if order.status in ("shipped", "delivered") and any(each.status != "captured" for each in live):
            yield f"order {number} is {order.status}, and its money was not taken"
        if order.status == "placed" and any(each.status == "captured" for each in live):
            yield f"order {number} is placed, and its money was taken"
        if order.status == "pending":
            yield f"order {number} is pending for ever"
        is_open = order.status in STANDS[:4]
        if bool(open_lines[order.id]) != is_open:
            yield f"order {number} is {order.status} with {open_lines[order.id]} open lines"


def _open_lines(connection: Connection) -> Counter[int]:
    return Counter(connection.scalars(text("SELECT order_id FROM order_line WHERE open")).all())


def _refills(connection: Connection, refills: Mapping[str, int]) -> Iterator[str]:
    taken = """
        SELECT p.rx_number, p.refills_left, p.refills_used, p.days_supplied, coalesce(sum(l.days_supply), 0) AS days,
        max(p.days_supply) AS usual
        FROM prescription p LEFT JOIN (
            SELECT l.prescription_id, l.days_supply FROM order_line l JOIN refill_order o ON o.id = l.order_id
            WHERE o.status <> 'cancelled'
        ) l ON l.prescription_id = p.id
        GROUP BY p.id ORDER BY p.rx_number
    """
    for row in connection.execute(text(taken)):
        left = refills[row.rx_number] - int(row.days) // row.usual
        if row.refills_left != left:
            yield f"prescription {row.rx_number} has {row.refills_left} refills left, and orders leave {left}"


def _left_over(connection: Connection) -> Iterator[str]:
    for table, what in (("settlement", "lease"), ("card_entry", "card that was being keyed")):
        count = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        if count:
            yield f"{count} {what} left"
    pending = """
        SELECT p.order_id FROM payment p JOIN refill_order o ON o.id = p.order_id
        WHERE p.status = 'pending' AND coalesce(o.held_reason, '') <> 'payment_unknown'
    """
    for row in connection.execute(text(pending)):
        yield f"a payment of order {row.order_id} is pending for ever"
    doubled = "SELECT request_key FROM refill_order GROUP BY member_id, request_key HAVING count(*) > 1"
    for key in connection.scalars(text(doubled)):
        yield f"the request {key} placed two orders"
    for table, content in _all_rows(connection):
        for canary in CANARIES:
            pieces = {canary[at : at + PART_OF_CARD] for at in range(len(canary) - PART_OF_CARD + 1)}
            if any(piece in content for piece in pieces):
                yield f"digits of a card lie in {table}"


def _all_rows(connection: Connection) -> Iterator[tuple[str, str]]:
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    for name in connection.scalars(text(names)).all():
        if name not in ("version", "street"):
            for row in connection.execute(text(f'SELECT * FROM "{name}"')):  # noqa: S608
                yield name, _content(tuple(row))


def _content(values: tuple[Any, ...]) -> str:
    return " ".join(value.hex() if isinstance(value, bytes) else str(value) for value in values)
