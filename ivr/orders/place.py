"""Places refill orders, completely or not at all.

The prescriptions are locked and judged once more, their refills taken, and the lines opened. The first prescription
that can no longer be ordered raises an error, and the caller's savepoint then undoes everything.

Every channel must lock rows in the same sequence, or two of them could wait for each other: first the prescriptions by
ascending id, all of them before anything is written, then the order, its lines and its payment. `docs/operations.md`
explains this to the website's programmers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, exists, select

from ivr.orders.events import Actor, record_event
from ivr.orders.find import OrderFacts, order_by_request_key
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.findings import Rx, Supply
from ivr.pharmacy.members import is_active
from ivr.pharmacy.numbers import TRIES, RandomNumber, free_numbers
from ivr.pharmacy.prescriptions import judge, locked_cases
from ivr.pharmacy.refusals import Case, FindingKind
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import changed, insert_or_none, update_where
from ivr.pharmacy.tables import Address, HeldReason, OrderLine, OrderStatus, Prescription, RefillOrder


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A prescription to order, with `n` refills filled at once."""

    prescription_id: int
    n: int


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a member orders. One `request_key` never makes two orders.

    `status` is `pending` while money is due, `placed` when none is, `scheduled` with the day it is to ship on, or
    `held` with a reason.
    """

    member_id: int
    lines: tuple[WantedLine, ...]
    ship_to_id: int
    status: OrderStatus
    request_key: str
    channel: str = "phone"
    ship_on: date | None = None
    held_reason: HeldReason | None = None


class TakenError(Exception):
    """Raised when an order cannot be placed, with the prescription that can no longer be ordered and why."""

    def __init__(self, rx_number: str, finding_kind: FindingKind) -> None:
        super().__init__(f"prescription {rx_number} is {finding_kind}")
        self.rx_number = rx_number
        self.finding_kind = finding_kind


class NotAMemberError(Exception):
    """Raised when an order cannot be placed, as the member has died or the membership ended."""


_OWN_ADDRESS = select(
    exists().where(Address.id == bindparam("address_id"), Address.member_id == bindparam("member_id"))
)
_KEY_USED = select(exists().where(RefillOrder.request_key == bindparam("request_key")))
_TAKE_REFILLS = update_where(
    Prescription, Prescription.id == bindparam("prescription_id"), Prescription.refills_left >= bindparam("n")
).values(
    refills_left=Prescription.refills_left - bindparam("n"), refills_used=Prescription.refills_used + bindparam("n")
)


@dataclass(frozen=True, slots=True)
class _Fill:
    """A line about to be inserted: the prescription and the chosen supply."""

    rx: Rx
    supply: Supply


def place_order(
    connection: Connection,
    request: OrderRequest,
    *,
    now: datetime,
    today: date,
    rules: Rules,
    random_number: RandomNumber,
) -> OrderFacts:
    """Place an order, or return the one that the same request placed before.

    Prices and quantities come from the prescriptions. `random_number` draws the order number. Raises TakenError when a
    prescription was ordered in between, and NotAMemberError when the membership has ended: call this within
    `connection.begin_nested()`, so that nothing of it is kept.
    """
    ship_day = max(request.ship_on or today, today)
    cases = {case.rx.id: case for case in locked_cases(connection, _ids(request), ship_day, rules)}
    # If the same request is sent twice, the second waits at the lock above: only now can it see the first one's order.
    earlier_order = order_by_request_key(connection, request.request_key)
    if earlier_order:
        return earlier_order
    if not is_active(connection, request.member_id):
        raise NotAMemberError
    _check_same_member(connection, request, cases.values())
    lines = sorted(request.lines, key=lambda line: line.prescription_id)
    fills = [_fill(connection, cases[line.prescription_id], line.n) for line in lines]
    order_id = _insert_order(
        connection, request, fills, now, arrival(ship_day, rules.mail_business_days), random_number
    )
    if order_id is not None:
        for fill in fills:
            _open_line(connection, order_id, fill)
        what = f"{request.status}_{request.held_reason}" if request.held_reason else request.status
        record_event(connection, order_id, what, now, Actor(request.channel))
    order = order_by_request_key(connection, request.request_key)
    if order is None:
        raise LookupError("an order was neither written nor found")
    return order


def _ids(request: OrderRequest) -> list[int]:
    ids = [line.prescription_id for line in request.lines]
    if not ids or len(set(ids)) < len(ids):
        raise ValueError("an order needs at least one prescription, and each only once")
    return ids


def _check_same_member(connection: Connection, request: OrderRequest, cases: Iterable[Case]) -> None:
    """Raise ValueError for another member's prescriptions or address: a program error, which no caller can cause."""
    own_cases = [case for case in cases if case.rx.member_id == request.member_id]
    address = {"address_id": request.ship_to_id, "member_id": request.member_id}
    if len(own_cases) < len(request.lines) or not connection.scalar(_OWN_ADDRESS, address):
        raise ValueError("an order's prescriptions and its address must be the member's own")


def _fill(connection: Connection, case: Case, n: int) -> _Fill:
    finding = judge(connection, case)
    if finding.kind.asks_for != "order":
        raise TakenError(case.rx.rx_number, finding.kind)
    supply = next((supply for supply in finding.supplies if supply.n == n), None)
    if supply is None:
        raise TakenError(case.rx.rx_number, FindingKind.NONE_LEFT)
    return _Fill(case.rx, supply)


def _insert_order(
    connection: Connection,
    request: OrderRequest,
    fills: list[_Fill],
    now: datetime,
    expected_by: date,
    random_number: RandomNumber,
) -> int | None:
    """Insert the order under a new number and return its id, or None when its request key has been used."""
    values = {
        "member_id": request.member_id,
        "channel": request.channel,
        "status": request.status,
        "ship_to_id": request.ship_to_id,
        "total_cents": sum(fill.supply.price_cents for fill in fills),
        "placed_at": now,
        "ship_on": request.ship_on,
        "expected_by": expected_by,
        "held_reason": request.held_reason,
        "request_key": request.request_key,
    }
    for order_number in free_numbers(connection, random_number):
        order_id = insert_or_none(connection, RefillOrder, {**values, "order_number": order_number})
        if order_id is not None:
            return order_id
        if connection.scalar(_KEY_USED, {"request_key": request.request_key}):
            return None
    raise RuntimeError(f"{TRIES} order numbers drawn are all taken")


def _open_line(connection: Connection, order_id: int, fill: _Fill) -> None:
    """Insert the open line and take its refills; raise TakenError when another channel was quicker."""
    line = {
        "order_id": order_id,
        "prescription_id": fill.rx.id,
        "days_supply": fill.supply.days,
        "quantity": fill.supply.quantity,
        "price_cents": fill.supply.price_cents,
        "open": True,
    }
    opened = insert_or_none(connection, OrderLine, line) is not None
    if not opened or not changed(connection, _TAKE_REFILLS, prescription_id=fill.rx.id, n=fill.supply.n):
        raise TakenError(fill.rx.rx_number, FindingKind.ALREADY_ORDERED)
