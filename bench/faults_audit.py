"""An audit of a run of `bench/faults.py`, by three books: the shared tables, the processor's ledger, the callers' notes.

The first two are held against each other by `tests/money_audit.py`. This adds the third: it believes of each call only
what its caller heard and confirmed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import money_audit
from money_audit import Booked, OrderBook, Problem, audit_books, orders_by_number
from sqlalchemy import Connection

What = Literal["ordered", "pays", "stands", "completes", "cancels", "cancelled"]
PROBLEMS = (
    *money_audit.PROBLEMS,
    "told, but missing",
    "told that it stands, but it does not",
    "told another total",
    "two orders for one yes",
    "cancelled by nobody",
    "told that it is cancelled, but it is not",
)


@dataclass(frozen=True)
class Note:
    """What a caller, or the website, did or heard about an order of a member.

    ordered: confirmed an order of so many cents; whether it was placed is not known from this. pays: confirmed to pay
    so many cents for an order.
    stands: was told that the order stands; completes: that it is saved, and will be completed or kept.
    cancels: confirmed to cancel it, or was about to; cancelled: was told that it is.
    """

    member: str
    channel: str
    what: What
    order_number: str | None = None
    cents: int | None = None


def audit(
    connection: Connection, books: Iterable[Booked], notes: Sequence[Note], before: Mapping[str, tuple[int, int]]
) -> list[Problem]:
    """Return every problem; `before` are the refills before the first call."""
    orders = orders_by_number(connection)
    told = [*_promises(orders, notes), *_confirmed(orders, notes), *_cancels(orders, notes)]
    return [*audit_books(connection, books, before), *told]


def _promises(orders: Mapping[str, OrderBook], notes: Iterable[Note]) -> Iterator[Problem]:
    for note in dict.fromkeys(note for note in notes if note.what in ("stands", "completes")):
        order, about = orders.get(note.order_number or ""), f"order {note.order_number} of {note.member}"
        if order is None or order.member != note.member:
            yield Problem("told, but missing", about)
        elif note.what == "stands" and not order.stands and order.status != "cancelled":
            yield Problem("told that it stands, but it does not", about)


def _confirmed(orders: Mapping[str, OrderBook], notes: Iterable[Note]) -> Iterator[Problem]:
    """Find orders that nobody confirmed, and totals that nobody heard."""
    yes: dict[tuple[str, str], Counter[int | None]] = defaultdict(Counter)
    for note in notes:
        if note.what == "ordered":
            yes[note.member, note.channel][note.cents] += 1
    placed: dict[tuple[str, str], Counter[int | None]] = defaultdict(Counter)
    for order in orders.values():
        placed[order.member, order.channel][order.total_cents] += 1
    for who, totals in placed.items():
        if totals.total() > yes[who].total():
            yield Problem("two orders for one yes", f"member {who[0]} by {who[1]}")
        elif totals - yes[who]:
            yield Problem("told another total", f"member {who[0]} by {who[1]}")
    for note in notes:
        order = orders.get(note.order_number or "")
        if note.what == "pays" and order and order.total_cents != note.cents:
            yield Problem("told another total", f"order {order.number}")


def _cancels(orders: Mapping[str, OrderBook], notes: Iterable[Note]) -> Iterator[Problem]:
    asked = {(note.order_number, note.channel) for note in notes if note.what == "cancels"}
    for order in orders.values():
        if order.status == "cancelled" and (order.number, order.cancelled_by) not in asked:
            yield Problem("cancelled by nobody", f"order {order.number}")
    for number in dict.fromkeys(note.order_number for note in notes if note.what == "cancelled"):
        if number not in orders or orders[number].status != "cancelled":
            yield Problem("told that it is cancelled, but it is not", f"order {number}")
