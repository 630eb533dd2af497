"""A call script as data: who calls whom and when, what the caller does and hears, and what must have come of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from ivr.errors import Place
from ivr.simulator.world import Fault, Pattern, Processor, Row

DEFAULT_AT = "2026-03-02T10:00"
"""A Monday, so that days spoken do not move with the day a script is played on."""
DEFAULT_FROM = "+15105550123"
DEFAULT_TO = "+18002457979"

LANGUAGE_KEY = "language"
OWN_KEY = "key"
"""What `after` says for: as soon as the key that is pressed was named."""
"""Pressed for whichever key chooses the language a script is played in."""

Person = Literal["answers", "busy", "no_answer", "nobody"]
"""What becomes of a caller who is connected to a person; `nobody`: the line knows no number to connect to."""

Carrier = Literal["repeats", "late"]
"""What the carrier sends twice: the request before, or the one before that, when it should be over."""

Ending = Literal["goodbye", "person", "hung_up", "open", "error"]
"""How a call ended: the line said goodbye, a person took it, the caller hung up; `open`: the script stopped earlier."""


@dataclass(frozen=True, slots=True)
class Hears:
    """Something that must be heard before the caller acts again, after what was asserted before it.

    A prompt by its name, perhaps with some of its values and the occasion (after a silence, a wrong key), or words.
    """

    place: Place
    prompt: str = ""
    variant: str = ""
    tries: int = 0
    values: Mapping[str, Pattern] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    """Language -> words; "" for any language."""

    def __str__(self) -> str:
        if not self.prompt:
            return " / ".join(f'"{words}"' for words in self.words.values())
        occasion = f" ({self.variant}{f' {self.tries}' if self.tries else ''})" if self.variant else ""
        return self.prompt + occasion


@dataclass(frozen=True, slots=True)
class HearsNot:
    """Something that must not be heard since the caller last acted."""

    unwanted: Hears

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.unwanted.place


class ErrorPath(StrEnum):
    """What a caller does instead of answering, until the call is over."""

    NO_ANSWER = "no answer"
    """Star, zero, silences and wrong keys, one more than the question has patience for."""
    HANG_UP = "hang-up"


@dataclass(frozen=True, slots=True)
class ErrorPaths:
    """A question at which callers also do anything but answer: `path` is what is done in this play, None to answer."""

    question: Hears
    silence: int
    """The silence that is one too many, counted apart from wrong keys."""
    wrong: int
    then: Hears
    """What is heard when the question is given up."""
    path: ErrorPath | None = None

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.question.place


@dataclass(frozen=True, slots=True)
class Presses:
    """Keys, pressed when the question has been heard, or as soon as the words `after` have."""

    place: Place
    keys: str
    times: int = 1
    after: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.keys


@dataclass(frozen=True, slots=True)
class Waits:
    """Silence until the line goes on."""

    place: Place
    times: int = 1


@dataclass(frozen=True, slots=True)
class Pays:
    """A card given to the carrier's own card step, or the result it ends with."""

    place: Place
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The receiver is put down."""

    place: Place


@dataclass(frozen=True, slots=True)
class Dials:
    """Another call, from the same number unless told otherwise."""

    place: Place
    from_number: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Time passes, between two calls or while the caller says nothing, and the line does what is due meanwhile."""

    place: Place
    span: timedelta


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Rows change during the call, as when the website orders the same prescription."""

    place: Place
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Breaks:
    """Something stops working, or works again."""

    place: Place
    fault: Fault


@dataclass(frozen=True, slots=True)
class Sweeps:
    """The line finishes now what calls left behind, as it does every half minute."""

    place: Place


@dataclass(frozen=True, slots=True)
class Ships:
    """Staff ship an order."""

    place: Place
    order_number: str


@dataclass(frozen=True, slots=True)
class ProcessorIs:
    """The card processor is slow, away, declines, or works again."""

    place: Place
    state: Processor


@dataclass(frozen=True, slots=True)
class CarrierSends:
    """The carrier sends a request once more; it must get the answer it got."""

    place: Place
    what: Carrier


Deed = Presses | Waits | Pays | HangsUp | Dials
"""What the caller does."""

World = Later | Meanwhile | Breaks | Sweeps | Ships | ProcessorIs | CarrierSends
"""What happens around the call."""

Act = Deed | World

Step = Hears | HearsNot | ErrorPaths | Act


COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
"""Sign of a limit -> whether a number and the limit are so."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for a number: `<=25`, `>0`, or the number itself."""

    place: Place
    sign: Literal["<=", ">=", "<", ">", "="]
    number: float

    def holds(self, found: float) -> bool:
        """Say whether a number is within it."""
        return COMPARED[self.sign](found, self.number)

    def __str__(self) -> str:
        return f"{'' if self.sign == '=' else self.sign}{self.number:g}"


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of a table that the call itself must have written: so many, or exactly these."""

    place: Place
    table: str
    count: Bound | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What must hold when the call is over."""

    end: Ending | None = None
    end_place: Place | None = None
    written: tuple[Written, ...] = ()
    there: tuple[Row, ...] = ()
    not_there: tuple[Row, ...] = ()
    keys: Bound | None = None
    seconds: Bound | None = None

    @property
    def asks_for_rows(self) -> bool:
        """Say whether the pharmacy has to be looked at."""
        return bool(self.written or self.there or self.not_there)


@dataclass(frozen=True, slots=True)
class Script:
    """One call, or several that follow each other."""

    place: Place
    name: str
    at: datetime
    """Without a zone it is a time of the pharmacy's own day."""
    from_number: str
    to_number: str
    language: str
    """What it is played in; "" for one that chooses by `presses: language` and is played in each."""
    person: Person
    given: tuple[Row, ...]
    steps: tuple[Step, ...]
    expect: Expected

    def languages(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the languages it is to be played in."""
        return (self.language,) if self.language else known

    def with_error_paths(self) -> Iterator[Script]:
        """Yield the script, and one for each error path at each question that it names: the same call up to there."""
        yield self
        for number, step in enumerate(self.steps):
            if isinstance(step, ErrorPaths):
                for path in ErrorPath:
                    yield replace(
                        self,
                        place=step.place,
                        name=f"{self.name}: {path} at {step.question.prompt}",
                        person="nobody",  # so that zero leads back to the question
                        steps=(*self.steps[:number], replace(step, path=path)),
                        expect=Expected(),
                    )
