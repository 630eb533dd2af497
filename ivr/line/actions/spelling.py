"""The way out for what no directory knows: spelled with two presses a letter, and heard back letter by letter."""

from __future__ import annotations

from dataclasses import replace

from ivr.flow.call import Done
from ivr.flow.definition import KEPT, Phrases
from ivr.flow.parts import MOST_DIGITS
from ivr.keypad import spell, take_back, unspell
from ivr.line.action import action
from ivr.line.actions import keyed
from ivr.line.actions.address_building import Building
from ivr.line.actions.kinds import text
from ivr.line.service import Context
from ivr.postal.words import STATES
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values

PARTS: Phrases = {f"spelling.{part}": {} for part in ("street", "city", "state", "unit", "urbanization")}

LETTERS: Phrases = {"spelling.letters": {"word": "text"}, "spelling.nothing": {}}

SPELLED = {"spelled": KEPT, "letters": "phrase"}

TAKEN = {"building": KEPT, "place": "address"}

LONGEST = 60
"""Characters of a street that is spelled; more would fit no label."""


@action(
    "begun",
    reads=("spelling",),
    takes={"spelling": ("street", "unit", "urbanization", "city", "state")},
    writes={"part": "phrase", "half_letter": KEPT, **SPELLED},
    phrases={"part": PARTS, "letters": LETTERS},
)
def begin_spelling(_: Context, values: Values) -> Done:
    """Begin to spell the part of the address that `spelling` names."""
    part = phrase(f"spelling.{text(values, 'spelling')}")
    return Done("begun", {"part": part, "half_letter": "", **_spelled("")})


@action(
    *("heard", "full", "unreadable"),
    reads=("building", "spelled", "half_letter", "keyed_letters"),
    writes={"half_letter": KEPT},
    on={"heard": {**SPELLED, "building": KEPT}, "full": {**SPELLED, "building": KEPT}},
    forgets=("keyed_letters",),
    answers={"keyed_letters": keyed.SPELLED_LETTERS},
    phrases={"letters": LETTERS},
)
def take_letters(_: Context, values: Values) -> Done:
    """Add what was keyed to what was spelled before; a star takes back the letter before it.

    As many keys as an answer can have may be the first of a longer one: the rest is taken at once, and the half of a
    letter waits for it.
    """
    keyed, half = text(values, "keyed_letters"), values.get("half_letter") or ""
    pressed = take_back(f"{spell(text(values, 'spelled'))}{half}{keyed}")
    is_full = len(keyed) == MOST_DIGITS and len(pressed) < 2 * LONGEST
    half = pressed[-1] if is_full and len(pressed) % 2 else ""
    spelled = unspell(pressed.removesuffix(half))
    if spelled is None:
        return Done("unreadable", {"half_letter": ""}, ("keyed_letters",))
    told = {**_spelled(spelled[:LONGEST]), "half_letter": half, "building": Building.of(values).keying(keyed).value}
    return Done("full" if is_full else "heard", told, ("keyed_letters",))


@action("heard", writes={"half_letter": KEPT})
def end_letters(_: Context, __: Values) -> Done:
    """End what was longer than one answer; the half of a letter that nothing came after is none."""
    return Done("heard", {"half_letter": ""})


@action("done", reads=("spelled",), writes=SPELLED, phrases={"letters": LETTERS})
def take_back_letter(_: Context, values: Values) -> Done:
    """Take the last letter back."""
    return Done("done", _spelled(text(values, "spelled")[:-1]))


def _spelled(spelled: str) -> dict[str, Value]:
    words = tuple(phrase("spelling.letters", word=_apart(word)) for word in spelled.split())
    return {"spelled": spelled, "letters": words or (phrase("spelling.nothing"),)}


def _apart(word: str) -> str:
    return ", ".join(word.replace("-", "")) or word


@action(
    *("street", "unit", "urbanization", "city", "state", "no_state", "empty"),
    reads=("building", "spelled", "spelling"),
    on=dict.fromkeys(("street", "unit", "urbanization", "city", "state"), TAKEN),
)
def use_spelling(_: Context, values: Values) -> Done:
    """Take what was spelled into the address; it can be a street, a city, a state or a unit."""
    building, spelled = Building.of(values), " ".join(text(values, "spelled").split())
    if not spelled:
        return Done("empty")
    match text(values, "spelling"):
        case "street":
            building = replace(building, street=spelled, letters="", matches=(), checked=False)
        case "urbanization":
            building = replace(building, urbanization=spelled)
        case "unit":
            building = replace(building, unit=spelled, unit_keys="")
        case "city":
            building = replace(building.on_another_street(), city=spelled)
        case _ if spelled not in STATES:
            return Done("no_state")
        case _:
            building = replace(building, state=spelled)
    outcome = text(values, "spelling")
    return Done(outcome, {"building": building.value, "place": building.place})
