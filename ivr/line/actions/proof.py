"""Actions for the third proof: a prescription number, known only to who holds the bottle, or the birth date."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.service import Context
from ivr.line.values import Identified
from ivr.pharmacy.members import born_on, is_own_prescription, member_number


@action("proved", "unproved")
def third_proof(_: Context, member: Identified) -> Done:
    """Return whether this call has shown more than member number and ZIP code."""
    return done("proved" if member.proved else "unproved")


@action(*("proved", "wrong", "locked"), on={"proved": {"proved": OPAQUE}})
def check_third_proof(context: Context, member_id: int, keyed_proof: Annotated[str, keyed.PROOF]) -> Done:
    """Check a keyed prescription number or birth date of the member; the outcome says whether it is right."""

    def proves() -> bool:
        born = birth_date(keyed_proof)
        return is_own_prescription(context.connection, member_id, keyed_proof) or (
            born is not None and born == born_on(context.connection, member_id)
        )

    judged = lockout.guess(context, member_number(context.connection, member_id), proves)
    if judged.answer:
        return done("proved", proved=True)
    return done("locked" if judged.locked else "wrong")


def birth_date(keyed: str) -> date | None:
    """Return the date of eight keyed digits, or None if they are no date.

    They are month, day and year. Where only day and month can be meant (the first two digits exceed 12), they are taken
    in that order.
    """
    if len(keyed) != 8:
        return None
    month, day, year = int(keyed[:2]), int(keyed[2:4]), int(keyed[4:])
    if month > 12 >= day:
        month, day = day, month
    try:
        return date(year, month, day)
    except ValueError:
        return None
