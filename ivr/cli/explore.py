"""`ivr explore`: finds calls that no script makes yet."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from ivr.cli.parameters import OUTPUT, PATH
from ivr.cli.playing import quiet_simulator, read_scripts
from ivr.cli.qa import must_exist
from ivr.qa.explore import explorer
from ivr.qa.explore.found_calls import drafts
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.random_callers import FailedCall, make_random_calls
from ivr.qa.replay.coverage import exercised
from ivr.qa.replay.player import play
from ivr.qa.scripts.writer import ScriptDraft, write
from ivr.simulator.simulator import Simulator


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(min=1), help="How long to look.")
@click.option("--out", type=OUTPUT, help="Write the calls found to this file, as scripts.")
@click.option("--random", "random_calls", type=click.IntRange(min=1), help="Make this many random calls instead.")
@click.option(
    "--seed", default=0, show_default=True, help="Number of the first random caller; the others count on from it."
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes for random callers.")
def explore(
    paths: tuple[Path, ...],
    seconds: float,
    out: Path | None,
    random_calls: int | None,
    seed: int,
    jobs: int,
) -> None:
    """Find calls that take transitions which the scripts in PATHS do not take.

    The file of --out is not read, since it is written anew.
    Prints what was found and what was not; exits with 1 when an outcome was not found, or when something
    secret is stored where it must not be.
    Example: ivr explore tests/calls --out new.yaml
    """
    must_exist(paths)
    if random_calls:
        sys.exit(_random(range(seed, seed + random_calls), jobs, out))
    began = time.perf_counter()
    simulator = quiet_simulator()
    all_scripts = read_scripts(paths, simulator) if paths else ()
    scripts = [script for script in all_scripts if out is None or Path(script.place.file).resolve() != out.resolve()]
    language = simulator.catalogues.languages[0]
    done = exercised(
        simulator.flows, (play(script, simulator, language) for script in scripts if script.language in ("", language))
    )
    goals = Goals(simulator, done, language)
    explorer.explore(goals, seconds)
    found = drafts(simulator.flows, goals.found)
    _write(out, found, "Calls that ivr explore found: transitions that no other script takes.")
    for cell in goals.missing():
        click.echo(f"{cell.place.file}:{cell.place.line} {cell.state}: {cell.transition} was not found")
    for leak in sorted(set(goals.leaked)):
        click.echo(leak)
    took = time.perf_counter() - began
    click.echo(
        f"{goals.expanded} steps in {took:.0f} s: {len(found)} calls found, {len(goals.missing())} transitions missing"
    )
    sys.exit(1 if goals.missing() or goals.leaked else 0)


def _write(path: Path | None, drafts: list[ScriptDraft], comment: str) -> None:
    if path:
        path.write_text(write(drafts, comment), encoding="utf-8")
        click.echo(f"{len(drafts)} scripts written to {path}")


def _random(seeds: Sequence[int], jobs: int, out: Path | None) -> int:
    """Make random calls and print what they broke; return the exit code."""
    began = time.perf_counter()
    shares = [seeds[start : start + SHARE] for start in range(0, len(seeds), SHARE)]
    if jobs == 1:
        simulator = quiet_simulator()
        results = [result for share in shares for result in make_random_calls(simulator, share)]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            results = [result for share in pool.map(_call_share, shares) for result in share]
    failed = [call for call, _ in results if call]
    for call in failed:
        click.echo(f"random caller {call.seed}: {call.broken}, after {len(call.acts)} actions")
    _write(out, [call.draft for call in failed], "Random callers who broke something, each shrunk to what does it.")
    turns = sum(turns for _, turns in results)
    took = time.perf_counter() - began
    click.echo(f"{len(results)} random callers, {turns} turns in {took:.0f} s: {len(failed)} broke something")
    return 1 if failed else 0


SHARE = 50
"""How many random calls a process is given at once."""

_worker: list[Simulator] = []


def _call_share(seeds: Sequence[int]) -> list[tuple[FailedCall | None, int]]:
    if not _worker:
        _worker.append(quiet_simulator())
    return list(make_random_calls(_worker[0], seeds))
