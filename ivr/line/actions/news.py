"""Actions for what waits for a member, which is told first when they have been identified."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.orders.find import orders_with_news
from ivr.prompts import phrase

MOST_TOLD = 5
"""How many orders are told before anything else; a caller asks about the others."""


@action(
    *("none", "one", "several"),
    writes={"news": OPAQUE, "count": "number", "news_note": "phrase"},
    tells={"several": ("count", "news_note")},
    phrases={"news_note": {"news.only_first": {"count": "number"}}},
)
def find_news(context: Context, member_id: int) -> Done:
    """Find the orders that wait for their member, or were cancelled and are still to be told of, oldest first."""
    orders = orders_with_news(context.connection, member_id, context.now)
    news = tuple(order.id for order in orders[:MOST_TOLD])
    outcome = "none" if not news else "one" if len(news) == 1 else "several"
    note = (phrase("news.only_first", count=MOST_TOLD),) if len(orders) > MOST_TOLD else ()
    return done(outcome, news=news, count=len(orders), news_note=note)


@action("order", "finished", writes={"news": OPAQUE}, on={"order": {"order_id": OPAQUE}})
def next_news(_: Context, news: tuple[int, ...]) -> Done:
    """Go on to the next order that waits."""
    if not news:
        return done("finished", news=())
    return done("order", order_id=news[0], news=news[1:])
