"""`ivr pharmacy`: commands for the pharmacy's staff, to load the shared database and to handle orders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import click
from rich.table import Table
from sqlalchemy import Connection, Engine

from ivr.cli.group import console, settings
from ivr.cli.words import languages_of, load_words
from ivr.errors import DataError, SettingError
from ivr.line.build import build_line, secret_keys
from ivr.line.digests import open_digest
from ivr.line.sandbox_ledger import add_loaded
from ivr.line.trials import forget_members
from ivr.orders.cancel import cancel
from ivr.orders.desk import Desk, Outcome
from ivr.orders.events import causes_of_hold
from ivr.orders.find import FilledOrder, OrderFacts, filled_orders, latest_orders
from ivr.orders.hold import release
from ivr.orders.payments import PaymentFacts, payment_for
from ivr.orders.ship import ship
from ivr.payment.vault import Vault
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.call_backs import finish_call_back, wanted_calls
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.pharmacy.demo import DEMO_FOLDER, has_others, load_demo
from ivr.pharmacy.load import load_folder
from ivr.pharmacy.members import member_number, members_for_tests
from ivr.pharmacy.prescriptions import labels
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import HeldReason, OrderStatus
from ivr.pharmacy.transfers import waiting_transfers
from ivr.pharmacy.trials import reset_test_members
from ivr.prompts import Catalogue
from ivr.settings import Settings


@click.group()
def pharmacy() -> None:
    """Load the shared pharmacy, and see its orders through."""


@pharmacy.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def pharmacy_load(folder: Path) -> None:
    """Load one CSV file a table from FOLDER; a bad row is named, and then nothing is loaded.

    Refills of open orders stay taken; an order that the files count as filled is listed, to be shipped.
    Example: ivr pharmacy load ivr/pharmacy/demo
    """
    chosen = settings()
    database = open_database(chosen.database_url)
    counts = load_folder(database, folder, _today(chosen), timezone=chosen.timezone)
    add_loaded(database, chosen.clock())
    print_load(database, counts)


@pharmacy.command("demo")
def pharmacy_demo() -> None:
    """Load the demo pharmacy, to try the line; never beside members of your own.

    Example: DATABASE_URL=postgresql://ivr@db/trial ivr pharmacy demo
    """
    chosen = settings()
    if chosen.live_processor:
        raise SettingError("STRIPE_API_KEY: expected a test key for the demo pharmacy, found one that moves real money")
    database = open_database(chosen.database_url)
    upgrade(database)
    if has_others(database):
        raise DataError(
            "the demo pharmacy was not loaded: the database has members of its own, whom it would stand beside"
        )
    counts = load_demo(database, _today(chosen), timezone=chosen.timezone)
    add_loaded(database, chosen.clock())
    print_load(database, counts)


@pharmacy.command("reset")
@click.option(
    "--test", "tests", is_flag=True, required=True, help="Reset the members for test calls; no others can be reset."
)
@click.argument("folder", default=DEMO_FOLDER, type=click.Path(exists=True, file_okay=False, path_type=Path))
def pharmacy_reset(tests: bool, folder: Path) -> None:  # noqa: ARG001 - a required flag, so that nobody resets unawares
    """Reset the test members to what the CSV files in FOLDER say, by default those of the demo pharmacy.

    Their orders, payments, cards, addresses and locks go, and dates count from today.
    Members without `test` are not touched.
    Example: ivr pharmacy reset --test
    """
    chosen = settings()
    database = open_database(chosen.database_url)
    upgrade(database)
    digest = open_digest(database, Vault(secret_keys(chosen)), chosen.clock()())
    ids = reset_test_members(database, folder, _today(chosen))
    with answering(database), database.begin() as connection:
        numbers = [number for number, member_id in members_for_tests(connection).items() if member_id in ids]
        forget_members(connection, digest, ids, numbers)
    click.echo(f"{len(ids)} test members are as {folder} says")


def _today(chosen: Settings) -> date:
    return chosen.clock()().astimezone(chosen.timezone).date()


def print_load(database: Engine, counts: Mapping[str, int]) -> None:
    """Print how many rows were loaded into each table, and which orders staff have to ship now."""
    for table, rows in counts.items():
        click.echo(f"{table}: {rows} rows")
    with answering(database), database.connect() as connection:
        for order in filled_orders(connection):
            click.echo(to_ship(order))


def to_ship(order: FilledOrder) -> str:
    """Return a line on an order that staff have to ship, because the pharmacy's own file counts it as filled."""
    part = "" if order.filled == order.lines else f"{order.filled} of {order.lines} prescriptions of "
    first = "" if order.status is OrderStatus.PLACED else f"it is {order.status}, and once it is placed: "
    return f"to be shipped: {part}order {order.order_number}, filled by the file; {first}ivr pharmacy ship {order.order_number}"


