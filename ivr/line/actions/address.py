"""Where the order goes: the mailing address on file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from ivr.flow.call import Done
from ivr.line.actions.kinds import Action, Inside, number
from ivr.line.service import Context
from ivr.pharmacy.addresses import mailing_address
from ivr.wording import Value, Values

ON_FILE: dict[str, Value] = {"address_held": False}
SPOKEN = ("house_number", "street", "unit", "city", "state", "zip")


def look_up_address(context: Context, values: Values) -> Done:
    """Find the mailing address on file and choose it."""
    found = mailing_address(context.connection, number(values, "member_id"))
    if found is None:
        return Done("none")
    parts: dict[str, Value] = asdict(found)
    chosen: dict[str, Value] = {"address_id": found.id, "new_address": None, **ON_FILE}
    return Done("on_file", {**chosen, "address": {n: parts[n] for n in SPOKEN}})


def leave_order(_: Context, values: Values) -> Done:
    """Leave without ordering: an address that was to be the mailing address from then on is dropped, and that is said."""
    new = values.get("new_address")
    dropped = isinstance(new, Mapping) and new["kind"] == "mailing"
    return Done("address_dropped" if dropped else "left", {"new_address": None})


ACTIONS: dict[str, Action] = {
    "look_up_address": Inside(look_up_address),
    "leave_order": Inside(leave_order),
}
