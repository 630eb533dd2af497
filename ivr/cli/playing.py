"""Plays scripts for the commands: on the simulator, in one process or several, or on a line elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from ivr import logs
from ivr.cli.elsewhere import line_at
from ivr.cli.group import settings
from ivr.errors import Report, did_you_mean
from ivr.line.versions import Files
from ivr.qa.replay.many import PlayScript, ScriptInLanguage, play_many
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import play
from ivr.qa.replay.remote import Remote
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.reader import read_files
from ivr.qa.scripts.script import Script
from ivr.simulator.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Setup:
    """What scripts are played on, and how. It is sent to each process that plays."""

    url: str | None = None
    """The address of a line elsewhere; None for the simulator."""
    files: Files | None = None
    """Flows and prompts to use instead of those that the settings name."""
    writes: bool = False
    """On a line elsewhere, also play scripts that write to the pharmacy."""
    checks: bool = True
    """Check what is heard and written."""
    measure: bool = False
    """Keep the seconds of each prompt."""

    def line(self) -> Simulator | Remote:
        """Build the simulator, or connect to the line elsewhere."""
        chosen, log = settings(), io.StringIO()
        logs.configure(log, json=False)
        simulator = Simulator(chosen, self.files, log=log)
        return line_at(self.url, chosen, simulator, may_write=self.writes) if self.url else simulator

    def play(self, line: Simulator | Remote, part: ScriptInLanguage) -> Played:
        """Play one script in one language on a line that `line` returned."""
        if isinstance(line, Remote):
            return line.play(part.script, part.language, checks=self.checks, measure=self.measure)
        return play(part.script, line, part.language, checks=self.checks, measure=self.measure)

    def begin(self) -> PlayScript:
        """Build a line of its own, and return the function that plays scripts on it."""
        return partial(self.play, self.line())


def quiet_simulator() -> Simulator:
    """Return a simulator with the flows and prompts of the settings; its log is not printed."""
    logs.configure(log := io.StringIO(), json=False)
    return Simulator(settings(), log=log)


def read_scripts(paths: Sequence[Path], line: Simulator | Remote) -> tuple[Script, ...]:
    """Read the scripts in files and folders. Raises DefinitionError, which lists all mistakes at once."""
    report = Report()
    vocabulary = line.vocabulary if isinstance(line, Remote) else vocabulary_of(line.catalogues)
    scripts = read_files(paths, report, vocabulary)
    report.raise_if_any()
    return scripts


def parts_of(
    scripts: Sequence[Script], known: tuple[str, ...], language: str | None, wanted: Sequence[str]
) -> list[ScriptInLanguage]:
    """Return each script with each language to play it in.

    `known` are all languages, and `language` is the only one wanted, if any. `wanted` are words: only scripts with any
    of them in their name are played; all scripts if there are none. Raises click.UsageError when nothing is left.
    """
    if language and language not in known:
        raise click.UsageError(f"no language {language}; there are {', '.join(known)}")
    words = [each.casefold() for each in wanted] or [""]
    named = [script for script in scripts if any(each in script.name.casefold() for each in words)]
    if not named:
        quoted, hint = " or ".join(f'"{each}"' for each in wanted), did_you_mean(wanted[0], _names(scripts))
        raise click.UsageError(f"of {len(scripts)} scripts none has {quoted} in its name{hint}")
    parts = [
        ScriptInLanguage(script, spoken)
        for script in named
        for spoken in script.languages(known)
        if language in (None, spoken)
    ]
    if not parts:
        raise click.UsageError(f"none of these scripts is played in {language}: each says another language")
    return parts


def _names(scripts: Sequence[Script]) -> Iterator[str]:
    """Yield the names of scripts, and the single words in them."""
    for script in scripts:
        yield script.name
        yield from script.name.split()


def play_all(parts: Sequence[ScriptInLanguage], setup: Setup, line: Simulator | Remote, jobs: int) -> Iterator[Played]:
    """Play scripts in `jobs` processes and yield the results in order. On a line elsewhere, play one at a time."""
    if jobs == 1 or isinstance(line, Remote):
        return (setup.play(line, part) for part in parts)
    return play_many(parts, setup.begin, jobs)


@contextmanager
def progress(total: int, what: str, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal; the function it gives advances the bar by one of `total`."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
