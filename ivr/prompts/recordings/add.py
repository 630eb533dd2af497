"""Adds the files of a voice talent: converts them to the telephone's format and puts them where the line finds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.prompts import Catalogue
from ivr.prompts.recordings.check import sound_faults
from ivr.prompts.recordings.folder import AUDIO
from ivr.prompts.recordings.fragments import Fragment
from ivr.prompts.recordings.sound import for_telephone
from ivr.prompts.recordings.wav import RATE, SoundError, read, samples, write


@dataclass(frozen=True, slots=True)
class Added:
    """The result of adding one file: its length after conversion, and the reasons why it was not added, if any."""

    seconds: float = 0.0
    faults: tuple[str, ...] = ()


def add(file: Path, fragment: Fragment, prompts: Path, catalogue: Catalogue) -> Added:
    """Add a file as the recording of a fragment; with any fault, leave everything as it was and return the faults."""
    try:
        form, frames = read(file.read_bytes())
    except (OSError, SoundError) as error:
        return Added(faults=(str(error),))
    if form.rate < RATE:
        return Added(faults=(f"is {form}; record it at {RATE} Hz or more",))
    original = samples(form, frames)
    sound = for_telephone(original, form.rate)
    # Clipping shows in the original file, the length only after silence before and after is cut off.
    found_faults = tuple(sound_faults(original, len(sound) / RATE, fragment.words))
    if not found_faults:
        target = prompts / catalogue.language / AUDIO / f"{file.stem}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(target, write(sound))
        _replace_file(target.with_suffix(".txt"), f"{fragment.words}\n".encode())
    return Added(len(sound) / RATE, found_faults)


def _replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a running line never reads half of it."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)
