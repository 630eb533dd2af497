"""Who is calling: member number and ZIP code, both or nothing."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line import lockout
from ivr.line.action import action
from ivr.line.actions import keyed
from ivr.line.actions.kinds import number, text
from ivr.line.service import Context
from ivr.pharmacy import members
from ivr.pharmacy.tables import MemberStatus
from ivr.prompts.spoken import Values

KEYED = ("member_number", "zip")

MEMBER = {"member_id": KEPT, "proved": KEPT, "proof_owed": KEPT}


@action(
    "identified",
    "unproved",
    "unknown",
    may_read=("member_id", "proof_owed"),
    on={"identified": MEMBER, "unproved": MEMBER},
)
def who_is_calling(_: Context, values: Values) -> Done:
    """Say whether this call has identified its member already, or still owes a third proof."""
    if "member_id" not in values:
        return Done("unknown")
    return Done("unproved" if values.get("proof_owed") else "identified")


@action(
    *("found", "unproved", "no_match", "locked", "ended"),
    reads=KEYED,
    forgets=KEYED,
    answers={"member_number": keyed.MEMBER_NUMBER, "zip": keyed.ZIP},
    on={"found": MEMBER, "unproved": MEMBER},
)
def find_member(context: Context, values: Values) -> Done:
    """Match number and ZIP; while the line is under attack, they are not enough for a phone that never ordered."""
    member_number, zip_code = text(values, "member_number"), text(values, "zip")
    judged = lockout.guess(
        context, member_number, lambda: members.find_member(context.connection, member_number, zip_code)
    )
    member = judged.answer
    if member is None:
        return Done("locked" if judged.locked else "no_match", forgets=KEYED)
    known = {"member_id": member.id, "proved": False, "proof_owed": judged.under_attack}
    if judged.under_attack:
        return Done("unproved", known, KEYED)
    if member.status is not MemberStatus.ACTIVE:
        return Done("ended", forgets=KEYED)
    return Done("found", known, KEYED)


@action("active", "ended", reads=("member_id",), on={"active": {"proof_owed": KEPT}})
def check_membership(context: Context, values: Values) -> Done:
    """Let in who has proved more than number and ZIP, unless the membership has ended."""
    if not members.is_active(context.connection, number(values, "member_id")):
        return Done("ended")
    return Done("active", {"proof_owed": False})
