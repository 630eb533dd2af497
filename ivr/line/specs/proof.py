"""The caller proves more than member number and ZIP code."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs import answers
from ivr.line.specs.spec import spec

SPECS: dict[str, ActionSpec] = {
    "third_proof": spec("proved", "unproved", reads=("member_id",)),
    "check_third_proof": spec(
        *("proved", "wrong", "locked"),
        reads=("member_id", "keyed_proof"),
        answers={"keyed_proof": answers.PROOF},
        on={"proved": {"proved": KEPT}},
        forgets=("keyed_proof",),
    ),
}
