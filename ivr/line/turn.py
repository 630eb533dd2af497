"""One turn of a call is one transaction.

The call is locked, the flow runs until it needs the caller again, and the new state, all that happened in the
pharmacy, the journal and the exact reply are committed together. A request that was answered before gets the stored
reply. An action that asks the outside world (a card processor) splits the turn in three: claim and commit, ask while
nothing is held, then lock again and go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ivr import logs
from ivr.errors import IvrError, UnreachableError
from ivr.flow.call import Call, Dialled, Done, Event, Failed, Keys, Reading, Silence, Started, Step, TooLong, Visit
from ivr.flow.interpreter import FlowError, advance
from ivr.flow.verbs import Dial, Gather, HangUp, Speak, Verb
from ivr.line import journal, sessions
from ivr.line.actions import ACTIONS, ExternalAction
from ivr.line.answer import Answer, Spoken, as_spoken
from ivr.line.older import known_outcome
from ivr.line.service import Caller, Context, Line, TurnTaken
from ivr.line.versions import Version
from ivr.pharmacy.database import retried
from ivr.prompts import joined
from ivr.prompts.spoken import seconds

AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What SQLAlchemy raises when the database cannot be reached, or was waited for too long."""

ACTING_FOR = timedelta(seconds=6)
"""How long a request to the outside world may take (its own time-out is 4 s) before another worker may try."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another worker is asking the outside world for this very turn: come back for it in a moment."""

    words: tuple[Spoken, ...]


Render = Callable[[Answer], str]
"""Writes an answer in the carrier's language; what it writes is stored and is what every repeat gets."""


class UnknownCallError(IvrError):
    """A turn was asked for that this call has not come to."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A turn that has stopped at the outside world."""

    call: Call
    action: ExternalAction
    request: object
    trail: tuple[Visit, ...]
    until: datetime


def take_turn(line: Line, caller: Caller, turn: int, event: Event, render: Render) -> str | Busy:
    """Answer one request of the carrier.

    Raises UnreachableError when the database is away (nothing has changed, or all of it has: ask again), and
    UnknownCallError for a turn the call has not come to.
    """
    try:
        try:
            return _take(line, caller, turn, event, render)
        except (*AWAY, UnknownCallError):
            raise
        except Exception:
            logs.get_logger().exception("turn_failed", turn=turn)
            return retried(lambda: _fail(line, caller, turn, render))
    except AWAY as error:
        raise UnreachableError(f"the database does not answer: {type(error).__name__}") from error


def _take(line: Line, caller: Caller, turn: int, event: Event, render: Render) -> str | Busy:
    begun = retried(lambda: _begin(line, caller, turn, event, render))
    if not isinstance(begun, _Begun):
        return begun
    answer = begun.action.ask(line, begun.request)
    return retried(lambda: _finish(line, caller, turn, event, render, begun, answer))


def _begin(line: Line, caller: Caller, turn: int, event: Event, render: Render) -> str | Busy | _Begun:
    now = line.clock()
    with line.database.begin() as connection:
        locked = _lock(connection, line, caller, turn, now)
        if (stored := _stored(connection, line, locked, turn, now)) is not None:
            return stored
        walk = _Walk(line, connection, caller, locked, now)
        walk.take(_too_long(walk.version, locked, _timed(line, caller, locked, event, now), now))
        if walk.outside is None:
            return walk.close(event, render)
        request = walk.outside.claim(walk.context, walk.call.values)
        if isinstance(request, Done):
            walk.run(advance(walk.version.flows, walk.call, request))
            return walk.close(event, render)
        until = now + ACTING_FOR
        sessions.act(connection, caller.sid, until)
        return _Begun(walk.call, walk.outside, request, tuple(walk.trail), until)


def _finish(
    line: Line, caller: Caller, turn: int, event: Event, render: Render, begun: _Begun, answer: object
) -> str | Busy:
    now = line.clock()
    with line.database.begin() as connection:
        locked = _lock(connection, line, caller, turn, now)
        if (stored := _stored(connection, line, locked, turn, now, mine=begun.until)) is not None:
            return stored
        walk = _Walk(line, connection, caller, locked, now)
        walk.trail.extend(begun.trail)
        done = begun.action.finish(walk.context, begun.call.values, begun.request, answer)
        walk.run(advance(walk.version.flows, begun.call, done))
        return walk.close(event, render)


def _fail(line: Line, caller: Caller, turn: int, render: Render) -> str | Busy:
    """Say sorry from the state the call was in before the turn that was undone."""
    now = line.clock()
    with line.database.begin() as connection:
        locked = _lock(connection, line, caller, turn, now)
        if (stored := _stored(connection, line, locked, turn, now, mine=locked.row.acting_until)) is not None:
            return stored
        walk = _Walk(line, connection, caller, locked, now)
        walk.take(Started() if locked.is_new else Failed())
        return walk.close(Failed(), render)


