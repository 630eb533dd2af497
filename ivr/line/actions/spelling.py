"""The way out for what no directory knows: spelled with two presses a letter, and heard back letter by letter."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, Phrases
from ivr.flow.parts import MOST_DIGITS
from ivr.keypad import spell, take_back, unspell
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.actions.address_building import Building
from ivr.line.service import Context
from ivr.postal.words import STATES
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

SpelledPart = Literal["street", "unit", "urbanization", "city", "state"]

PARTS: Phrases = {f"spelling.{part}": {} for part in ("street", "city", "state", "unit", "urbanization")}

LETTERS: Phrases = {"spelling.letters": {"word": "text"}, "spelling.nothing": {}}

SPELLED = {"spelled": OPAQUE, "letters": "phrase"}

TAKEN = {"building": OPAQUE, "place": "address"}

LONGEST = 60
"""Characters of a street that is spelled; more would fit no label."""


@action(
    "begun", writes={"part": "phrase", "half_letter": OPAQUE, **SPELLED}, phrases={"part": PARTS, "letters": LETTERS}
)
def begin_spelling(_: Context, spelling: SpelledPart) -> Done:
    """Begin to spell the part of the address that `spelling` names."""
    return done("begun", part=phrase(f"spelling.{spelling}"), half_letter="", **_spelled(""))


@action(
    *("heard", "full", "unreadable"),
    writes={"half_letter": OPAQUE},
    on={"heard": {**SPELLED, "building": OPAQUE}, "full": {**SPELLED, "building": OPAQUE}},
    phrases={"letters": LETTERS},
)
def take_letters(
    _: Context, building: Building, spelled: str, half_letter: str, keyed_letters: Annotated[str, keyed.SPELLED_LETTERS]
) -> Done:
    """Add what was keyed to what was spelled before; a star takes back the letter before it.

    As many keys as an answer can have may be the first of a longer one: the rest is taken at once, and the half of a
    letter waits for it.
    """
    pressed = take_back(f"{spell(spelled)}{half_letter}{keyed_letters}")
    is_full = len(keyed_letters) == MOST_DIGITS and len(pressed) < 2 * LONGEST
    half = pressed[-1] if is_full and len(pressed) % 2 else ""
    longer = unspell(pressed.removesuffix(half))
    if longer is None:
        return done("unreadable", half_letter="")
    told = {**_spelled(longer[:LONGEST]), "half_letter": half, "building": building.keying(keyed_letters)}
    return done("full" if is_full else "heard", **told)


@action("heard", writes={"half_letter": OPAQUE})
def end_letters(_: Context) -> Done:
    """End what was longer than one answer; the half of a letter that nothing came after is none."""
    return done("heard", half_letter="")


@action("done", writes=SPELLED, phrases={"letters": LETTERS})
def take_back_letter(_: Context, spelled: str) -> Done:
    """Take the last letter back."""
    return done("done", **_spelled(spelled[:-1]))


def _spelled(spelled: str) -> dict[str, Value]:
    words = tuple(phrase("spelling.letters", word=_apart(word)) for word in spelled.split())
    return {"spelled": spelled, "letters": words or (phrase("spelling.nothing"),)}


def _apart(word: str) -> str:
    return ", ".join(word.replace("-", "")) or word


@action(
    *("street", "unit", "urbanization", "city", "state", "no_state", "empty"),
    on=dict.fromkeys(("street", "unit", "urbanization", "city", "state"), TAKEN),
)
def use_spelling(_: Context, building: Building, spelled: str, spelling: SpelledPart) -> Done:
    """Take what was spelled into the address; it can be a street, a city, a state or a unit."""
    spelled = " ".join(spelled.split())
    if not spelled:
        return done("empty")
    match spelling:
        case "street":
            building = replace(building, street=spelled, letters="", matches=(), checked=False)
        case "urbanization":
            building = replace(building, urbanization=spelled)
        case "unit":
            building = replace(building, unit=spelled, unit_keys="")
        case "city":
            building = replace(building.on_another_street(), city=spelled)
        case _ if spelled not in STATES:
            return done("no_state")
        case _:
            building = replace(building, state=spelled)
    return done(spelling, building=building, place=building.place)
