"""`ivr init`: gives those who edit flows and prompts a copy of what came with the program."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import click

from ivr.errors import IvrError
from ivr.settings import installed_folder


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Copy the flows and prompts that came with the program into FOLDER, to be edited there.

    What lies there already is left alone. Every command that is run in FOLDER then takes the copies.

    Example: ivr init refill-line
    """
    targets = {name: folder / name for name in ("flows", "prompts")}
    for target in targets.values():
        if target.exists() or target.is_symlink():
            raise IvrError(f"{target} is there already, so nothing was copied: choose another folder, or move it away")
    for name, target in targets.items():
        click.echo(f"{target}: {_copied(installed_folder(name), target)} files")
    there = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"Edit them, then: {there}ivr check && ivr serve")


def _copied(source: Path, target: Path) -> int:
    """Copy all files below a folder, but not their modes: installed ones may be read-only. Return how many they are."""
    files = [path for path in source.rglob("*") if path.is_file()]
    try:
        for file in files:
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    except OSError as error:
        raise IvrError(f"{target} could not be written: {error.strerror}") from None
    return len(files)
