"""The group all commands belong to, and what every one of them needs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivr.errors import IvrError
from ivr.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns of a table that is piped into a file."""


class Commands(click.Group):
    """Loads a command when it is run, and turns what a user can mend into one line on stderr and exit code 1.

    Loading all of them takes longer than checking the whole line does.
    """

    modules: Mapping[str, str] = {}
    """Command -> the module of this package that has it, under the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name all commands."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command; None when there is none of that name."""
        if cmd_name not in self.modules:
            return None
        with collecting_nothing():
            command = getattr(import_module(f"ivr.cli.{self.modules[cmd_name]}"), cmd_name)
            gc.freeze()  # what is loaded stays, and need not be looked through again and again
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except IvrError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Let the garbage collector rest where much is made and little of it thrown away: it takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@click.group(cls=Commands)
@click.version_option(package_name="ivr")
def main() -> None:
    """Run a telephone refill line: `ivr serve`, then `ivr dial`."""


def settings() -> Settings:
    """Read the settings from the environment."""
    return load_settings(os.environ)


def folders_read(chosen: Settings) -> str:
    """Return which folders of flows and prompts a command reads, in a line."""
    told = f"looked at flows and prompts in {as_given(chosen.flows)} and {as_given(chosen.prompts)}"
    missing = [f"./{name}" for name in ("flows", "prompts") if came_with_program(name)]
    return f"{told} (no {' and no '.join(missing)} here)" if missing else told


def came_with_program(name: str) -> bool:
    """Tell whether a folder is that of the program: nobody named another, and none lies where the command is run."""
    return not os.environ.get(f"IVR_{name.upper()}", "").strip() and not (Path.cwd() / name).is_dir()


def tell_folders(chosen: Settings) -> None:
    """Say on stderr which folders of flows and prompts are read."""
    click.echo(folders_read(chosen), err=True)


def as_given(folder: Path) -> str:
    """Return a folder as somebody who works here would call it."""
    here = shown(folder)
    return str(here) if here.is_absolute() else f"./{here}"


def shown(folder: Path) -> Path:
    """Return a folder as an editor started here would call it."""
    here, real = Path.cwd(), folder.resolve()
    return real.relative_to(here) if real.is_relative_to(here) else folder


def console() -> Console:
    """Return where tables go; as wide as the terminal, or wide enough for a file."""
    from rich.console import Console  # takes as long to load as click does, and most commands print no table

    return Console(width=None if sys.stdout.isatty() else WIDE)
