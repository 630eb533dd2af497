"""Actions that move a scheduled order to another day, or send it now, also after it was held on its day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from ivr.flow.call import Done
from ivr.line.action import action, done
from ivr.line.actions import keyed, speech
from ivr.line.actions.order_ways import CARD_NOTES, CONTENTS, card_note, contents, judge_held, members_order, paying_on
from ivr.line.service import Context
from ivr.line.values import Gathered, Identified, day
from ivr.orders import ship_day
from ivr.orders.cards import saved_card, valid_through
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts
from ivr.orders.payments import is_paid, payment_for
from ivr.orders.reschedule import NotRescheduled, ShipDays, change_ship_day, ship_days
from ivr.pharmacy.members import is_active
from ivr.pharmacy.tables import OrderStatus
from ivr.prompts.spoken import Value

DAYS = {"first_day": "full_date", "last_day": "full_date"}

SHIP_DAY_FACTS = {
    "order_number": "digits",
    "contents": "phrase",
    "ship_day": "full_date",
    "amounts": "phrase",
    "paying": "phrase",
}
"""The facts that another ship day is confirmed by, name -> kind."""

PHRASES = {
    "contents": CONTENTS,
    "what": speech.MEDICINE,
    "amounts": speech.AMOUNTS,
    "paying": speech.PAYING,
    "card": speech.CARDS,
}


CARD_PHRASES = {"card_note": CARD_NOTES, "card": speech.CARDS}


@dataclass(frozen=True, slots=True)
class SaidShipDay(Gathered):
    """An order and the day it would be sent on, as they were said."""

    order_number: str = ""
    contents: Value = ()
    ship_day: str = ""
    amounts: Value = ()
    paying: Value = ()


@action(
    *("offered", "needs_card", "none", "changed"),
    on={"offered": DAYS, "needs_card": {"card_note": "phrase"}},
    tells={"offered": tuple(DAYS), "needs_card": ("card_note",)},
    phrases=CARD_PHRASES,
)
def offer_days(context: Context, member: Identified, order_id: int) -> Done:
    """Find the days on which a scheduled order can be sent, and its card be charged."""
    order = members_order(context, member.member_id, order_id)
    if order.status is not OrderStatus.SCHEDULED:
        return done("changed")
    days = _ship_days(context, order)
    if days is None or days.first == days.last == order.ship_on:
        return done("none")
    if note := card_note(context, order, days.first):
        return done("needs_card", card_note=note)
    last = _last_day(context, order, days)
    if days.first == last == order.ship_on:
        return done("none")
    return done("offered", first_day=day(days.first), last_day=day(last))


@action(
    *("possible", "no_such_day", "too_soon", "too_late", "card_expires", "changed"),
    on={"possible": SHIP_DAY_FACTS},
    phrases=PHRASES,
)
def take_ship_day(
    context: Context, member: Identified, order_id: int, keyed_day: Annotated[str, keyed.SHIP_DAY]
) -> Done:
    """Take the day that the caller keyed, for them to confirm, if the order can be sent on it."""
    order = members_order(context, member.member_id, order_id)
    wanted, days = next_day(keyed_day, context.today), _ship_days(context, order)
    if days is None or order.status is not OrderStatus.SCHEDULED:
        return done("changed")
    if wanted is None:
        return done("no_such_day")
    if wanted < days.first:
        return done("too_soon")
    if wanted > days.last:
        return done("too_late")
    if card_note(context, order, wanted):
        return done("card_expires")
    return done("possible", _day_facts(context, order, wanted, proved=member.proved))


@action(
    *("said", "needs_card", "changed"),
    on={"said": SHIP_DAY_FACTS, "needs_card": {"card_note": "phrase"}},
    tells={"needs_card": ("card_note",)},
    phrases={**PHRASES, **CARD_PHRASES},
)
def say_send_now(context: Context, member: Identified, order_id: int) -> Done:
    """Put together the facts of sending a scheduled order today, for the caller to confirm."""
    order = members_order(context, member.member_id, order_id)
    days = _ship_days(context, order)
    if days is None or days.first > context.today or order.status is not OrderStatus.SCHEDULED:
        return done("changed")
    if note := card_note(context, order, context.today):
        return done("needs_card", card_note=note)
    return done("said", _day_facts(context, order, context.today, proved=member.proved))


@action("moved", "changed", "ended", facts=tuple(SHIP_DAY_FACTS))
def move_ship_day(context: Context, member: Identified, order_id: int, said: SaidShipDay) -> Done:
    """Send a scheduled order on the day that was said, unless something has changed since."""
    order = members_order(context, member.member_id, order_id)
    ship_on = date.fromisoformat(said.ship_day)
    if said != _day_facts(context, order, ship_on, proved=member.proved):
        return done("changed")
    if not is_active(context.connection, member.member_id):
        return done("ended")
    change = change_ship_day(
        context.connection, order.id, ship_on, context.today, context.now, context.services.rules, Actor.PHONE
    )
    return done("changed" if isinstance(change, NotRescheduled) else "moved")


@action("said", "changed", on={"said": SHIP_DAY_FACTS}, phrases=PHRASES)
def say_held(context: Context, member: Identified, order_id: int) -> Done:
    """Put together the facts of sending an order now that was held on its ship day, for the caller to confirm."""
    facts = _held_facts(context, members_order(context, member.member_id, order_id), proved=member.proved)
    return done("said", facts) if facts else done("changed")


@action("pending", "needs_card", "placed", "changed", facts=tuple(SHIP_DAY_FACTS))
def send_held(context: Context, member: Identified, order_id: int, said: SaidShipDay) -> Done:
    """Have an order sent that was held on its ship day, and begin its payment, unless something has changed since.

    One whose card is gone or has expired needs another card, which is kept for it no less than for others unpaid.
    """
    order = members_order(context, member.member_id, order_id)
    judgement = judge_held(context, order)
    if judgement is None or said != _held_facts(context, order, proved=member.proved):
        return done("changed")
    status = ship_day.send_held(
        context.connection,
        context.services.gateway,
        order.id,
        judgement.total_cents,
        sid=context.caller.sid,
        turn=context.turn,
        now=context.now,
        today=context.today,
        rules=context.services.rules,
    )
    return done("needs_card" if status is OrderStatus.HELD else status or "changed")


def _held_facts(context: Context, order: OrderFacts, *, proved: bool) -> SaidShipDay | None:
    judgement = judge_held(context, order)
    if judgement is None or not judgement.may_be_filled:
        return None
    return _day_facts(context, replace(order, total_cents=judgement.total_cents), context.today, proved=proved)


def next_day(keyed_day: str, today: date) -> date | None:
    """Return the next day, from today on, that is meant by keyed digits, or None if they are no day.

    They are month and day; where only day and month can be meant, they are taken in that order. A zero in front may be
    missing.
    """
    first, second = int(keyed_day[:-2]), int(keyed_day[-2:])
    for month, day_of_month in ((first, second), (second, first)):
        for year in (today.year, today.year + 1):
            try:
                found = date(year, month, day_of_month)
            except ValueError:
                continue
            if found >= today:
                return found
    return None


def _ship_days(context: Context, order: OrderFacts) -> ShipDays | None:
    return ship_days(context.connection, order, context.today, context.services.rules)


def _last_day(context: Context, order: OrderFacts, days: ShipDays) -> date:
    """Return the last day on which an order can be sent, and its card be charged if one is needed."""
    if is_paid(order, payment_for(context.connection, order.id)):
        return days.last
    card = saved_card(context.connection, order.saved_card_id) if order.saved_card_id else None
    return min(days.last, valid_through(card)) if card else days.last


def _day_facts(context: Context, order: OrderFacts, ship_on: date, *, proved: bool) -> SaidShipDay:
    when = day(ship_on) if ship_on > context.today else ""
    return SaidShipDay(
        order.order_number,
        contents(order, proved=proved),
        day(ship_on),
        speech.amounts([(when, order.total_cents)]),
        paying_on(context, order, when),
    )
