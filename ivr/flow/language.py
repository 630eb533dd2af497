"""The words of the flow language: which fields each kind of state has. The loader and the JSON Schema go by it."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import TRANSFER_OUTCOMES
from ivr.keypad import NAMES
from ivr.yaml_reader import Either, Flag, MapOf, Record, Shape, Text, Whole, field

KEY = "|".join(("[0-9]", *NAMES))
MOST_DIGITS = 40

TRIES = (1, 9)
"""More would keep a caller in one question for minutes: somebody is to help them long before."""
SECONDS = (1, 60)
"""A line that is silent for longer than a minute is taken for dead."""
CALL_SECONDS = (300, 14_400)
"""An order with a new card takes about three minutes, slow fingers more; the carrier itself ends a call after 4 hours."""
ACTIONS_A_TURN = (1, 1000)

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

DIGITS = Record(
    "digits",
    {
        "exactly": field(Whole(1, MOST_DIGITS), required=False),
        "min": field(Whole(1, MOST_DIGITS), required=False),
        "max": field(Whole(1, MOST_DIGITS), required=False),
    },
    "How many digits: {exactly: 5}, or {min: 8, max: 10}.",
    exactly_one=(frozenset({"exactly"}), frozenset({"min", "max"})),
)

CHOICES = Record(
    "choices",
    {
        "of": field(Text("The value that holds the list; an action writes it.")),
        "option": field(Text("The prompt that speaks one of them, with its {key:digits}.")),
        "save": field(VALUE),
        "next": field(TARGET),
    },
    "Options known only in the call, keyed from 1 up.",
)

TRANSFER_OUTCOME_FIELDS = Record("transfer_outcomes", {name: field(TARGET) for name in TRANSFER_OUTCOMES})

_EVERY_LANGUAGE = field(Flag("Spoken in every language, the caller's first."), required=False)
_PATIENCE = {
    "limits": field(LIMITS, required=False),
    "too_many": field(TARGET, required=False),
}

STATES: Mapping[str, Record] = {
    "say": Record(
        "say",
        {"say": field(PROMPT), "next": field(TARGET), "every_language": _EVERY_LANGUAGE},
        "Speak, and go on.",
    ),
    "menu": Record(
        "menu",
        {
            "menu": field(PROMPT),
            "first": field(
                Text("The prompt with the facts that a key confirms, which no key cuts short."), required=False
            ),
            "keys": field(KEYS, required=False),
            "choices": field(CHOICES, required=False),
            **_PATIENCE,
            "every_language": _EVERY_LANGUAGE,
        },
        "Ask for one key.",
        at_least_one=(frozenset({"keys"}), frozenset({"choices"})),
    ),
    "ask": Record(
        "ask",
        {
            "ask": field(PROMPT),
            "digits": field(DIGITS),
            "save": field(VALUE),
            "next": field(TARGET),
            "secret": field(Flag("It names a person or tells of their health."), required=False),
            "card": field(Flag("Card data: kept for this turn only, for an action to take."), required=False),
            "stars": field(Flag("Star is one of the keys it takes."), required=False),
            "pound": field(
                Either((STATE, TARGET_FIELDS), "Where pound alone leads, and at last silence too."), required=False
            ),
            "quiet": field(Flag("Asked without words the first time: it takes the rest of a number."), required=False),
            **_PATIENCE,
        },
        "Ask for a number.",
    ),
    "do": Record(
        "do",
        {
            "do": field(Text("The name of an action.")),
            "say": field(Text("A prompt spoken first; the action then has a turn of its own."), required=False),
            "outcomes": field(TARGETS),
        },
        "Run an action, and go on by what it comes to.",
    ),
    "run": Record("run", {"run": field(FLOW_NAME), "ends": field(TARGETS)}, "Run another flow, and go on by its end."),
    "transfer": Record(
        "transfer",
        {
            "transfer": field(PROMPT),
            "outcomes": field(TRANSFER_OUTCOME_FIELDS),
        },
        "Connect the caller to a person.",
    ),
    "hang_up": Record("hang_up", {"hang_up": field(PROMPT)}, "Say goodbye and end the call."),
}
"""The kinds of states, by the field that makes a state one."""

FLOW = Record(
    "flow",
    {
        "flow": field(FLOW_NAME),
        "start": field(STATE),
        **_PATIENCE,
        "states": field(MapOf(Either(tuple(STATES.values())), about="What each state does, and where it leads.")),
    },
    "One subject of the call.",
)

_INTERRUPTIONS = MapOf(Text("repeat, or the flow that breaks in."), KEY)

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
            MapOf(Text("A language."), about="Called number -> the language its calls begin in."), required=False
        ),
    },
    "What holds for the whole line.",
)

FILE: Shape = Either((FLOW, LINE))
