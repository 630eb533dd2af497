"""The command for those who own the words: hear a prompt as a caller does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click

from ivr.cli.group import settings, shown, tell_folders
from ivr.errors import IvrError, Report, did_you_mean
from ivr.flow.loader import read_flows
from ivr.line.actions import SPECS
from ivr.line.examples import Examples
from ivr.phone.speaker import Speaker
from ivr.prompts import Catalogue, Catalogues, Piece, Prompt, Variant, joined, load_prompts, spoken
from ivr.prompts.recordings.folder import Recordings, RecordingsFolder
from ivr.prompts.recordings.playlist import recordings_and_words
from ivr.prompts.recordings.sound import for_telephone
from ivr.prompts.recordings.wav import RATE, read, samples, write
from ivr.yaml_reader import texts_below

FILE = click.Path(dir_okay=False, path_type=Path)
REST = 0.4
"""Seconds between two occasions in one file of sound."""


@dataclass(frozen=True, slots=True)
class SpokenOccasion:
    """What a caller hears of a prompt at one time."""

    when: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The words in one line."""
        return joined(self.pieces)


@click.command()
@click.argument("prompt")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--language", "languages", multiple=True, help="In this language; may be given again. [default: the first]"
)
@click.option("--when", type=click.Choice(["say", "silence", "wrong"]), help="Only for this occasion.")
@click.option("--speak", is_flag=True, help="Speak the words with espeak-ng.")
@click.option(
    "--wav", type=FILE, help="Write what a caller hears to this file: recordings, and espeak-ng between them."
)
def say(
    prompt: str,
    values: tuple[str, ...],
    languages: tuple[str, ...],
    when: Variant | None,
    speak: bool,
    wav: Path | None,
) -> None:
    """Say PROMPT: its words as they are spoken on each occasion, and the seconds they take.

    Values that are not given are made up: money is written 24.50, a day 2026-12-01, an address with commas, a phrase
    as the prompt's name.

    Example: ivr say order.placed_now --language es arrives=2026-12-01
    """
    chosen = settings()
    loaded = load_words(chosen.prompts)
    _, flows = read_flows(
        texts_below(chosen.flows, Report(), "flows"), Report()
    )  # what is wrong with them is no matter here
    recordings = RecordingsFolder(chosen.prompts, time.monotonic).recordings
    today = chosen.clock()().astimezone(chosen.timezone).date()
    examples = Examples(loaded, flows, SPECS, today, _given(values))
    sounds: list[list[float]] = []
    for catalogue in languages_of(loaded, languages):
        found = _prompt(catalogue, prompt)
        if unused := examples.unused(found):
            raise click.UsageError(unused[0])
        click.echo(f"{prompt} ({catalogue.locale}, {catalogue.voice})")
        for occasion in _occasions(catalogue, found, examples, when):
            click.echo(_told(occasion, recordings, catalogue.language))
            if wav:
                sounds.append(_sound(occasion, recordings, catalogue))
            if speak:
                Speaker().say(occasion.text, catalogue.locale, _never_interrupted)
    if wav:
        rest = [0.0] * int(REST * RATE)
        wav.write_bytes(write(list(chain.from_iterable((*sound, *rest) for sound in sounds))))
        click.echo(f"written to {wav}")
    tell_folders(chosen)


def _given(values: Sequence[str]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.UsageError(f'a value is written name=value, found "{value}"')
    return dict(value.split("=", 1) for value in values)


def languages_of(catalogues: Catalogues, languages: Sequence[str]) -> list[Catalogue]:
    """Return the languages asked for, the first one when none is."""
    for language in languages:
        if language not in catalogues.by_language:
            raise click.UsageError(f'no language "{language}"; there are {", ".join(catalogues.languages)}')
    return [catalogues.by_language[language] for language in languages or catalogues.languages[:1]]


def _prompt(catalogue: Catalogue, name: str) -> Prompt:
    if name not in catalogue.prompts:
        raise IvrError(f'there is no prompt "{name}"{did_you_mean(name, catalogue.prompts)}')
    return catalogue.prompts[name]


def _occasions(
    catalogue: Catalogue, prompt: Prompt, examples: Examples, when: Variant | None
) -> Iterator[SpokenOccasion]:
    """Yield everything a prompt can say, each plural form of its first words too."""
    variants: Mapping[Variant, int] = {"silence": len(prompt.silence), "wrong": len(prompt.wrong)}
    try:
        if when in (None, "say"):
            for values in examples.counts(prompt, catalogue.language):
                yield SpokenOccasion("first time", catalogue.pieces(prompt.name, values))
        for variant, tries in variants.items():
            for number in range(1, tries + 1) if when in (None, variant) else ():
                pieces = catalogue.pieces(prompt.name, examples.values(prompt), variant, number)
                yield SpokenOccasion(f"{'wrong key' if variant == 'wrong' else variant} {number}", pieces)
    except ValueError as error:
        raise IvrError(str(error)) from error


def _told(occasion: SpokenOccasion, recordings: Recordings, language: str) -> str:
    """Return one line: when it is heard, how long it takes, the words, and whether they have been recorded."""
    parts = list(recordings_and_words(occasion.pieces, recordings, language))
    seconds = sum(spoken.speaking_seconds(part) if isinstance(part, str) else part.seconds for part in parts)
    synthetic = [isinstance(part, str) for part in parts]
    mark = "" if all(synthetic) else "  ♪ partly recorded" if any(synthetic) else "  ♪ recorded"
    return f"  {occasion.when:<12}{seconds:5.1f} s  {occasion.text}{mark}"


def _sound(occasion: SpokenOccasion, recordings: Recordings, catalogue: Catalogue) -> list[float]:
    """Return what a caller hears, at the telephone's rate."""
    sound: list[float] = []
    for part in recordings_and_words(occasion.pieces, recordings, catalogue.language):
        synthetic = isinstance(part, str)
        form, frames = read(Speaker().wav(part, catalogue.locale) if isinstance(part, str) else part.path.read_bytes())
        sound += for_telephone(samples(form, frames), form.rate) if synthetic else samples(form, frames)
    return sound


def _never_interrupted(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def load_words(folder: Path) -> Catalogues:
    """Load the prompts; DefinitionError tells all that is wrong with them."""
    report, root = Report(), str(shown(folder))
    loaded = load_prompts(texts_below(folder, report, root), report, root)
    report.raise_if_any()
    return loaded
