"""Actions that let a caller spell a part of an address that no directory knows.

A letter is keyed with two presses: its key, and its place on the key. What was spelled is read back letter by letter.
"""

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
"""The most characters of a spelled part; more would fit no label."""


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
    """Add the keyed letters to those spelled before; a star takes back the letter before it.

    An answer with as many keys as one can have may go on in the next (`full`): the second press of its last letter may
    be still to come, so the first one waits in `half_letter`.
    """
    keys = take_back(f"{spell(spelled)}{half_letter}{keyed_letters}")
    is_full = len(keyed_letters) == MOST_DIGITS and len(keys) < 2 * LONGEST
    waiting_key = keys[-1] if is_full and len(keys) % 2 else ""
    all_letters = unspell(keys.removesuffix(waiting_key))
    if all_letters is None:
        return done("unreadable", half_letter="")
    values = {
        **_spelled(all_letters[:LONGEST]),
        "half_letter": waiting_key,
        "building": building.with_keys(keyed_letters),
    }
    return done("full" if is_full else "heard", **values)


@action("heard", writes={"half_letter": OPAQUE})
def end_letters(_: Context) -> Done:
    """End an answer that filled more than one; a first press of a letter without a second one is dropped."""
    return done("heard", half_letter="")


@action("done", writes=SPELLED, phrases={"letters": LETTERS})
def take_back_letter(_: Context, spelled: str) -> Done:
    """Take back the last letter."""
    return done("done", **_spelled(spelled[:-1]))


def _spelled(spelled: str) -> dict[str, Value]:
    words = tuple(phrase("spelling.letters", word=_letter_by_letter(word)) for word in spelled.split())
    return {"spelled": spelled, "letters": words or (phrase("spelling.nothing"),)}


def _letter_by_letter(word: str) -> str:
    return ", ".join(word.replace("-", "")) or word


@action(
    *("street", "unit", "urbanization", "city", "state", "no_state", "empty"),
    on=dict.fromkeys(("street", "unit", "urbanization", "city", "state"), TAKEN),
)
def use_spelling(_: Context, building: Building, spelled: str, spelling: SpelledPart) -> Done:
    """Put what was spelled into the address, as the part that `spelling` names; the outcome is that part."""
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
