"""The third proof: a prescription number, which only who holds the bottle knows, or the birth date."""

from __future__ import annotations

from datetime import date

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line import lockout
from ivr.line.action import action
from ivr.line.actions import keyed
from ivr.line.actions.kinds import number, text
from ivr.line.service import Context
from ivr.pharmacy.members import born_on, is_own_prescription, member_number
from ivr.prompts.spoken import Values


@action("proved", "unproved", reads=("member_id",), may_read=("proved",))
def third_proof(_: Context, values: Values) -> Done:
    """Say whether this call has shown more than member number and ZIP code."""
    return Done("proved" if values.get("proved") else "unproved")


@action(
    *("proved", "wrong", "locked"),
    reads=("member_id", "keyed_proof"),
    answers={"keyed_proof": keyed.PROOF},
    on={"proved": {"proved": KEPT}},
    forgets=("keyed_proof",),
)
def check_third_proof(context: Context, values: Values) -> Done:
    """Take a prescription number of the member, or the birth date."""
    keyed, member_id = text(values, "keyed_proof"), number(values, "member_id")

    def proves() -> bool:
        born = birth_date(keyed)
        return is_own_prescription(context.connection, member_id, keyed) or (
            born is not None and born == born_on(context.connection, member_id)
        )

    judged = lockout.guess(context, member_number(context.connection, member_id), proves)
    if judged.answer:
        return Done("proved", {"proved": True}, ("keyed_proof",))
    return Done("locked" if judged.locked else "wrong", forgets=("keyed_proof",))


def birth_date(keyed: str) -> date | None:
    """Read month, day and year, or day and month where nothing else can be meant; what is no date is nobody's."""
    if len(keyed) != 8:
        return None
    month, day, year = int(keyed[:2]), int(keyed[2:4]), int(keyed[4:])
    if month > 12 >= day:
        month, day = day, month
    try:
        return date(year, month, day)
    except ValueError:
        return None
