"""Speaking words aloud with the program espeak-ng, in a process of its own that a key can interrupt."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress

from ivr.errors import IvrError

_VOICES = {"es-us": "es-419", "es-mx": "es-419", "cmn-cn": "cmn", "zh-cn": "cmn", "yue-hk": "yue", "vi-vn": "vi"}
_LOOK_SECONDS = 0.05
_WORDS_A_MINUTE = 175
"""The program's usual speed."""


class Speaker:
    """Speaks with an installed program; raises IvrError if it is not installed."""

    def __init__(self, program: str = "espeak-ng") -> None:
        path = shutil.which(program)
        if path is None:
            raise IvrError(f"speaking needs {program}, which is not installed here")
        self._program = path

    def say(self, text: str, language: str, interrupted: Callable[[float], bool], rate: int = 100) -> None:
        """Speak until `interrupted` returns true; it is called repeatedly with the seconds to wait for a key.

        `rate` is how fast, in percent of the usual.
        """
        speed = str(_WORDS_A_MINUTE * rate // 100)
        command = [
            self._program,
            "-v",
            espeak_voice(language),
            "-s",
            speed,
            "--stdin",
        ]  # on stdin, text cannot be taken for an option
        with subprocess.Popen(  # noqa: S603 - no shell, and the text is not among the arguments
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            if process.stdin:
                with suppress(BrokenPipeError), process.stdin as words:  # the program may have ended
                    words.write(text.encode())
            while process.poll() is None:
                if interrupted(_LOOK_SECONDS):
                    process.terminate()
                    return

    def wav(self, text: str, language: str) -> bytes:
        """Return the spoken words as a WAV file."""
        command = [self._program, "-v", espeak_voice(language), "--stdin", "--stdout"]
        completed = subprocess.run(  # noqa: S603 - no shell, and the text is not among the arguments
            command, input=text.encode(), capture_output=True, check=True
        )
        return completed.stdout


def espeak_voice(language: str) -> str:
    """Return espeak-ng's voice for one of the carrier's languages: `es-419` for `es-US`."""
    tag = language.lower()
    return _VOICES.get(tag, tag if tag.startswith("en-") else tag.split("-")[0])
