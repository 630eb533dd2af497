"""Commands that look after a line (`sweep`, `db`) and call it (`dial`)."""

from __future__ import annotations

import secrets
import sys
from datetime import timedelta
from pathlib import Path

import click

from ivr import logs
from ivr.cli.group import settings
from ivr.cli.record import script_of
from ivr.line.build import build_line
from ivr.line.journal_cleaning import clean_journal
from ivr.line.sweep import sweep as sweep_line
from ivr.pharmacy.database import open_database, upgrade
from ivr.phone import terminal


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
    ended = terminal.dial(url, from_number, to_number, token, speak, sys.stdin, sys.stdout, sid)
    if record:
        record.write_text(script_of(chosen, sid, record.stem), encoding="utf-8")
        click.echo(f"written to {record}")
    sys.exit(ended)


@click.command()
def sweep() -> None:
    """Finish what calls left behind: payments, unpaid orders, orders whose day has come, old records.

    Example, every minute from cron: ivr sweep
    """
    logs.configure(sys.stderr)
    chosen = settings()
    done = sweep_line(build_line(chosen), timedelta(days=chosen.retention_days))
    click.echo(
        f"{done.started} scheduled orders started, {done.finished} payments finished, {done.cancelled} cancelled"
    )


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
