"""Reading keys from a terminal, where they need no Enter, or from a file, one character each.

Both functions give a `ReadKey`: called with the seconds to wait, it returns a telephone key, `SILENCE` if none was
pressed, or `HANG_UP`. Reading a file never waits; a comma in it is a silence, and its end hangs up.
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
    """Return a `ReadKey` for a file or pipe. It skips white space and raises IvrError for what is no key."""

    def read_key(_seconds: float) -> str:
        while (character := stdin.read(1)).isspace():
            pass
        if character and character not in KEYS + SILENCE + HANG_UP:
            raise IvrError(f'"{character}" is no key: 0-9, * and # are; "," is a silence, "h" hangs up')
        return character or HANG_UP

    return read_key


@contextmanager
def typed_keys(stdin: TextIO) -> Iterator[ReadKey]:
    """Give a `ReadKey` for a terminal, which ignores other characters."""
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


if sys.platform == "win32":  # pragma: no cover - tests run on POSIX systems

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
        """Give a function that returns a typed character, or None after the seconds; then restore the terminal."""
        import select
        import termios
        import tty

        terminal = stdin.fileno()
        saved_settings = termios.tcgetattr(terminal)

        def read_character(seconds: float) -> str | None:
            ready, _, _ = select.select([terminal], [], [], seconds)
            return os.read(terminal, 1).decode("ascii", "replace") if ready else None

        try:
            tty.setcbreak(terminal)  # Ctrl-C still interrupts
            yield read_character
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, saved_settings)
