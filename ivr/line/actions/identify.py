"""Who is calling: member number and ZIP code, both or nothing."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.actions.kinds import Action, Inside, text
from ivr.line.service import Context
from ivr.line.specs.identify import KEYED
from ivr.pharmacy.members import find_member
from ivr.wording import Values


def who_is_calling(_: Context, values: Values) -> Done:
    """Say whether this call has identified its member already."""
    return Done("identified" if "member_id" in values else "unknown")


def identify(context: Context, values: Values) -> Done:
    """Match number and ZIP; a locked caller is not looked up at all."""
    member_number, zip_code = text(values, "member_number"), text(values, "zip")
    if lockout.is_locked(context, member_number):
        return Done("locked", forgets=KEYED)
    member = find_member(context.connection, member_number, zip_code)
    if member is None:
        lockout.count_failure(context, member_number)
        return Done("no_match", forgets=KEYED)
    if member.status != "active":
        return Done("ended", forgets=KEYED)
    return Done("found", {"member_id": member.id, "proved": False}, forgets=KEYED)


ACTIONS: dict[str, Action] = {
    "who_is_calling": Inside(who_is_calling),
    "find_member": Inside(identify),
}
