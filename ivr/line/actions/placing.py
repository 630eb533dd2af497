"""Actions that say an order back and place it.

A basket becomes one order for what is sent now and one for each later day: either all of them are placed or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import refill, speech
from ivr.line.actions.address import becomes_mailing, write_address
from ivr.line.actions.cards import ADDED_UP, open_token
from ivr.line.actions.order_facts import EXPIRING, SHIP_TO, SaidOrder, card_expiring, order_facts
from ivr.line.service import Context
from ivr.line.values import Basket, CardOnFile, ChosenAddress, ChosenCard, Identified, KeyedCard, day
from ivr.orders import authorize, place
from ivr.orders.find import OrderFacts
from ivr.orders.keys import request_key
from ivr.orders.place import NotAMemberError, OrderRequest, TakenError, WantedLine
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.pharmacy.tables import HeldReason, OrderStatus
from ivr.prompts import phrase

ORDERED = {
    "order_id": OPAQUE,
    "order_number": "digits",
    "arrives_on": "date",
    "placed": "phrase",
    "later_orders": "phrase",
    "address_note": "phrase",
    "basket": OPAQUE,
    "address_id": OPAQUE,
    "new_address": OPAQUE,
}

FACTS = ("lines", "ship_to", "amounts", "paying", "supply_notes")
"""The facts an order is confirmed by: prescriptions, address, amounts, card, and supplies that end before they come."""


@action(
    "said",
    "card_expires",
    "changed",
    on={
        "said": {**dict.fromkeys(FACTS, "phrase"), "basket": OPAQUE, "count": "number"},
        "card_expires": {"expiring": "phrase", **ADDED_UP},
    },
    phrases={
        "lines": speech.LINES,
        "ship_to": SHIP_TO,
        "what": speech.MEDICINE,
        "amounts": speech.AMOUNTS,
        "paying": speech.PAYING,
        "supply_notes": speech.SUPPLY_NOTES,
        "card": speech.CARDS,
        "expiring": EXPIRING,
    },
)
def say_back(context: Context, member: Identified, basket: Basket, address: ChosenAddress, card: ChosenCard) -> Done:
    """Put together the facts of the order, for the caller to confirm.

    A card that expires before it is charged last does not do (`card_expires`).
    """
    facts = order_facts(context, member, basket, address, card)
    if facts is None:
        return done("changed")
    last_charge = refill.last_charge(facts.basket)
    if expiring := card_expiring(context, card, last_charge):
        asked_again = {"amounts": facts.amounts, "last_charge": last_charge, "card": None, "keep_card": "no"}
        return done("card_expires", expiring=expiring, **asked_again)
    return done("said", facts, count=len(basket))


class _ChangedError(Exception):
    """An order costs something other than what was said."""


@action(
    "pending",
    "placed",
    "taken",
    "all_taken",
    "changed",
    "ended",
    on={
        "pending": ORDERED,
        "placed": ORDERED,
        "taken": {"what": "phrase", "basket": OPAQUE},
        "all_taken": {"what": "phrase", "basket": OPAQUE},
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
def place_order(
    context: Context, member: Identified, said: SaidOrder, address: ChosenAddress, card: ChosenCard
) -> Done:
    """Place the order as it was said back, or place nothing.

    A prescription that was ordered elsewhere meanwhile is dropped from the basket (`taken`, `all_taken`). If anything
    else has changed, the caller said yes to other facts (`changed`), or is no member any more (`ended`).
    """
    basket = said.basket
    if not basket or said != order_facts(context, member, basket, address, card):
        return done("changed")
    try:
        with context.connection.begin_nested():  # all of it, or none
            ship_to = _ship_to(context, member.member_id, address)
            wanted = _Wanted(member.member_id, basket, ship_to, held=address.address_held)
            orders = [_place_one(context, wanted, when, cents) for when, cents in refill.totals_by_day(basket)]
            charge_to_chosen(context, card, [order for order in orders if order.total_cents])
    except TakenError as taken:
        return _drop_from_basket(basket, taken.rx_number, proved=member.proved)
    except _ChangedError:
        return done("changed")
    except NotAMemberError:
        return done("ended")
    lockout.remember_phone(context, member.member_id)
    first_order, new_address = orders[0], address.new_address
    return done(
        "pending" if any(order.status is OrderStatus.PENDING for order in orders) else "placed",
        order_id=first_order.id,
        order_number=first_order.order_number,
        arrives_on=day(first_order.expected_by),
        placed=tuple(speech.placed(order) for order in orders),
        later_orders=tuple(speech.placed(order) for order in orders if order.status is not OrderStatus.PENDING),
        basket=(),
        address_note=(phrase("address.changed"),) if new_address and becomes_mailing(new_address) else (),
        address_id=ship_to,
        new_address=None,
    )


def _ship_to(context: Context, member_id: int, address: ChosenAddress) -> int:
    """Return the id of the address that the orders go to; a new address is inserted."""
    if address.new_address:
        return write_address(context, member_id, address.new_address)
    if address.address_id is None:
        raise LookupError("an order goes to no address")
    return address.address_id


def _drop_from_basket(basket: Basket, rx_number: str, *, proved: bool) -> Done:
    unavailable = next(line for line in basket if line.rx_number == rx_number)
    remaining = tuple(line for line in basket if line is not unavailable)
    what = speech.medicine(unavailable.drug, rx_number, proved=proved)
    return done("taken" if remaining else "all_taken", basket=remaining, what=what)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is ordered, in one order or several; `held` if staff must check the address first."""

    member_id: int
    basket: Basket
    ship_to_id: int
    held: bool


