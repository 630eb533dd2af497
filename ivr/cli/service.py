"""Commands that run the line (`serve`, `sweep`, `db`) and call it (`dial`)."""

from __future__ import annotations

import logging
import secrets
import signal
import sys
from collections import Counter
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table

from ivr import logs
from ivr.cli.group import console, print_folders, settings
from ivr.cli.listening import LOCAL, Endpoint, address_of, free_endpoint
from ivr.cli.parameters import Duration
from ivr.cli.record import script_of
from ivr.errors import IvrError, SettingError, UnreachableError
from ivr.line.actions import SPECS
from ivr.line.build import build_line
from ivr.line.journal_cleaning import clean_journal
from ivr.line.service import Services
from ivr.line.sweeper import LONGEST_EVERY, Sweeper
from ivr.line.versions import load, read_files
from ivr.pages.app import unsigned_means
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.demo import DemoCard, demo_card, is_empty, load_demo
from ivr.phone import terminal
from ivr.settings import Settings
from ivr.simulator import carrier_rules

THREADS = 16
"""How many turns a worker answers at once; further ones wait."""
STOP_SECONDS = 10
"""How long a worker may finish what it is answering when it is stopped; a turn takes at most half of that."""
RETRY_SECONDS = 5
"""The pause before a database that was away is tried again."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, or its name.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on, 0 for any that is free.",
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer calls."
)
def serve(host: str, port: int, workers: int) -> None:
    """Answer calls, with an embedded database and a demo pharmacy in it unless configured otherwise.

    Example: ivr serve --port 8080
    """
    chosen = settings()
    endpoint = _endpoint(host, port, chosen)
    if chosen.unsigned:
        click.echo(unsigned_means(chosen), err=True)
    logs.configure(sys.stderr)
    if chosen.publish == "saved":  # do not start on flows or prompts that could not be published
        load(read_files(chosen.flows, chosen.prompts), SPECS, carrier_rules.problems)
    line = build_line(chosen, carrier_rules.problems)
    with endpoint.held():
        _greet(line, endpoint)
        print_folders(chosen)
        _answer(endpoint, workers)


def _greet(line: Services, endpoint: Endpoint) -> None:
    """Print where the line answers and how to try it. An empty embedded database gets the demo pharmacy first."""
    now = line.clock()
    empty = is_empty(line.database)
    if empty and line.database.dialect.name == "sqlite":  # in a server's database the pharmacy loads its own members
        load_demo(line.database, line.today(now), timezone=line.timezone)
    with line.database.connect() as connection:
        card = demo_card(connection, line.today(now), line.rules)
    console().print(start_card(endpoint.url, card))
    if empty and card is None:
        click.echo("The pharmacy has no members yet: ivr pharmacy load FOLDER, or ivr pharmacy demo to try the line")
    line.database.dispose()  # the workers open their own


def _answer(endpoint: Endpoint, workers: int) -> None:
    """Run the workers until the line is told to stop."""
    # Granian warns of many Python threads; here they mostly wait, so the warning is left out
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.msg)
    Granian(
        "ivr.pages.app:create_local_app",
        factory=True,
        address=endpoint.address,
        port=endpoint.port,
        interface=Interfaces.WSGI,
        workers=workers,
        workers_kill_timeout=STOP_SECONDS,  # one that is told to stop while it starts would never notice
        respawn_failed_workers=True,
        blocking_threads=THREADS,
        backpressure=4 * THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=dict(logs.SERVER_LOGGING),
    ).serve()


def _endpoint(host: str, port: int, chosen: Settings) -> Endpoint:
    """Return the endpoint to listen at.

    Raises SettingError for an address that others can reach, when there is no token to check the carrier's signatures
    with, unless the settings allow unsigned requests.
    """
    address = address_of(host)
    if address in LOCAL or chosen.twilio_auth_tokens or chosen.unsigned:
        return free_endpoint(address, port)
    why = (
        f"requests count as this machine's own at {' and '.join(LOCAL)} only"
        if ip_address(address).is_loopback
        else f"{address} can be reached from elsewhere"
    )
    raise SettingError(
        f"TWILIO_AUTH_TOKEN: expected the carrier account's token, since {why}; found none (IVR_UNSIGNED=1 goes without)"
    )


def start_card(address: str, card: DemoCard | None) -> RenderableType:
    """Return a panel that says how to try the line and as which member; just the address when `card` is None."""
    if card is None:
        return Panel(f"The line answers at {address}. To call it: [bold]ivr dial --url {address}[/bold]", expand=False)
    table = Table.grid(padding=(0, 2))
    table.add_row("call", f"[bold]ivr dial --url {address}[/bold], in another terminal")
    table.add_row("be", card.name)
    table.add_row("member ID", f"{card.member_number}, then #")
    table.add_row("ZIP code", card.zip)
    for rx in card.prescriptions:
        table.add_row("prescription", f"{rx.rx_number}  {rx.drug_name} ({rx.kind.value.replace('_', ' ')})")
    table.add_row("test card", "4242424242424242 is approved, 4000000000000002 declined; any later expiry, any code")
    return Panel(table, title=f"The line answers at {address}", expand=False)


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
    sweeper, failed, more = Sweeper(build_line(chosen), retention, only_if_due=False), False, True
    while more:
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
