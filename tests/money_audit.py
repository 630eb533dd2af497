"""An audit of the tables of orders against the card processor's books.

It knows nothing of the line's program: it reads the tables by plain SQL, and takes the books as the processor keeps
them. Where two of them say different things, that is a problem, and it is named.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

PROBLEMS = (
    "charged twice",
    "charged another amount",
    "not charged",
    "charge not released",
    "charge without an order",
    "captured, but not shipped",
    "shipped, but not captured",
    "payment unlike the ledger",
    "prescription ordered twice",
    "lines unlike the total",
    "refills do not add up",
    "line open that should not be",
    "line closed that should be open",
    "left pending",
    "payment unknown",
    "left leased",
    "card data left",
)
STANDING, OPEN = ("placed", "shipped", "delivered"), ("pending", "held", "scheduled", "placed")
MAY_BE_PAID = ("address", "stock")
"""What an order is held for whose amount may be set aside already."""


@dataclass(frozen=True)
class Booked:
    """A charge in the processor's books. `captured_cents` is what was taken; `description` names the order."""

    reference: str
    description: str
    status: str
    amount_cents: int
    captured_cents: int

    @property
    def order_number(self) -> str | None:
        found = re.search(r"\b[0-9]{8}$", self.description)
        return found[0] if found else None

    @property
    def is_live(self) -> bool:
        return self.status in ("authorized", "captured")


@dataclass(frozen=True)
class Problem:
    """One of PROBLEMS, and which order, member, charge or prescription it is about."""

    kind: str
    about: str


@dataclass(frozen=True)
class OrderBook:
    """An order as the shared tables have it; `lines` are (prescription, refills, cents, whether open)."""

    number: str
    member: str
    channel: str
    status: str
    held_reason: str | None
    total_cents: int
    cancelled_by: str | None
    lines: Sequence[tuple[str, int, int, bool]]

    @property
    def stands(self) -> bool:
        return self.status in STANDING


def sandbox_books(connection: Connection) -> list[Booked]:
    """Return the books of the sandbox, which are a table."""
    rows = connection.execute(
        text("SELECT reference, description, status, amount_cents, captured_cents FROM sandbox_charge")
    )
    return [Booked(*row) for row in rows]


def refills(connection: Connection) -> Mapping[str, tuple[int, int]]:
    """Return the refills left and used of each prescription."""
    rows = connection.execute(text("SELECT rx_number, refills_left, refills_used FROM prescription"))
    return {rx: (left, used) for rx, left, used in rows}


def audit_books(
    connection: Connection, books: Iterable[Booked], before: Mapping[str, tuple[int, int]]
) -> list[Problem]:
    """Return what is wrong once nothing is under way any more; `before` are the refills before the first call."""
    orders = orders_by_number(connection)
    charges = list(books)
    return [
        *_charges(orders, charges),
        *_payments(connection, charges),
        *_lines(orders),
        *_refills(orders, before, refills(connection)),
        *_loose_ends(connection, orders),
    ]


def orders_by_number(connection: Connection) -> Mapping[str, OrderBook]:
    """Return every order by its number."""
    return {order.number: order for order in _orders(connection)}


def _orders(connection: Connection) -> Iterator[OrderBook]:
    lines = defaultdict(list)
    for order_id, *line in connection.execute(
        text(
            "SELECT l.order_id, p.rx_number, l.days_supply / p.days_supply, l.price_cents, l.open"
            " FROM order_line l JOIN prescription p ON p.id = l.prescription_id"
        )
    ):
        lines[order_id].append(tuple(line))
    for order_id, *columns in connection.execute(
        text(
            "SELECT o.id, o.order_number, m.member_number, o.channel, o.status, o.held_reason, o.total_cents,"
            " o.cancelled_by FROM refill_order o JOIN member m ON m.id = o.member_id"
        )
    ):
        number, member, channel, status, held_reason, cents, cancelled_by = columns
        yield OrderBook(number, member, channel, status, held_reason, cents, cancelled_by, lines[order_id])


