"""What commands take from the command line, looked at before anything is done: files to write, a line's address."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import click

PATH = click.Path(path_type=Path)


class Output(click.Path):
    """A file that will be written: its folder is there, and it is no folder itself."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Refuse what could not be written in the end."""
        folder = Path(value).parent
        if not folder.is_dir():
            self.fail(f"there is no folder {folder}; make it, or name a file in one that is there", param, ctx)
        if not os.access(folder, os.W_OK) and not Path(value).exists():
            self.fail(f"nothing may be written into the folder {folder}; name a file in another one", param, ctx)
        return super().convert(value, param, ctx)


class LineUrl(click.ParamType[str]):
    """Where a line answers. A name and a password in it would be shown in what is told of the line."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse an address that cannot be called, without repeating what is secret in it."""
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
