"""`ivr streets`: commands for the street directory, in which callers find their street by a few of its letters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ivr.cli.group import console, settings
from ivr.pharmacy.database import open_database
from ivr.pharmacy.street_load import load_streets
from ivr.pharmacy.street_rows import READERS, BadRow, StreetRow, join_nearby, write_csv

MOST_SHOWN = 20
"""How many bad rows are printed; further ones are only counted."""

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FORMATS = click.Choice(sorted(READERS))


class BadRows:
    """Counts bad rows and prints the first of them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, path: Path, row: BadRow) -> None:
        """Count a bad row, and print it if it is among the first."""
        self.count += 1
        if self.count <= MOST_SHOWN:
            click.echo(f"{path.name}:{row.line}: {row.reason}", err=True)

    def print_count(self) -> None:
        """Print how many bad rows there were, if any."""
        if self.count:
            click.echo(f"{self.count} bad rows left out", err=True)


@click.group()
def streets() -> None:
    """Fill the street directory."""


@streets.command("load")
@click.argument("file", type=FILE)
@click.option("--from", "source", type=FORMATS, default="csv", show_default=True, help="The format of FILE.")
@click.option("--encoding", default="", help="The file's encoding, if it is not UTF-8.")
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of stopping at the first.")
def streets_load(file: Path, source: str, encoding: str, skip_bad: bool) -> None:
    """Load the streets of FILE; a load that was cut short goes on where it stopped.

    A CSV file needs the columns zip and street, and may have city, state, low and high (house numbers), and
    urbanization (Puerto Rico).

    Example: ivr streets load streets.csv
    """
    database, bad = open_database(settings().database_url), BadRows()
    rows = READERS[source](file, encoding)
    with _progress() as bar:
        task = bar.add_task(file.name, total=_rows_about(file))
        loaded = load_streets(
            database,
            file,
            rows,
            (lambda row: bad(file, row)) if skip_bad else None,
            lambda done: bar.update(task, completed=done),
        )
        bar.update(task, total=loaded.rows)
    bad.print_count()
    begun = f", {loaded.resumed} of them by an earlier run" if loaded.resumed else ""
    click.echo(f"{file.name}: {loaded.rows - loaded.bad} rows loaded{begun}")


@streets.command("convert")
@click.argument("source", type=click.Choice(sorted(set(READERS) - {"csv"})))
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--encoding", default="", help="The files' encoding, if it is not UTF-8.")
def streets_convert(source: str, files: tuple[Path, ...], encoding: str) -> None:
    """Write FILES of a public SOURCE as one CSV of streets, to standard output; bad rows are left out and counted.

    Example: ivr streets convert tiger tl_2024_06001_addrfeat.zip > streets.csv
    """
    bad = BadRows()

    def good() -> Iterator[StreetRow]:
        for file in files:
            for row in READERS[source](file, encoding):
                if isinstance(row, StreetRow):
                    yield row
                else:
                    bad(file, row)

    count = write_csv(join_nearby(good()), sys.stdout)
    bad.print_count()
    click.echo(f"{count} rows written", err=True)
    sys.exit(0 if count else 1)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console(), disable=not sys.stdout.isatty())


def _rows_about(file: Path) -> int | None:
    """Estimate the number of rows of a file from the length of its first lines; None for .zip and .dbf files."""
    with file.open("rb") as opened:
        sample = opened.read(1 << 16)
    lines = sample.count(b"\n")
    return file.stat().st_size * lines // len(sample) if lines and file.suffix.lower() not in (".zip", ".dbf") else None
