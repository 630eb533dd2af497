"""Actions that give another address to an order that is held for its address."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.actions.address import becomes_mailing, write_address
from ivr.line.actions.order_facts import SHIP_TO, ship_to_words
from ivr.line.actions.order_ways import members_order, paying_on
from ivr.line.service import Context
from ivr.line.values import AddressForOrder, ChosenAddress, Gathered, day
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts
from ivr.orders.hold import give_address
from ivr.pharmacy.addresses import mailing_address
from ivr.pharmacy.tables import HeldReason, OrderStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

ADDRESS_FACTS = {"order_number": "digits", "ship_to": "phrase", "amounts": "phrase", "paying": "phrase"}
"""The facts that another address of an order is confirmed by, name -> kind."""

NOTED = {"new_address": OPAQUE, "address_note": "phrase"}


@dataclass(frozen=True, slots=True)
class SaidAddress(Gathered):
    """An order and where it would be sent, as they were said."""

    order_number: str = ""
    ship_to: Value = ()
    amounts: Value = ()
    paying: Value = ()


@action(
    *("said", "same", "changed"),
    on={"said": {**ADDRESS_FACTS, "address_for_order": OPAQUE}},
    phrases={"ship_to": SHIP_TO, "amounts": speech.AMOUNTS, "paying": speech.PAYING, "card": speech.CARDS},
)
def say_order_address(context: Context, member_id: int, order_id: int, address: ChosenAddress) -> Done:
    """Put together the facts of sending a held order to the chosen address, for the caller to confirm.

    The one on file may be what staff is looking at (`same`).
    """
    order = members_order(context, member_id, order_id)
    if not _is_held_for_address(order):
        return done("changed")
    if address.address_id == order.ship_to_id:
        return done("same")
    new = address.new_address
    keyed = AddressForOrder(order_id, new) if new else None
    return done("said", _address_facts(context, order, address), address_for_order=keyed)


@action(
    *("released", "held", "changed"),
    on={"released": NOTED, "held": NOTED},
    phrases={"address_note": {"address.changed": {}}},
    forgets=("address_for_order",),
    facts=tuple(ADDRESS_FACTS),
)
def change_order_address(
    context: Context, member_id: int, order_id: int, address: ChosenAddress, said: SaidAddress
) -> Done:
    """Send a held order to the chosen address. A verified one releases it, to be charged on its day."""
    order = members_order(context, member_id, order_id)
    if not _is_held_for_address(order) or said != _address_facts(context, order, address):
        return done("changed")
    new = address.new_address
    address_id = write_address(context, member_id, new) if new else _on_file(context, member_id, address)
    if address_id is None:
        return done("changed")
    today, rules = context.today, context.services.rules
    if not give_address(context.connection, order, address_id, context.now, today, rules, Actor.PHONE):
        raise LookupError("an order held for its address changed in the transaction that found it so")
    note = (phrase("address.changed"),) if new and becomes_mailing(new) else ()
    return done("held" if address.address_held else "released", new_address=None, address_note=note)


def _on_file(context: Context, member_id: int, address: ChosenAddress) -> int | None:
    """Return the id of the address on file, or None if it is another by now than the one that was chosen."""
    mailing = mailing_address(context.connection, member_id)
    return mailing.id if mailing and mailing.id == address.address_id else None


def _is_held_for_address(order: OrderFacts) -> bool:
    return order.status is OrderStatus.HELD and order.held_reason is HeldReason.ADDRESS


def _address_facts(context: Context, order: OrderFacts, address: ChosenAddress) -> SaidAddress:
    when = day(order.ship_on) if order.ship_on and order.ship_on > context.today else ""
    return SaidAddress(
        order.order_number,
        phrase(ship_to_words(address.new_address), address=address.address),
        speech.amounts([(when, order.total_cents)]),
        paying_on(context, order, when),
    )
