"""Commands that look after a line (`sweep`, `db`) and call it (`dial`)."""

from __future__ import annotations

import secrets
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import click

from ivr import logs
from ivr.cli.group import settings
from ivr.cli.parameters import Duration
from ivr.cli.record import script_of
from ivr.errors import IvrError, UnreachableError
from ivr.line.build import build_line
from ivr.line.journal_cleaning import clean_journal
from ivr.line.service import Services
from ivr.line.sweeper import LONGEST_EVERY, Sweeper
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.phone import terminal
from ivr.settings import Settings
from ivr.simulator.connector import published_token

RETRY_SECONDS = 5
"""The pause before a database that was away is tried again."""


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The line to call.")
@click.option("--from", "from_number", default="+15105550123", show_default=True, help="Your number, or anonymous.")
@click.option("--to", "to_number", default="+18002457979", show_default=True, help="The number you call.")
@click.option("--speak", is_flag=True, help="Speak the words with espeak-ng.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the call to this file as a script; the line must keep its journal in this database.",
)
def dial(url: str, from_number: str, to_number: str, speak: bool, record: Path | None) -> None:
    """Call a line from this terminal: keys 0-9 * #, h hangs up; from a pipe, a comma is a silence.

    Requests are signed when TWILIO_AUTH_TOKEN is set. Example: ivr dial --url https://line.example
    """
    chosen = settings()
    token = chosen.twilio_auth_tokens[0] if chosen.twilio_auth_tokens else None
    sid = "CA" + secrets.token_hex(16)
    ended = terminal.dial(url, from_number, to_number, token, speak, sys.stdin, sys.stdout, sid, published_token)
    if record:
        record.write_text(script_of(chosen, sid, record.stem), encoding="utf-8")
        click.echo(f"written to {record}")
    sys.exit(ended)


@click.command()
@click.option(
    "--every",
    type=Duration(timedelta(seconds=5), LONGEST_EVERY),
    help="Go on for ever, sweeping so often, such as 60s or 2m; the workers stand by meanwhile.",
)
def sweep(every: timedelta | None) -> None:
    """Finish what calls left behind: payments, unpaid orders, orders whose day has come, old records.

    Workers do so every half minute, one of them at a time.
    Example, in place of them: ivr sweep --every 60s
    """
    logs.configure(sys.stderr)
    chosen = settings()
    retention = timedelta(days=chosen.retention_days)
    if every is not None:
        stopping = set_by_signals()
        if line := _built(chosen, stopping):
            Sweeper(line, retention, every, only_if_due=False).run(stopping)
        return
    done: Counter[str] = Counter()
    line = build_line(chosen)
    sweeper, failed, more = Sweeper(line, retention, only_if_due=False), False, True
    while more:
        with answering(line.database):
            swept = sweeper.sweep()
        if swept is None:
            click.echo("another process is sweeping just now")
            return
        done.update(swept.done)
        failed, more = failed or bool(swept.failed), swept.more
    click.echo(
        f"{done['orders_started']} scheduled orders started, {done['payments_finished']} payments finished, "
        f"{done['orders_cancelled']} cancelled"
    )
    if failed:
        raise IvrError("not all of it could be done; the log has the reason")


def _built(chosen: Settings, stopping: Event) -> Services | None:
    """Return the line's services once the database answers; None if `stopping` is set before that."""
    while not stopping.is_set():
        try:
            return build_line(chosen)
        except UnreachableError as error:
            logs.get_logger().error("sweep_failed", reason=str(error))
            stopping.wait(RETRY_SECONDS)
    return None


def set_by_signals() -> Event:
    """Return an event that is set when the process is told to end, by SIGTERM or from the keyboard.

    The signals wait for a thread that takes them, so that they interrupt nothing; threads started later pass them by.
    """
    told, ending = Event(), {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    def wait() -> None:
        signal.sigwait(ending)
        told.set()

    Thread(target=wait, daemon=True).start()
    return told


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables up to date, and take out of old journals what callers keyed.

    Example: DATABASE_URL=postgresql://ivr@db/pharmacy ivr db upgrade
    """
    logs.configure(sys.stderr)
    database = open_database(settings().database_url)
    upgrade(database)
    cleaned = clean_journal(database, anew=True)
    if cleaned.rows:
        click.echo(f"{cleaned.rows} rows of the journal were cleaned of what callers keyed")
    click.echo("the database is up to date")
    if not cleaned.vacuumed:
        click.echo(
            "the database was too busy to give up what was there before: run this again in a quiet hour", err=True
        )
        sys.exit(1)
