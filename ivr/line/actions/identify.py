"""Who is calling: member number and ZIP code, both or nothing."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.actions.kinds import Action, Inside, number, text
from ivr.line.service import Context
from ivr.line.specs.identify import KEYED
from ivr.pharmacy.members import find_member, is_active
from ivr.pharmacy.tables import MemberStatus
from ivr.prompts.spoken import Values


def who_is_calling(_: Context, values: Values) -> Done:
    """Say whether this call has identified its member already, or still owes a third proof."""
    if "member_id" not in values:
        return Done("unknown")
    return Done("unproved" if values.get("proof_owed") else "identified")


def identify(context: Context, values: Values) -> Done:
    """Match number and ZIP; while the line is under attack, they are not enough for a phone that never ordered."""
    member_number, zip_code = text(values, "member_number"), text(values, "zip")
    judged = lockout.guess(context, member_number, lambda: find_member(context.connection, member_number, zip_code))
    member = judged.answer
    if member is None:
        return Done("locked" if judged.locked else "no_match", forgets=KEYED)
    known = {"member_id": member.id, "proved": False, "proof_owed": judged.under_attack}
    if judged.under_attack:
        return Done("unproved", known, KEYED)
    if member.status is not MemberStatus.ACTIVE:
        return Done("ended", forgets=KEYED)
    return Done("found", known, KEYED)


def check_membership(context: Context, values: Values) -> Done:
    """Let in who has proved more than number and ZIP, unless the membership has ended."""
    if not is_active(context.connection, number(values, "member_id")):
        return Done("ended")
    return Done("active", {"proof_owed": False})


ACTIONS: dict[str, Action] = {
    "who_is_calling": Inside(who_is_calling),
    "find_member": Inside(identify),
    "check_membership": Inside(check_membership),
}
