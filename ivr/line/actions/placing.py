"""Say the order back, and place it: one order for what goes now, and one for each later day, all or none."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line import lockout
from ivr.line.action import action
from ivr.line.actions import refill, speech
from ivr.line.actions.address import becomes_mailing, new_address, write_address
from ivr.line.actions.cards import open_token
from ivr.line.actions.kinds import Item, day, item, items, number, text
from ivr.line.actions.order_facts import alike, keeps_card, order_facts
from ivr.line.service import Context
from ivr.orders import authorize, place
from ivr.orders.find import OrderFacts
from ivr.orders.keys import request_key
from ivr.orders.place import OrderRequest, TakenError, WantedLine
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.pharmacy.tables import HeldReason, OrderStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

ORDERED = {
    "order_id": KEPT,
    "order_number": "digits",
    "arrives_on": "date",
    "placed": "phrase",
    "later_orders": "phrase",
    "address_note": "phrase",
    "basket": KEPT,
    "address_id": KEPT,
    "new_address": KEPT,
}

FACTS = ("lines", "ship_to", "amounts", "paying", "supply_notes")
"""What an order is confirmed by: the prescriptions, the address, what is charged to which card, and what comes late."""

SHIP_TO = ("order.ship_to", "order.ship_to_from_now_on", "order.ship_to_once_checked")


@action(
    "said",
    "changed",
    reads=("member_id", "basket", "card", "keep_card", "address", "address_id", "address_held", "new_address"),
    may_read=("proved", "spoken_card"),
    on={"said": {**dict.fromkeys(FACTS, "phrase"), "basket": KEPT, "count": "number"}},
    phrases={
        "lines": speech.LINES,
        "ship_to": {name: {"address": "address"} for name in SHIP_TO},
        "what": speech.MEDICINE,
        "amounts": speech.AMOUNTS,
        "paying": speech.PAYING,
        "supply_notes": speech.SUPPLY_NOTES,
        "card": speech.CARDS,
    },
)
def say_back(context: Context, values: Values) -> Done:
    """Put together all that is about to be ordered: the facts that the caller's yes is to."""
    facts = order_facts(context, values)
    if facts is None:
        return Done("changed")
    return Done("said", {**facts, "count": len(items(values, "basket"))})


class _ChangedError(Exception):
    """An order would cost something else than what was said."""


@action(
    "pending",
    "placed",
    "taken",
    "all_taken",
    "changed",
    reads=("member_id", "basket", "address_id", "new_address", "address_held", "card", "keep_card"),
    may_read=("proved", "spoken_card", "address"),
    takes={"keep_card": ("yes", "no")},
    on={
        "pending": ORDERED,
        "placed": ORDERED,
        "taken": {"what": "phrase", "basket": KEPT},
        "all_taken": {"what": "phrase", "basket": KEPT},
    },
    phrases={
        "placed": speech.PLACED,
        "address_note": {"address.changed": {}},
        "later_orders": speech.PLACED,
        "what": speech.MEDICINE,
    },
    tells={"placed": ("placed",), "taken": ("what",), "all_taken": ("what",)},
    facts=FACTS,
)
def place_order(context: Context, values: Values) -> Done:
    """Place what was said back; when a prescription was ordered elsewhere meanwhile, nothing, and it leaves the basket.

    When anything else has changed since, nothing either: the yes was to other words.
    """
    facts = order_facts(context, values)
    if facts is None or not items(values, "basket") or not alike(values, facts):
        return Done("changed")
    try:
        with context.connection.begin_nested():  # all of it, or none
            ship_to = _ship_to(context, values)
            orders = [_place(context, values, ship_to.id, when, cents) for when, cents in refill.totals(values)]
    except TakenError as taken:
        return _without(values, taken.rx_number)
    except _ChangedError:
        return Done("changed")
    lockout.remember_phone(context, number(values, "member_id"))
    first = orders[0]
    told: dict[str, Value] = {
        "order_id": first.id,
        "order_number": first.order_number,
        "arrives_on": day(first.expected_by),
        "placed": tuple(speech.placed(order) for order in orders),
        "later_orders": tuple(speech.placed(order) for order in orders if order.status is not OrderStatus.PENDING),
        "basket": (),
        "address_note": ship_to.told,
        "address_id": ship_to.id,
        "new_address": None,
    }
    is_pending = any(order.status is OrderStatus.PENDING for order in orders)
    return Done("pending" if is_pending else "placed", told)


@dataclass(frozen=True, slots=True)
class _ShipTo:
    """The row of the address that orders go to, and what there is to say of it."""

    id: int
    told: tuple[Value, ...] = ()


def _ship_to(context: Context, values: Values) -> _ShipTo:
    """Write a new address down, now that it is ordered to."""
    new = new_address(values)
    if new is None:
        return _ShipTo(number(values, "address_id"))
    address_id = write_address(context, number(values, "member_id"), new)
    return _ShipTo(address_id, (phrase("address.changed"),) if becomes_mailing(new) else ())


def _without(values: Values, rx_number: str) -> Done:
    basket = items(values, "basket")
    gone = next(line for line in basket if line["rx_number"] == rx_number)
    left = tuple(line for line in basket if line is not gone)
    what = speech.medicine_of(values, str(gone["drug"]), rx_number)
    return Done("taken" if left else "all_taken", {"basket": left, "what": what})


def _place(context: Context, values: Values, ship_to_id: int, when: str, cents: int) -> OrderFacts:
    ship_on, held = refill.later(when), bool(values["address_held"])
    lines = [line for line in items(values, "basket") if line["when"] == when]
    due = OrderStatus.SCHEDULED if ship_on else OrderStatus.PENDING if cents else OrderStatus.PLACED
    request = OrderRequest(
        member_id=number(values, "member_id"),
        lines=tuple(WantedLine(number(line, "prescription_id"), number(line, "n")) for line in lines),
        ship_to_id=ship_to_id,
        status=OrderStatus.HELD if held else due,
        request_key=request_key(context.caller.sid, context.turn, when),
        ship_on=ship_on,
        held_reason=HeldReason.ADDRESS if held else None,
    )
    order = place.place_order(
        context.connection,
        request,
        now=context.now,
        today=context.today,
        rules=context.line.rules,
        draw=context.line.draw,
    )
    if order.total_cents != cents:  # changed between our look and its lock
        raise _ChangedError
    if order.total_cents:
        charge_to_chosen(context, values, order)
    return order


def charge_to_chosen(context: Context, values: Values, order: OrderFacts) -> None:
    """Charge an order to the card that was chosen, as soon as it is due."""
    authorize.charge_to(
        context.connection,
        context.line.gateway,
        order,
        _card(context, item(values, "card")),
        sid=context.caller.sid,
        turn=context.turn,
        now=context.now,
        keep_card=keeps_card(values),
    )


def _card(context: Context, card: Item) -> int | Token:
    if "saved_card_id" in card:
        return number(card, "saved_card_id")
    token = open_token(context.line.vault, text(card, "sealed_token"), context.now)
    expiry = number(card, "exp_month"), number(card, "exp_year")
    return Token(token, Brand(text(card, "brand")), text(card, "last4"), *expiry)
