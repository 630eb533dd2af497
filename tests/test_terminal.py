"""A call in the terminal: what is shown, and how keys are taken from a person or a file."""

# ruff: noqa: RUF001 - the sign before pressed keys is meant to be no ">"
from __future__ import annotations

import io
import os
import pty
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from rich.console import Console

from ivr.errors import IvrError
from ivr.phone.handset import Ended, Handset
from ivr.phone.keyboard import HANG_UP, SILENCE, piped_keys, typed_keys
from ivr.phone.speaker import Speaker, espeak_voice
from ivr.phone.terminal import Terminal, dial, run_terminal
from ivr.phone.transport import Form, Headers, Reply
from ivr.secret import Secret

PAGES = {
    "/voice": '<Say>Welcome to the refill line.</Say><Pause length="2"/><Redirect>/menu</Redirect>',
    "/menu": '<Gather action="/number" numDigits="1" timeout="4"><Say>Refills, 1.</Say></Gather><Redirect>/menu</Redirect>',
    "/number": '<Gather action="/done"><Say language="es-US" voice="Polly.Lupe">¿Su número?</Say></Gather><Say>Bye.</Say>',
    "/done": "<Play>thanks.wav</Play><Dial>+12025550100</Dial><Hangup/>",
    "/pay": '<Pay action="/done" postalCode="false"><Prompt for="payment-card-number"><Say>Card?</Say></Prompt></Pay>',
    "/broken": "<Shout/>",
}


def page(url: str, _form: Form | None, _headers: Headers) -> Reply:
    path = url.removeprefix("http://line.test")
    return Reply(200, "text/xml", f"<Response>{PAGES.get(path, '')}</Response>")


def handset(path: str = "/voice") -> Handset:
    return Handset(page, "http://line.test" + path, "+12025550143", "+18002457979", "CA1", fallback=False)


def terminal(keys: str = "", **options: Any) -> tuple[Terminal, io.StringIO, list[float]]:
    out = io.StringIO()
    slept: list[float] = []
    read_key = options.pop("read_key", piped_keys(io.StringIO(keys)))
    return Terminal(Console(file=out, width=40), read_key, sleep=slept.append, **options), out, slept


def test_a_call_from_a_file_is_a_transcript() -> None:
    shown, out, slept = terminal(", 1\n2255#")
    assert run_terminal(handset(), shown) == Ended("line hung up")
    assert out.getvalue() == (
        "☎  calling +18002457979 from +12025550143 …\n"
        "Welcome to the refill line.\n"
        "Refills, 1.\n"
        "  (silence)\n"
        "Refills, 1.\n"
        "› 1\n"
        "¿Su número?\n"
        "› 2255#\n"
        "♪ http://line.test/thanks.wav\n"
        "☎  +12025550100: completed\n"
        "☎  the line hung up · 1 min 18 s, 6 keys\n"
    )
    assert slept == [2]


ENDINGS = {
    "the file ends": ("1", "☎  you hung up · "),
    "an h hangs up": ("h111", "☎  you hung up · "),
    "nothing follows": ("1#", "☎  the line had nothing more to say · "),
}


@pytest.mark.parametrize(("keys", "last"), ENDINGS.values(), ids=ENDINGS)
def test_how_the_call_ended_is_told(keys: str, last: str) -> None:
    shown, out, _ = terminal(keys)
    run_terminal(handset(), shown)
    assert out.getvalue().splitlines()[-1].startswith(last)


def test_what_the_carrier_refuses_is_shown() -> None:
    shown, out, _ = terminal()
    assert run_terminal(handset("/broken"), shown).error
    assert "! carrier error 12200 at http://line.test/broken: <Shout> is no verb" in out.getvalue()
    assert "We are sorry, an application error has occurred." in out.getvalue()
    assert "☎  the carrier ended the call · " in out.getvalue()


CARDS = {
    # keys, how the call ended, and how the keys are shown
    "a card": ("4242424242424242 1299 123", "line hung up", ["› " + 16 * "•", "› ••••", "› •••"]),
    "star leaves": ("4242*", "line hung up", ["› ••••*"]),
    "silence to the end": ("4242,", "line hung up", ["› ••••"]),
    "hanging up": ("42h", "caller hung up", ["› ••"]),
}


@pytest.mark.parametrize(("keys", "reason", "shown_keys"), CARDS.values(), ids=CARDS)
def test_the_digits_of_a_card_are_not_shown(keys: str, reason: str, shown_keys: list[str]) -> None:
    shown, out, _ = terminal(keys)
    assert run_terminal(handset("/pay"), shown).reason == reason
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("› ")] == shown_keys
    assert "Card?" in lines


def test_what_is_no_key_in_a_file_is_an_error() -> None:
    shown, _, _ = terminal("x")
    with pytest.raises(IvrError, match='"x" is no key: 0-9, \\* and # are; "," is a silence, "h" hangs up'):
        run_terminal(handset(), shown)


class Person:
    """Presses given keys after so many looks at the keyboard; remembers how long the looks were."""

    def __init__(self, *presses: tuple[int, str]) -> None:
        self.presses = list(presses)
        self.looks: list[float] = []

    def __call__(self, seconds: float) -> str:
        self.looks.append(seconds)
        if not self.presses:
            return HANG_UP
        after, key = self.presses[0]
        if after > 0:
            self.presses[0] = (after - 1, key)
            return SILENCE
        self.presses.pop(0)
        return key


