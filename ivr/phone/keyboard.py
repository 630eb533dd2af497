"""Keys from a person at a terminal, or from a file: one character each, without Enter.

Both give a `ReadKey`: called with the seconds to wait, it returns a telephone key, `SILENCE` when none came, or
`HANG_UP`. A file is not waited for; a comma in it is a silence, its end hangs up.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from ivr.errors import IvrError
from ivr.phone.handset import KEYS

SILENCE = ","
HANG_UP = "h"

ReadKey = Callable[[float], str]


def piped_keys(stdin: TextIO) -> ReadKey:
    """Read keys from a text that is there already; what is no key is an error, as nobody could correct it."""

    def read_key(_seconds: float) -> str:
        while (character := stdin.read(1)).isspace():
            pass
        if character and character not in KEYS + SILENCE + HANG_UP:
            raise IvrError(f'"{character}" is no key: 0-9, * and # are; "," is a silence, "h" hangs up')
        return character or HANG_UP

    return read_key


@contextmanager
def typed_keys(stdin: TextIO) -> Iterator[ReadKey]:
    """Read keys as a person types them; other characters are passed over."""
    with _unbuffered(stdin) as read_character:

        def read_key(seconds: float) -> str:
            while True:
                character = read_character(seconds)
                if character is None:
                    return SILENCE
                if character in ("", "\x04"):  # the terminal is gone, or Ctrl-D
                    return HANG_UP
                if character in KEYS + SILENCE + HANG_UP:
                    return character

        yield read_key


if sys.platform == "win32":  # pragma: no cover - another system than the tests'

    @contextmanager
    def _unbuffered(_stdin: TextIO) -> Iterator[Callable[[float], str | None]]:
        import msvcrt
        import time

        def read_character(seconds: float) -> str | None:
            until = time.monotonic() + seconds
            while not msvcrt.kbhit():
                if time.monotonic() > until:
                    return None
                time.sleep(0.02)
            return msvcrt.getwch()

        yield read_character

else:

    @contextmanager
    def _unbuffered(stdin: TextIO) -> Iterator[Callable[[float], str | None]]:
        """Give single characters of a terminal, None after the seconds, and put the terminal back afterwards."""
        import select
        import termios
        import tty

        terminal = stdin.fileno()
        before = termios.tcgetattr(terminal)

        def read_character(seconds: float) -> str | None:
            ready, _, _ = select.select([terminal], [], [], seconds)
            return os.read(terminal, 1).decode("ascii", "replace") if ready else None

        try:
            tty.setcbreak(terminal)  # Ctrl-C still interrupts
            yield read_character
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
