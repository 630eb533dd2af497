"""Commands for published versions of flows and prompts: list, compare, publish and roll back."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from sqlalchemy import Engine

from ivr.cli.group import console, is_confirmed, print_folders, settings
from ivr.clock import system_clock
from ivr.errors import IvrError
from ivr.flow.changes import changes
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.build import build_line, folders
from ivr.line.publications import Calls, Publication
from ivr.line.publishing import origin, roll_back, taken_back, whoami
from ivr.line.versions import Version, load, read_files, rebuild
from ivr.line.workers import worker_statuses
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.settings import Settings
from ivr.simulator import carrier_rules

IN_FOLDERS = "files"
"""The name, in place of a version's, of the flows and prompts in the folders."""


@click.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to list.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files of OLD, or of what is published now, into this folder, which must be new or empty.",
)
def versions(old: str | None, new: str | None, most: int, out: Path | None) -> None:
    """List what was published when and by whom, and what each worker answers with; or what changed from OLD to NEW.

    A version is named by its first letters and digits; "files" means the flows and prompts in the folders. Without NEW,
    OLD is compared with what is published now. Example: ivr versions 3f2a files
    """
    chosen = settings()
    database = open_upgraded(chosen)
    if out is not None:
        write_files(database, full_name(database, old) if old else newest_publication(database).hash, out)
        return
    if old is None:
        list_versions(chosen, database, most)
        list_workers(chosen, database)
        return
    before, after = (version_named(chosen, database, name) for name in (old, new or newest_publication(database).hash))
    lines = changes(before, after)
    click.echo("\n".join(lines) if lines else "nothing a caller could notice changed")
    if IN_FOLDERS in (old, new):
        print_folders(chosen)


def list_versions(chosen: Settings, database: Engine, most: int) -> None:
    """Print the publications, newest first; the first one answers new calls."""
    with answering(database), database.connect() as connection:
        history = publications.history(connection, most)
        calls = publications.calls(connection, chosen.clock()())
    if not history:
        click.echo("nothing was published yet; ivr serve publishes what lies in the folders")
        return
    table = Table("version", "published", "by", "how", "calls in progress", "calls in all")
    for publication in history:
        count = calls.get(publication.hash, Calls())
        moment = publication.at.astimezone(chosen.timezone)
        table.add_row(
            publication.hash + (" (now)" if publication is history[0] else ""),
            f"{moment:%Y-%m-%d %H:%M:%S}",
            publication.by,
            publication.how,
            str(count.in_progress),
            str(count.all),
        )
    console().print(table)
    if history[0].passes_over:
        click.echo(f"since the rollback, {history[0].passes_over} in the folders is passed over until it changes")


def list_workers(chosen: Settings, database: Engine) -> None:
    """Print what each worker answers new calls with, and why where that is not what was published last."""
    with answering(database), database.connect() as connection:
        newest = publications.latest(connection)
        statuses = worker_statuses(connection, system_clock())
    if not statuses:
        click.echo("no worker is running")
        return
    table = Table("host", "process", "release", "answers with", "since", "why not with the newest")
    for status in statuses:
        is_published = newest is not None and status.version == newest.hash
        table.add_row(
            status.host,
            str(status.pid),
            status.release,
            status.version,
            f"{status.since.astimezone(chosen.timezone):%Y-%m-%d %H:%M:%S}",
            "" if is_published else status.problem or "it has not looked yet",
        )
    console().print(table)


def write_files(database: Engine, version_hash: str, out: Path) -> None:
    """Write a version's files into the folders flows and prompts of `out`. Raises IvrError if `out` is not empty."""
    with answering(database), database.connect() as connection:
        files = publications.stored(connection, version_hash)
    if files is None:
        raise IvrError(f"the files of {version_hash} are not in the database")
    if out.is_dir() and any(out.iterdir()):
        raise IvrError(f"{out}: expected a new or empty folder; there are files in it")
    for folder, texts in (("flows", files.flows), ("prompts", files.prompts)):
        for name, text in texts.items():
            path = out / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    click.echo(f"the files of {version_hash} are in {out}; recordings are not, they lie in prompts alone")


