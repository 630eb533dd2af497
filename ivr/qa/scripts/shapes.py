"""The shape of a file of call scripts: what the reader accepts, and what the JSON Schema for editors is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from ivr.qa.scripts.expectations import TABLES
from ivr.qa.scripts.script import Capture, Carrier, Ending, Person
from ivr.simulator.world import Fault, Processor
from ivr.yaml_reader import Either, Field, ListOf, MapOf, Record, Shape, Text, Whole, field

NAME = "[a-z][a-z0-9_]*"
PROMPT = rf"{NAME}\.{NAME}( \((silence|wrong)( [1-9])?\))?"
NUMBER = r"\+[0-9]{7,15}"
CALLER = rf"{NUMBER}|anonymous|restricted|blocked|unknown|unavailable|(client|sip|sips):\S+"
"""A telephone number, a word that the carrier sends for a withheld one, or a caller over the internet."""
BOUND = r"(<=|>=|<|>)?\s*\d+(\.\d+)?"


def _words(*words: str, about: str = "") -> Text:
    return Text(about, "|".join(words))


def _maybe(shape: Shape) -> Field:
    return field(shape, required=False)


VALUE = Text("A value; none when it is empty.", ".*")
ROW = MapOf(Either((VALUE, ListOf(MapOf(VALUE)))), NAME, "A row: columns as `ivr pharmacy load` names them.")
ROWS = MapOf(ListOf(ROW), NAME, "Rows by table.")
ABOUT_PHRASE = "A value of parts, or a phrase by its prompt's name, with its values."
PHRASE_WITHIN = MapOf(Either((VALUE, MapOf(VALUE))), about=ABOUT_PHRASE)
PHRASE = MapOf(Either((VALUE, MapOf(Either((VALUE, PHRASE_WITHIN))))), about=ABOUT_PHRASE)
VALUES = MapOf(Either((VALUE, PHRASE, ListOf(Either((VALUE, PHRASE))))), NAME, "What the prompt is spoken with.")
WORDS = Text("Words that are heard, in quotes; or a prompt's name, without.")

TRIES = Whole(1, 9, "After so many, the question is given up; 3 by default.")
PATIENCE = Record(
    "patience",
    {"silence": _maybe(TRIES), "wrong": _maybe(TRIES), "then": _maybe(Text("The prompt heard then.", PROMPT))},
    "After how many silences or wrong keys a question is given up, and what is heard then.",
)
STEPS: Mapping[str, Shape] = {
    "hears": Either((WORDS, MapOf(Either((Text(), VALUES)))), "A prompt by its name, perhaps with values; or words."),
    "hears_not": Either((WORDS, MapOf(Either((Text(), VALUES)))), "What must not be heard, likewise."),
    "error_paths": Either(
        (Text("", PROMPT), MapOf(PATIENCE, PROMPT)),
        "A question that is heard; other callers hang up there, or do all that is no answer until it is given up.",
    ),
    "presses": Text("Keys in quotes, or `language` for the key that chooses it.", r"language|[0-9*# ]+"),
    "waits": _words("silence", "", about="The caller stays silent until the line goes on by itself."),
    "pays": MapOf(Text(), "card|expiry|code|token|result|error", "A card, where the carrier takes it; or its result."),
    "hangs_up": _words("now", "", about="The caller hangs up."),
    "dials": Either((_words("again", ""), MapOf(Text("", CALLER), "from")), "Another call."),
    "later": Text("Time passes, as in 20m, and the line does what is due meanwhile.", "[1-9][0-9]{0,4}(s|m|h|d)"),
    "meanwhile": ROWS,
    "sweeps": _words("now", "", about="The line finishes what calls left behind, as it does every half minute."),
    "ships": Text("Staff ship the order of this number; `newest` is the one placed last.", "newest|[0-9]+"),
    "processor": _words(*get_args(Processor), about="How the card processor is from here on."),
    "carrier": _words(
        *get_args(Carrier), about="A request comes once more, at once or late, and gets the same answer."
    ),
    "breaks": _words(*get_args(Fault), about="Something stops working, or works again."),
}
"""Name of a step -> the shape of its value."""

STEP = Record(
    "step",
    {
        **{name: _maybe(shape) for name, shape in STEPS.items()},
        "times": _maybe(Whole(1, 9999, "How often; beside `presses` or `waits`.")),
        "after": _maybe(Either((Text(), MapOf(Text())), "Words after which the key is pressed.")),
    },
    "One thing the caller does or hears.",
    exactly_one=tuple(frozenset({name}) for name in STEPS),
)
WRITTEN = Either((Text("How many, or `none`.", f"none|{BOUND}"), ListOf(ROW, "Exactly these.")))
EXPECT = Record(
    "expect",
    {
        "end": _maybe(_words(*get_args(Ending), about="How the last call ended.")),
        "keys": _maybe(Text("Keys pressed, as in <=25.", BOUND)),
        "seconds": _maybe(Text("Seconds it took, as in <=75.", BOUND)),
        **{word: _maybe(WRITTEN) for word in TABLES},
        "rows": _maybe(ROWS),
        "no_rows": _maybe(ROWS),
    },
    "What must hold afterwards.",
)
SCRIPT = Record(
    "script",
    {
        "call": field(Text("The script's name.")),
        "steps": field(ListOf(STEP, "What is done and heard, in order.")),
        "about": _maybe(Text("Anything else worth knowing.")),
        "at": _maybe(Text("When it is called, by the pharmacy's clock, as in 2026-03-02T10:00.")),
        "from": _maybe(Text("The caller's number; `anonymous` withholds it.", CALLER)),
        "to": _maybe(Text("The number called.", NUMBER)),
        "language": _maybe(Text("The language it is played in, unless it chooses one.")),
        "person": _maybe(_words(*get_args(Person), about="Who picks up when a person is asked for.")),
        "capture": _maybe(
            _words(*get_args(Capture), about="Who takes a new card: the line by keypad, or the carrier.")
        ),
        "given": _maybe(ROWS),
        "expect": _maybe(EXPECT),
    },
    "One call, or several that follow each other.",
)
FILE = Either((SCRIPT, ListOf(SCRIPT)))
