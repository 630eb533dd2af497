"""A call script as data: who calls whom and when, what the caller does and hears, and what must hold afterwards."""

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
"""The time of a script that names none. A fixed day, a Monday, so that the days spoken are always the same."""
DEFAULT_FROM = "+15105550123"
DEFAULT_TO = "+18002457979"

LANGUAGE_KEY = "language"
"""In `presses:`, the key that chooses the language in which the script is played."""
OWN_KEY = "key"
"""In `after:`, it means as soon as the line has named the key that is pressed."""

Person = Literal["answers", "busy", "no_answer", "nobody"]
"""What happens when a caller is connected to a person; with `nobody`, the line has no number to connect to."""

Capture = Literal["keypad", "pay"]
"""Who takes the digits of a card: the line, or the carrier."""
GOES_ON = "goes_on"
"""As the `result` of a card step: the carrier reports none, and goes on with the verb after it."""
CARD_RESULTS = (
    *("success", "too-many-failed-attempts", "payment-connector-error", "caller-interrupted-with-star"),
    *("caller-hung-up", "validation-error", "internal-error"),
    *("max-failed-attempts", "transaction-cancelled", "input-matching-failed"),
    GOES_ON,
)
"""What a card step may come to: the results that the carrier documents, and three that were seen besides."""

Carrier = Literal["repeats", "late"]
"""Which request the carrier sends again: `repeats` the last one, `late` the one before that."""

Ending = Literal["goodbye", "person", "hung_up", "open", "error"]
"""How a call ended: the line said goodbye, a person took it, the caller hung up, the line failed.

`open` is a call that was still going on when its script ended.
"""


@dataclass(frozen=True, slots=True)
class Hears:
    """Something that must be heard before the caller acts again, and after what the steps before expect.

    It is a prompt by its name, perhaps with some of its values and an occasion (after a silence, a wrong key), or words.
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
    """Something that must not have been heard since the caller last acted."""

    unwanted: Hears

    @property
    def place(self) -> Place:
        """Where it is written in the script."""
        return self.unwanted.place


class ErrorPath(StrEnum):
    """What a caller does instead of answering a question."""

    NO_ANSWER = "no answer"
    """Star, zero, wrong keys and silences, until the question is given up."""
    HANG_UP = "hang-up"


@dataclass(frozen=True, slots=True)
class ErrorPaths:
    """A question at which error paths are played too. `path` is the one that this script takes, None for none."""

    question: Hears
    silence: int
    """After so many silences the question is given up; wrong keys are counted separately."""
    wrong: int
    """After so many wrong keys the question is given up."""
    then: Hears
    """What is heard when the question is given up."""
    path: ErrorPath | None = None

    @property
    def place(self) -> Place:
        """Where it is written in the script."""
        return self.question.place


@dataclass(frozen=True, slots=True)
class Presses:
    """Keys that are pressed after the whole question, or as soon as the words `after` were heard (by language)."""

    place: Place
    keys: str
    times: int = 1
    after: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.keys


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller stays silent until the line goes on."""

    place: Place
    times: int = 1


@dataclass(frozen=True, slots=True)
class Pays:
    """A card that is keyed into the carrier's own card step, or the result that this step ends with, and its error."""

    place: Place
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up."""

    place: Place


@dataclass(frozen=True, slots=True)
class Dials:
    """The caller calls again, from the same number unless another one is given."""

    place: Place
    from_number: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Time passes, between two calls or while the caller is silent, and the line does what becomes due."""

    place: Place
    span: timedelta


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Rows change during the call, as when the website orders the same prescription."""

    place: Place
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Breaks:
    """A part of the line or its surroundings stops working, or works again."""

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
    """The card processor becomes slow or unreachable, declines cards, or works again."""

    place: Place
    state: Processor


@dataclass(frozen=True, slots=True)
class CarrierSends:
    """The carrier sends a request once more, and must get the same answer as before."""

    place: Place
    what: Carrier


CallerAct = Presses | Waits | Pays | HangsUp | Dials
"""What the caller does."""

World = Later | Meanwhile | Breaks | Sweeps | Ships | ProcessorIs | CarrierSends
"""What happens around the call."""

Act = CallerAct | World

Step = Hears | HearsNot | ErrorPaths | Act


COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
"""Sign of a limit -> the comparison of a number with that limit."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for a number: `<=25`, `>0`, or the number itself."""

    place: Place
    sign: Literal["<=", ">=", "<", ">", "="]
    number: float

    def holds(self, found: float) -> bool:
        """Return whether a number is within the limit."""
        return COMPARED[self.sign](found, self.number)

    def __str__(self) -> str:
        return f"{'' if self.sign == '=' else self.sign}{self.number:g}"


@dataclass(frozen=True, slots=True)
class Written:
    """The new rows that calls must have written to a table: how many, or exactly which."""

    place: Place
    table: str
    count: Bound | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What must hold when the calls are over. `there` and `not_there` are rows that must and must not exist."""

    end: Ending | None = None
    end_place: Place | None = None
    written: tuple[Written, ...] = ()
    there: tuple[Row, ...] = ()
    not_there: tuple[Row, ...] = ()
    keys: Bound | None = None
    seconds: Bound | None = None

    @property
    def asks_for_rows(self) -> bool:
        """Whether rows of the pharmacy have to be read to check it."""
        return bool(self.written or self.there or self.not_there)


@dataclass(frozen=True, slots=True)
class Script:
    """One call, or several that follow each other."""

    place: Place
    name: str
    at: datetime
    """When the first call begins; a time without a zone is in the pharmacy's."""
    from_number: str
    to_number: str
    language: str
    """The language it is played in; "" for a script that chooses by `presses: language` and is played in each one."""
    person: Person
    given: tuple[Row, ...]
    steps: tuple[Step, ...]
    expect: Expected
    capture: Capture = "keypad"

    def languages(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the languages to play it in, of all that are `known`."""
        return (self.language,) if self.language else known

    def _person_at(self, number: int) -> Person:
        """Return who picks up at an error path of a step: nobody, so that zero leads back to the question.

        A question that is only asked after a person was asked for comes with the script's own person.
        """
        asked = any(isinstance(step, Presses) and step.keys in ("0", "0#") for step in self.steps[:number])
        return self.person if asked else "nobody"

    def with_error_paths(self) -> Iterator[Script]:
        """Yield the script itself, then a script for each error path at each question under `error_paths:`.

        These follow the same steps up to their question, and expect nothing of the rows afterwards.
        """
        yield self
        for number, step in enumerate(self.steps):
            if isinstance(step, ErrorPaths):
                for path in ErrorPath:
                    yield replace(
                        self,
                        place=step.place,
                        name=f"{self.name}: {path} at {step.question.prompt}",
                        person=self._person_at(number),
                        steps=(*self.steps[:number], replace(step, path=path)),
                        expect=Expected(),
                    )
