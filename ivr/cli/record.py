"""`ivr record`: turns a call in the journal into a script."""

from __future__ import annotations

import io
import json

import click
from sqlalchemy import Engine, select

from ivr import logs
from ivr.cli.group import settings
from ivr.errors import Report
from ivr.flow.call import TraceStep
from ivr.line import tables
from ivr.line.service import Caller
from ivr.pharmacy.database import answering, open_database
from ivr.qa.record.recorder import RecordedCall, RecordedTurn, RecordError
from ivr.qa.record.recorder import record as make
from ivr.qa.replay.player import play
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.writer import write
from ivr.settings import Settings
from ivr.simulator import pharmacy_rows
from ivr.simulator.simulator import Simulator


@click.command()
@click.argument("call_sid")
@click.option("--name", help="The script's name. [default: one with the call's id]")
def record(call_sid: str, name: str | None) -> None:
    """Print the call CALL_SID as a script that takes the same path through the flows with an invented member.

    Numbers, names, medicines, addresses and cards are pseudonyms. Example: ivr record CA1234 > tests/calls/new.yaml
    """
    click.echo(script_of(settings(), call_sid, name or f"Recorded {call_sid}"), nl=False)


def script_of(chosen: Settings, sid: str, name: str) -> str:
    """Return a call in the journal as the text of a script, which has been played and passed.

    Raises RecordError when there is no such call, or it cannot be made again.
    """
    database = open_database(chosen.database_url)
    with answering(database):
        recorded = recorded_call(chosen, database, sid)
    logs.configure(io.StringIO(), json=False)
    simulator = Simulator(chosen)
    text = write([make(simulator, recorded, name)], f"Recorded from a call of {recorded.local:%Y-%m-%d}.")
    report = Report()
    (script,) = read_scripts("the script", text, report, vocabulary_of(simulator.catalogues))
    report.raise_if_any()
    played = play(script, simulator, script.language)
    if not played.passed:
        raise RecordError(f"the script does not come out like the call: {played.problems[0]}")
    return text


def recorded_call(chosen: Settings, database: Engine, sid: str) -> RecordedCall:
    """Return a call from the journal, with the rows of its member. Raises RecordError when there is no such call."""
    with database.connect() as connection:
        call = connection.execute(select(tables.call).where(tables.call.c.sid == sid)).one_or_none()
        if call is None:
            raise RecordError(f"there is no call {sid} in the journal")
        rows = connection.execute(
            select(tables.journal).where(tables.journal.c.call_sid == sid).order_by(tables.journal.c.turn)
        ).all()
    started = call.started_at
    caller = Caller(sid, call.from_number, call.to_number)
    return RecordedCall(
        sid=sid,
        started_at=started,
        local=started.astimezone(chosen.timezone),
        from_number=call.from_number,
        withheld=caller.withheld,
        to_number=call.to_number,
        hung_up=call.ending == "caller_hung_up",
        turns=tuple(RecordedTurn(row.at, row.event, _trace_steps(row.trail)) for row in rows),
        rows=pharmacy_rows.rows_of_member(database, call.member_id) if call.member_id is not None else {},
    )


def _trace_steps(stored: str) -> tuple[TraceStep, ...]:
    return tuple(TraceStep(*trace_step) for trace_step in json.loads(stored))
