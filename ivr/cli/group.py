"""The group all commands belong to, and what every one of them needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from rich.console import Console

from ivr.errors import IvrError
from ivr.settings import Settings, load_settings

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
        command = getattr(import_module(f"ivr.cli.{self.modules[cmd_name]}"), cmd_name)
        return command if isinstance(command, click.Command) else None

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


def console() -> Console:
    """Return where tables go; as wide as the terminal, or wide enough for a file."""
    return Console(width=None if sys.stdout.isatty() else WIDE)
