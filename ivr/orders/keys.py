"""The one recipe for request keys: what is asked for under a key happens once, however often it is asked."""

from __future__ import annotations


def request_key(*parts: object) -> str:
    """Return the key of a request: who asks, when, and for what, alike in every worker and at every repeat.

    A turn of a call asks as `request_key(sid, turn, what)`: for an order, what is the day it is kept for ("" for now);
    for a payment, the order's id. Where nobody is on the line an order's next payment is
    `request_key("order", order_number, last_payment_id)`. A row keeps the key that it was written with.
    """
    return "-".join(map(str, parts))
