"""`ivr mutate`: tests whether `ivr check` and the call scripts find small faults that are put in on purpose."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ivr.cli.group import print_folders, settings
from ivr.cli.parameters import PATH
from ivr.cli.playing import parts_of, progress, quiet_simulator, read_scripts
from ivr.cli.qa import CALLS, must_exist
from ivr.errors import Place
from ivr.qa.mutate.mutants import MutantKind
from ivr.qa.mutate.run import Fate, MutantFate, judge, mutants_of, watch, workers
from ivr.qa.replay.many import ScriptInLanguage

RULES = ("ivr.pharmacy.rules", "ivr.pharmacy.refusals")
"""The modules of rules that are mutated; their functions take and return plain values."""


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option(
    "--mutants", "number", default=300, show_default=True, type=click.IntRange(min=1), help="How many to try."
)
@click.option(
    "--seed", default=0, show_default=True, help="Which mutants are chosen: the same seed chooses the same ones."
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that play at once.")
@click.option(
    "--accept", default=0, show_default=True, type=click.IntRange(min=0), help="Exit with 0 if no more survive."
)
@click.option("-v", "--verbose", is_flag=True, help="Print what becomes of each mutant.")
def mutate(paths: tuple[Path, ...], number: int, seed: int, jobs: int, accept: int, verbose: bool) -> None:
    """Put small faults into the flows and the rules, one at a time, and report those that nothing finds.

    Such a mutant is refused by ivr check, or caught by a call script in PATHS (files or folders; tests/calls by
    default), or it survives: then a script is missing, or it makes no difference to any caller. No file is changed.
    Each script is played in one language, since words are not mutated.

    Example: ivr mutate tests/calls --jobs 2
    """
    began = time.perf_counter()
    must_exist(paths or (CALLS,))
    simulator = quiet_simulator()
    scripts = read_scripts(paths or (CALLS,), simulator)
    if not scripts:
        raise click.UsageError("there is no call script; files of them end in .yaml")
    parts = in_one_language(parts_of(scripts, simulator.catalogues.languages, None, ()))
    mutants = mutants_of(simulator, RULES, number, seed)
    fates = []
    with workers(quiet_simulator, RULES, jobs) as pool, progress(len(mutants), "mutants", quiet=False) as advance:
        for result in judge(pool, mutants, watch(pool, parts), RULES):
            advance()
            fates.append(result)
            if verbose or result.fate is Fate.SURVIVED:
                click.echo(f"{result.fate:<9}{result.mutant}{f'  ({result.by})' if result.by else ''}")
    survived = _print_fates(fates)
    click.echo(f"{len(mutants)} mutants (seed {seed}) and {len(parts)} plays in {time.perf_counter() - began:.0f} s")
    print_folders(settings())
    sys.exit(1 if survived > accept else 0)


def in_one_language(parts: Sequence[ScriptInLanguage]) -> list[ScriptInLanguage]:
    """Return each script with the first of its languages."""
    first: dict[Place, ScriptInLanguage] = {}
    for part in parts:
        first.setdefault(part.script.place, part)
    return list(first.values())


def _print_fates(fates: Sequence[MutantFate]) -> int:
    """Print how many mutants met each fate, by kind, and which files of scripts caught them; return the survivors."""
    for kind in MutantKind:
        counts = _counts(result for result in fates if result.mutant.kind is kind)
        click.echo(f"{kind:<11}{', '.join(f'{counts[fate]:3d} {fate}' for fate in Fate)}")
    counts = _counts(fates)
    click.echo(f"{'all':<11}{', '.join(f'{counts[fate]:3d} {fate}' for fate in Fate)}")
    files = Counter(result.file for result in fates if result.file)
    click.echo(f"caught first by {', '.join(f'{file} {count}' for file, count in files.most_common()) or 'none'}")
    return counts[Fate.SURVIVED]


def _counts(fates: Iterable[MutantFate]) -> Counter[Fate]:
    return Counter(result.fate for result in fates)
