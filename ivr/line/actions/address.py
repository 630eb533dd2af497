"""Where the order goes: the mailing address on file."""

from __future__ import annotations

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
    return Done("on_file", {"address_id": found.id, **ON_FILE, "address": {n: parts[n] for n in SPOKEN}})


ACTIONS: dict[str, Action] = {
    "look_up_address": Inside(look_up_address),
}
