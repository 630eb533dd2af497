"""Commands for what is published: publish it, list it, compare it, take it back."""

from __future__ import annotations

import sys

import click
from rich.table import Table
from sqlalchemy import Engine

from ivr.cli.group import console, settings, tell_folders
from ivr.errors import IvrError
from ivr.flow.changes import changes
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.build import build_line, folders
from ivr.line.publications import Calls, Publication
from ivr.line.publishing import roll_back, whoami
from ivr.line.versions import Version, load, read_files, rebuild
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.settings import Settings
from ivr.simulator import carrier_rules

IN_FOLDERS = "files"
"""What lies in the folders, named like a version."""


@click.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to list.")
def versions(old: str | None, new: str | None, most: int) -> None:
    """List what was published when and by whom, or tell what changed from OLD to NEW.

    A version is named by its first letters and digits; "files" is what lies in the folders. NEW is what is published
    now when it is left out. Example: ivr versions 3f2a files
    """
    chosen = settings()
    database = opened(chosen)
    if old is None:
        list_versions(chosen, database, most)
        return
    before, after = (found(chosen, database, name) for name in (old, new or published(database).hash))
    lines = changes(before, after)
    click.echo("\n".join(lines) if lines else "nothing a caller could notice changed")
    if IN_FOLDERS in (old, new):
        tell_folders(chosen)


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


@click.command()
@click.option("--yes", is_flag=True, help="Publish without asking, as a script does.")
def publish(yes: bool) -> None:
    """Let what lies in the folders answer new calls, once it is told what that changes; calls in progress keep theirs.

    Example: ivr publish
    """
    chosen = settings()
    version = load(read_files(chosen.flows, chosen.prompts), SPECS, carrier_rules.problems)
    database = opened(chosen)
    with answering(database), database.connect() as connection:
        over = publications.latest(connection)
    if over and over.hash == version.hash:
        click.echo(f"nothing to publish: {version.hash} in the folders is what callers hear")
        return
    for line in told(chosen, database, over, version):
        click.echo(line)
    if not yes and not agreed():
        raise IvrError("not published")
    publication = Publication(version.hash, chosen.clock()(), whoami(), "publish")
    with answering(database), database.begin() as connection:
        is_done = publications.replace(connection, version.files, publication, over.id if over else 0)
        newest = publications.latest(connection)
    if not is_done and newest:
        raise IvrError(f"not published: {newest.by} published {newest.hash} meanwhile; look again at what changes")
    place = f", in the place of {over.hash}; calls in progress keep their version" if over else ""
    click.echo(f"{version.hash} answers new calls now{place}")


def told(chosen: Settings, database: Engine, over: Publication | None, version: Version) -> list[str]:
    """Return in words what publishing a version changes."""
    if over is None:
        return [f"nothing was published yet; {version.hash} is the first version"]
    try:
        before = found(chosen, database, over.hash)
    except IvrError as error:
        return [f"what changes cannot be told: {error}"]
    lines = changes(before, version) or ["nothing a caller could notice"]
    return [f"{version.hash} in the folders changes, from {over.hash}:", *(f"  {line}" for line in lines)]


def agreed() -> bool:
    """Ask for a yes; where nobody can answer, say how to go without."""
    try:
        return click.confirm("Publish it?")
    except click.Abort:
        click.echo("")
        if sys.stdin.isatty():
            return False
        raise click.UsageError("nobody is here to say yes; --yes publishes without asking") from None


@click.command()
@click.argument("version")
def rollback(version: str) -> None:
    """Let an earlier VERSION answer new calls again; calls in progress keep theirs.

    What lies in the folders is passed over until a file there changes. Example: ivr rollback 3f2a
    """
    chosen = settings()
    line = build_line(chosen, carrier_rules.problems)
    now = published(line.database)
    name = full_name(line.database, version)
    if name == now.hash:
        raise IvrError(f"{name} answers new calls already")
    roll_back(line, folders(chosen), name)
    click.echo(f"{name} answers new calls now, in the place of {now.hash}; calls in progress keep their version")
    for change in changes(found(chosen, line.database, now.hash), found(chosen, line.database, name)):
        click.echo(f"  {change}")


def opened(chosen: Settings) -> Engine:
    """Return the database, up to date."""
    database = open_database(chosen.database_url)
    upgrade(database)
    return database


def published(database: Engine) -> Publication:
    """Return what answers new calls."""
    with answering(database), database.connect() as connection:
        newest = publications.latest(connection)
    if newest is None:
        raise IvrError("nothing was published yet")
    return newest


def full_name(database: Engine, name: str) -> str:
    """Return the hash of the one version that is meant."""
    with answering(database), database.connect() as connection:
        names = publications.named(connection, name)
    if len(names) != 1:
        meant = f"{name} may be {' or '.join(names)}" if names else f'there is no version "{name}"'
        raise IvrError(f"{meant}; ivr versions lists them")
    return names[0]


def found(chosen: Settings, database: Engine, name: str) -> Version:
    """Return a version to compare."""
    if name == IN_FOLDERS:
        return load(read_files(chosen.flows, chosen.prompts), SPECS)
    full = full_name(database, name)
    with answering(database), database.connect() as connection:
        files = publications.stored(connection, full)
    version = rebuild(files) if files else None
    if version is None:
        raise IvrError(f"{full} cannot be read by this release of the program")
    return version
