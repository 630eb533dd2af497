"""Request keys: what is asked for under one key happens once, however often it is asked."""

from __future__ import annotations

import re

_OF_TURN = re.compile(r"(.+?)-(\d+)-(?:\d{4}-\d\d-\d\d)?")


def request_key(*parts: object) -> str:
    """Return the key of a request from who asks, when, and for what; the same in every worker and at every repeat.

    A turn of a call uses `request_key(sid, turn, what)`, where `what` is the ship day of an order ("" for now), or the
    order's id for a payment. A payment that begins without a caller uses
    `request_key("order", order_number, last_payment_id)`. A row keeps the key that it was inserted with.
    """
    return "-".join(map(str, parts))


def turn_of(key: str) -> tuple[str, int] | None:
    """Return the call and the turn that placed the order with a request key; None for a key that no turn made."""
    parts = _OF_TURN.fullmatch(key)
    return (parts[1], int(parts[2])) if parts else None
