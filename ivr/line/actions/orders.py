"""Actions that find what a member asks about: an order, from a list or by its number, or a renewal by its number."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ivr.flow.call import Done
from ivr.flow.definition import LIST, MOST_AT_ONCE, OPAQUE, Items, Phrases
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import answers, keyed, speech
from ivr.line.actions.call_back import PERSON_HOURS, person_hours
from ivr.line.service import Context
from ivr.line.values import Identified, OfferedOrder, day
from ivr.orders import find
from ivr.orders.find import OrderFacts
from ivr.pharmacy.answers import RenewalFacts, find_renewal
from ivr.pharmacy.members import member_number
from ivr.pharmacy.tables import OrderStatus, RenewalStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

ORDER = {"order_id": OPAQUE}

TOLD_BEFORE = ("order_number", "order_state", "count")
"""What flows of an earlier release tell of an order themselves; `tell_order` does it now."""

ANSWER = {"answer": "phrase"}

DENIED = {**ANSWER, "person_hours": "phrase"}

LISTED_STATES: Phrases = {f"orders.listed_{status}": {} for status in OrderStatus}

LISTED = {"orders": LIST, "rest_of_orders": "phrase", "orders_heard": OPAQUE}

LISTED_PHRASES: dict[str, Phrases] = {
    "state": LISTED_STATES,
    "rest_of_orders": {"orders.rest": {}, "orders.from_the_first": {}},
}

ITEMS = {"orders": Items({"day": "date", "ending": "digits", "state": "phrase"}, MOST_AT_ONCE)}

ORDER_ENDING = 4
"""How many last digits of its number tell an order from others of its day."""


@action("found", "told", "none", on={"found": ORDER}, may_write=TOLD_BEFORE)
def urgent_order(context: Context, member_id: int, told_orders: tuple[int, ...] = ()) -> Done:
    """Find the member's order to be told of first: one that waits for its payment or is held, else the latest.

    It is not told again (`told`) if this call has told it already.
    """
    order = find.urgent_order(context.connection, member_id)
    if order is None:
        return done("none")
    return done("told") if order.id in told_orders else done("found", **_order_values(order, context.today))


@action(
    "found",
    "renewal",
    "renewal_ready",
    "renewal_denied",
    "not_found",
    on={"found": ORDER, "renewal": ANSWER, "renewal_ready": ANSWER, "renewal_denied": DENIED},
    may_write=TOLD_BEFORE,
    phrases={**answers.PHRASES, "answer": answers.RENEWALS, **PERSON_HOURS},
    tells=dict.fromkeys(("renewal", "renewal_ready", "renewal_denied"), tuple(ANSWER)),
)
def find_by_number(context: Context, member: Identified, keyed_order: Annotated[str, keyed.ORDER_NUMBER]) -> Done:
    """Find the member's order or renewal request with the keyed number; `renewal_ready`: it can be refilled now."""

    def find_either() -> OrderFacts | RenewalFacts | None:
        order = find.find_order(context.connection, member.member_id, keyed_order)
        return order or find_renewal(context.connection, member.member_id, keyed_order)

    number = member_number(context.connection, member.member_id)
    judged: lockout.Judged[OrderFacts | RenewalFacts] = lockout.guess(context, number, find_either)
    asked_about = judged.answer
    if asked_about is None:
        return done("not_found")
    if isinstance(asked_about, OrderFacts):
        return done("found", **_order_values(asked_about, context.today))
    answer, ready = answers.renewal(context, member, asked_about)
    if asked_about.status is RenewalStatus.DENIED:
        return done("renewal_denied", answer=answer, person_hours=person_hours(context))
    return done("renewal_ready" if ready else "renewal", answer=answer)


@action("some", "none", on={"some": LISTED}, items=ITEMS, phrases=LISTED_PHRASES)
def list_orders(context: Context, member_id: int) -> Done:
    """List the member's latest orders."""
    return _list(context, member_id, 0)


@action("some", "none", on={"some": LISTED}, items=ITEMS, phrases=LISTED_PHRASES)
def more_orders(context: Context, member_id: int, orders_heard: int) -> Done:
    """List the orders before those that were heard; after the last ones, the latest again."""
    return _list(context, member_id, orders_heard)


def _list(context: Context, member_id: int, after: int) -> Done:
    orders = find.orders_of(context.connection, member_id, after, MOST_AT_ONCE + 1)
    if not orders:
        return _list(context, member_id, 0) if after else done("none")
    page, rest = orders[:MOST_AT_ONCE], orders[MOST_AT_ONCE:]
    offered = tuple(
        OfferedOrder(
            day(context.services.today(order.placed_at)),
            order.order_number[-ORDER_ENDING:],
            phrase(f"orders.listed_{order.status}"),
            order.id,
        )
        for order in page
    )
    return done(
        "some",
        orders=offered,
        rest_of_orders=phrase("orders.rest") if rest else phrase("orders.from_the_first") if after else (),
        orders_heard=after + len(page) if rest else 0,
    )


@action("found", "none", on={"found": ORDER})
def use_order(context: Context, member_id: int, order_choice: OfferedOrder) -> Done:
    """Go on with the order that was chosen from the list."""
    order = find.order_by_id(context.connection, order_choice.order_id)
    return done("found", order_id=order.id) if order and order.member_id == member_id else done("none")


def _order_values(order: OrderFacts, today: date) -> dict[str, Value]:
    told_before = {
        "order_number": order.order_number,
        "order_state": speech.order_state(order, today),
        "count": len(order.lines),
    }
    return {"order_id": order.id, **told_before}