def _place_one(context: Context, wanted: _Wanted, when: str, cents: int) -> OrderFacts:
    ship_on = refill.ship_day(when)
    due = OrderStatus.SCHEDULED if ship_on else OrderStatus.PENDING if cents else OrderStatus.PLACED
    request = OrderRequest(
        member_id=wanted.member_id,
        lines=tuple(WantedLine(line.prescription_id, line.n) for line in wanted.basket if line.when == when),
        ship_to_id=wanted.ship_to_id,
        status=OrderStatus.HELD if wanted.held else due,
        request_key=request_key(context.caller.sid, context.turn, when),
        ship_on=ship_on,
        held_reason=HeldReason.ADDRESS if wanted.held else None,
    )
    order = place.place_order(
        context.connection,
        request,
        now=context.now,
        today=context.today,
        rules=context.services.rules,
        random_number=context.services.random_number,
    )
    if order.total_cents != cents:  # changed after it was said back, before it was locked
        raise _ChangedError
    return order


def charge_to_chosen(context: Context, chosen: ChosenCard, orders: Sequence[OrderFacts]) -> None:
    """Charge orders to the chosen card: now what is due, the others on their ship days.

    A card that is tried now goes on file once it is accepted, whatever else it is to pay for.
    """
    is_tried_now = any(order.status is OrderStatus.PENDING for order in orders)
    for order in orders:
        authorize.pay_with_card(
            context.connection,
            context.services.gateway,
            order,
            _card_to_charge(context, chosen.card),
            sid=context.caller.sid,
            turn=context.turn,
            now=context.now,
            keep_card=chosen.keep_card == "yes" and (order.status is OrderStatus.PENDING or not is_tried_now),
        )


def _card_to_charge(context: Context, card: CardOnFile | KeyedCard | None) -> int | Token:
    """Return what charges the chosen card: its id if it is stored, else its token."""
    match card:
        case CardOnFile():
            return card.saved_card_id
        case KeyedCard():
            token = open_token(context.services.vault, card.sealed_token, context.now)
            return Token(token, Brand(card.brand), card.last4, card.exp_month, card.exp_year)
        case None:
            raise LookupError("an order is charged to no card")
