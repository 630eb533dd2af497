"""Who is calling."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs import answers
from ivr.line.specs.spec import spec

KEYED = ("member_number", "zip")

MEMBER = {"member_id": KEPT, "proved": KEPT, "proof_owed": KEPT}

SPECS: dict[str, ActionSpec] = {
    "who_is_calling": spec("identified", "unproved", "unknown", on={"identified": MEMBER, "unproved": MEMBER}),
    "find_member": spec(
        *("found", "unproved", "no_match", "locked", "ended"),
        reads=KEYED,
        forgets=KEYED,
        answers={"member_number": answers.MEMBER_NUMBER, "zip": answers.ZIP},
        on={"found": MEMBER, "unproved": MEMBER},
    ),
    "check_membership": spec("active", "ended", reads=("member_id",), on={"active": {"proof_owed": KEPT}}),
}
