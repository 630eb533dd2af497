"""`ivr explore`: calls that no script makes yet."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import click

from ivr import logs
from ivr.cli.group import settings
from ivr.cli.qa import PATH, read
from ivr.cli.rehearsal import Rehearsal
from ivr.qa import explorer, unhappy
from ivr.qa.coverage import exercised
from ivr.qa.explorer import Explorer
from ivr.qa.player import play
from ivr.qa.writer import Draft, write


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(min=1), help="How long to look.")
@click.option("--out", type=PATH, help="Write the calls that are found to this file, as scripts.")
@click.option("--unhappy", "unhappy_out", type=PATH, help="Write what callers do instead of answering, likewise.")
def explore(paths: tuple[Path, ...], seconds: float, out: Path | None, unhappy_out: Path | None) -> None:
    """Look for calls that take ways through the flow which the scripts in PATHS do not.

    Says what was found and what was not; exit 1 while an outcome is missing.
    Example: ivr explore tests/calls --out tests/calls/found.yaml
    """
    began = time.perf_counter()
    log = io.StringIO()
    logs.configure(log, json=False)
    stage = Rehearsal(settings(), log=log)
    scripts = read(paths, stage) if paths else ()
    language = stage.catalogues.languages[0]
    done = exercised(stage.flows, (play(script, stage, language) for script in scripts if script.language != "es"))
    search = Explorer(stage, done, seconds, language)
    search.explore()
    found = explorer.drafts(search.found)
    _write(out, found, "Calls that ivr explore found: ways through the flow that no other script takes.")
    if unhappy_out:
        questions = list(unhappy.drafts(stage, search.questions, language))
        _write(unhappy_out, questions, "What callers do instead of answering, at every question.")
    for cell in search.missing():
        click.echo(f"{cell.place.file}:{cell.place.line} {cell.state}: {cell.way} was not found")
    took = time.perf_counter() - began
    click.echo(
        f"{search.expanded} steps in {took:.0f} s: {len(found)} calls found, {len(search.missing())} ways missing"
    )
    sys.exit(1 if search.missing() else 0)


def _write(path: Path | None, drafts: list[Draft], comment: str) -> None:
    if path:
        path.write_text(write(drafts, comment), encoding="utf-8")
        click.echo(f"{len(drafts)} scripts written to {path}")
