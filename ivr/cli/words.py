"""`ivr say`: lets those who write prompts hear one as a caller does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click

from ivr.cli.group import print_folders, settings, shown
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
"""Seconds of silence between two occasions in a sound file."""


@dataclass(frozen=True, slots=True)
class SpokenOccasion:
    """What a caller hears of a prompt on one occasion: the first time, after a silence, after a wrong key."""

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
    ignored = Report()  # problems in flows do not matter here
    _, flows = read_flows(texts_below(chosen.flows, ignored, "flows"), ignored)
    recordings = RecordingsFolder(chosen.prompts, time.monotonic).recordings
    today = chosen.clock()().astimezone(chosen.timezone).date()
    examples = Examples(loaded, flows, SPECS, today, _values_given(values))
    sounds: list[list[float]] = []
    for catalogue in languages_of(loaded, languages):
        spoken_prompt = _prompt(catalogue, prompt)
        if unused := examples.unused(spoken_prompt):
            raise click.UsageError(unused[0])
        click.echo(f"{prompt} ({catalogue.locale}, {catalogue.voice})")
        for occasion in _occasions(catalogue, spoken_prompt, examples, when):
            click.echo(_occasion_line(occasion, recordings, catalogue.language))
            if wav:
                sounds.append(_sound(occasion, recordings, catalogue))
            if speak:
                Speaker().say(occasion.text, catalogue.locale, _sleep_uninterrupted)
    if wav:
        rest = [0.0] * int(REST * RATE)
        wav.write_bytes(write(list(chain.from_iterable((*sound, *rest) for sound in sounds))))
        click.echo(f"written to {wav}")
    print_folders(chosen)


def _values_given(values: Sequence[str]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.UsageError(f'a value is written name=value, found "{value}"')
    return dict(value.split("=", 1) for value in values)


def languages_of(catalogues: Catalogues, languages: Sequence[str]) -> list[Catalogue]:
    """Return the catalogues of some languages; that of the first language when none is given.

    Raises click.UsageError for a language that has no prompts.
    """
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
    """Yield all occasions of a prompt, or only those of the kind `when`. The first one has each plural form of its words.

    Raises IvrError when a value does not fit.
    """
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


def _occasion_line(occasion: SpokenOccasion, recordings: Recordings, language: str) -> str:
    """Return a line on an occasion: when it is heard, its seconds, its words, and whether they are recorded."""
    parts = list(recordings_and_words(occasion.pieces, recordings, language))
    seconds = sum(spoken.speaking_seconds(part) if isinstance(part, str) else part.seconds for part in parts)
    synthetic = [isinstance(part, str) for part in parts]
    mark = "" if all(synthetic) else "  ♪ partly recorded" if any(synthetic) else "  ♪ recorded"
    return f"  {occasion.when:<12}{seconds:5.1f} s  {occasion.text}{mark}"


def _sound(occasion: SpokenOccasion, recordings: Recordings, catalogue: Catalogue) -> list[float]:
    """Return the sound a caller hears, as samples at the telephone's rate."""
    sound: list[float] = []
    for part in recordings_and_words(occasion.pieces, recordings, catalogue.language):
        synthetic = isinstance(part, str)
        form, frames = read(Speaker().wav(part, catalogue.locale) if isinstance(part, str) else part.path.read_bytes())
        sound += for_telephone(samples(form, frames), form.rate) if synthetic else samples(form, frames)
    return sound


def _sleep_uninterrupted(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def load_words(folder: Path) -> Catalogues:
    """Load the prompts. Raises DefinitionError, which lists all problems with them."""
    report, root = Report(), str(shown(folder))
    loaded = load_prompts(texts_below(folder, report, root), report, root)
    report.raise_if_any()
    return loaded
