"""Actions for what waits for a member, which is told first when they have been identified."""

from __future__ import annotations

from typing import Literal

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.line.unheard import unheard_orders
from ivr.orders.find import orders_with_news
from ivr.prompts import phrase

MOST_TOLD = 5
"""How many orders are told before anything else; a caller asks about the others."""


WANTED = ("refill", "orders", "transfer", "menu")
"""What a caller may have chosen before they were identified."""


@action("none", "some", writes={"waiting": OPAQUE, "unheard": OPAQUE})
def find_news(context: Context, member_id: int) -> Done:
    """Find the orders that wait for their member, or are still to be told of, oldest first.

    Those were cancelled, or their caller did not hear what became of them.
    """
    unheard = unheard_orders(context.connection, member_id, context.now)
    found = {order.id: order for order in (*unheard, *orders_with_news(context.connection, member_id, context.now))}
    waiting = sorted(found, key=lambda order_id: (found[order_id].placed_at, order_id))
    unheard_ids = tuple(order.id for order in unheard)
    return done("some" if waiting else "none", waiting=tuple(waiting), unheard=unheard_ids)


@action(
    *("one", "several"),
    writes={"news": OPAQUE, "count": "number", "news_note": "phrase"},
    forgets=("waiting",),
    tells={"several": ("count", "news_note")},
    phrases={"news_note": {"news.only_first": {"count": "number"}}},
)
def count_news(_: Context, waiting: tuple[int, ...]) -> Done:
    """Count what waits; of more than `MOST_TOLD` orders only the first are told."""
    note = (phrase("news.only_first", count=MOST_TOLD),) if len(waiting) > MOST_TOLD else ()
    outcome = "one" if len(waiting) == 1 else "several"
    return done(outcome, news=waiting[:MOST_TOLD], count=len(waiting), news_note=note)


@action(
    *("order", "unheard", "finished"),
    writes={"news": OPAQUE},
    on={"order": {"order_id": OPAQUE}, "unheard": {"order_id": OPAQUE}},
)
def next_news(_: Context, news: tuple[int, ...], unheard: tuple[int, ...] = ()) -> Done:
    """Go on to the next order that waits, or of which nobody heard that it was placed."""
    if not news:
        return done("finished", news=())
    return done("unheard" if news[0] in unheard else "order", order_id=news[0], news=news[1:])


@action(*WANTED)
def go_on_with(_: Context, wanted: Literal["refill", "orders", "transfer", "menu"]) -> Done:
    """Go on with what the caller had chosen before they were told what waits for them."""
    return done(wanted)
