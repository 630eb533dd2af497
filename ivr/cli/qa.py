"""`ivr replay`: plays call scripts and reports which of them pass."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.table import Table

from ivr.cli.group import console, print_folders, settings
from ivr.cli.old_version import OldVersionError, old_files
from ivr.cli.parameters import ADDRESS, OUTPUT, PATH
from ivr.cli.playing import Setup, parts_of, play_all, progress, read_scripts
from ivr.errors import DefinitionError
from ivr.flow.changes import changes
from ivr.qa.replay import coverage as coverages
from ivr.qa.replay import report as reports
from ivr.qa.replay.comparison import compare
from ivr.qa.replay.costs import by_prompt
from ivr.qa.replay.coverage import Coverage
from ivr.qa.replay.many import ScriptInLanguage
from ivr.qa.replay.played import Played
from ivr.qa.replay.remote import Remote
from ivr.simulator.simulator import Simulator

CALLS = Path("tests/calls")
MOST_PROMPTS = 30
WORDS_ONLY = (
    "only words are judged: DATABASE_URL (with IVR_SECRET_KEY) does not name this line's own database with test members"
)


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--url", type=ADDRESS, help="Play against this line instead of one in this process: words only, no rows.")
@click.option("--writes", is_flag=True, help="With --url, also the scripts that order something.")
@click.option("--against", metavar="OLD", help="Show what goes differently than on OLD: a git revision, or a folder.")
@click.option("--language", help="Only in this language.")
@click.option("-k", "wanted", multiple=True, help="Only scripts whose name contains these words; may be given again.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that play at once.")
@click.option("--junit", type=OUTPUT, help="Write the results to this file, as CI servers read them.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--coverage", is_flag=True, help="List the transitions that no script takes.")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="Fail when less than this percentage is covered.")
@click.option("--shares", "shares", type=OUTPUT, help="Write how much of each state is covered, for ivr draw.")
@click.option("--cost", is_flag=True, help="Show what calls cost in keys and seconds, by script and by prompt.")
@click.option("-v", "--verbose", is_flag=True, help="Print every call, also those that pass.")
def replay(
    paths: tuple[Path, ...],
    url: str | None,
    writes: bool,
    against: str | None,
    language: str | None,
    wanted: tuple[str, ...],
    jobs: int,
    junit: Path | None,
    as_json: bool,
    coverage: bool,
    fail_under: float | None,
    shares: Path | None,
    cost: bool,
    verbose: bool,
) -> None:
    """Play the call scripts in PATHS (files or folders; tests/calls by default) and report whether each one passes.

    Example: ivr replay tests/calls --language es
    """
    began = time.perf_counter()
    must_exist(paths or (CALLS,))
    if against is not None and url is not None:
        raise click.UsageError("--against compares flows and prompts here; it takes no --url")
    setup = Setup(url, writes=writes, measure=cost)
    line = setup.line()
    if isinstance(line, Remote) and not line.sees_rows:
        click.echo(WORDS_ONLY, err=True)
    scripts = read_scripts(paths or (CALLS,), line)
    if not scripts:
        looked = ", ".join(map(str, paths or (CALLS,)))
        raise click.UsageError(f"there is no call script in {looked}; files of them end in .yaml")
    parts = parts_of(scripts, line.catalogues.languages, language, wanted)
    if against is not None:
        sys.exit(print_changes(parts, against, jobs))
    played = list(_play(parts, setup, line, jobs, quiet=as_json, verbose=verbose))
    took = time.perf_counter() - began
    if junit:
        junit.write_text(reports.as_junit(played, took), encoding="utf-8")
    click.echo(reports.as_json(played) if as_json else reports.results_summary(played, took))
    measured = coverages.measure(line.flows, played, (language,) if language else ())
    if shares:
        shares.write_text(reports.shares(measured), encoding="utf-8")
    if (coverage or fail_under is not None) and not as_json:
        click.echo("\n".join((*coverages.lines(line.flows, measured), *coverages.coverage_summary(measured))))
    if cost and not as_json:
        print_costs(played)
    print_folders(settings())
    if nothing := all(result.skipped for result in played):
        click.echo("nothing was played: every script was skipped", err=True)
    sys.exit(1 if nothing or _is_too_low(measured, fail_under) or any(result.problems for result in played) else 0)


def must_exist(paths: Sequence[Path]) -> None:
    """Raise click.UsageError if a file or folder of scripts does not exist."""
    for path in paths:
        if not path.exists():
            raise click.UsageError(f"there is no file or folder {path}; name files of call scripts, or folders of them")


def _is_too_low(measured: Coverage, wanted: float | None) -> bool:
    return wanted is not None and measured.percent() < wanted


def _play(
    parts: Sequence[ScriptInLanguage], setup: Setup, line: Simulator | Remote, jobs: int, *, quiet: bool, verbose: bool
) -> Iterable[Played]:
    with progress(len(parts), "calls", quiet=quiet) as advance:
        for result in play_all(parts, setup, line, jobs):
            advance()
            if not quiet:
                _print_result(result, verbose=verbose)
            yield result


def _print_result(played: Played, *, verbose: bool) -> None:
    click.echo(reports.line(played))
    if played.problems:
        click.echo("\n".join(reports.INDENT + line_text for line_text in reports.failure(played).splitlines()))
    elif verbose:
        click.echo("\n".join(reports.INDENT + line_text for line_text in played.transcript))


def print_costs(played: Sequence[Played]) -> None:
    """Print what each call costs, and which prompts take the most time."""
    scripts = Table("call", "keys", "spoken", "keying", "waiting", "seconds in all")
    for result in sorted(played, key=lambda each: -each.cost.seconds):
        parts = (result.cost.spoken, result.cost.keying, result.cost.waiting, result.cost.seconds)
        scripts.add_row(result.title, str(result.cost.keys), *(f"{seconds:.1f}" for seconds in parts))
    prompts = Table("prompt", "language", "times spoken", "seconds each", "seconds in all")
    for cost in by_prompt(played)[:MOST_PROMPTS]:
        prompts.add_row(cost.prompt, cost.language, str(cost.times), f"{cost.seconds:.1f}", f"{cost.in_all:.0f}")
    console().print(scripts)
    console().print(prompts)


def print_changes(parts: Sequence[ScriptInLanguage], old: str, jobs: int) -> int:
    """Play scripts on an older version and on this one, and print the differences; return 1 if there are any, else 0."""
    before, now = Setup(files=old_files(old, settings()), checks=False), Setup(checks=False)
    try:
        lines = before.line(), now.line()
    except DefinitionError as error:
        raise OldVersionError(f"{old} does not fit the actions of this version:\n{error}") from None
    words = changes(*lines)
    click.echo(
        "\n".join(("What changed in flows and prompts:", *(f"  {line_text}" for line_text in words or ("nothing",))))
    )
    different = 0
    with progress(2 * len(parts), "calls", quiet=False) as advance:
        pairs = zip(play_all(parts, before, lines[0], jobs), play_all(parts, now, lines[1], jobs), strict=True)
        for before_result, now_result in pairs:
            advance()
            advance()
            if change := compare(before_result, now_result):
                different += 1
                click.echo("\n".join((change.title, *(f"  {difference}" for difference in change.differences))))
    click.echo(f"{different} of {len(parts)} calls go differently")
    return 1 if different or words else 0
