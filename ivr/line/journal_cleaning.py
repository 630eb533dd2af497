"""Masks the keyed numbers that earlier releases wrote to the journal in clear.

This is done in batches. Each is a transaction of its own, which also records the progress: after a crash the next
process goes on from there, several processes may clean at once, and calls in progress wait for one batch at most.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, func, select, update

from ivr import logs
from ivr.flow.call import TraceStep
from ivr.line import tables
from ivr.line.journal import JournalEntry, mask
from ivr.pharmacy.database import answering, lift_time_limits
from ivr.pharmacy.upkeep import vacuum

BATCH = 500
"""How many rows are looked at in one transaction, which takes some tens of milliseconds."""

REST_SECONDS = 0.05
"""The pause between two batches, in which calls in progress get the database: who waits for SQLite looks that often."""

_PROGRESS = tables.journal_cleaning
_ROW = tables.journal.c
_EXTEND = update(_PROGRESS).values(through=select(func.coalesce(func.max(_ROW.id), 0)).scalar_subquery())
_NEXT_ROWS = (
    select(_ROW.id, _ROW.call_sid)
    .where(_ROW.id > bindparam("done"), _ROW.id <= bindparam("through"))
    .order_by(_ROW.id)
    .limit(bindparam("most"))
)
_ROWS_OF_CALL = (
    select(_ROW.id, _ROW.at, _ROW.event, _ROW.trail, _ROW.said)
    .where(_ROW.call_sid == bindparam("sid"))
    .order_by(_ROW.turn, _ROW.id)
)
_MASK = (
    update(tables.journal)
    .where(_ROW.id == bindparam("row"))
    .values(event=bindparam("masked_event"), trail=bindparam("masked_trail"), said=bindparam("masked_said"))
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows were masked, and whether the database has been vacuumed, so that their old content is gone."""

    rows: int
    vacuumed: bool


def clean_journal(
    database: Engine, *, anew: bool = False, batch: int = BATCH, rest: Callable[[float], None] = time.sleep
) -> Cleaned:
    """Mask all rows that are still to be cleaned, then vacuum the table so that the old rows are gone.

    With `anew`, also clean what was written since the last time, as workers of an earlier release may have gone on for
    a while. `batch` is in rows; `rest` is called with the seconds to pause between two batches.
    """
    with answering(database):
        if anew:
            with database.begin() as connection:
                connection.execute(_EXTEND)
        masked = 0
        while (rows_masked := _clean_next_batch(database, batch)) is not None:
            masked += rows_masked
            rest(REST_SECONDS)
        vacuumed = _vacuum(database)
    if masked or not vacuumed:
        logs.get_logger().info("journal_cleaned", rows=masked, vacuumed=vacuumed)
    return Cleaned(masked, vacuumed)


def _vacuum(database: Engine) -> bool:
    with database.begin() as connection:
        vacuumed: bool = connection.execute(select(_PROGRESS.c.vacuumed)).scalar_one()
    if not vacuumed and vacuum(database, tables.journal.name):
        with database.begin() as connection:
            connection.execute(update(_PROGRESS).values(vacuumed=True))
        vacuumed = True
    return vacuumed


def _clean_next_batch(database: Engine, batch: int) -> int | None:
    """Clean the next rows and all rows of their calls; return how many were masked, or None when all are clean."""
    with database.begin() as connection:
        lift_time_limits(connection)
        state = connection.execute(select(_PROGRESS).with_for_update()).one()
        if state.done >= state.through:
            return None
        rows = connection.execute(_NEXT_ROWS, {"done": state.done, "through": state.through, "most": batch}).all()
        masked = sum(_clean_call(connection, sid) for sid in dict.fromkeys(row.call_sid for row in rows))
        done = rows[-1].id if len(rows) == batch else state.through
        connection.execute(update(_PROGRESS).values(done=done, vacuumed=state.vacuumed and not masked))
        return masked


def _clean_call(connection: Connection, sid: str) -> int:
    """Mask a call's keys as this release would; return how many rows were changed.

    What each question was is judged by the trace.
    """
    shown, time_before, changed = "", None, []
    for row in connection.execute(_ROWS_OF_CALL, {"sid": sid}):
        pause = row.at - (time_before or row.at)
        entry = _cleaned(row, shown, pause)
        shown, time_before = entry.shown, row.at
        if (entry.event, entry.trace, entry.said) != (row.event, row.trail, row.said):
            changed.append(
                {
                    "row": row.id,
                    "masked_event": entry.event,
                    "masked_trail": entry.trace,
                    "masked_said": entry.said,
                }
            )
    if changed:
        connection.execute(_MASK, changed)
    return len(changed)


def _cleaned(row: Row[Any, Any, Any, Any, Any], shown: str, pause: timedelta) -> JournalEntry:
    name, _, keys = row.event.partition(" ")
    trace_steps = [TraceStep(*trace_step) for trace_step in json.loads(row.trail)]
    # At a question for a number the branch is never a digit, so every question can be treated as a menu.
    masked, trace, shown = mask(keys, trace_steps, shown, is_menu=True, pause=pause)
    if trace is trace_steps:
        return JournalEntry(f"{name} {masked}".strip(), row.trail, row.said, shown)
    stored = json.dumps([[trace_step.flow, trace_step.state, trace_step.branch] for trace_step in trace])
    return JournalEntry(f"{name} {masked}", stored, row.said if trace else "[]", shown)
