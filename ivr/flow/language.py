"""The fields of the flow language that states and whole files share.

The loader and the JSON Schema are both made from them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.tempo import LONGEST_WAIT
from ivr.keypad import NAMES
from ivr.yaml_reader import Either, Field, Flag, MapOf, Record, Text, Whole, field

KEY = "|".join(("[0-9]", *NAMES))
"""A pattern for the name of a key."""

TRIES = (1, 9)
"""The bounds of a number of tries. More would keep a caller in one question for minutes, without anybody's help."""
SECONDS = (1, LONGEST_WAIT)
"""The bounds of a wait."""

PROMPT = Text("The name of a prompt, as in refill.number.")
STATE = Text("The name of a state of this flow.")
VALUE = Text("The name of a value of the call.")
FLOW_NAME = Text("The name of a flow.")

TARGET_FIELDS = Record(
    "target",
    {
        "next": field(STATE, required=False),
        "end": field(Text("An end of this flow; the flow that ran it says where it leads."), required=False),
        "say": field(Text("A prompt spoken on the way."), required=False),
        "counts": field(Text("The question for which going this way is a wrong try."), required=False),
        "sets": field(MapOf(Text(), about="Values fixed by going this way."), required=False),
        "confirms": field(Flag("This key is the caller's yes to what was said before it."), required=False),
    },
    "Where an answer leads, and what happens on the way.",
    exactly_one=(frozenset({"next"}), frozenset({"end"})),
)
TARGET = Either((STATE, TARGET_FIELDS), "Where this leads: a state, or {next: state, say: prompt}, or {end: name}.")
TARGETS = MapOf(TARGET)
KEYS = MapOf(TARGET, KEY, "Where each key leads: 0 to 9, star, pound.", least=1)

LIMIT_RANGES: Mapping[str, Whole] = {
    "silence": Whole(*TRIES, "Silences until the question gives up."),
    "wrong": Whole(*TRIES, "Wrong keys until the question gives up."),
    "first_key": Whole(*SECONDS, "Seconds waited for the first key."),
    "next_key": Whole(*SECONDS, "Seconds waited for each further key."),
}
LIMITS = Record(
    "limits",
    {name: field(shape, required=False) for name, shape in LIMIT_RANGES.items()},
    "How patient a question is.",
)
EVERY_LANGUAGE = field(Flag("Spoken in every language, the caller's first."), required=False)
LIMIT_FIELDS: Mapping[str, Field] = {
    "limits": field(LIMITS, required=False),
    "too_many": field(TARGET, required=False),
}
