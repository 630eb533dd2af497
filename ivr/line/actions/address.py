"""Where the order goes: the mailing address on file, or one that was keyed in this call."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.line.values import ChosenAddress
from ivr.pharmacy.addresses import AddressFacts, NewAddress, add_address, mailing_address
from ivr.pharmacy.notices import note_changed_address
from ivr.prompts.spoken import Value

CHOSEN = {"address": "address", "address_id": OPAQUE, "new_address": OPAQUE, "address_held": OPAQUE}
"""The kinds of what a call keeps of the address that the order goes to."""

KEPT_BY = ("new_mailing",)
"""What the caller says yes to who keeps a new mailing address without ordering."""

SPOKEN = ("house_number", "street", "unit", "urbanization", "city", "state", "zip")


@action("on_file", "none", on={"on_file": CHOSEN}, tells={"on_file": ("address",)})
def look_up_address(context: Context, member_id: int) -> Done:
    """Find the mailing address on file and choose it."""
    found = mailing_address(context.connection, member_id)
    if found is None:
        return done("none")
    return done("on_file", ChosenAddress(spoken(found), found.id, None, address_held=False))


# One that was keyed: it lies in the call until an order is placed, and is written with that


def chosen(new: NewAddress) -> ChosenAddress:
    """Return what a call keeps of a new address that was chosen."""
    return ChosenAddress(spoken(new), None, new, address_held=not new.verified)


def spoken(address: NewAddress | AddressFacts) -> Value:
    """Return an address to be spoken."""
    return {name: getattr(address, name) for name in SPOKEN}


@action("new", "none", on={"new": CHOSEN})
def chosen_address(_: Context, new_address: NewAddress | None = None) -> Done:
    """Go on with an address that was keyed before in this call."""
    return done("new", chosen(new_address)) if new_address else done("none")


def write_address(context: Context, member_id: int, new: NewAddress) -> int:
    """Write a new address and return its row; the member is to hear of a changed mailing address."""
    address_id = add_address(context.connection, member_id, new, context.now)
    if becomes_mailing(new):
        note_changed_address(context.connection, member_id, address_id, context.now)
    return address_id


def becomes_mailing(new: NewAddress) -> bool:
    """Say whether an address takes the place of the mailing address as soon as it is written."""
    return new.kind == "mailing" and new.verified


# The end of an order that was not placed


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
    member_id: int,  # noqa: ARG001 - whose address it is that is told, and kept by a yes to that
    new_address: NewAddress | None = None,
) -> Done:
    """Say what is to become of a mailing address that waited for an order: kept if the caller says so, or dropped.

    One that staff would have to check first is dropped: there is no order for which they would.
    """
    if new_address and becomes_mailing(new_address):
        return done("unkept", new_mailing=spoken(new_address))
    return done("address_dropped" if _waits(new_address) else "left", new_address=None)


@action("kept", writes={"new_address": OPAQUE}, facts=KEPT_BY)
def keep_address(context: Context, member_id: int, new_address: NewAddress | None = None) -> Done:
    """Make it the mailing address without any order."""
    if new_address is None:
        raise LookupError("there is no new address to be kept")
    write_address(context, member_id, new_address)
    return done("kept", new_address=None)


@action("dropped", writes={"new_address": OPAQUE})
def drop_address(_: Context) -> Done:
    """Leave the mailing address as it is."""
    return done("dropped", new_address=None)


@action("left", "none", writes={"new_address": OPAQUE})
def leave_mailing_address(_: Context, new_address: NewAddress | None = None) -> Done:
    """Leave the mailing address as it is where another address takes the place of one that waited for an order."""
    return done("left" if _waits(new_address) else "none", new_address=None)


@action("unkept", "none")
def has_unkept_address(_: Context, new_address: NewAddress | None = None) -> Done:
    """Say whether a mailing address waits for an order, before the caller is connected to somebody."""
    return done("unkept" if _waits(new_address) else "none")


def _waits(new: NewAddress | None) -> bool:
    return new is not None and new.kind == "mailing"
