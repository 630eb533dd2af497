"""How calls end: noted in the call's row and, once that is committed, told in one line of the log.

A call has two lines in the log, `call_started` and `call_ended`, whatever happens in its turns. Neither says who called
or what about.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from ivr import logs
from ivr.flow.call import Call
from ivr.line import journal, sessions, telling
from ivr.line.service import CallEnd, CallOutcome, Services, TurnTaken
from ivr.orders.find import count_of_call

GOODBYE = "goodbye"
"""The ending of a call that the line ended."""
HUNG_UP = "caller_hung_up"


def hang_up(services: Services, sid: str) -> None:
    """Note and log that the caller has hung up, unless the call is unknown or had ended before."""
    ended = services.desk.commit(lambda connection: _end_by_caller(connection, services, sid, services.clock()))
    if ended:
        _log_end(ended)


def _end_by_caller(connection: Connection, services: Services, sid: str, now: datetime) -> CallEnd | None:
    row = sessions.record_end(connection, sid, now, HUNG_UP)
    if row is None:
        return None
    call = sessions.stored_call(services.vault, row.sealed_state, now)
    if call:
        telling.note_said(connection, call, (now - row.heard_at).total_seconds(), row.heard_at)
    return describe(
        *(connection, row, HUNG_UP, now),
        turns=row.turn,
        members=sessions.members_of(connection, row),
        with_person=call is not None and _waits_for_person(connection, services, row, call),
    )


def describe(
    connection: Connection,
    row: Row[Any],
    ending: str,
    now: datetime,
    *,
    turns: int,
    members: Collection[int],
    with_person: bool,
) -> CallEnd:
    """Return how a call ends now; `row` is its row, which may lack what this turn changes."""
    orders = count_of_call(connection, members, row.sid, row.started_at)
    outcomes = {
        CallOutcome.ORDERED: orders > 0,
        CallOutcome.PERSON: with_person,
        CallOutcome.NOT_IDENTIFIED: not members,
        CallOutcome.FINISHED: ending == GOODBYE,
        CallOutcome.HUNG_UP: True,
    }
    outcome = next(outcome for outcome, is_so in outcomes.items() if is_so)
    return CallEnd(ending, outcome, (now - row.started_at).total_seconds(), turns, orders)


def _waits_for_person(connection: Connection, services: Services, row: Row[Any], call: Call) -> bool:
    """Return whether a call is at a state that connects the caller to a person."""
    flows = services.versions.get(connection, row.version).flows
    try:
        state = journal.current_question(flows, call)
    except KeyError:  # the version the call began with is lost, and the current one has no such state
        return False
    return state is not None and state.reaches_person


def log_turn(taken: TurnTaken) -> None:
    """Log the beginning of a call and its end; of the turns between there is nothing in the log."""
    if taken.is_first:
        logs.get_logger().info("call_started")
    if taken.ended:
        _log_end(taken.ended)


def _log_end(ended: CallEnd) -> None:
    logs.get_logger().info(
        "call_ended",
        ending=ended.ending,
        outcome=ended.outcome.value,
        seconds=round(ended.seconds, 1),
        turns=ended.turns,
        orders=ended.orders,
    )
