"""`ivr recordings`: commands for recorded prompts: the voice talent's script, adding their files, checking them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.progress import track

from ivr.cli.group import came_with_program, console, folders_read, print_folders, settings
from ivr.cli.words import languages_of, load_words
from ivr.errors import IvrError, did_you_mean
from ivr.prompts.recordings.add import add
from ivr.prompts.recordings.check import check_recordings
from ivr.prompts.recordings.fragments import fragments, fragments_by_name
from ivr.prompts.recordings.sheet import sheet_csv, sheet_html
from ivr.settings import Settings

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def recordings() -> None:
    """Record the words of prompts: the script, the files, and what is wrong with them."""


@recordings.command("sheet")
@click.option("--language", "languages", multiple=True, help="Only this language; may be given again.")
@click.option("--out", type=FOLDER, default=".", show_default=True, help="Folder the script is written to.")
@click.option("--missing", is_flag=True, help="Only what has no recording yet, or a stale one.")
def recordings_sheet(languages: tuple[str, ...], out: Path, missing: bool) -> None:
    """Write the voice talent's script: every line with its file's name, as CSV and as a page to print.

    Example: ivr recordings sheet --language es --missing --out /tmp
    """
    chosen = settings()
    loaded = load_words(chosen.prompts)
    out.mkdir(parents=True, exist_ok=True)
    for checked in check_recordings(chosen.prompts, loaded):
        if languages and checked.language not in languages:
            continue
        lines = checked.missing if missing else checked.wanted
        path = out / f"recordings-{checked.language}"
        path.with_suffix(".csv").write_text(sheet_csv(lines), encoding="utf-8-sig")
        path.with_suffix(".html").write_text(sheet_html(lines, loaded.by_language[checked.language]), encoding="utf-8")
        click.echo(
            f"{path}.csv and .html: {len(lines)} lines, {sum(fragment.seconds for fragment in lines) / 60:.1f} minutes"
        )
    print_folders(chosen)


@recordings.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--language", required=True, help="The language they are spoken in.")
def recordings_add(files: tuple[Path, ...], language: str) -> None:
    """Take FILES, or folders of them: WAV files named as the script says.

    Each is brought to 8 kHz mono, trimmed and levelled; one that is silent, clipped or of the wrong length is refused.

    Example: ivr recordings add ~/from-studio --language en
    """
    chosen = settings()
    _check_own(chosen)
    (catalogue,) = languages_of(load_words(chosen.prompts), [language])
    named = fragments_by_name(fragments(catalogue))
    taken = 0
    refused: list[str] = []
    for file in track(_wavs(files), console=console(), description="recordings", transient=True):
        fragment = named.get(file.stem)
        if fragment is None:
            refused.append(f"{file}: no prompt has words of this name to record{did_you_mean(file.stem, named)}")
            continue
        added = add(file, fragment, chosen.prompts, catalogue)
        taken += not added.faults
        refused += [f"{file}: {fault}" for fault in added.faults]
    for line in refused:
        click.echo(line, err=True)
    click.echo(folders_read(chosen))
    click.echo(f"{taken} recordings taken" + (f", {len(refused)} problems" if refused else ""))
    sys.exit(1 if refused else 0)


def _check_own(chosen: Settings) -> None:
    """Raise IvrError if recordings would be added to the prompts installed with the program: nobody looks there."""
    if came_with_program("prompts"):
        raise IvrError(
            f"nothing is written into {chosen.prompts}, which came with the program: go to the folder that holds your "
            "prompts, or name them in IVR_PROMPTS; `ivr init FOLDER` makes one"
        )


def _wavs(given: Sequence[Path]) -> list[Path]:
    """Return the files among `given`, and all WAV files below its folders."""
    return [file for path in given for file in (sorted(path.rglob("*.wav")) if path.is_dir() else [path])]


@recordings.command("check")
@click.option("--language", "languages", multiple=True, help="Only this language; may be given again.")
@click.option("--complete", is_flag=True, help="A line without a recording is a problem too.")
def recordings_check(languages: tuple[str, ...], complete: bool) -> None:
    """Check the recordings: missing, stale, of a wrong format, clipped, silent.

    Words that have no recording are spoken by the carrier's voice, so they are only counted unless --complete.

    Example: ivr recordings check --complete --language en
    """
    chosen = settings()
    wrong = False
    for checked in check_recordings(chosen.prompts, load_words(chosen.prompts)):
        if languages and checked.language not in languages:
            continue
        for problem in checked.problems:
            click.echo(str(problem))
        recorded = len(checked.wanted) - len(checked.missing)
        if complete or recorded:
            for fragment in checked.missing:
                click.echo(
                    f'{checked.language}: "{fragment.name}" has no recording that can be played: {fragment.words}'
                )
        click.echo(
            f"{checked.language}: {recorded} of {len(checked.wanted)} lines recorded, {len(checked.problems)} problems"
        )
        wrong = wrong or bool(checked.problems) or (complete and bool(checked.missing))
    print_folders(chosen)
    sys.exit(1 if wrong else 0)