def _lock(connection: Connection, line: Line, caller: Caller, turn: int, now: datetime) -> sessions.Locked:
    flows = line.versions.current.flows
    language = flows.line.languages.get(caller.to_number) or flows.line.languages.get("default") or flows.languages[0]
    locked = sessions.lock(connection, line, caller, turn, now, Call(language))
    if locked is None or turn > locked.turn:
        raise UnknownCallError(f"the call has not come to turn {turn}")
    return locked


def _stored(
    connection: Connection,
    line: Line,
    locked: sessions.Locked,
    turn: int,
    now: datetime,
    mine: datetime | None = None,
) -> str | Busy | None:
    if (reply := sessions.stored_reply(line, locked, turn, now)) is not None:
        return reply
    if turn < locked.turn:
        raise UnknownCallError("the reply to this turn is no longer kept")
    acting = locked.row.acting_until
    if acting is not None and acting != mine and acting > now:
        version = line.versions.get(connection, locked.row.version)
        return Busy(spoken(version, (Speak("away.one_moment", locked.call.language, {}),)))
    return None


def _timed(line: Line, caller: Caller, locked: sessions.Locked, event: Event, now: datetime) -> Event:
    """Tell how long after the reply the caller acted; by the time of day where two hosts took the two turns."""
    if not isinstance(event, Keys | Silence) or locked.call.replied is None:
        return event
    since = line.reading(caller).since(locked.call.replied)
    return replace(event, after=(now - locked.row.heard_at).total_seconds() if since is None else since)


def _too_long(version: Version, locked: sessions.Locked, event: Event, now: datetime) -> Event:
    limit = timedelta(seconds=version.flows.line.longest_call)
    if isinstance(event, Keys | Silence) and now - locked.row.started_at > limit:
        return TooLong()
    return event


class _Walk:
    """A call on its way through one turn, inside the turn's transaction."""

    def __init__(
        self,
        line: Line,
        connection: Connection,
        caller: Caller,
        locked: sessions.Locked,
        now: datetime,
    ) -> None:
        self.line = line
        self.connection = connection
        self.locked = locked
        self.version = line.versions.get(connection, locked.row.version)
        self.call = replace(locked.call, has_person=line.has_person)
        self.asked = journal.asked(self.version.flows, locked.call)
        # Who calls is who called first: a later turn that names another number is no other phone.
        whose = replace(caller, from_number=locked.row.from_number, to_number=locked.row.to_number)
        self.context = Context(line, connection, now, whose, locked.turn, locked.call.held)
        self.trail: list[Visit] = []
        self.verb: Verb | None = None
        self.outside: ExternalAction | None = None

    def take(self, event: Event) -> None:
        self.run(advance(self.version.flows, self.call, event))

    def run(self, step: Step) -> None:
        """Run the actions the flow asks for, until it needs the caller or the outside world."""
        flows = self.version.flows
        acted = 0
        while True:
            self.call = step.call
            self.trail.extend(step.trail)
            self.context = replace(self.context, held=step.call.held)
            if step.action is None:
                if isinstance(step.verb, Dial) and not self.line.has_person:
                    step = advance(flows, step.call, Dialled("nobody"))
                    continue
                self.verb = step.verb
                return
            action = ACTIONS[step.action]
            acted += 1
            if acted > flows.line.most_actions:
                raise FlowError(f'more than {flows.line.most_actions} actions in one turn, at "{step.action}"')
            if isinstance(action, ExternalAction):
                if acted > 1:
                    raise FlowError(f'"{step.action}" asks the outside world and must come first in its turn')
                self.outside = action
                return
            done = known_outcome(flows, step.call, action.run(self.context, step.call.values))
            step = advance(flows, step.call, done)

    def close(self, event: Event, render: Render) -> str:
        """Write down what happened, and return the reply."""
        verb = self.verb
        if verb is None:
            raise FlowError("the turn came to no end")
        now, sid, turn = self.context.now, self.context.caller.sid, self.locked.turn
        words = spoken(self.version, verb.words)
        self.call = replace(self.call, replied=self._asked(words[: verb.uncut] if isinstance(verb, Gather) else ()))
        reply = render(Answer(sid, turn + 1, self.call.language, verb, words))
        pause = now - self.locked.row.heard_at
        entry = journal.entry(event, self.asked, self.trail, verb.words, self.locked.shown, pause)
        self.line.watch(TurnTaken(sid, turn, event, tuple(self.trail), verb, self.call))
        ending = "goodbye" if isinstance(verb, HangUp) else None
        sessions.store(self.connection, self.line, self.locked, self.call, reply, now, ending, entry)
        return reply

    def _asked(self, uncut: tuple[Spoken, ...]) -> Reading:
        """Return when the caller's keys begin to be taken: once all has been said that no key cuts short."""
        now = self.line.reading(self.context.caller)
        return replace(now, seconds=now.seconds + sum(seconds(joined(said.pieces)) for said in uncut))


def spoken(version: Version, words: tuple[Speak, ...]) -> tuple[Spoken, ...]:
    """Return words as they are spoken in a version, each in its own language."""
    return as_spoken(version.catalogues, words)
