"""Actions for the address that an order goes to: the mailing address on file, or one keyed in this call."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.actions.address_building import Building
from ivr.line.service import Context
from ivr.line.values import ChosenAddress, OnFile
from ivr.pharmacy.addresses import AddressFacts, NewAddress, add_address, mailing_address
from ivr.pharmacy.notices import note_changed_address
from ivr.prompts.spoken import Value

CHOSEN = {"address": "address", "address_id": OPAQUE, "new_address": OPAQUE, "address_held": OPAQUE}
"""The values a call keeps of the address that the order goes to, name -> kind."""

CHOSEN_CARD = ("card", "keep_card", "spoken_card")
"""The values a call keeps of the card that pays the order."""

KEPT_BY = ("new_mailing",)
"""The fact that a caller confirms who keeps a new mailing address without ordering."""

SPOKEN = ("house_number", "street", "unit", "urbanization", "city", "state", "zip")


@action("on_file", "none", on={"on_file": CHOSEN}, tells={"on_file": ("address",)})
def look_up_address(context: Context, member_id: int) -> Done:
    """Choose the mailing address on file, if there is one."""
    address = mailing_address(context.connection, member_id)
    if address is None:
        return done("none")
    return done("on_file", on_file_address(address))


def on_file_address(address: AddressFacts) -> ChosenAddress:
    """Return an address on file as the chosen one."""
    return ChosenAddress(spoken_address(address), address.id, None, address_held=False)


# A keyed address, which is one of the call's values until an order is placed; it is inserted together with the order


def as_chosen(new_address: NewAddress) -> ChosenAddress:
    """Return a new address as the chosen one."""
    return ChosenAddress(spoken_address(new_address), None, new_address, address_held=not new_address.verified)


def spoken_address(address: NewAddress | AddressFacts) -> Value:
    """Return an address as the value that prompts speak."""
    return {name: getattr(address, name) for name in SPOKEN}


@action(
    *("new", "begun", "none", "all_on_file"),
    on={"new": CHOSEN, "all_on_file": {**CHOSEN, **dict.fromkeys(CHOSEN_CARD, OPAQUE)}},
    forgets=("all_on_file",),
)
def chosen_address(
    _: Context,
    new_address: NewAddress | None = None,
    building: Building | None = None,
    all_on_file: OnFile | None = None,
) -> Done:
    """Choose the address that was keyed earlier in this call, if there is one; first, one that was begun is finished.

    The address and the card on file are chosen so once: who comes back, to change the order, is asked for them.
    """
    if building:
        return done("begun")
    if all_on_file:
        return done("all_on_file", all_on_file.address, all_on_file.card)
    return done("new", as_chosen(new_address)) if new_address else done("none")


def write_address(context: Context, member_id: int, new_address: NewAddress) -> int:
    """Insert a new address and return its id; the member is sent a notice if their mailing address changes."""
    address_id = add_address(context.connection, member_id, new_address, context.now)
    if becomes_mailing(new_address):
        note_changed_address(context.connection, member_id, address_id, context.now)
    return address_id


def becomes_mailing(new_address: NewAddress) -> bool:
    """Return whether an address becomes the mailing address as soon as it is inserted."""
    return new_address.kind == "mailing" and new_address.verified


# After an order that was not placed


@action(
    *("left", "address_dropped", "unkept"),
    on={
        "left": {"new_address": OPAQUE},
        "address_dropped": {"new_address": OPAQUE},
        "unkept": {"new_mailing": "address"},
    },
)
def leave_order(
    _: Context,
    member_id: int,  # noqa: ARG001 - read so that an address is only told to its member
    new_address: NewAddress | None = None,
) -> Done:
    """Decide what becomes of a new mailing address that was to be saved with an order, now that none is placed.

    A verified one is kept if the caller says so (`unkept`). One that staff would have to check is dropped, since they
    check addresses only for orders.
    """
    if new_address and becomes_mailing(new_address):
        return done("unkept", new_mailing=spoken_address(new_address))
    return done("address_dropped" if _waits_for_order(new_address) else "left", new_address=None)


@action("kept", writes={"new_address": OPAQUE}, facts=KEPT_BY)
def keep_address(context: Context, member_id: int, new_address: NewAddress | None = None) -> Done:
    """Make the new address the mailing address without an order."""
    if new_address is None:
        raise LookupError("there is no new address to be kept")
    write_address(context, member_id, new_address)
    return done("kept", new_address=None)


@action("dropped", writes={"new_address": OPAQUE})
def drop_address(_: Context) -> Done:
    """Drop the new address and leave the mailing address as it is."""
    return done("dropped", new_address=None)


@action("left", "none", writes={"new_address": OPAQUE}, forgets=("address_for_order",))
def leave_mailing_address(_: Context, new_address: NewAddress | None = None) -> Done:
    """Drop a new mailing address that waited for an order, because another address is used instead."""
    return done("left" if _waits_for_order(new_address) else "none", new_address=None)


@action("unkept", "none")
def has_unkept_address(_: Context, new_address: NewAddress | None = None) -> Done:
    """Return whether a new mailing address waits for an order, before the caller is connected to a person."""
    return done("unkept" if _waits_for_order(new_address) else "none")


def _waits_for_order(new_address: NewAddress | None) -> bool:
    return new_address is not None and new_address.kind == "mailing"
