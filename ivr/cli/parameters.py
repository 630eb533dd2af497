"""Types of command line parameters that are checked before a command begins: files to write, a line's address, a time."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

PATH = click.Path(path_type=Path)


class Output(click.Path):
    """The path of a file that will be written. Its folder must exist, and it must not be a folder itself."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path; fail if the file could not be written."""
        folder = Path(value).parent
        if not folder.is_dir():
            self.fail(f"there is no folder {folder}; make it, or name a file in one that is there", param, ctx)
        if not os.access(folder, os.W_OK) and not Path(value).exists():
            self.fail(f"nothing may be written into the folder {folder}; name a file in another one", param, ctx)
        return super().convert(value, param, ctx)


class LineUrl(click.ParamType[str]):
    """The URL of a line. It must not contain a name or password, which messages about the line would show."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the URL; fail if it cannot be called, without repeating a password in it."""
        if "@" in value:
            self.fail(
                "a name or password stands before an @ in it, and calls cannot take one along; "
                "give the address alone, like https://line.example",
                param,
                ctx,
            )
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            self.fail("this is no address; expected one like http://127.0.0.1:8000", param, ctx)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.fail("expected an address like http://127.0.0.1:8000 or https://line.example", param, ctx)
        return value


class Duration(click.ParamType[timedelta]):
    """A time between two bounds, in seconds or minutes."""

    name = "time"

    def __init__(self, shortest: timedelta, longest: timedelta) -> None:
        self.shortest = shortest
        self.longest = longest

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the time; fail if it is none, or is out of bounds."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([sm])", value, re.ASCII)
        time = timedelta(seconds=int(found[1]) * (60 if found[2] == "m" else 1)) if found else None
        if time is None or not self.shortest <= time <= self.longest:
            shortest, longest = (f"{bound.total_seconds():.0f}s" for bound in (self.shortest, self.longest))
            self.fail(f'expected a time such as 60s or 2m, from {shortest} to {longest}, found "{value}"', param, ctx)
        return time


OUTPUT = Output()
ADDRESS = LineUrl()
