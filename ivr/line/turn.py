"""Takes one turn of a call: answers one request of the carrier within one database transaction.

The transaction locks the call's row, runs the flow until it needs the caller again, and commits everything together:
the call's new state, all that happened in the pharmacy, the journal entry and the exact reply. A request that was
answered before gets its stored reply.

An external action, which asks the outside world (a card processor), splits the turn in three: claim the work and
commit, ask while no transaction is open, then lock the call again and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ivr import logs
from ivr.errors import IvrError
from ivr.flow.call import Call, Dialled, Done, Event, Failed, Keys, Reading, Silence, Started, Step, TooLong, TraceStep
from ivr.flow.interpreter import FlowError, advance
from ivr.flow.verbs import EARLY_KEYS_SECONDS, Dial, Gather, HangUp, Speak, Verb
from ivr.line import call_end, earlier_release, hand_over, journal, sessions
from ivr.line.actions import ACTIONS, ExternalAction
from ivr.line.answer import Answer, SpokenWords, as_spoken, spoken_answer
from ivr.line.service import CallEnd, Caller, Context, Services, TurnTaken
from ivr.orders.sweep import finish_call
from ivr.pharmacy.database import retried, unreachable
from ivr.pharmacy.database_errors import is_away

EXTERNAL_ACTION_LIMIT = timedelta(seconds=6)
"""How long an external action may take (its own time-out is 4 s) before another worker may take the turn over."""


@dataclass(frozen=True, slots=True)
class TurnReply:
    """The carrier's TwiML. `taken` is the turn that made it, None if the request had been answered before."""

    text: str
    taken: TurnTaken | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """The reply while another worker runs this turn's external action: the carrier should ask again in a moment."""

    words: tuple[SpokenWords, ...]


Result = TypeVar("Result")

Render = Callable[[Answer], str]
"""Writes an answer as the carrier's TwiML. The text is stored, and every repeat of the request gets it."""


class UnknownCallError(IvrError):
    """The call is unknown, has not come to the turn asked for, or no longer keeps its reply."""


@dataclass(frozen=True, slots=True)
class _StoppedTurn:
    """A turn that waits for its external action's answer, until a time limit."""

    call: Call
    action: ExternalAction
    claim: Any
    trace: tuple[TraceStep, ...]
    until: datetime


def take_turn(services: Services, caller: Caller, turn: int, event: Event, render: Render) -> TurnReply | Busy:
    """Return the reply to one request of the carrier, or `Busy` while another worker is answering it.

    When anything else fails, the turn is rolled back and the reply is an apology. A call's beginning and its end are
    logged once they are committed.

    Raises UnreachableError when the database is away: either nothing was committed or all of it was, so the request
    can be sent again. Raises UnknownCallError for a turn that the call has not come to.
    """
    request = _Request(services, caller, turn, event, render)
    with _telling_if_away(services):
        try:
            reply = _take(request)
        except UnknownCallError:
            raise
        except Exception as error:
            if is_away(error):
                raise
            logs.get_logger().exception("turn_failed", turn=turn)
            reply = replace(request, event=Failed()).run(_TurnRunner.apologize, is_own=lambda _: True)
    if isinstance(reply, TurnReply) and reply.taken is not None:
        call_end.log_turn(reply.taken)
    return reply


def end_call(services: Services, sid: str) -> None:
    """Record and log that the caller hung up, and finish the payments that the call began.

    Raises UnreachableError when the database is away; a sweep does later what was not done then.
    """
    with _telling_if_away(services):
        call_end.hang_up(services, sid)
        finish_call(services.desk, sid)


@contextmanager
def _telling_if_away(services: Services) -> Iterator[None]:
    """Raise an UnreachableError in place of an error inside the block that means that the database is away."""
    try:
        yield
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        raise unreachable(services.database, error) from error


