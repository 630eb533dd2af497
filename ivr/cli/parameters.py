"""Types of command line parameters that are checked before a command begins: files to write, and a line's address."""

from __future__ import annotations

import os
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


OUTPUT = Output()
ADDRESS = LineUrl()
