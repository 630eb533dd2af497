"""Actions that identify the caller: by member number and ZIP code together, never by one alone.

The number that a call comes from is no proof, since anybody can send any number. It only saves keys.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.flow.tempo import Tempo
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.service import Context
from ivr.pharmacy import members
from ivr.pharmacy.members import MemberFacts, Preferences
from ivr.pharmacy.tables import MemberStatus

SPEECH_RATES = (50, 200)
"""The bounds in percent at which any voice can be understood; what is on file outside them is taken for the nearest."""
WAITS = (50, 400)

MEMBER = {"member_id": OPAQUE, "proved": OPAQUE, "proof_owed": OPAQUE}


@action("own", "unknown", on={"own": {"language": OPAQUE}})
def recognize_phone(context: Context) -> Done:
    """Go on in the language of the members whose phone this is, if it is somebody's and they all speak the same one.

    Nothing else about them is taken from the number, and nothing of theirs is spoken.
    """
    languages = lockout.languages_of_phone(context)
    return done("own", language=min(languages)) if len(languages) == 1 else done("unknown")


@action("identified", "unproved", "unknown", on={"identified": MEMBER, "unproved": MEMBER})
def who_is_calling(_: Context, member_id: int | None = None, proof_owed: bool = False) -> Done:
    """Return whether this call has identified its member already, or still needs a third proof."""
    if member_id is None:
        return done("unknown")
    return done("unproved" if proof_owed else "identified")


@action("found", "unproved", "no_match", "locked", "ended", on={"found": MEMBER, "unproved": MEMBER})
def find_member(
    context: Context,
    member_number: Annotated[str, keyed.MEMBER_NUMBER],
    zip: Annotated[str, keyed.ZIP],  # noqa: A002 - the name of the value in flows
) -> Done:
    """Find the member with this number and ZIP code.

    While the line is under attack, they are not enough for a phone that never ordered for the member (`unproved`).
    """
    judged = lockout.guess(context, member_number, lambda: members.find_member(context.connection, member_number, zip))
    member = judged.answer
    if member is None:
        return done("locked" if judged.locked else "no_match")
    if not judged.under_attack and member.status is not MemberStatus.ACTIVE:
        return done("ended")
    outcome = "unproved" if judged.under_attack else "found"
    found = done(outcome, member_id=member.id, proved=False, proof_owed=judged.under_attack)
    return found if judged.under_attack else replace(found, members_tempo=tempo_of(member))


@action("active", "ended", on={"active": {"proof_owed": OPAQUE}})
def check_membership(context: Context, member_id: int) -> Done:
    """Accept a caller who has given the third proof, unless the membership has ended."""
    if not members.is_active(context.connection, member_id):
        return done("ended")
    preferred = members.preferences(context.connection, member_id)
    return replace(done("active", proof_owed=False), members_tempo=tempo_of(preferred))


def tempo_of(member: Preferences | MemberFacts) -> Tempo:
    """Return the tempo that a member likes."""
    return Tempo(_within(SPEECH_RATES, member.speech_rate), _within(WAITS, member.waits))


def _within(bounds: tuple[int, int], percent: int | None) -> int | None:
    return None if percent is None else min(max(percent, bounds[0]), bounds[1])
