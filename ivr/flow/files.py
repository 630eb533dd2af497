"""The shapes of the YAML files of the flow language: a flow, and the settings of the whole line."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.language import FLOW_NAME, KEY, LIMIT_FIELDS, LIMIT_RANGES, LIMITS, STATE
from ivr.flow.states import kinds
from ivr.hours import HOURS
from ivr.keypad import NAMES, SHARED_NAMES
from ivr.yaml_reader import Either, MapOf, Record, Shape, Text, Whole, field

CALL_SECONDS = (300, 14_400)
"""The bounds of `longest_call`, in seconds. An order with a new card takes about three minutes, more with slow fingers;
the carrier itself ends a call after 4 hours."""
ACTIONS_A_TURN = (1, 1000)
"""The bounds of `most_actions`."""

LINE_LIMITS = Record("line_limits", {name: field(shape) for name, shape in LIMIT_RANGES.items()}, LIMITS.about)

LINE_NUMBERS: Mapping[str, Whole] = {
    "longest_call": Whole(*CALL_SECONDS, "Seconds a call may last."),
    "most_actions": Whole(*ACTIONS_A_TURN, "Actions in one turn, beyond which the flow goes round in circles."),
}

GIVES_UP = Record(
    "gives_up",
    {
        "silence": field(Text("The prompt after too many silences.")),
        "wrong": field(Text("The prompt after too many wrong keys.")),
    },
    "The words that say why a question was given up.",
)


def flow_shape() -> Record:
    """Return the shape of a flow file, with every kind of state there is."""
    states = tuple(kind.record for kind in kinds().values())
    return Record(
        "flow",
        {
            "flow": field(FLOW_NAME),
            "start": field(STATE),
            **LIMIT_FIELDS,
            "states": field(MapOf(Either(states), about="What each state does, and where it leads.")),
        },
        "One subject of the call.",
    )


CALLED = r"default|\+[1-9][0-9]{6,14}"
"""What `languages` are given for: a number in E.164, or all others."""

_INTERRUPTIONS = MapOf(Text("repeat, or the flow that breaks in."), "|".join((KEY, *(SHARED_NAMES - NAMES.keys()))))

LINE = Record(
    "line",
    {
        "start": field(Text("The flow a call begins in.")),
        "menu_keys": field(_INTERRUPTIONS),
        "ask_keys": field(_INTERRUPTIONS),
        "too_many": field(Text("The flow run when a question has been missed too often.")),
        "too_long": field(Text("The flow run when the call has lasted too long.")),
        "failed": field(Text("The flow run when something went wrong.")),
        "gives_up": field(GIVES_UP, required=False),
        "limits": field(LINE_LIMITS),
        **{name: field(shape) for name, shape in LINE_NUMBERS.items()},
        "languages": field(
            MapOf(Text("A language."), CALLED, "Called number, or `default` -> the language its calls begin in."),
            required=False,
        ),
    },
    "What holds for the whole line.",
)


def file_shape() -> Shape:
    """Return the shape of any file of the flow language."""
    return Either((flow_shape(), LINE, HOURS))
