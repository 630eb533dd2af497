"""`ivr mutate`: whether checker and call scripts find faults that are put in on purpose."""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ivr import logs
from ivr.cli.group import settings, tell_folders
from ivr.cli.parameters import PATH
from ivr.cli.playing import parts_of, progress, read_scripts
from ivr.cli.qa import CALLS, must_exist
from ivr.qa.mutate.mutants import MutantKind
from ivr.qa.mutate.run import Fate, MutantFate, judge, mutants_of, watch, workers
from ivr.simulator.simulator import Simulator

RULES = ("ivr.pharmacy.rules", "ivr.pharmacy.refusals")
"""The modules of rules: functions of plain values."""


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option(
    "--mutants", "number", default=300, show_default=True, type=click.IntRange(min=1), help="How many to try."
)
@click.option(
    "--seed", default=0, show_default=True, help="Which of all there could be: the same seed, the same mutants."
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that play at once.")
@click.option("--accept", default=0, show_default=True, type=click.IntRange(min=0), help="So many may survive.")
@click.option("-v", "--verbose", is_flag=True, help="Say of each mutant what became of it.")
def mutate(paths: tuple[Path, ...], number: int, seed: int, jobs: int, accept: int, verbose: bool) -> None:
    """Put small faults into the flow and the rules, one at a time, and tell which of them nothing finds.

    A mutant is refused by what ivr check looks at, or caught by a call script in PATHS (files, folders; tests/calls
    when none), or it survives: then a script is missing, or it makes no difference to any caller. Nothing is written.

    Example: ivr mutate tests/calls --jobs 2
    """
    began = time.perf_counter()
    must_exist(paths or (CALLS,))
    simulator = _simulator()
    scripts = read_scripts(paths or (CALLS,), simulator)
    if not scripts:
        raise click.UsageError("there is no call script; files of them end in .yaml")
    parts = parts_of(scripts, simulator.catalogues.languages, None, ())
    mutants = mutants_of(simulator, RULES, number, seed)
    fates = []
    with workers(_simulator, RULES, jobs) as pool, progress(len(mutants), "mutants", quiet=False) as advance:
        for one in judge(pool, mutants, watch(pool, parts), RULES):
            advance()
            fates.append(one)
            if verbose or one.fate is Fate.SURVIVED:
                click.echo(f"{one.fate:<9}{one.mutant}{f'  ({one.by})' if one.by else ''}")
    survived = _tell(fates)
    click.echo(f"{len(mutants)} mutants (seed {seed}) and {len(parts)} plays in {time.perf_counter() - began:.0f} s")
    tell_folders(settings())
    sys.exit(1 if survived > accept else 0)


def _simulator() -> Simulator:
    logs.configure(log := io.StringIO(), json=False)
    return Simulator(settings(), log=log)


def _tell(fates: Sequence[MutantFate]) -> int:
    """Print how many met which fate, by kind and by file of scripts; return how many survived."""
    for kind in MutantKind:
        told = _counts(one for one in fates if one.mutant.kind is kind)
        click.echo(f"{kind:<11}{', '.join(f'{told[fate]:3d} {fate}' for fate in Fate)}")
    told = _counts(fates)
    click.echo(f"{'all':<11}{', '.join(f'{told[fate]:3d} {fate}' for fate in Fate)}")
    files = Counter(one.file for one in fates if one.file)
    click.echo(f"caught first by {', '.join(f'{file} {count}' for file, count in files.most_common()) or 'none'}")
    return told[Fate.SURVIVED]


def _counts(fates: Iterable[MutantFate]) -> Counter[Fate]:
    return Counter(one.fate for one in fates)
