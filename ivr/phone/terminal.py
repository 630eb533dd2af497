"""A telephone in the terminal: it shows the words as they are spoken, and each typed character is a key.

At a real terminal a question waits in real time and a key interrupts its words. With keys from a file, only the line's
pauses are waited for, since the line may need the time for its work.
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

from ivr.phone.card_step import Connector, sandbox_connector
from ivr.phone.handset import Ended, Handset, Heard, HeardWords, Paying, Waiting
from ivr.phone.keyboard import HANG_UP, SILENCE, ReadKey, piped_keys, typed_keys
from ivr.phone.speaker import Speaker
from ivr.phone.transport import http_post, signed
from ivr.phone.verbs import WORDS_A_MINUTE, TwimlPause, TwimlPlay, TwimlSay, TwimlSound
from ivr.secret import DOT, Secret

READING_SECONDS = 60 / WORDS_A_MINUTE / 3
"""Seconds per word on the screen, a third of the time that it takes to speak it."""

_PRESSED = "› "  # noqa: RUF001 - a sign that is no telephone key, so that it is not taken for one
_REASONS = {
    "line hung up": "the line hung up",
    "end of document": "the line had nothing more to say",
    "caller hung up": "you hung up",
    "rejected": "the line did not take the call",
    "error": "the carrier ended the call",
}


@dataclass(slots=True)
class Terminal:
    """Shows a call and reads its keys; `live` is true if a person is typing them."""

    console: Console
    read_key: ReadKey
    live: bool = False
    speaker: Speaker | None = None
    sleep: Callable[[float], None] = time.sleep
    _keys_shown: bool = field(default=False, init=False)

    def note(self, text: str, style: str = "dim") -> None:
        """Write a line of text."""
        self._end_keys()
        self.console.out(text, style=style, highlight=False)

    def show_key(self, key: str) -> None:
        """Show a key after the others that were pressed since the last words."""
        self.console.out(key if self._keys_shown else _PRESSED + key, style="bold cyan", end="", highlight=False)
        self._keys_shown = True

    def hear(self, sound: TwimlSound) -> None:
        """Show or speak a sound outside a question, which a key cannot interrupt; keys wait for the next question."""
        match sound:
            case TwimlPause(seconds):
                self.sleep(seconds)
            case TwimlPlay(url):
                self._bring(HeardWords("", url=url), self._never_interrupted)
            case TwimlSay(text, language, voice, rate=rate):
                self._bring(HeardWords(text, language, voice, rate=rate), self._never_interrupted)

    def ask(self, prompt: tuple[HeardWords, ...], timeout: float) -> tuple[str, int | None]:
        """Show or speak a question; return the first key and how many words came before it, None if all of them did."""
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

    def _never_interrupted(self, seconds: float) -> bool:
        if self.live:
            self.sleep(seconds)
        return False

    def _bring(self, spoken: HeardWords, interrupted: Callable[[float], bool]) -> int:
        """Show, and speak if there is a speaker, words or a recording.

        Return how many words were shown before it was interrupted, or all of them.
        """
        if spoken.url:
            self.note(f"♪ {spoken.url}")
            return 0
        if self.live and self.speaker is None:
            return self._write_slowly(spoken.text, interrupted)
        self.note(spoken.text, style="none")
        if self.speaker is not None:
            self.speaker.say(spoken.text, spoken.language, interrupted, spoken.rate)
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
    """Run a whole call, from dialling to its end; return how it ended."""
    handset.plays = terminal.hear
    terminal.note(f"☎  calling {handset.to_number} from {handset.from_number} …")
    shown_count = 0
    heard = handset.dial()
    while True:
        for number in heard.dialled:
            terminal.note(f"☎  {number}: {handset.answers}")
        problems = [*handset.errors, *handset.warnings]
        for problem in problems[shown_count:]:
            terminal.note(f"! {problem}", style="red")
        shown_count = len(problems)
        match heard.waiting:
            case Waiting() | Paying() as waiting:
                prompt = waiting.prompt if heard.words else ()  # without new words the question was asked already
                key, words = terminal.ask(prompt, waiting.timeout)
                heard = _continue_with(handset, terminal, key, words, secret=isinstance(waiting, Paying))
            case Ended() as ended:
                seconds = round(handset.seconds)
                length = f"{seconds // 60} min {seconds % 60} s, {handset.keys_pressed} keys"
                terminal.note(f"☎  {_REASONS[ended.reason]} · {length}")
                return ended


def _continue_with(handset: Handset, terminal: Terminal, key: str, words: int | None, *, secret: bool) -> Heard:
    if key == SILENCE:
        terminal.note("  (silence)")
        return handset.wait()
    if key == HANG_UP:
        return handset.hang_up()
    terminal.show_key(DOT if secret and key.isdigit() else key)
    return handset.press(key, words)


def dial(
    url: str,
    from_number: str,
    to_number: str,
    token: Secret | None,
    speak: bool,
    stdin: TextIO,
    stdout: TextIO,
    call_sid: str | None = None,
    connector: Connector = sandbox_connector,
) -> int:
    """Call the line at a URL (at its /voice if the URL has no path); return 0, or 1 if the carrier ended the call.

    With a token, requests are signed as the carrier signs them. With `speak`, words are spoken aloud. Cards that the
    line lets the carrier take go to the connector, and their digits are not shown.
    """
    if urlsplit(url).path in ("", "/"):
        url = url.rstrip("/") + "/voice"
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors="replace")  # letters that the terminal cannot show must not end the call
    post = http_post() if token is None else signed(http_post(), token)
    sid = call_sid or "CA" + secrets.token_hex(16)
    handset = Handset(post, url, from_number, to_number, sid, connector=connector)
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
        handset.hang_up()  # tells the line, however this ended; it does nothing if the call is over