@click.command()
@click.option("--yes", is_flag=True, help="Publish without asking, as a script does.")
def publish(yes: bool) -> None:
    """Publish the flows and prompts in the folders for new calls, after showing what changes.

    Calls in progress keep their version.

    Example: ivr publish
    """
    chosen = settings()
    version = load(read_files(chosen.flows, chosen.prompts), SPECS, carrier_rules.problems)
    database = open_upgraded(chosen)
    with answering(database), database.connect() as connection:
        over = publications.latest(connection)
    if over and over.hash == version.hash:
        click.echo(f"nothing to publish: {version.hash} in the folders is what callers hear")
        return
    for line in (*what_it_takes_back(chosen, database, version), *what_changes(chosen, database, over, version)):
        click.echo(line)
    if not yes and not is_confirmed("Publish it?", "publishes"):
        raise IvrError("not published")
    publication = Publication(version.hash, chosen.clock()(), whoami(), "publish", origin=origin(folders(chosen)))
    with answering(database), database.begin() as connection:
        was_published = publications.replace(connection, version.files, publication, over.id if over else 0)
        newest = publications.latest(connection)
    if not was_published and newest:
        raise IvrError(f"not published: {newest.by} published {newest.hash} meanwhile; look again at what changes")
    place = f", in the place of {over.hash}; calls in progress keep their version" if over else ""
    click.echo(f"{version.hash} answers new calls now{place}")


def what_changes(chosen: Settings, database: Engine, over: Publication | None, version: Version) -> list[str]:
    """Return lines on what publishing a version changes; `over` is the publication that it replaces, None if none."""
    if over is None:
        return [f"nothing was published yet; {version.hash} is the first version"]
    try:
        before = version_named(chosen, database, over.hash)
    except IvrError as error:
        return [f"what changes cannot be told: {error}"]
    lines = changes(before, version) or ["nothing a caller could notice"]
    return [f"{version.hash} in the folders changes, from {over.hash}:", *(f"  {line}" for line in lines)]


def what_it_takes_back(chosen: Settings, database: Engine, version: Version) -> list[str]:
    """Return lines that warn of what publishing a version takes back; none if it takes back nothing."""
    with answering(database), database.connect() as connection:
        found = taken_back(connection, folders(chosen), version.hash)
    lines = []
    if found and found.is_from_elsewhere:
        lines.append(f"{found.published.by} published {found.published.hash} from {found.published.origin}")
        lines.append(f"you would publish from {origin(folders(chosen))}")
    if found and found.earlier:
        moment = found.earlier.at.astimezone(chosen.timezone)
        lines.append(f"{version.hash} was published on {moment:%Y-%m-%d %H:%M:%S}, and taken back or replaced since")
    return lines


@click.command()
@click.argument("version")
def rollback(version: str) -> None:
    """Let an earlier VERSION answer new calls again; calls in progress keep theirs.

    What lies in the folders is passed over until a file there changes. Example: ivr rollback 3f2a
    """
    chosen = settings()
    line = build_line(chosen, carrier_rules.problems)
    now = newest_publication(line.database)
    name = full_name(line.database, version)
    if name == now.hash:
        raise IvrError(f"{name} answers new calls already")
    roll_back(line, folders(chosen), name)
    click.echo(f"{name} answers new calls now, in the place of {now.hash}; calls in progress keep their version")
    for change in changes(version_named(chosen, line.database, now.hash), version_named(chosen, line.database, name)):
        click.echo(f"  {change}")


def open_upgraded(chosen: Settings) -> Engine:
    """Open the database, and bring its tables up to date."""
    database = open_database(chosen.database_url)
    upgrade(database)
    return database


def newest_publication(database: Engine) -> Publication:
    """Return the publication that answers new calls. Raises IvrError when nothing was published yet."""
    with answering(database), database.connect() as connection:
        newest = publications.latest(connection)
    if newest is None:
        raise IvrError("nothing was published yet")
    return newest


def full_name(database: Engine, name: str) -> str:
    """Return the full hash of a version named by its beginning. Raises IvrError when none or several begin so."""
    with answering(database), database.connect() as connection:
        names = publications.named(connection, name)
    if len(names) != 1:
        meant = f"{name} may be {' or '.join(names)}" if names else f'there is no version "{name}"'
        raise IvrError(f"{meant}; ivr versions lists them")
    return names[0]


def version_named(chosen: Settings, database: Engine, name: str) -> Version:
    """Return the version of that name, or what is in the folders. Raises IvrError when it cannot be read."""
    if name == IN_FOLDERS:
        return load(read_files(chosen.flows, chosen.prompts), SPECS)
    full = full_name(database, name)
    with answering(database), database.connect() as connection:
        files = publications.stored(connection, full)
    version = rebuild(files) if files else None
    if version is None:
        raise IvrError(f"{full} cannot be read by this release of the program")
    return version
