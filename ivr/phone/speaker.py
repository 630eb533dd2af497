"""Words aloud, by espeak-ng in a process of its own, so that a key can cut them short."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress

from ivr.errors import IvrError

_VOICES = {"es-us": "es-419", "es-mx": "es-419", "cmn-cn": "cmn", "zh-cn": "cmn", "yue-hk": "yue", "vi-vn": "vi"}
_LOOK_SECONDS = 0.05


class Speaker:
    """Speaks with the program that is installed; raises IvrError where none is."""

    def __init__(self, program: str = "espeak-ng") -> None:
        found = shutil.which(program)
        if found is None:
            raise IvrError(f"speaking needs {program}, which is not installed here")
        self._program = found

    def say(self, text: str, language: str, interrupted: Callable[[float], bool]) -> None:
        """Speak, asking `interrupted` again and again, with the seconds to look, whether to stop."""
        command = [self._program, "-v", espeak_voice(language), "--stdin"]  # by stdin no text is taken for an option
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            if process.stdin:
                with suppress(BrokenPipeError), process.stdin as words:  # a program that stopped speaks no more
                    words.write(text.encode())
            while process.poll() is None:
                if interrupted(_LOOK_SECONDS):
                    process.terminate()
                    return

    def wav(self, text: str, language: str) -> bytes:
        """Return the spoken words as a WAV file."""
        command = [self._program, "-v", espeak_voice(language), "--stdin", "--stdout"]
        return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout  # noqa: S603


def espeak_voice(language: str) -> str:
    """Return the program's name for a language of the carrier's: `es-US` is `es-419`."""
    tag = language.lower()
    return _VOICES.get(tag, tag if tag.startswith("en-") else tag.split("-")[0])
