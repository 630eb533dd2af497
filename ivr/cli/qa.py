"""Commands for QA: replay call scripts, record and explore calls."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from ivr import logs
from ivr.cli.group import settings
from ivr.cli.rehearsal import Rehearsal
from ivr.errors import Report
from ivr.phone.post import http_post, signed
from ivr.qa import coverage as coverages
from ivr.qa import report as reports
from ivr.qa.played import Played
from ivr.qa.player import play
from ivr.qa.reader import read_files
from ivr.qa.remote import Remote
from ivr.qa.script import Script
from ivr.qa.stage import Stage
from ivr.settings import Settings

PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Part:
    """One script in one language."""

    script: Script
    language: str


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--url", help="Play against this line instead of one in this process: words only, no rows.")
@click.option("--language", help="Only in this language.")
@click.option("-k", "wanted", help="Only scripts whose name holds these words.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that play at once.")
@click.option("--junit", type=PATH, help="Write the results to this file, as CI servers read them.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--coverage", is_flag=True, help="Say which ways through the flow no script takes.")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="Fail when less than this percentage is covered.")
@click.option("-v", "--verbose", is_flag=True, help="Print every call, also those that hold.")
def replay(
    paths: tuple[Path, ...],
    url: str | None,
    language: str | None,
    wanted: str | None,
    jobs: int,
    junit: Path | None,
    as_json: bool,
    coverage: bool,
    fail_under: float | None,
    verbose: bool,
) -> None:
    """Play the call scripts in PATHS (files, folders; tests/calls when none) and say of each whether it holds.

    Example: ivr replay tests/calls --language es
    """
    began = time.perf_counter()
    chosen = settings()
    stage = _stage(chosen, url)
    parts = _parts(read(paths or (Path("tests/calls"),), stage), stage, language, wanted)
    if not parts:
        raise click.UsageError("there is no script to play")
    played: list[Played] = []
    with _progress(len(parts), quiet=as_json) as advance:
        for one in _play(parts, url, stage, jobs):
            played.append(one)
            advance()
            if not as_json:
                _tell(one, verbose=verbose)
    took = time.perf_counter() - began
    if junit:
        junit.write_text(reports.as_junit(played, took), encoding="utf-8")
    click.echo(reports.as_json(played) if as_json else reports.summary(played, took))
    covered = True
    if coverage or fail_under is not None:
        measured = coverages.measure(stage.flows, played, (language,) if language else ())
        covered = measured.percent() >= (fail_under or 0)
        if not as_json:
            click.echo("\n".join((*coverages.lines(stage.flows, measured), *coverages.summary(measured))))
    sys.exit(0 if covered and not any(one.problems for one in played) else 1)


def read(paths: Sequence[Path], stage: Rehearsal | Remote) -> tuple[Script, ...]:
    """Read the scripts; DefinitionError tells every slip at once."""
    report = Report()
    scripts = read_files(paths, report, stage.vocabulary)
    report.raise_if_any()
    return scripts


def _stage(chosen: Settings, url: str | None) -> Rehearsal | Remote:
    log = io.StringIO()
    logs.configure(log, json=False)
    rehearsal = Rehearsal(chosen, log=log)
    if url is None:
        return rehearsal
    tokens = chosen.twilio_auth_tokens
    post = signed(http_post(), tokens[0]) if tokens else http_post()
    clock = chosen.clock()
    address = url.rstrip("/") + ("" if url.rstrip("/").endswith("/voice") else "/voice")
    return Remote(
        address,
        post,
        rehearsal.flows,
        rehearsal.catalogues,
        lambda: clock().astimezone(chosen.timezone).date(),
        rehearsal.vocabulary,
    )


def _parts(scripts: Iterable[Script], stage: Stage, language: str | None, wanted: str | None) -> list[Part]:
    known = stage.catalogues.languages
    if language and language not in known:
        raise click.UsageError(f"no language {language}; there are {', '.join(known)}")
    return [
        Part(script, spoken)
        for script in scripts
        for spoken in script.languages(known)
        if language in (None, spoken) and (wanted or "").casefold() in script.name.casefold()
    ]


def _play(parts: Sequence[Part], url: str | None, stage: Rehearsal | Remote, jobs: int) -> Iterator[Played]:
    """Play, in this process or in several; what comes back is in order."""
    if jobs == 1:
        for part in parts:
            yield play(part.script, stage, part.language)
        return
    shares = [parts[start : start + SHARE] for start in range(0, len(parts), SHARE)]
    with ProcessPoolExecutor(jobs, initializer=_begin_worker, initargs=(url,)) as pool:
        yield from chain.from_iterable(pool.map(_play_share, shares))


SHARE = 8
"""Scripts handed to a process at once: enough that handing over does not matter, few enough to keep all busy."""

_worker: list[Rehearsal | Remote] = []


def _begin_worker(url: str | None) -> None:
    _worker[:] = [_stage(settings(), url)]


def _play_share(parts: Sequence[Part]) -> list[Played]:
    return [play(part.script, _worker[0], part.language) for part in parts]


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("calls", total=total)
        yield lambda: progress.advance(task)


def _tell(played: Played, *, verbose: bool) -> None:
    click.echo(reports.line(played))
    if played.problems:
        click.echo("\n".join(reports.INDENT + told for told in reports.failure(played).splitlines()))
    elif verbose:
        click.echo("\n".join(reports.INDENT + told for told in played.transcript))
