"""`ivr explore`: calls that no script makes yet."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from ivr import logs
from ivr.cli.group import settings
from ivr.cli.parameters import OUTPUT, PATH
from ivr.cli.playing import read_scripts
from ivr.cli.qa import must_exist
from ivr.qa.explore import explorer
from ivr.qa.explore.found_calls import drafts
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.random_callers import FailedCall, callers
from ivr.qa.replay.coverage import exercised
from ivr.qa.replay.player import play
from ivr.qa.scripts.writer import ScriptDraft, write
from ivr.simulator.simulator import Simulator


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(min=1), help="How long to look.")
@click.option("--out", type=OUTPUT, help="Write the calls that are found to this file, as scripts.")
@click.option("--random", "random_calls", type=click.IntRange(min=1), help="Let so many random callers call instead.")
@click.option("--seed", default=0, show_default=True, help="The first random caller; each has a number of its own.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes for random callers.")
def explore(
    paths: tuple[Path, ...],
    seconds: float,
    out: Path | None,
    random_calls: int | None,
    seed: int,
    jobs: int,
) -> None:
    """Look for calls that take transitions which the scripts in PATHS do not.

    A file that is written is not read, for it is made anew.
    Says what was found and what was not; exit 1 while an outcome is missing, or when something
    secret lies where it must not.
    Example: ivr explore tests/calls --out new.yaml
    """
    must_exist(paths)
    if random_calls:
        sys.exit(_random(range(seed, seed + random_calls), jobs, out))
    began = time.perf_counter()
    simulator = _simulator()
    read = read_scripts(paths, simulator) if paths else ()
    scripts = [one for one in read if out is None or Path(one.place.file).resolve() != out.resolve()]
    language = simulator.catalogues.languages[0]
    done = exercised(
        simulator.flows, (play(script, simulator, language) for script in scripts if script.language in ("", language))
    )
    search = Goals(simulator, done, language)
    explorer.explore(search, seconds)
    found = drafts(simulator.flows, search.found)
    _write(out, found, "Calls that ivr explore found: transitions that no other script takes.")
    for cell in search.missing():
        click.echo(f"{cell.place.file}:{cell.place.line} {cell.state}: {cell.transition} was not found")
    for leak in sorted(set(search.leaked)):
        click.echo(leak)
    took = time.perf_counter() - began
    click.echo(
        f"{search.expanded} steps in {took:.0f} s: {len(found)} calls found, {len(search.missing())} transitions missing"
    )
    sys.exit(1 if search.missing() or search.leaked else 0)


def _write(path: Path | None, drafts: list[ScriptDraft], comment: str) -> None:
    if path:
        path.write_text(write(drafts, comment), encoding="utf-8")
        click.echo(f"{len(drafts)} scripts written to {path}")


def _simulator() -> Simulator:
    logs.configure(log := io.StringIO(), json=False)
    return Simulator(settings(), log=log)


def _random(seeds: Sequence[int], jobs: int, out: Path | None) -> int:
    """Let random callers call, and tell what they broke; return the exit code."""
    began = time.perf_counter()
    shares = [seeds[start : start + SHARE] for start in range(0, len(seeds), SHARE)]
    if jobs == 1:
        simulator = _simulator()
        results = [one for share in shares for one in callers(simulator, share)]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            results = [one for share in pool.map(_share, shares) for one in share]
    failed = [one for one, _ in results if one]
    for one in failed:
        click.echo(f"random caller {one.seed}: {one.broken}, after {len(one.acts)} actions")
    _write(out, [one.draft for one in failed], "Random callers who broke something, each shrunk to what does it.")
    turns = sum(turns for _, turns in results)
    took = time.perf_counter() - began
    click.echo(f"{len(results)} random callers, {turns} turns in {took:.0f} s: {len(failed)} broke something")
    return 1 if failed else 0


SHARE = 50

_worker: list[Simulator] = []


def _share(seeds: Sequence[int]) -> list[tuple[FailedCall | None, int]]:
    if not _worker:
        _worker.append(_simulator())
    return list(callers(_worker[0], seeds))
