"""The group all commands belong to, and what every one of them needs."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from rich.console import Console

from ivr.errors import IvrError
from ivr.settings import Settings, load_settings

WIDE = 200
"""Columns of a table that is piped into a file."""


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


def console() -> Console:
    """Return where tables go; as wide as the terminal, or wide enough for a file."""
    return Console(width=None if sys.stdout.isatty() else WIDE)
