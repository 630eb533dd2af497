"""Takes a voice talent's files: brings them to the telephone's format and puts them where the line finds them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ivr.prompts import Catalogue
from ivr.prompts.recordings.check import faults
from ivr.prompts.recordings.folder import AUDIO
from ivr.prompts.recordings.fragments import Fragment
from ivr.prompts.recordings.sound import for_telephone
from ivr.prompts.recordings.wav import RATE, SoundError, read, samples, write


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file; `faults` say why it was not taken."""

    seconds: float = 0.0
    faults: tuple[str, ...] = ()


def add(file: Path, fragment: Fragment, prompts: Path, catalogue: Catalogue) -> Added:
    """Take one file for a fragment, or say what is wrong with it and leave what was there as it was."""
    try:
        form, frames = read(file.read_bytes())
    except (OSError, SoundError) as error:
        return Added(faults=(str(error),))
    if form.rate < RATE:
        return Added(faults=(f"is {form}; record it at {RATE} Hz or more",))
    heard = samples(form, frames)
    sound = for_telephone(heard, form.rate)
    # Clipping shows in the file as it came, the length only once the rests before and after are gone.
    found = tuple(faults(heard, len(sound) / RATE, fragment.words))
    if not found:
        place = prompts / catalogue.language / AUDIO / f"{file.stem}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        _put(place, write(sound))
        _put(place.with_suffix(".txt"), f"{fragment.words}\n".encode())
    return Added(len(sound) / RATE, found)


def _put(path: Path, content: bytes) -> None:
    """Replace a file at one moment, so that a running line never reads half of one."""
    whole = path.with_name(f".{path.name}.new")
    whole.write_bytes(content)
    os.replace(whole, path)  # noqa: PTH105 - the same, and what it says
