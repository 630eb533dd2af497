"""The group of all commands, and what most of them need: the settings, a console, the names of folders."""

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
from ivr.settings import Settings, is_folder, load_settings

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""The width of a table, in characters, when it does not go to a terminal."""


class Commands(click.Group):
    """A click group that loads a command's module only when it is run, and prints an IvrError as one line on stderr.

    The exit code is 1 then. Loading all modules would take longer than checking the whole line does.
    """

    modules: Mapping[str, str] = {}
    """Command -> the module of this package that has it, under the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's parameter
        """Return the names of all commands."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's parameter
        """Load and return a command; None when there is none of that name."""
        if cmd_name not in self.modules:
            return None
        with collecting_nothing():
            command = getattr(import_module(f"ivr.cli.{self.modules[cmd_name]}"), cmd_name.replace("-", "_"))
            gc.freeze()  # what is loaded is never freed, so the collector need not go through it again and again
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit with 1 and a line on stderr if it raises IvrError."""
        try:
            return super().invoke(ctx)
        except IvrError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Turn the garbage collector off within a `with` block that makes many objects and frees few.

    The collector would take a tenth of the time there.
    """
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
    """Return a line that says which folders of flows and prompts a command reads."""
    read = f"looked at flows and prompts in {as_given(chosen.flows)} and {as_given(chosen.prompts)}"
    missing = [f"./{name}" for name in ("flows", "prompts") if came_with_program(name)]
    return f"{read} (no {' and no '.join(missing)} here)" if missing else read


def came_with_program(name: str) -> bool:
    """Return whether the folder in use ("flows" or "prompts") is the one installed with the program.

    That is so when the setting names none, and there is none in the working folder.
    """
    return not os.environ.get(f"IVR_{name.upper()}", "").strip() and not is_folder(Path.cwd() / name)


def print_folders(chosen: Settings) -> None:
    """Print on stderr which folders of flows and prompts are read."""
    click.echo(folders_read(chosen), err=True)


def as_given(folder: Path) -> str:
    """Return a folder as text: from `./` if it is below the working folder, else as it was given."""
    path = shown(folder)
    return str(path) if path.is_absolute() else f"./{path}"


def shown(folder: Path) -> Path:
    """Return a folder relative to the working folder if it is below it, else as it was given."""
    working_folder, real = Path.cwd(), folder.resolve()
    return real.relative_to(working_folder) if real.is_relative_to(working_folder) else folder


def console() -> Console:
    """Return the console that tables are printed on; as wide as the terminal, or wide enough for a file."""
    from rich.console import Console  # loading it takes as long as loading click, and most commands print no table

    return Console(width=None if sys.stdout.isatty() else WIDE)


def is_confirmed(question: str, does: str) -> bool:
    """Ask the user to confirm, and return the answer; `does` says what `--yes` does, as in "publishes".

    Raises click.UsageError where nobody can answer.
    """
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo("")
        if sys.stdin.isatty():
            return False
        raise click.UsageError(f"nobody is here to say yes; --yes {does} without asking") from None
