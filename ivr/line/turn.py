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
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ivr import logs
from ivr.errors import IvrError, UnreachableError
from ivr.flow.call import Call, Dialled, Done, Event, Failed, Keys, Reading, Silence, Started, Step, TooLong, TraceStep
from ivr.flow.interpreter import FlowError, advance
from ivr.flow.verbs import Dial, Gather, HangUp, Speak, Verb
from ivr.line import earlier_release, journal, sessions
from ivr.line.actions import ACTIONS, ExternalAction
from ivr.line.answer import Answer, SpokenWords, as_spoken
from ivr.line.service import Caller, Context, Services, TurnTaken
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

    words: tuple[SpokenWords, ...]


Result = TypeVar("Result")

Render = Callable[[Answer], str]
"""Writes an answer in the carrier's language; what it writes is stored and is what every repeat gets."""


class UnknownCallError(IvrError):
    """A turn was asked for that this call has not come to."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """A turn that has stopped at the outside world, which is asked for it until a time at the latest."""

    call: Call
    action: ExternalAction
    claim: Any
    trace: tuple[TraceStep, ...]
    until: datetime


def take_turn(services: Services, caller: Caller, turn: int, event: Event, render: Render) -> str | Busy:
    """Answer one request of the carrier.

    Raises UnreachableError when the database is away (nothing has changed, or all of it has: ask again), and
    UnknownCallError for a turn the call has not come to.
    """
    request = _Request(services, caller, turn, event, render)
    try:
        try:
            return _take(request)
        except (*AWAY, UnknownCallError):
            raise
        except Exception:
            logs.get_logger().exception("turn_failed", turn=turn)
            return replace(request, event=Failed()).run(_TurnRunner.apologize, mine=lambda _: True)
    except AWAY as error:
        raise UnreachableError(f"the database does not answer: {type(error).__name__}") from error


def _take(request: _Request) -> str | Busy:
    asking = request.run(_TurnRunner.begin)
    if not isinstance(asking, _Asking):
        return asking
    answer = asking.action.ask(request.services, asking.claim)
    return request.run(lambda runner: runner.finish(asking, answer), mine=asking.until.__eq__)


@dataclass(frozen=True, slots=True)
class _Request:
    """What the carrier asks, and of which line: the same for every part of its turn."""

    services: Services
    caller: Caller
    turn: int
    event: Event
    render: Render

    def run(
        self, part: Callable[[_TurnRunner], Result], mine: Callable[[datetime], bool] = lambda _: False
    ) -> Result | str | Busy:
        """Run a part of the turn in a transaction that holds the call; a turn that was answered gets its stored reply.

        `mine` tells by its time limit whether it is for this very part that the outside world is being asked.
        """

        def once() -> Result | str | Busy:
            now = self.services.clock()
            with self.services.database.begin() as connection:
                locked = self._lock(connection, now)
                stored = self._stored(connection, locked, now, mine)
                return part(_TurnRunner(self, connection, locked, now)) if stored is None else stored

        return retried(once)

    def _lock(self, connection: Connection, now: datetime) -> sessions.Locked:
        flows = self.services.versions.current.flows
        languages = flows.line.languages
        language = languages.get(self.caller.to_number) or languages.get("default") or flows.languages[0]
        locked = sessions.lock(connection, self.services, self.caller, self.turn, now, Call(language))
        if locked is None or self.turn > locked.turn:
            raise UnknownCallError(f"the call has not come to turn {self.turn}")
        return locked

    def _stored(
        self, connection: Connection, locked: sessions.Locked, now: datetime, mine: Callable[[datetime], bool]
    ) -> str | Busy | None:
        if (reply := sessions.stored_reply(self.services, locked, self.turn, now)) is not None:
            return reply
        if self.turn < locked.turn:
            raise UnknownCallError("the reply to this turn is no longer kept")
        acting = locked.row.acting_until
        if acting is not None and acting > now and not mine(acting):
            version = self.services.versions.get(connection, locked.row.version)
            return Busy(as_spoken(version.catalogues, (Speak("away.one_moment", locked.call.language, {}),)))
        return None


class _TurnRunner:
    """Takes a call through one turn, inside the turn's transaction."""

    def __init__(self, request: _Request, connection: Connection, locked: sessions.Locked, now: datetime) -> None:
        self.request = request
        self.services = services = request.services
        self.connection = connection
        self.locked = locked
        self.version = services.versions.get(connection, locked.row.version)
        self.call = replace(locked.call, has_person=services.has_person)
        self.asked = journal.asked(self.version.flows, locked.call)
        # Who calls is who called first: a later turn that names another number is no other phone.
        whose = replace(request.caller, from_number=locked.row.from_number, to_number=locked.row.to_number)
        self.context = Context(services, connection, now, whose, locked.turn, locked.call.transient_secrets)
        self.trace: list[TraceStep] = []
        self.verb: Verb | None = None
        self.external: ExternalAction | None = None

    # The parts of a turn

    def begin(self) -> str | _Asking:
        """Take what the caller did, to the end of the turn or to where the outside world is to be asked."""
        self._take(self._too_long(self._timed(self.request.event)))
        if self.external is None:
            return self._close()
        claim = self.external.claim(self.context, self.call.values)
        if isinstance(claim, Done):
            return self._go_on(claim)
        until = self.context.now + ACTING_FOR
        sessions.act(self.connection, self.request.caller.sid, until)
        return _Asking(self.call, self.external, claim, tuple(self.trace), until)

    def finish(self, asking: _Asking, answer: Any) -> str:
        """Go on with what the outside world answered, from where the turn stopped to ask."""
        self.trace.extend(asking.trace)
        done = asking.action.finish(self.context, asking.claim, answer)
        self.call = asking.call
        return self._go_on(done)

    def apologize(self) -> str:
        """Say sorry from the state the call was in before the turn that was undone."""
        return self._go_on(Started() if self.locked.is_new else Failed())

    # How they come about

    def _timed(self, event: Event) -> Event:
        """Tell how long after the reply the caller acted; by the time of day where two hosts took the two turns."""
        if not isinstance(event, Keys | Silence) or self.locked.call.replied is None:
            return event
        since = self.services.reading(self.request.caller).since(self.locked.call.replied)
        return replace(event, after=self._pause.total_seconds() if since is None else since)

    def _too_long(self, event: Event) -> Event:
        limit = timedelta(seconds=self.version.flows.line.longest_call)
        if isinstance(event, Keys | Silence) and self.context.now - self.locked.row.started_at > limit:
            return TooLong()
        return event

    @property
    def _pause(self) -> timedelta:
        """How long nothing was heard of the caller before this turn."""
        pause: timedelta = self.context.now - self.locked.row.heard_at
        return pause

    def _go_on(self, event: Event) -> str:
        self._take(event)
        return self._close()

    def _take(self, event: Event) -> None:
        self._run(advance(self.version.flows, self.call, event))

    def _run(self, step: Step) -> None:
        """Run the actions the flow asks for, until it needs the caller or the outside world."""
        flows = self.version.flows
        acted = 0
        while True:
            self.call = step.call
            self.trace.extend(step.trace)
            self.context = replace(self.context, transient_secrets=step.call.transient_secrets)
            if step.action is None:
                if isinstance(step.verb, Dial) and not self.services.has_person:
                    step = advance(flows, step.call, Dialled("nobody"))
                    continue
                self.verb = step.verb
                return
            action = ACTIONS[earlier_release.ACTIONS.get(step.action, step.action)]
            acted += 1
            if acted > flows.line.most_actions:
                raise FlowError(f'more than {flows.line.most_actions} actions in one turn, at "{step.action}"')
            if isinstance(action, ExternalAction):
                if acted > 1:
                    raise FlowError(f'"{step.action}" asks the outside world and must come first in its turn')
                self.external = action
                return
            done = earlier_release.known_outcome(flows, step.call, action.run(self.context, step.call.values))
            step = advance(flows, step.call, done)

    def _close(self) -> str:
        """Write down what happened, and return the reply."""
        verb = self.verb
        if verb is None:
            raise FlowError("the turn came to no end")
        now, sid, turn = self.context.now, self.context.caller.sid, self.locked.turn
        words = as_spoken(self.version.catalogues, verb.words)
        self.call = replace(self.call, replied=self._asked(words[: verb.uncut] if isinstance(verb, Gather) else ()))
        reply = self.request.render(Answer(sid, turn + 1, self.call.language, verb, words))
        event = self.request.event
        entry = journal.entry(event, self.asked, self.trace, verb.words, self.locked.shown, self._pause)
        self.services.watch(TurnTaken(sid, turn, event, tuple(self.trace), verb, self.call))
        ending = "goodbye" if isinstance(verb, HangUp) else None
        sessions.store(self.connection, self.services, self.locked, self.call, reply, now, ending, entry)
        return reply

    def _asked(self, uncut: tuple[SpokenWords, ...]) -> Reading:
        """Return when the caller's keys begin to be taken: once all has been said that no key cuts short."""
        now = self.services.reading(self.context.caller)
        return replace(now, seconds=now.seconds + sum(seconds(joined(said.pieces)) for said in uncut))
