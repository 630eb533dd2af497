"""The commands. Each wires the parts for one job; a user's mistake is one clean line.

Exit codes: 0 done, 1 problems found, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from sqlalchemy.orm import Session

from ivr import logs
from ivr.errors import IvrError, SettingError
from ivr.line import fulfil
from ivr.line.actions import SPECS
from ivr.line.build import build_line
from ivr.line.sweep import sweep as sweep_line
from ivr.line.versions import load, read_files
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.pharmacy.demo import DemoCard, demo_card, is_empty, load_demo
from ivr.pharmacy.load import load_folder
from ivr.pharmacy.orders import OrderFacts, latest_orders
from ivr.pharmacy.payments import payment_for
from ivr.phone import terminal
from ivr.settings import Settings, load_settings

WIDE = 200
LOOPBACK = ("127.0.0.1", "localhost", "::1")
THREADS = 16
"""Turns answered at once by one worker; more wait their turn."""


class Commands(click.Group):
    """Turns what a user can mend into one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except IvrError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@click.group(cls=Commands)
@click.version_option(package_name="ivr")
def main() -> None:
    """Run a telephone refill line: `ivr serve`, then `ivr dial`."""


def settings() -> Settings:
    """Read the settings from the environment."""
    return load_settings(os.environ)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer calls."
)
def serve(host: str, port: int, workers: int) -> None:
    """Answer calls: the line, with an embedded database and a demo pharmacy unless told otherwise.

    Example: ivr serve --port 8080
    """
    chosen = settings()
    if host not in LOOPBACK and not chosen.twilio_auth_tokens and not chosen.unsigned:
        raise SettingError(
            f"TWILIO_AUTH_TOKEN: expected the carrier account's token, since {host} can be reached from elsewhere; "
            "found none (IVR_UNSIGNED=1 goes without)"
        )
    logs.configure(sys.stderr)
    line = build_line(chosen)
    now = line.clock()
    if is_empty(line.database):
        load_demo(line.database, line.today(now))
    with Session(line.database) as session:
        card = demo_card(session, line.today(now), line.rules)
    Console().print(start_card(f"http://{host}:{port}", card))
    line.database.dispose()  # the workers open their own
    Granian(
        "ivr.web.app:create_local_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=4 * THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=dict(logs.SERVER_LOGGING),
    ).serve()


def start_card(address: str, card: DemoCard | None) -> RenderableType:
    """Return the card that says how to try the line, and as whom."""
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


@main.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The line to call.")
@click.option("--from", "from_number", default="+15105550123", show_default=True, help="Your number, or anonymous.")
@click.option("--to", "to_number", default="+18002457979", show_default=True, help="The number you call.")
@click.option("--speak", is_flag=True, help="Speak the words with espeak-ng.")
def dial(url: str, from_number: str, to_number: str, speak: bool) -> None:
    """Call a line from this terminal: keys 0-9 * #, h hangs up; from a pipe, a comma is a silence.

    Requests are signed when TWILIO_AUTH_TOKEN is set. Example: ivr dial --url https://line.example
    """
    tokens = settings().twilio_auth_tokens
    token = tokens[0] if tokens else None
    sys.exit(terminal.dial(url, from_number, to_number, token, speak, sys.stdin, sys.stdout))


@main.command()
def check() -> None:
    """Check flows and prompts: every problem at once, as file:line:column.

    Example: ivr check
    """
    chosen = settings()
    version = load(read_files(chosen.flows, chosen.prompts), SPECS)
    flows, prompts = version.flows.flows, version.catalogues
    states = sum(len(flow.states) for flow in flows.values())
    languages = " and ".join(prompts.languages)
    click.echo(f"{len(flows)} flows, {states} states, {len(prompts.names)} prompts in {languages}: no problems")


@main.command()
def sweep() -> None:
    """Finish what calls left behind: payments, unpaid orders, orders whose day has come, old records.

    Example, every minute from cron: ivr sweep
    """
    logs.configure(sys.stderr)
    chosen = settings()
    done = sweep_line(build_line(chosen), timedelta(days=chosen.retention_days))
    click.echo(f"{done.started} scheduled orders started, {done.settled} orders settled, {done.cancelled} cancelled")


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables up to date.

    Example: DATABASE_URL=postgresql://ivr@db/pharmacy ivr db upgrade
    """
    upgrade(open_database(settings().database_url))
    click.echo("the database is up to date")


@main.group()
def pharmacy() -> None:
    """Load the shared pharmacy, and see its orders through."""


@pharmacy.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def pharmacy_load(folder: Path) -> None:
    """Load one CSV file a table from FOLDER; a bad row is named, and then nothing is loaded.

    Example: ivr pharmacy load ivr/pharmacy/demo
    """
    chosen = settings()
    today = chosen.clock()().astimezone(chosen.timezone).date()
    for table, rows in load_folder(open_database(chosen.database_url), folder, today).items():
        click.echo(f"{table}: {rows} rows")


@pharmacy.command("orders")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
def pharmacy_orders(most: int) -> None:
    """Show the latest orders.

    Example: ivr pharmacy orders --most 5
    """
    database = open_database(settings().database_url)
    table = Table(
        "order", "member", "by", "status", "prescriptions", "total", "placed", "ships", "expected by", "payment"
    )
    with answering(database), Session(database) as session:
        for order in latest_orders(session, most):
            table.add_row(*order_row(session, order))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def order_row(session: Session, order: OrderFacts) -> tuple[str, ...]:
    """Return an order as it is shown to staff."""
    payment = payment_for(session, order.id)
    return (
        order.order_number,
        str(order.member_id),
        order.channel,
        order.status + (f" ({order.held_reason})" if order.held_reason else ""),
        ", ".join(f"{line.rx_number} {line.days_supply} days" for line in order.lines),
        f"${order.total_cents / 100:.2f}",
        f"{order.placed_at:%Y-%m-%d %H:%M} UTC",
        str(order.ship_on or ""),
        str(order.expected_by or ""),
        f"{payment.status} {payment.brand} {payment.last4}" if payment else "",
    )


@pharmacy.command("ship")
@click.argument("order")
@click.option("--tracking", help="The parcel's tracking number.")
def pharmacy_ship(order: str, tracking: str | None) -> None:
    """Ship ORDER: capture its payment, close its lines, count its fills.

    Example: ivr pharmacy ship 12345674 --tracking 9400100000000000000000
    """
    tell(fulfil.ship(build_line(settings()), order, tracking))


@pharmacy.command("cancel")
@click.argument("order")
def pharmacy_cancel(order: str) -> None:
    """Cancel ORDER: its refills are given back, its payment voided.

    Example: ivr pharmacy cancel 12345674
    """
    tell(fulfil.cancel(build_line(settings()), order))


def tell(outcome: fulfil.Outcome) -> None:
    """Say what became of a wish; exit 1 when it was not done."""
    click.echo(outcome.words, err=not outcome.done)
    sys.exit(0 if outcome.done else 1)