# The processor's books against the orders


def _charges(orders: Mapping[str, OrderBook], charges: Iterable[Booked]) -> Iterator[Problem]:
    live = defaultdict(list)
    for charge in charges:
        if charge.order_number not in orders:
            if charge.is_live:
                yield Problem("charge without an order", f"charge {charge.reference}")
        elif charge.is_live:
            live[charge.order_number].append(charge)
    for number, order in orders.items():
        yield from (Problem(kind, f"order {number}") for kind in _wrongly_charged(order, live[number]))


def _wrongly_charged(order: OrderBook, live: Sequence[Booked]) -> Iterator[str]:
    if not order.stands and not (order.held_reason in MAY_BE_PAID and live):
        yield from ["charge not released"] * bool(live)
    elif not live:
        yield from ["not charged"] * bool(order.total_cents)
    elif len(live) > 1:
        yield "charged twice"
    else:
        yield from _charged_once(order, live[0])


def _charged_once(order: OrderBook, charge: Booked) -> Iterator[str]:
    taken = charge.captured_cents if charge.status == "captured" else charge.amount_cents
    if order.total_cents != taken:
        yield "charged another amount"
    if order.status in ("shipped", "delivered") and charge.status != "captured":
        yield "shipped, but not captured"
    if order.status == "placed" and charge.status == "captured":
        yield "captured, but not shipped"


def _payments(connection: Connection, charges: Iterable[Booked]) -> Iterator[Problem]:
    books = {charge.reference: (charge.status, charge.amount_cents) for charge in charges}
    rows = connection.execute(text("SELECT reference, status, amount_cents FROM payment WHERE reference IS NOT NULL"))
    for reference, *row in rows:
        if books.get(reference) != tuple(row):
            yield Problem("payment unlike the ledger", f"charge {reference}")


# The tables among themselves


def _lines(orders: Mapping[str, OrderBook]) -> Iterator[Problem]:
    filled = Counter(rx for order in orders.values() if order.status != "cancelled" for rx, *_ in order.lines)
    yield from (
        Problem("prescription ordered twice", f"prescription {rx}") for rx, count in filled.items() if count > 1
    )
    for order in orders.values():
        about, should = f"order {order.number}", order.status in OPEN
        if sum(cents for _, _, cents, _ in order.lines) != order.total_cents:
            yield Problem("lines unlike the total", about)
        for *_, is_open in order.lines:
            if is_open != should:
                yield Problem("line closed that should be open" if should else "line open that should not be", about)


def _refills(
    orders: Mapping[str, OrderBook], before: Mapping[str, tuple[int, int]], now: Mapping[str, tuple[int, int]]
) -> Iterator[Problem]:
    """Find prescriptions whose refills are not those of before, less what the orders of this run took."""
    taken: Counter[str] = Counter()
    for order in orders.values():
        if order.status != "cancelled":
            taken.update({rx: count for rx, count, *_ in order.lines})
    for rx, (left, used) in before.items():
        if now.get(rx) != (left - taken[rx], used + taken[rx]):
            yield Problem("refills do not add up", f"prescription {rx}")


def _loose_ends(connection: Connection, orders: Mapping[str, OrderBook]) -> Iterator[Problem]:
    for order in orders.values():
        if order.status == "pending":
            yield Problem("left pending", f"order {order.number}")
        if order.held_reason == "payment_unknown":
            yield Problem("payment unknown", f"order {order.number}")
    pending = text(
        "SELECT o.order_number FROM payment p JOIN refill_order o ON o.id = p.order_id WHERE p.status = 'pending'"
    )
    yield from (Problem("left pending", f"payment of order {number}") for number in connection.scalars(pending))
    leased = text("SELECT order_id FROM settlement")
    yield from (Problem("left leased", f"order with the id {order_id}") for order_id in connection.scalars(leased))
    keyed = connection.scalars(text("SELECT call_sid FROM card_entry"))
    yield from (Problem("card data left", f"call {call_sid}") for call_sid in keyed)
