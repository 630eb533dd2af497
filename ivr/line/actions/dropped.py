"""Actions for a dropped call: a member who soon calls again from the same number may go on with the same order.

What the dropped call had come to waits in the new call until the caller says whether to go on with it, and if that call
drops as well, in the next. Nothing of it is past a confirmation: the order is said back again before it is placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, exists, select

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line import tables
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.actions.address import CHOSEN, CHOSEN_CARD, as_chosen
from ivr.line.actions.address_building import Building
from ivr.line.actions.cards import is_recent
from ivr.line.actions.order_facts import judged_anew
from ivr.line.actions.order_ways import members_order
from ivr.line.actions.payment import last_charge_with
from ivr.line.service import Context
from ivr.line.sessions import STATE_KEPT, stored_values
from ivr.line.values import (
    AddressForOrder,
    Basket,
    BasketLine,
    CardForOrder,
    CardOnFile,
    ChosenCard,
    Gathered,
    Identified,
    KeyedCard,
    decoder,
)
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.unverified import judge_again
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

DROPPED = ("dropped", "dropped_address", "dropped_rest")
"""The values kept of the dropped call until the caller says whether to go on with it."""

_CALL, _THIS, _EARLIER = tables.call.c, tables.call.alias("this").c, tables.earlier_member.c
_LAST_CALL = (
    select(
        _CALL.member_id,
        _CALL.sealed_state,
        (_CALL.version == select(_THIS.version).where(_THIS.sid == bindparam("sid")).scalar_subquery()).label("same"),
    )
    .where(
        _CALL.from_number == bindparam("from_number"),
        _CALL.heard_at > bindparam("since"),
        _CALL.sid != bindparam("sid"),
        (_CALL.member_id == bindparam("member_id"))
        | exists().where(_EARLIER.call_sid == _CALL.sid, _EARLIER.member_id == bindparam("member_id")),
    )
    .order_by(_CALL.heard_at.desc())
    .limit(1)
)
"""The last call that served this member, even if it went on to another one: an earlier call is not offered again."""


@dataclass(frozen=True, slots=True)
class KeyedSoFar:
    """What was keyed in a dropped call and is not in its basket: an address that was not whole, and a card."""

    building: Building | None = None
    address_for: Literal["order", "always"] = "order"
    card: KeyedCard | None = None
    keep_card: Literal["yes", "no"] = "no"


@dataclass(frozen=True, slots=True)
class DroppedOrder(Gathered):
    """What may be gone on with: the basket, a whole new address, and the rest."""

    dropped: Basket = ()
    dropped_address: NewAddress | None = None
    dropped_rest: KeyedSoFar | None = None


@dataclass(frozen=True, slots=True)
class _OrderSoFar(Gathered):
    """The order that a call was about, with what it had taken up of a call before and not used yet."""

    basket: Basket = ()
    new_address: NewAddress | None = None
    unproved_address: NewAddress | None = None
    building: Building | None = None
    address_for: Literal["order", "always"] = "order"
    card: CardOnFile | KeyedCard | None = None
    keep_card: Literal["yes", "no"] = "no"
    card_keyed_before: KeyedCard | None = None
    keep_card_keyed_before: Literal["yes", "no"] = "no"

    @property
    def dropped(self) -> DroppedOrder:
        """What a later call may go on with."""
        card, keep_card = self.card_keyed_before, self.keep_card_keyed_before
        if isinstance(self.card, KeyedCard):
            card, keep_card = self.card, self.keep_card
        rest = KeyedSoFar(self.building, self.address_for, card, keep_card)
        return DroppedOrder(self.basket, self.new_address or self.unproved_address, rest)


_OFFERED, _SO_FAR = decoder(DroppedOrder), decoder(_OrderSoFar)


@action(
    "dropped",
    "none",
    writes={"dropped_asked": OPAQUE},
    on={"dropped": {**dict.fromkeys(DROPPED, OPAQUE), "count": "number"}},
    tells={"dropped": ("count",)},
)
def find_dropped_order(context: Context, member_id: int, dropped_asked: bool = False) -> Done:
    """Find the order that this member's last call ended with; it is offered once in a call.

    If flows or prompts have been published since, only its basket counts.
    """
    order = DroppedOrder() if context.caller.withheld or dropped_asked else _dropped_order(context, member_id)
    if not order.dropped:
        return done("none", dropped_asked=True)
    return done("dropped", order, count=len(order.dropped), dropped_asked=True)


def _dropped_order(context: Context, member_id: int) -> DroppedOrder:
    values, same_version = _last_values(context, member_id)
    order: DroppedOrder = _SO_FAR(values).dropped if values.get("basket") else _OFFERED(values)
    return order if same_version else DroppedOrder(order.dropped)


def _last_values(context: Context, member_id: int) -> tuple[Values, bool]:
    """Return what the member's last call knew, and whether it had this call's version; nothing if it is too long ago."""
    caller, since = context.caller, context.now - STATE_KEPT
    parameters = {"from_number": caller.from_number, "since": since, "member_id": member_id, "sid": caller.sid}
    last_call = context.connection.execute(_LAST_CALL, parameters).one_or_none()
    if last_call is None or last_call.member_id != member_id:
        return {}, False
    return stored_values(context.services.vault, last_call.sealed_state, context.now), last_call.same


@action(
    "chosen",
    "none",
    writes={"card_taken_up": OPAQUE},
    on={"chosen": dict.fromkeys((*CHOSEN_CARD, "last_charge"), OPAQUE)},
)
def take_up_card(context: Context, member_id: int, order_id: int, card_taken_up: bool = False) -> Done:
    """Choose the card that was keyed for this unpaid order in an earlier call, once, if that is not too long ago."""
    if card_taken_up or context.caller.withheld:
        return done("none", card_taken_up=True)
    values, same_version = _last_values(context, member_id)
    keyed = decoder(CardForOrder)(values["card_for_order"]) if same_version and values.get("card_for_order") else None
    if keyed is None or keyed.order_id != order_id:
        return done("none", card_taken_up=True)
    if not is_recent(context.services.vault, keyed.card.sealed_token, context.now):
        return done("none", card_taken_up=True)
    words = speech.card(keyed.card.brand, keyed.card.last4)
    last = last_charge_with(context, members_order(context, member_id, order_id))
    return done("chosen", ChosenCard(keyed.card, keyed.keep_card, words), last_charge=last, card_taken_up=True)


@dataclass(frozen=True, slots=True)
class _AddressSoFar(Gathered):
    """The address that a call was about to give an order that is held: whole, or in part."""

    order_id: int | None = None
    address_for_order: AddressForOrder | None = None
    building: Building | None = None
    address_for: Literal["order", "always"] = "order"
    basket: Basket = ()


@action(
    *("whole", "begun", "none"),
    writes={"address_taken_up": OPAQUE},
    on={
        "whole": {"unproved_address": OPAQUE, "address_for_order": OPAQUE},
        "begun": {"building": OPAQUE, "address_for": OPAQUE},
    },
)
def find_address_before(context: Context, member_id: int, order_id: int, address_taken_up: bool = False) -> Done:
    """Find the address that was keyed for this held order in an earlier call, once; or what was keyed of it."""
    if address_taken_up or context.caller.withheld:
        return done("none", address_taken_up=True)
    values, same_version = _last_values(context, member_id)
    so_far: _AddressSoFar = decoder(_AddressSoFar)(values) if same_version else _AddressSoFar()
    whole = so_far.address_for_order
    if so_far.building and so_far.order_id == order_id and not so_far.basket:
        return done("begun", building=so_far.building, address_for=so_far.address_for, address_taken_up=True)
    if whole is None or whole.order_id != order_id:
        return done("none", address_taken_up=True)
    return done("whole", unproved_address=whole.address, address_for_order=whole, address_taken_up=True)


@action("left", forgets=DROPPED)
def leave_dropped_order(_: Context) -> Done:
    """Forget what the dropped call had come to, as the caller starts over."""
    return done("left")


@action(
    *("taken_up", "with_address", "nothing_left"),
    writes={
        "basket": OPAQUE,
        "no_longer": "phrase",
        "building": OPAQUE,
        "address_for": OPAQUE,
        "card_keyed_before": OPAQUE,
        "keep_card_keyed_before": OPAQUE,
    },
    on={"with_address": {"unproved_address": OPAQUE}},
    phrases={"no_longer": {"refill.no_longer": {"what": "phrase"}}, "what": speech.MEDICINE},
    forgets=DROPPED,
)
def take_up_order(context: Context, member: Identified, order: DroppedOrder) -> Done:
    """Go on with the earlier order: every prescription is judged anew, and said if it cannot be refilled any more."""
    rest = order.dropped_rest or KeyedSoFar()
    judged = [(line, judged_anew(context, member.member_id, line)) for line in order.dropped]
    basket = tuple(line for _, line in judged if line)
    values = {
        "basket": basket,
        "no_longer": tuple(_no_longer(line, proved=member.proved) for line, still in judged if not still),
        "building": rest.building,
        "address_for": rest.address_for,
        "card_keyed_before": rest.card,
        "keep_card_keyed_before": rest.keep_card,
    }
    if not basket:
        return done("nothing_left", **values)
    if order.dropped_address:
        return done("with_address", unproved_address=order.dropped_address, **values)
    return done("taken_up", **values)


def _no_longer(line: BasketLine, *, proved: bool) -> Value:
    return phrase("refill.no_longer", what=speech.medicine(line.drug, line.rx_number, proved=proved))


@action("taken_up", "to_be_checked", writes=CHOSEN, forgets=("unproved_address",))
def take_up_address(context: Context, unproved_address: NewAddress) -> Done:
    """Go on with the address keyed in the earlier call, after checking it again."""
    address = judge_again(context.connection, unproved_address)
    return done("taken_up" if address.verified else "to_be_checked", as_chosen(address))


@action(
    *("chosen", "none"),
    on={"chosen": {"card": OPAQUE, "spoken_card": OPAQUE, "keep_card": OPAQUE}},
    forgets=("card_keyed_before", "keep_card_keyed_before"),
)
def use_card_keyed_before(
    context: Context,
    card_keyed_before: KeyedCard | None = None,
    keep_card_keyed_before: Literal["yes", "no"] = "no",
) -> Done:
    """Choose the card that was keyed in the earlier call, once, if that is not too long ago."""
    card = card_keyed_before
    if card is None or not is_recent(context.services.vault, card.sealed_token, context.now):
        return done("none")
    return done("chosen", ChosenCard(card, keep_card_keyed_before, speech.card(card.brand, card.last4)))