@pharmacy.command("labels")
@click.option("--language", "languages", multiple=True, help="In this language; may be given again. [default: all]")
def pharmacy_labels(languages: tuple[str, ...]) -> None:
    """List the medicine labels that are not understood, and so are spoken as they stand.

    The most frequent comes first, with its number of prescriptions.
    Example: ivr pharmacy labels --language es
    """
    chosen = settings()
    catalogues = load_words(chosen.prompts)
    database = open_database(chosen.database_url)
    with answering(database), database.connect() as connection:
        all_labels = labels(connection)
    spoken = languages_of(catalogues, languages or catalogues.languages)
    unknown = {
        (label, number): unknown_in for label, number in all_labels if (unknown_in := _not_understood(label, spoken))
    }
    for (label, number), where in unknown.items():
        click.echo(f"{number:8,}  {', '.join(where)}  {label}")
    click.echo(f"{len(unknown)} of {len(all_labels)} labels are not understood")
    sys.exit(1 if unknown else 0)


def _not_understood(label: str, catalogues: Iterable[Catalogue]) -> list[str]:
    """Return the languages in which a label is not understood, and so spoken as it stands."""
    return [
        catalogue.language
        for catalogue in catalogues
        if catalogue.medicines is None or catalogue.medicines.phrase(label) is None
    ]


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
    with answering(database), database.connect() as connection:
        for order in latest_orders(connection, most):
            table.add_row(*order_row(connection, order))
    console().print(table)


def order_row(connection: Connection, order: OrderFacts) -> tuple[str, ...]:
    """Return an order as a row of the table that `ivr pharmacy orders` shows."""
    payment = payment_for(connection, order.id)
    return (
        order.order_number,
        member_number(connection, order.member_id),
        order.channel,
        order.status + (f" ({held_for(connection, order)})" if order.held_reason else ""),
        ", ".join(f"{line.rx_number} {line.days_supply} days" for line in order.lines),
        f"${order.total_cents / 100:.2f}",
        f"{order.placed_at:%Y-%m-%d %H:%M} UTC",
        str(order.ship_on or ""),
        str(order.expected_by or ""),
        _payment_words(payment) if payment else "",
    )


def _payment_words(payment: PaymentFacts) -> str:
    reason = f" ({payment.decline_reason})" if payment.decline_reason else ""
    return f"{payment.status} {payment.brand} {payment.last4}{reason}"


def held_for(connection: Connection, order: OrderFacts) -> str:
    """Return why an order is held, for the rules with the causes that the line found on its ship day."""
    causes = causes_of_hold(connection, order.id) if order.held_reason is HeldReason.RULES else ()
    return ": ".join(filter(None, (order.held_reason, ", ".join(cause.removeprefix("rules_") for cause in causes))))


