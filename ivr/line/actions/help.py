"""Actions of the help that star opens: the tempo of a call, and how a member likes it, for their next calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, Phrases
from ivr.flow.tempo import USUAL, Tempo
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.pharmacy import members
from ivr.pharmacy.members import Preferences
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

SLOWER = (85, 70)
"""How much slower callers can have it, one after another, in percent of the usual."""
LONGER = (150, 200)
"""And how much longer they can be waited for."""

CHANGED = {"settings_changed": OPAQUE}
SETTINGS: Phrases = {
    f"help.next_{setting}": {} for setting in ("language", "slower", "usual_speech", "longer", "usual_waits")
}


@action("slower", "usual", writes=CHANGED)
def speak_slower(context: Context) -> Done:
    """Speak slower for the rest of the call; at the usual speed again, after the slowest."""
    rate = next((rate for rate in SLOWER if rate < (context.tempo.speech_rate or USUAL)), USUAL)
    changed = done("usual" if rate == USUAL else "slower", settings_changed="yes")
    return replace(changed, own_tempo=Tempo(speech_rate=rate))


@action("longer", "usual", writes=CHANGED)
def wait_longer(context: Context) -> Done:
    """Wait longer for keys in the rest of the call; as usual again, after the longest."""
    waits = next((waits for waits in LONGER if waits > (context.tempo.waits or USUAL)), USUAL)
    changed = done("usual" if waits == USUAL else "longer", settings_changed="yes")
    return replace(changed, own_tempo=Tempo(waits=waits))


@action(
    "differ",
    "same",
    on={"differ": {"settings": "phrase", "settings_of": OPAQUE}},
    phrases={"settings": SETTINGS},
    tells={"differ": ("settings",)},
    forgets=("settings_changed",),
)
def compare_settings(
    context: Context,
    settings_changed: Literal["yes", "no"] = "no",
    member_id: int | None = None,
    proof_owed: bool = False,
) -> Done:
    """Compare a caller's changes in this help with what is on file for them, once they are identified."""
    if settings_changed == "no" or member_id is None or proof_owed:
        return done("same")
    settings = tuple(_differing(_preferred(context), members.preferences(context.connection, member_id)))
    return done("differ", settings=settings, settings_of=member_id) if settings else done("same")


def _preferred(context: Context) -> Preferences:
    """Return how the call is now, as a member's record has it."""
    return Preferences(
        context.language, *(_unless_usual(percent) for percent in (context.tempo.speech_rate, context.tempo.waits))
    )


def _unless_usual(percent: int | None) -> int | None:
    return None if percent == USUAL else percent


def _differing(now: Preferences, on_file: Preferences) -> Iterator[Value]:
    """Yield a phrase for each of the settings that is not as it is on file."""
    if now.language != on_file.language:
        yield phrase("help.next_language")
    if now.speech_rate != on_file.speech_rate:
        yield phrase("help.next_slower" if now.speech_rate else "help.next_usual_speech")
    if now.waits != on_file.waits:
        yield phrase("help.next_longer" if now.waits else "help.next_usual_waits")


@action("remembered", facts=("settings",))
def remember_settings(context: Context, settings_of: int) -> Done:
    """Keep language and tempo of this call for the member's next calls."""
    members.prefer(context.connection, settings_of, _preferred(context))
    return done("remembered")
