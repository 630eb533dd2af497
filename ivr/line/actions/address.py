"""Where the order goes: the mailing address on file, or one that was keyed in this call."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line.action import action
from ivr.line.actions.kinds import number
from ivr.line.service import Context
from ivr.pharmacy.addresses import NewAddress, add_address, mailing_address
from ivr.pharmacy.notices import note_changed_address
from ivr.prompts.spoken import Value, Values

CHOSEN = {"address": "address", "address_id": KEPT, "new_address": KEPT, "address_held": KEPT}
"""What a call keeps of the address that the order goes to."""

KEPT_BY = ("new_mailing",)
"""What the caller says yes to who keeps a new mailing address without ordering."""

ON_FILE: dict[str, Value] = {"address_held": False}
SPOKEN = ("house_number", "street", "unit", "urbanization", "city", "state", "zip")


@action(*("on_file", "none"), reads=("member_id",), on={"on_file": CHOSEN}, tells={"on_file": ("address",)})
def look_up_address(context: Context, values: Values) -> Done:
    """Find the mailing address on file and choose it."""
    found = mailing_address(context.connection, number(values, "member_id"))
    if found is None:
        return Done("none")
    parts: dict[str, Value] = asdict(found)
    on_file: dict[str, Value] = {"address_id": found.id, "new_address": None, **ON_FILE}
    return Done("on_file", {**on_file, "address": {n: parts[n] for n in SPOKEN}})


# One that was keyed: it lies in the call until an order is placed, and is written with that


def new_address(values: Values) -> NewAddress | None:
    """Return the address that was keyed in this call and is not written yet."""
    new: Any = values.get("new_address")
    return NewAddress(**new) if new else None


def chosen(new: NewAddress) -> dict[str, Value]:
    """Return what a call keeps of a new address that was chosen."""
    return {"address_id": None, "new_address": asdict(new), "address": spoken(new), "address_held": not new.verified}


def spoken(new: NewAddress) -> Value:
    """Return a new address to be spoken."""
    return {name: getattr(new, name) for name in SPOKEN}


@action("new", "none", may_read=("new_address",), on={"new": CHOSEN})
def chosen_address(_: Context, values: Values) -> Done:
    """Go on with an address that was keyed before in this call."""
    new = new_address(values)
    return Done("new", chosen(new)) if new else Done("none")


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
    reads=("member_id",),
    may_read=("new_address",),
    on={
        "left": {"new_address": KEPT},
        "address_dropped": {"new_address": KEPT},
        "unkept": {"new_mailing": "address"},
    },
)
def leave_order(_: Context, values: Values) -> Done:
    """Say what is to become of a mailing address that waited for an order: kept if the caller says so, or dropped.

    One that staff would have to check first is dropped: there is no order for which they would.
    """
    new = new_address(values)
    if new and becomes_mailing(new):
        return Done("unkept", {"new_mailing": spoken(new)})
    return Done("address_dropped" if new and new.kind == "mailing" else "left", {"new_address": None})


@action("kept", reads=("member_id",), may_read=("new_address",), writes={"new_address": KEPT}, facts=KEPT_BY)
def keep_address(context: Context, values: Values) -> Done:
    """Make it the mailing address without any order."""
    new = new_address(values)
    if new is None:
        raise LookupError("there is no new address to be kept")
    write_address(context, number(values, "member_id"), new)
    return Done("kept", {"new_address": None})


@action("dropped", writes={"new_address": KEPT})
def drop_address(_: Context, __: Values) -> Done:
    """Leave the mailing address as it is."""
    return Done("dropped", {"new_address": None})


@action("left", "none", may_read=("new_address",), writes={"new_address": KEPT})
def leave_mailing_address(_: Context, values: Values) -> Done:
    """Leave the mailing address as it is where another address takes the place of one that waited for an order."""
    new = new_address(values)
    return Done("left" if new and new.kind == "mailing" else "none", {"new_address": None})


@action("unkept", "none", may_read=("new_address",))
def has_unkept_address(_: Context, values: Values) -> Done:
    """Say whether a mailing address waits for an order, before the caller is connected to somebody."""
    new = new_address(values)
    return Done("unkept" if new and new.kind == "mailing" else "none")