def _take(request: _Request) -> TurnReply | Busy:
    stopped = request.run(_TurnRunner.begin)
    if not isinstance(stopped, _StoppedTurn):
        return stopped
    answer = stopped.action.ask(request.services, stopped.claim)
    return request.run(lambda runner: runner.finish(stopped, answer), is_own=stopped.until.__eq__)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request of the carrier, with the services that answer it; shared by all parts of the turn."""

    services: Services
    caller: Caller
    turn: int
    event: Event
    render: Render

    def run(
        self, part: Callable[[_TurnRunner], Result], is_own: Callable[[datetime], bool] = lambda _: False
    ) -> Result | TurnReply | Busy:
        """Run a part of the turn in a transaction that holds the call's row; return the stored reply if there is one.

        While an external action runs, other workers get `Busy`. `is_own` is given that action's time limit and returns
        whether this part is the one that started it, and so may go on.
        """

        def run_once() -> Result | TurnReply | Busy:
            now = self.services.clock()
            with self.services.database.begin() as connection:
                locked = self._lock(connection, now)
                stored = self._stored_reply(connection, locked, now, is_own)
                return part(_TurnRunner(self, connection, locked, now)) if stored is None else stored

        return retried(run_once, repeatable=True)

    def _lock(self, connection: Connection, now: datetime) -> sessions.LockedCall:
        language = self.services.versions.current.heard(local=self.caller.local).begins_in(self.caller.to_number)
        locked = sessions.lock_call(connection, self.services, self.caller, self.turn, now, Call(language))
        if locked is None or self.turn > locked.turn:
            raise UnknownCallError(f"the call has not come to turn {self.turn}")
        return locked

    def _stored_reply(
        self, connection: Connection, locked: sessions.LockedCall, now: datetime, is_own: Callable[[datetime], bool]
    ) -> TurnReply | Busy | None:
        if (reply := sessions.stored_reply(self.services, locked, self.turn, now)) is not None:
            return TurnReply(reply)
        if self.turn < locked.turn:
            raise UnknownCallError("the reply to this turn is no longer kept")
        acting = locked.row.acting_until
        if acting is not None and acting > now and not is_own(acting):
            version = self.services.versions.get(connection, locked.row.version)
            return Busy(
                as_spoken(version.catalogues, (Speak("away.one_moment", locked.call.language, {}),), locked.call.tempo)
            )
        return None


class _TurnRunner:
    """Takes a call through one turn, within the turn's transaction."""

    def __init__(self, request: _Request, connection: Connection, locked: sessions.LockedCall, now: datetime) -> None:
        self.request = request
        self.services = services = request.services
        self.connection = connection
        self.locked = locked
        self.version = services.versions.get(connection, locked.row.version)
        self.flows = self.version.heard(local=request.caller.local)
        is_here = services.person_at(now)
        self.call = replace(
            locked.call,
            has_person=is_here,
            person_closed=services.has_person and not is_here,
            notices=services.notices_at(now),
        )
        self.question = journal.current_question(self.flows, locked.call)
        # The numbers of the first request count: a later turn that names another number is not another phone.
        caller = replace(request.caller, from_number=locked.row.from_number, to_number=locked.row.to_number)
        self.context = Context(
            services, connection, now, caller, locked.turn, locked.call.transient_secrets, locked.call.language
        )
        self.trace: list[TraceStep] = []
        self.verb: Verb | None = None
        self.external: ExternalAction | None = None

    # The parts of a turn

    def begin(self) -> TurnReply | _StoppedTurn:
        """Handle what the caller did, up to the end of the turn or to its external action."""
        self._take(self._unless_too_long(self._with_delay(self.request.event)))
        if self.external is None:
            return self._close()
        claim = self.external.claim(self.context, self.call.values)
        if isinstance(claim, Done):
            return self._go_on(claim)
        until = self.context.now + EXTERNAL_ACTION_LIMIT
        sessions.set_acting(self.connection, self.request.caller.sid, until)
        return _StoppedTurn(self.call, self.external, claim, tuple(self.trace), until)

    def finish(self, stopped: _StoppedTurn, answer: Any) -> TurnReply:
        """Go on with the external action's answer, from where the turn stopped."""
        self.trace.extend(stopped.trace)
        done = stopped.action.finish(self.context, stopped.claim, answer)
        self.call = stopped.call
        return self._go_on(done)

    def apologize(self) -> TurnReply:
        """Return an apology, from the state that the call was in before the failed turn."""
        return self._go_on(Started() if self.locked.is_new else Failed())

    # What the parts are made of

    def _with_delay(self, event: Event) -> Event:
        """Return a caller's event with the seconds since the last reply.

        Where another host took the turn before, whose monotonic clock cannot be compared, the time of day is used.
        """
        if not isinstance(event, Keys | Silence) or self.locked.call.replied is None:
            return event
        seconds_since_reply = self.services.reading(self.request.caller).since(self.locked.call.replied)
        return replace(event, after=self._pause.total_seconds() if seconds_since_reply is None else seconds_since_reply)

    def _unless_too_long(self, event: Event) -> Event:
        limit = timedelta(seconds=self.flows.line.longest_call)
        if isinstance(event, Keys | Silence) and self.context.now - self.locked.row.started_at > limit:
            return TooLong()
        return event

    @property
    def _pause(self) -> timedelta:
        """The time since the caller's last turn."""
        pause: timedelta = self.context.now - self.locked.row.heard_at
        return pause

    def _go_on(self, event: Event) -> TurnReply:
        self._take(event)
        return self._close()

    def _take(self, event: Event) -> None:
        self._run(advance(self.flows, self.call, event))

    def _run(self, step: Step) -> None:
        """Run the actions the flow asks for, until it needs the caller or reaches an external action.

        Raises FlowError for more actions than one turn may run, or an external action that is not the turn's first.
        """
        flows = self.flows
        action_count = 0
        while True:
            self.call = step.call
            self.trace.extend(step.trace)
            self.context = replace(
                self.context,
                transient_secrets=step.call.transient_secrets,
                language=step.call.language,
                tempo=step.call.tempo,
            )
            if step.action is None:
                if isinstance(step.verb, Dial):
                    self._note_hand_over(step.call)
                    if not self.call.has_person:
                        step = advance(flows, step.call, Dialled("closed" if self.services.has_person else "nobody"))
                        continue
                self.verb = step.verb
                return
            action = ACTIONS[earlier_release.ACTIONS.get(step.action, step.action)]
            action_count += 1
            if action_count > flows.line.most_actions:
                raise FlowError(f'more than {flows.line.most_actions} actions in one turn, at "{step.action}"')
            if isinstance(action, ExternalAction):
                if action_count > 1:
                    raise FlowError(f'"{step.action}" asks the outside world and must come first in its turn')
                self.external = action
                return
            done = earlier_release.known_outcome(flows, step.call, action.run(self.context, step.call.values))
            step = advance(flows, step.call, done)

    def _note_hand_over(self, connecting: Call) -> None:
        """Note for whoever takes the call over what it has come to, where there is somebody who may."""
        if self.services.has_person:
            why = hand_over.reason(self.flows, self.trace, connecting.top.flow)
            sid = self.request.caller.sid
            hand_over.note(self.connection, sid, self.locked.call, connecting, why, self.context.now)

    def _close(self) -> TurnReply:
        """Store the call's new state, the journal entry and the reply; return the reply."""
        verb = self.verb
        if verb is None:
            raise FlowError("the turn came to no end")
        now, sid, turn = self.context.now, self.context.caller.sid, self.locked.turn
        answer = spoken_answer(sid, turn + 1, self.call.language, verb, self.version.catalogues, self.call.tempo)
        uncut = answer.words[: verb.uncut] if isinstance(verb, Gather) else ()
        self.call = replace(self.call, replied=self._keys_begin(uncut))
        reply = self.request.render(answer)
        event = self.request.event
        entry = journal.make_entry(event, self.question, self.trace, verb.words, self.locked.shown, self._pause)
        ended = self._end() if isinstance(verb, HangUp) and self.locked.row.ended_at is None else None
        taken = TurnTaken(
            *(sid, turn, event, tuple(self.trace), verb, self.call),
            actions=tuple(self._actions()),
            is_first=self.locked.is_new,
            ended=ended,
        )
        self.services.watch(taken)
        ending = ended.ending if ended else None
        sessions.store_turn(self.connection, self.services, self.locked, self.call, reply, now, ending, entry)
        return TurnReply(reply, taken)

    def _end(self) -> CallEnd:
        return call_end.describe(
            *(self.connection, self.locked.row, call_end.GOODBYE, self.context.now),
            turns=self.locked.turn + 1,
            members=sessions.members_of(self.connection, self.locked.row, self.call.values.get("member_id")),
            with_person=self.request.event == Dialled("answered"),
        )

    def _actions(self) -> Iterator[tuple[str, str]]:
        """Yield the actions of this turn, each with its outcome."""
        for trace_step in self.trace:
            state = self.flows.state(trace_step.flow, trace_step.state)
            if state.action and trace_step.branch:
                yield state.action, trace_step.branch

    def _keys_begin(self, uncut: tuple[SpokenWords, ...]) -> Reading:
        """Return when keys begin to count: after all words that no key can cut short (`uncut`), and a moment more."""
        now = self.services.reading(self.context.caller)
        seconds = sum(spoken.seconds for spoken in uncut) + (EARLY_KEYS_SECONDS if uncut else 0)
        return replace(now, seconds=now.seconds + seconds)