@pharmacy.command("transfers")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
def pharmacy_transfers(most: int) -> None:
    """Show the transfers that wait for staff, the longest waiting first.

    One that was asked for by telephone has no medicine until staff load it with the same telephone number, number there
    and day.
    Example: ivr pharmacy transfers --most 5
    """
    database, days = open_database(settings().database_url), Rules().transfer_business_days
    table = Table("member", "asked for", "due by", "telephone", "number there", "pharmacy", "medicine")
    with answering(database), database.connect() as connection:
        for transfer in waiting_transfers(connection, most):
            table.add_row(
                transfer.member_number,
                str(transfer.requested_on),
                str(arrival(transfer.requested_on, days)),
                transfer.from_phone or "",
                transfer.from_rx_number or "",
                transfer.from_pharmacy or "",
                transfer.drug_name or "",
            )
    console().print(table)


@pharmacy.command("ship")
@click.argument("order")
@click.option("--tracking", help="The parcel's tracking number.")
def pharmacy_ship(order: str, tracking: str | None) -> None:
    """Ship ORDER: capture its payment, close its lines, count its fills.

    Example: ivr pharmacy ship 12345674 --tracking 9400100000000000000000
    """
    do_and_report(lambda desk: ship(desk, order, tracking))


@pharmacy.command("cancel")
@click.argument("order")
@click.option("--reason", help="Why, in a few words for the order's row.")
def pharmacy_cancel(order: str, reason: str | None) -> None:
    """Cancel ORDER: its refills are given back, its payment voided; the member is told on the next call.

    Example: ivr pharmacy cancel 12345674 --reason "asked for by letter"
    """
    do_and_report(lambda desk: cancel(desk, order, reason))


@pharmacy.command("release")
@click.argument("order")
@click.option("--payment-reference", help="An unknown payment was made: what the processor calls it.")
@click.option("--never-charged", is_flag=True, help="An unknown payment was never made: charge the card now.")
def pharmacy_release(order: str, payment_reference: str | None, never_charged: bool) -> None:
    """Release ORDER, which is held: its address counts as checked then, and its card is charged.

    If nobody knows what became of its payment, look at the card processor first and say what it shows.

    Example: ivr pharmacy release 12345674
    """
    if payment_reference and never_charged:
        raise click.UsageError("--payment-reference and --never-charged cannot both be true")
    do_and_report(lambda desk: release(desk, order, payment_reference=payment_reference, never_charged=never_charged))


@pharmacy.group("call-backs", invoke_without_command=True)
@click.pass_context
def pharmacy_call_backs(context: click.Context) -> None:
    """List the calls that callers wait for, those to be made first before the others; times are the pharmacy's.

    Example: ivr pharmacy call-backs
    """
    if context.invoked_subcommand is not None:
        return
    chosen = settings()
    database = open_database(chosen.database_url)
    upgrade(database)
    table = Table("id", "call", "best from", "until", "language", "member", "at", "asked")
    with answering(database), database.connect() as connection:
        for call in wanted_calls(connection):
            best, until, asked = (
                f"{at.astimezone(chosen.timezone):%a %Y-%m-%d %H:%M}"
                for at in (call.best_from, call.best_to, call.asked_at)
            )
            table.add_row(
                *(str(call.id), call.phone, best, until, call.language, call.member_number or "", call.reason, asked)
            )
    console().print(table)


@pharmacy_call_backs.command("done")
@click.argument("number", metavar="ID", type=int)
def pharmacy_call_backs_done(number: int) -> None:
    """Note that somebody has called back, by the ID in the list.

    Example: ivr pharmacy call-backs done 12
    """
    database = open_database(settings().database_url)
    upgrade(database)
    with answering(database), database.begin() as connection:
        if not finish_call_back(connection, number):
            raise DataError(f"no call-back {number} is asked for")
    click.echo(f"call-back {number} is done")


def do_and_report(step: Callable[[Desk], Outcome]) -> None:
    """Take a step of an order's life and print its outcome; exit with 1 when it was not done."""
    desk = build_line(settings()).desk
    with answering(desk.database):
        outcome = step(desk)
    click.echo(outcome.words, err=not outcome.done)
    sys.exit(0 if outcome.done else 1)
