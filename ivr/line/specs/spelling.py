"""A word spelled by keypad."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec, Phrases
from ivr.line.specs import answers
from ivr.line.specs.spec import spec

PARTS: Phrases = {f"spelling.{part}": {} for part in ("street", "city", "state", "unit", "urbanization")}

LETTERS: Phrases = {"spelling.letters": {"word": "text"}, "spelling.nothing": {}}

SPELLED = {"spelled": KEPT, "letters": "phrase"}

TAKEN = {"building": KEPT, "place": "address"}

SPECS: dict[str, ActionSpec] = {
    "begin_spelling": spec(
        "begun",
        reads=("spelling",),
        takes={"spelling": ("street", "unit", "urbanization", "city", "state")},
        writes={"part": "phrase", "half_letter": KEPT, **SPELLED},
        phrases={"part": PARTS, "letters": LETTERS},
    ),
    "take_letters": spec(
        *("heard", "full", "unreadable"),
        reads=("building", "spelled", "half_letter", "keyed_letters"),
        writes={"half_letter": KEPT},
        on={"heard": {**SPELLED, "building": KEPT}, "full": {**SPELLED, "building": KEPT}},
        forgets=("keyed_letters",),
        answers={"keyed_letters": answers.SPELLED_LETTERS},
        phrases={"letters": LETTERS},
    ),
    "end_letters": spec("heard", writes={"half_letter": KEPT}),
    "take_back_letter": spec("done", reads=("spelled",), writes=SPELLED, phrases={"letters": LETTERS}),
    "use_spelling": spec(
        *("street", "unit", "urbanization", "city", "state", "no_state", "empty"),
        reads=("building", "spelled", "spelling"),
        on=dict.fromkeys(("street", "unit", "urbanization", "city", "state"), TAKEN),
    ),
}
