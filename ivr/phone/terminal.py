"""A telephone in the terminal: the words as they are spoken, a key for each character typed.

At a real terminal questions are waited for in real time and a key cuts their words short. With keys from a file
nothing is waited for but the line's own pauses, which it may need to get its work done.
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import urlsplit

from rich.console import Console

from ivr.phone.handset import Ended, Handset, Heard, HeardWords, Paying, Waiting
from ivr.phone.keyboard import HANG_UP, SILENCE, ReadKey, piped_keys, typed_keys
from ivr.phone.speaker import Speaker
from ivr.phone.transport import http_post, signed
from ivr.phone.verbs import WORDS_A_MINUTE, TwimlPause, TwimlPlay, TwimlSay, TwimlSound
from ivr.secret import Secret

READING_SECONDS = 60 / WORDS_A_MINUTE / 3
"""A word at a time on the screen, faster than it is spoken: a reader is impatient."""

_PRESSED = "› "  # noqa: RUF001 - no keyboard has it, so it is never taken for a key
_CARD = ("card number", "expiry, month and year as MMYY", "security code")
_REASONS = {
    "line hung up": "the line hung up",
    "end of document": "the line had nothing more to say",
    "caller hung up": "you hung up",
    "rejected": "the line did not take the call",
    "error": "the carrier ended the call",
}


@dataclass(slots=True)
class Terminal:
    """Where a call is shown and its keys come from; `live` when a person sits there."""

    console: Console
    read_key: ReadKey
    live: bool = False
    speaker: Speaker | None = None
    sleep: Callable[[float], None] = time.sleep
    _keys_shown: bool = field(default=False, init=False)

    def note(self, text: str, style: str = "dim") -> None:
        """Write a line of our own."""
        self._end_keys()
        self.console.out(text, style=style, highlight=False)

    def show_key(self, key: str) -> None:
        """Show a key beside the others that were pressed since the last words."""
        self.console.out(key if self._keys_shown else _PRESSED + key, style="bold cyan", end="", highlight=False)
        self._keys_shown = True

    def hear(self, sound: TwimlSound) -> None:
        """Bring a sound that no key can cut short; what is typed meanwhile waits for the next question."""
        match sound:
            case TwimlPause(seconds):
                self.sleep(seconds)
            case TwimlPlay(url):
                self._bring(HeardWords("", url=url), self._rest)
            case TwimlSay(text, language, voice):
                self._bring(HeardWords(text, language, voice), self._rest)

    def ask(self, prompt: tuple[HeardWords, ...], timeout: float) -> tuple[str, int | None]:
        """Bring a question and return the first key, with the words heard before it; None is all of them."""
        typed: list[str] = []

        def interrupted(seconds: float) -> bool:
            if not self.live:
                return False
            key = self.read_key(seconds)
            if key != SILENCE:
                typed.append(key)
            return bool(typed)

        words = 0
        for spoken in prompt:
            words += self._bring(spoken, interrupted)
            if typed:
                return typed[0], words
        return self.read_key(timeout), None

    def _end_keys(self) -> None:
        if self._keys_shown:
            self.console.out("")
            self._keys_shown = False

    def _rest(self, seconds: float) -> bool:
        if self.live:
            self.sleep(seconds)
        return False

    def _bring(self, spoken: HeardWords, interrupted: Callable[[float], bool]) -> int:
        """Write, and speak, one piece; return how many words came before it was interrupted, if it was."""
        if spoken.url:
            self.note(f"♪ {spoken.url}")
            return 0
        if self.live and self.speaker is None:
            return self._write_slowly(spoken.text, interrupted)
        self.note(spoken.text, style="none")
        if self.speaker is not None:
            self.speaker.say(spoken.text, spoken.language, interrupted)
        return len(spoken.text.split())

    def _write_slowly(self, text: str, interrupted: Callable[[float], bool]) -> int:
        self._end_keys()
        column, count = 0, 0
        for word in text.split():
            if column and column + len(word) >= self.console.width:
                self.console.out("")
                column = 0
            self.console.out(word, end=" ", highlight=False)
            column += len(word) + 1
            count += 1
            if interrupted(READING_SECONDS):
                self.console.out("…", end="")
                break
        self.console.out("")
        return count


def run_terminal(handset: Handset, terminal: Terminal) -> Ended:
    """Have a whole call, from dialling to its end; return how it ended."""
    handset.plays = terminal.hear
    terminal.note(f"☎  calling {handset.to_number} from {handset.from_number} …")
    remarks = 0
    heard = handset.dial()
    while True:
        for number in heard.dialled:
            terminal.note(f"☎  {number}: {handset.answers}")
        found = [*handset.errors, *handset.warnings]
        for remark in found[remarks:]:
            terminal.note(f"! {remark}", style="red")
        remarks = len(found)
        match heard.waiting:
            case Waiting() as waiting:
                prompt = waiting.prompt if heard.words else ()  # without words it is the question of before
                key, words = terminal.ask(prompt, waiting.gather.timeout)
                heard = _act(handset, terminal, key, words)
            case Paying():
                heard = _pay(handset, terminal)
            case Ended() as ended:
                seconds = round(handset.seconds)
                length = f"{seconds // 60} min {seconds % 60} s, {handset.keys_pressed} keys"
                terminal.note(f"☎  {_REASONS[ended.reason]} · {length}")
                return ended


def _act(handset: Handset, terminal: Terminal, key: str, words: int | None = None) -> Heard:
    if key == SILENCE:
        terminal.note("  (silence)")
        return handset.wait()
    if key == HANG_UP:
        return handset.hang_up()
    terminal.show_key(key)
    return handset.press(key, words)


def _pay(handset: Handset, terminal: Terminal) -> Heard:
    """Take a card as the carrier does: three entries ended with pound; star leaves."""
    card: list[str] = []
    for field_name in _CARD:
        terminal.note(f"  (the carrier asks for the {field_name}, then #; * leaves)")
        digits = ""
        while (key := terminal.read_key(5)) != "#":
            if key in (SILENCE, HANG_UP, "*"):
                return _act(handset, terminal, key)
            terminal.show_key(key)
            digits += key
        card.append(digits)
    return handset.pay(*card)


def dial(
    url: str,
    from_number: str,
    to_number: str,
    token: Secret | None,
    speak: bool,
    stdin: TextIO,
    stdout: TextIO,
    call_sid: str | None = None,
) -> int:
    """Call the line at a URL (without a path, its /voice) and return 0, or 1 where the carrier ended the call."""
    if urlsplit(url).path in ("", "/"):
        url = url.rstrip("/") + "/voice"
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors="replace")  # a name that the terminal has no letters for must not end the call
    post = http_post() if token is None else signed(http_post(), token)
    handset = Handset(post, url, from_number, to_number, call_sid or "CA" + secrets.token_hex(16))
    speaker = Speaker() if speak else None
    console = Console(file=stdout)
    if not stdin.isatty():
        return _dial(handset, Terminal(console, piped_keys(stdin), speaker=speaker))
    with typed_keys(stdin) as read_key:
        console.out("keys 0-9 * #; h hangs up", style="dim", highlight=False)
        return _dial(handset, Terminal(console, read_key, live=True, speaker=speaker))


def _dial(handset: Handset, terminal: Terminal) -> int:
    try:
        return 1 if run_terminal(handset, terminal).error else 0
    except KeyboardInterrupt:
        terminal.note("☎  you hung up")
        return 0
    finally:
        handset.hang_up()  # so that the line learns of it, however this ended; after the end it does nothing
