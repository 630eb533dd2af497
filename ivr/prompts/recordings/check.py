"""Holds the recordings against the words: what is missing, stale, or no good to listen to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import Place, Problem, did_you_mean
from ivr.prompts import Catalogues, spoken
from ivr.prompts.recordings.folder import AUDIO, files, recording, words_beside
from ivr.prompts.recordings.fragments import Fragment, by_name, fragments, spoken_words
from ivr.prompts.recordings.sound import is_clipped, is_silent
from ivr.prompts.recordings.wav import SoundError, read, samples, seconds

SHORTEST, LONGEST = 0.35, 3.0
"""Of the time that words take by count: outside of this it is hardly those words that are heard."""
_UNHURRIED = 1.0
"""Seconds that a few words may take beyond that."""
MEND = "add it with `ivr recordings add`"


@dataclass(frozen=True, slots=True)
class Checked:
    """One language: what there is to record, what of it can be played, and what is wrong."""

    language: str
    wanted: tuple[Fragment, ...]
    missing: tuple[Fragment, ...]
    problems: tuple[Problem, ...]


def check_recordings(prompts: Path, catalogues: Catalogues) -> tuple[Checked, ...]:
    """Check every language; a problem's place is the file that has it."""
    return tuple(
        _check(prompts, language, fragments(catalogues.by_language[language])) for language in catalogues.languages
    )


def _check(prompts: Path, language: str, wanted: tuple[Fragment, ...]) -> Checked:
    named = by_name(wanted)
    problems: list[Problem] = []
    recorded: set[str] = set()
    for path in (path for of, path in files(prompts) if of == language):
        found = list(_wrong(path, named))
        problems += (Problem(Place(str(path)), message) for message in found)
        if not found and (playable := recording(path, language)):
            recorded.add(spoken_words(playable.words))
    for beside in sorted((prompts / language / AUDIO).glob("*.txt")):
        if not beside.with_suffix(".wav").exists():
            problems.append(Problem(Place(str(beside)), "has no recording beside it"))
    missing = tuple(fragment for fragment in wanted if spoken_words(fragment.words) not in recorded)
    return Checked(language, wanted, missing, tuple(problems))


def _wrong(path: Path, named: Mapping[str, Fragment]) -> Iterator[str]:
    fragment = named.get(path.stem)
    if fragment is None:
        yield f"no prompt has words of this name to record{did_you_mean(path.stem, named)}"
        return
    words = words_beside(path)
    if not words:
        yield f"lacks the words it says, in {path.stem}.txt beside it; {MEND}"
    elif spoken_words(words) != spoken_words(fragment.words):
        yield f'is stale: it says "{words}", and the words are now "{fragment.words}"'
    try:
        form, frames = read(path.read_bytes())
    except SoundError as error:
        yield str(error)
        return
    if not form.is_telephone:
        yield f"is {form}; a telephone takes 8000 Hz mono, 16 bits: {MEND}"
    yield from faults(samples(form, frames), seconds(form, frames), words or fragment.words)


def faults(sound: list[float], lasts: float, words: str) -> Iterator[str]:
    """Yield what is wrong with how a recording sounds, in plain words."""
    if is_silent(sound):
        yield "is silent"
        return
    if is_clipped(sound):
        yield "is clipped: it was recorded too loud; record it again with the level turned down"
    expected = spoken.seconds(words)
    if not expected * SHORTEST <= lasts <= expected * LONGEST + _UNHURRIED:
        yield f"lasts {lasts:.1f} s, where its words take about {expected:.1f} s; is it another recording?"
