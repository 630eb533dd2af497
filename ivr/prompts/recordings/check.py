"""Compares the recordings with the words of prompts: which are missing, stale, or sound wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import Place, Problem, did_you_mean
from ivr.prompts import Catalogues, spoken
from ivr.prompts.recordings.folder import AUDIO, audio_files, read_recording, words_beside
from ivr.prompts.recordings.fragments import Fragment, fragments, fragments_by_name, spoken_words
from ivr.prompts.recordings.sound import is_clipped, is_silent
from ivr.prompts.recordings.wav import SoundError, duration_seconds, read, samples

SHORTEST, LONGEST = 0.35, 3.0
"""How long a recording may last, as shares of the time that its words should take; outside of them it probably says
others."""
_SLACK_SECONDS = 1.0
"""Seconds that may be added to the longest time, for recordings of only a few words."""
HOW_TO_MEND = "add it with `ivr recordings add`"


@dataclass(frozen=True, slots=True)
class CheckedRecordings:
    """What there is to record in a language, what of it has no good recording, and what is wrong with files."""

    language: str
    wanted: tuple[Fragment, ...]
    missing: tuple[Fragment, ...]
    problems: tuple[Problem, ...]


def check_recordings(prompts: Path, catalogues: Catalogues) -> tuple[CheckedRecordings, ...]:
    """Return the result for every language. The place of a problem is the file that has it."""
    return tuple(
        _check_language_recordings(prompts, language, fragments(catalogues.by_language[language]))
        for language in catalogues.languages
    )


def _check_language_recordings(prompts: Path, language: str, wanted: tuple[Fragment, ...]) -> CheckedRecordings:
    fragments_by_file = fragments_by_name(wanted)
    problems: list[Problem] = []
    recorded: set[str] = set()
    for path in (path for folder_language, path in audio_files(prompts) if folder_language == language):
        messages = list(_file_faults(path, fragments_by_file))
        problems += (Problem(Place(str(path)), message) for message in messages)
        if not messages and (playable := read_recording(path, language)):
            recorded.add(spoken_words(playable.words))
    for words_file in sorted((prompts / language / AUDIO).glob("*.txt")):
        if not words_file.with_suffix(".wav").exists():
            problems.append(Problem(Place(str(words_file)), "has no recording beside it"))
    missing = tuple(fragment for fragment in wanted if spoken_words(fragment.words) not in recorded)
    return CheckedRecordings(language, wanted, missing, tuple(problems))


def _file_faults(path: Path, fragments_by_file: Mapping[str, Fragment]) -> Iterator[str]:
    """Yield what is wrong with one recording: its name, its words, its format or its sound."""
    fragment = fragments_by_file.get(path.stem)
    if fragment is None:
        yield f"no prompt has words of this name to record{did_you_mean(path.stem, fragments_by_file)}"
        return
    words = words_beside(path)
    if not words:
        yield f"lacks the words it says, in {path.stem}.txt beside it; {HOW_TO_MEND}"
    elif spoken_words(words) != spoken_words(fragment.words):
        yield f'is stale: it says "{words}", and the words are now "{fragment.words}"'
    try:
        form, frames = read(path.read_bytes())
    except SoundError as error:
        yield str(error)
        return
    if not form.is_telephone:
        yield f"is {form}; a telephone takes 8000 Hz mono, 16 bits: {HOW_TO_MEND}"
    yield from sound_faults(samples(form, frames), duration_seconds(form, frames), words or fragment.words)


def sound_faults(sound: list[float], lasts: float, words: str) -> Iterator[str]:
    """Yield what is wrong with how a recording sounds, in words for its maker; `lasts` is its length in seconds."""
    if is_silent(sound):
        yield "is silent"
        return
    if is_clipped(sound):
        yield "is clipped: it was recorded too loud; record it again with the level turned down"
    expected = spoken.speaking_seconds(words)
    if not expected * SHORTEST <= lasts <= expected * LONGEST + _SLACK_SECONDS:
        yield f"lasts {lasts:.1f} s, where its words take about {expected:.1f} s; is it another recording?"