def test_a_person_is_waited_for_as_long_as_the_line_says() -> None:
    person = Person((2, "1"), (99, "h"))
    shown, _, slept = terminal(read_key=person, live=True)
    run_terminal(handset(), shown)
    words = person.looks[:2]
    assert words[0] == words[1] < 1
    assert person.looks[2] == 4
    assert 2 in slept


def test_a_key_cuts_the_words_short() -> None:
    phone = handset()
    shown, out, _ = terminal(read_key=Person((0, "1")), live=True)
    run_terminal(phone, shown)
    assert "Refills, …\n› 1\n" in out.getvalue()
    assert phone.keys_pressed == 1


def test_words_are_wrapped_for_a_person() -> None:
    shown, out, _ = terminal(read_key=Person(), live=True)
    run_terminal(Handset(lambda *_: Reply(200, "text/plain", "word " * 50), "http://line.test", "", "", "CA1"), shown)
    lines = [line for line in out.getvalue().splitlines() if line.startswith("word")]
    assert len(lines) > 6
    assert max(map(len, lines)) <= 40


@pytest.fixture
def keyboard() -> Iterator[tuple[Any, Callable[[str], None]]]:
    """A real terminal: the stream a program reads, and a way to type into it."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as stream:
        yield stream, lambda text: void(os.write(master, text.encode()))
    os.close(master)


def void(_: object) -> None:
    """Let a lambda return nothing."""


def test_keys_are_taken_from_a_terminal_one_by_one(keyboard: tuple[Any, Callable[[str], None]]) -> None:
    stream, write = keyboard
    with typed_keys(stream) as read_key:
        assert read_key(0) == SILENCE
        write("x1#h\x04")
        assert [read_key(1) for _ in range(4)] == ["1", "#", HANG_UP, HANG_UP]


VOICES = {"en-US": "en-us", "en-GB": "en-gb", "es-US": "es-419", "es-ES": "es", "vi-VN": "vi", "cmn-CN": "cmn"}


@pytest.mark.parametrize(("language", "voice"), VOICES.items(), ids=VOICES)
def test_languages_have_a_voice(language: str, voice: str) -> None:
    assert espeak_voice(language) == voice


def test_speaking_needs_the_program() -> None:
    with pytest.raises(IvrError, match="speaking needs no-such-program, which is not installed here"):
        Speaker("no-such-program")


@pytest.fixture
def voice(tmp_path: Path) -> tuple[Speaker, Path]:
    """A stand-in for the program that writes down what it was told to say."""
    said = tmp_path / "said"
    program = tmp_path / "espeak"
    program.write_text(f'#!/bin/sh\necho "$@" >> {said}\ncat >> {said}\n')
    program.chmod(0o755)
    return Speaker(str(program)), said


def test_words_are_spoken_in_their_language(voice: tuple[Speaker, Path]) -> None:
    speaker, said = voice
    shown, _, _ = terminal("1h", speaker=speaker)
    run_terminal(handset(), shown)
    assert said.read_text() == (
        "-v en-us -s 175 --stdin\nWelcome to the refill line.-v en-us -s 175 --stdin\nRefills, 1."
        "-v es-419 -s 175 --stdin\n¿Su número?"
    )


def test_speech_is_cut_short_by_a_key(tmp_path: Path) -> None:
    program = tmp_path / "espeak"
    program.write_text("#!/bin/sh\ncat > /dev/null\nexec sleep 60\n")
    program.chmod(0o755)
    looks = iter([False, True])
    Speaker(str(program)).say("a", "en-US", lambda _seconds: next(looks))
    assert next(looks, None) is None


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, list[str]], bool]]]]:
    """The same pages on a loopback port, and what was asked of them: path, form, signed or not."""
    asked = []

    def app(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode(), keep_blank_values=True)
        path = environ["PATH_INFO"]
        asked.append((path, form, "HTTP_X_TWILIO_SIGNATURE" in environ))
        start("200 OK", [("Content-Type", "text/xml")])
        body = PAGES.get(path, "").replace('<Pause length="2"/>', "")
        return [f"<Response>{body}</Response>".encode()]

    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "/", "/voice"])
def test_a_line_is_dialled_by_its_address(path: str, server: tuple[str, list[Any]]) -> None:
    base, asked = server
    out = io.StringIO()
    keys = io.StringIO("12255#")
    code = dial(base + path, "+12025550143", "+18002457979", Secret("12345"), False, keys, out, call_sid="CA7")
    assert code == 0
    assert "☎  the line hung up · " in out.getvalue()
    assert [asked_path for asked_path, _, _ in asked] == ["/voice", "/menu", "/number", "/done", "/voice/status"]
    assert all(signed for _, _, signed in asked)
    assert asked[3][1]["Digits"] == ["2255"]
    assert {form["CallSid"][0] for _, form, _ in asked} == {"CA7"}


def test_a_line_that_is_not_there_ends_the_call() -> None:
    out = io.StringIO()
    assert dial("http://127.0.0.1:9", "", "", None, False, io.StringIO(), out) == 1
    assert "carrier error 11205 at http://127.0.0.1:9/voice: no answer: " in out.getvalue()


def test_the_line_learns_of_a_call_that_was_broken_off(server: tuple[str, list[Any]]) -> None:
    base, asked = server
    with pytest.raises(IvrError):
        dial(base, "+12025550143", "+18002457979", None, False, io.StringIO("?"), io.StringIO())
    assert asked[-1][0] == "/voice/status"
    assert not asked[-1][2]


def test_a_terminal_without_the_letters_shows_what_it_can(server: tuple[str, list[Any]]) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert dial(server[0], "", "", None, False, io.StringIO("1h"), out) == 0
    out.seek(0)
    assert "?Su n?mero?" in out.read()
