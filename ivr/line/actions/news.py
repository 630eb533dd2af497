"""Actions for what waits for a member, which is told first when they have been identified."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.orders.find import orders_with_news


@action(
    *("none", "one", "several"),
    writes={"news": OPAQUE, "count": "number"},
    tells={"several": ("count",)},
)
def find_news(context: Context, member_id: int) -> Done:
    """Find the orders that wait for their member, or were cancelled and are still to be told of, oldest first."""
    news = tuple(order.id for order in orders_with_news(context.connection, member_id))
    outcome = "none" if not news else "one" if len(news) == 1 else "several"
    return done(outcome, news=news, count=len(news))


@action("order", "finished", writes={"news": OPAQUE}, on={"order": {"order_id": OPAQUE}})
def next_news(_: Context, news: tuple[int, ...]) -> Done:
    """Go on to the next order that waits."""
    if not news:
        return done("finished", news=())
    return done("order", order_id=news[0], news=news[1:])
