"""`ivr hand-overs`: the notes for whoever takes a call over."""

from __future__ import annotations

import click
from rich.table import Table

from ivr.cli.group import console, settings
from ivr.errors import DataError
from ivr.line.hand_over import mark_seen, newest
from ivr.pharmacy.database import answering, open_database, upgrade


@click.command()
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
@click.option(
    "--seen-by", type=(str, int), metavar="NAME ID", help="Note that somebody has seen the note with this ID."
)
def hand_overs(most: int, seen_by: tuple[str, int] | None) -> None:
    """List the calls that wanted a person, the newest first: who called, where the call got stuck, and why.

    Times are the pharmacy's. A note goes with the journal of its call.
    Example: ivr hand-overs --seen-by Ana 12
    """
    chosen = settings()
    database = open_database(chosen.database_url)
    upgrade(database)
    if seen_by is not None:
        name, note = seen_by
        with answering(database), database.begin() as connection:
            if not mark_seen(connection, note, name, chosen.clock()()):
                raise DataError(f"there is no note {note}")
        click.echo(f"note {note} was seen by {name}")
        return
    table = Table("id", "noted", "member", "at", "why", "order", "seen by", "call")
    with answering(database), database.connect() as connection:
        for note_row in newest(connection, most):
            table.add_row(
                str(note_row.id),
                f"{note_row.noted_at.astimezone(chosen.timezone):%a %Y-%m-%d %H:%M}",
                *(note_row.member_number or "", note_row.state, note_row.reason, note_row.order_number or ""),
                *(note_row.seen_by or "", note_row.call_sid),
            )
    console().print(table)
