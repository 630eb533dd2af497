"""`ivr serve`: the line with workers of its own."""

from __future__ import annotations

import gc
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from ivr import logs
from ivr.cli.group import console, print_folders, settings
from ivr.cli.listening import LOCAL, Endpoint, address_of, kept_by_systemd, listen, taken_over
from ivr.cli.supervisor import Supervisor
from ivr.cli.worker import STOP_SECONDS, Worker
from ivr.errors import SettingError, UnreachableError
from ivr.line.actions import SPECS
from ivr.line.build import build_line
from ivr.line.sandbox_ledger import add_loaded
from ivr.line.service import Services
from ivr.line.versions import load, read_files
from ivr.pages.app import create_local_app, unsigned_means
from ivr.pharmacy.database import answering
from ivr.pharmacy.demo import DemoCard, demo_card, is_empty, load_demo
from ivr.settings import Settings
from ivr.simulator import carrier_rules

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_FILES = 4096
"""How many files and connections a process may have open, where the system lets it raise its own limit."""
INHERITED = "--inherited"
"""The option that a restarted line is given: its listening socket, then the process ids of the workers before it."""


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
@click.option(INHERITED, multiple=True, type=int, hidden=True)
def serve(host: str, port: int, workers: int, inherited: tuple[int, ...]) -> None:
    """Answer calls, with an embedded database and a demo pharmacy in it unless configured otherwise.

    TERM ends it when what is being answered has been; HUP restarts it with the program as it is installed then, and no
    call is lost meanwhile. Example: ivr serve --port 8080 --workers 2
    """
    chosen = settings()
    address = _address(host, chosen)
    endpoint = _inherited(inherited) or kept_by_systemd() or listen(address, port)
    logs.configure(sys.stderr)
    with endpoint.socket:
        _load(chosen)
        if not inherited and chosen.unsigned:
            click.echo(unsigned_means(chosen), err=True)
        card = _open(chosen)
        if not inherited:
            console().print(start_card(endpoint.url, card))
            print_folders(chosen)
        _allow_connections()
        gc.freeze()  # the workers share what is loaded, as long as nobody writes to it
        Supervisor(
            partial(_answer, endpoint),
            workers,
            _try_restart,
            partial(_restart, endpoint),
            endpoint.socket.close,
            earlier=inherited[1:],
            stop_seconds=STOP_SECONDS + 2,
        ).run()


def _inherited(inherited: Sequence[int]) -> Endpoint | None:
    """Return the endpoint that was left by the program before a restart, or None if there was none."""
    return taken_over(socket.socket(fileno=inherited[0])) if inherited else None


def _load(chosen: Settings) -> None:
    """Load flows and words, which the workers then have already; raise DefinitionError if they cannot be published."""
    if chosen.publish == "saved":
        load(read_files(chosen.flows, chosen.prompts), SPECS, carrier_rules.problems)


def _open(chosen: Settings) -> DemoCard | None:
    """Open the line for a moment, so that the workers have its version; return whom it can be called as.

    An empty embedded database gets the demo pharmacy, unless real cards are charged.
    """
    try:
        line = build_line(chosen, carrier_rules.problems)
        with answering(line.database):
            card = prepare_pharmacy(line)
    except UnreachableError as error:
        click.echo(f"{error}; meanwhile callers are asked to call again later", err=True)
        return None
    line.database.dispose()  # the workers open their own
    return card


def prepare_pharmacy(line: Services) -> DemoCard | None:
    """Load the demo pharmacy where that may be; return whom the line can be called as, None if nobody of the demo."""
    now = line.clock()
    empty = is_empty(line.database)
    if line.gateway.live:  # nobody is to be charged for a trial, and no test card is taken
        if empty:
            click.echo("The pharmacy has no members yet: ivr pharmacy load FOLDER")
        return None
    if empty and line.database.dialect.name == "sqlite":  # in a server's database the pharmacy loads its own members
        load_demo(line.database, line.today(now), timezone=line.timezone)
        add_loaded(line.database, line.clock)
    with line.database.connect() as connection:
        card = demo_card(connection, line.today(now), line.rules)
    if empty and card is None:
        click.echo("The pharmacy has no members yet: ivr pharmacy load FOLDER, or ivr pharmacy demo to try the line")
    return card


def _allow_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _answer(endpoint: Endpoint, ready: Callable[[], object]) -> None:
    worker = Worker(create_local_app(), endpoint.socket)
    ready()
    worker.run()


def _try_restart() -> bool:
    """Return whether the program as it is installed now would start; log why not."""
    tried = subprocess.run(
        [sys.executable, "-c", "from ivr.cli.serve import can_start; can_start()"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode:
        reason = (tried.stderr.strip().splitlines() or [f"its trial ended with {tried.returncode}"])[-1]
        logs.get_logger().error("restart_refused", reason=reason)
    return tried.returncode == 0


def _restart(endpoint: Endpoint, workers: Iterable[int]) -> None:
    """Become the program as it is installed now, with the same socket and the same process id.

    The workers go on until new ones are ready. Signals are blocked until the program that begins now has its handlers.
    """
    logs.get_logger().info("restarting")
    os.set_inheritable(endpoint.socket.fileno(), True)
    inherited = [str(number) for number in (endpoint.socket.fileno(), *workers)]
    os.execv(sys.executable, [*_command(), *(word for number in inherited for word in (INHERITED, number))])  # noqa: S606 - our own program


def _command() -> list[str]:
    """Return the words this process was started with, without what it inherited from an earlier restart."""
    words = [sys.executable, *sys.orig_argv[1:]]
    return words[: words.index(INHERITED)] if INHERITED in words else words


def can_start() -> None:
    """Try whether the program can be loaded and the settings be used; raise an IvrError if not."""
    _load(settings())


def _address(host: str, chosen: Settings) -> str:
    """Return the address to listen at.

    Raises SettingError for one that others can reach, when there is no token to check the carrier's signatures with,
    unless the settings allow unsigned requests.
    """
    address = address_of(host)
    if address in LOCAL or chosen.twilio_auth_tokens or chosen.unsigned:
        return address
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
    from rich.panel import Panel
    from rich.table import Table

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
