"""Notes what was told of itself, as that an order was cancelled, once it can have been heard, so that it is told once.

An action marks the phrase that tells it. A turn keeps with the call what its reply tells, and when that will have been
said. The next event of the call, or its end, shows whether the caller was there for so long; a key that comes sooner may
be one of an earlier question, pressed twice or ahead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from ivr.flow.call import Call, Event, Failed, Keys, Silence, Started, Telling
from ivr.line.answer import Answer, SpokenWords
from ivr.orders.find import mark_told
from ivr.pharmacy.answers import note_renewals_told, note_transfers_told
from ivr.prompts.spoken import Value

MARK = "tells"
"""The name by which a phrase carries the mark of what it tells, beside its prompt and values."""


class News(StrEnum):
    """What is told once."""

    ORDER = "order"
    RENEWAL = "renewal"
    TRANSFER = "transfer"


_NOTE: Mapping[str, Callable[[Connection, int, datetime], None]] = {
    News.ORDER: mark_told,
    News.RENEWAL: lambda connection, id_, at: note_renewals_told(connection, (id_,), at),
    News.TRANSFER: lambda connection, id_, at: note_transfers_told(connection, (id_,), at),
}


def marked(words: Value, news: News, id_: int) -> Value:
    """Return a phrase, or the first of several, with the mark of what it tells."""
    if isinstance(words, tuple):
        return (marked(words[0], news, id_), *words[1:])
    if not isinstance(words, Mapping):
        raise TypeError("only a phrase can tell something once")
    return {**words, MARK: (news.value, id_)}


def tellings(answer: Answer) -> tuple[Telling, ...]:
    """Return what an answer tells once, each with the seconds after which it has been said."""
    found, seconds = [], 0.0
    for speak, spoken in zip(answer.verb.words, answer.words, strict=True):
        found += [Telling(kind, id_, seconds + _seconds_of_facts(spoken)) for kind, id_ in _marks(speak.values)]
        seconds += spoken.seconds
    return tuple(found)


def note_heard(connection: Connection, call: Call, event: Event, replied_at: datetime) -> None:
    """Note what the last reply told, given at `replied_at`, as far as it was heard before an event."""
    if not isinstance(event, Started | Failed):
        note_said(connection, call, event.after if isinstance(event, Keys | Silence) else math.inf, replied_at)


def note_said(connection: Connection, call: Call, seconds: float, replied_at: datetime) -> None:
    """Note what the last reply told, given at `replied_at`, as far as it was said within these seconds."""
    for told in call.tellings:
        if told.seconds <= seconds:
            _NOTE[told.kind](connection, told.id, replied_at)


def _marks(value: Value | Mapping[str, Value]) -> Iterator[tuple[str, int]]:
    """Yield the marks of the phrases among a prompt's values, or within such a phrase."""
    if isinstance(value, Mapping):
        match value.get(MARK):
            case (str(kind), int(id_)):
                yield kind, id_
        for part in value.values():
            yield from _marks(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _marks(part)


def _seconds_of_facts(spoken: SpokenWords) -> float:
    """Return how long it takes to speak a prompt as far as its last value: the choices come after the facts."""
    values = [position for position, piece in enumerate(spoken.pieces) if not piece.fixed]
    return replace(spoken, pieces=spoken.pieces[: values[-1] + 1] if values else spoken.pieces).seconds
