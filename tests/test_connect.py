"""`ivr connect`: what it shows, what it changes, and what it says when the carrier will not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from carrier_api import ACCOUNT, NUMBERS, TOKEN, Carrier, serving
from click.testing import CliRunner, Result

from ivr.cli import connect as module
from ivr.cli import main

NUMBER = "+18002457979"
PUBLIC = "https://refills.example/line"
SETTINGS = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "IVR_PUBLIC_URL": PUBLIC}
CONNECTED = {
    "voice_url": f"{PUBLIC}/voice", "voice_method": "POST",
    "voice_fallback_url": f"{PUBLIC}/voice/fallback", "voice_fallback_method": "POST",
    "status_callback": f"{PUBLIC}/voice/status", "status_callback_method": "POST",
    "voice_application_sid": "", "trunk_sid": None,
}  # fmt: skip
PCI = "PCI mode: the carrier's API does not tell whether it is on. Look in the console at Voice, Settings, General"

Run = Callable[..., Result]


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with serving(Carrier("+18005550100", NUMBER)) as carrier:
        yield carrier


@pytest.fixture
def run(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the command, with all settings, and the stand-in in the place of the carrier."""
    to_carrier = module.carrier
    monkeypatch.setattr(module, "carrier", lambda chosen: to_carrier(chosen, carrier.base))
    return lambda *words, **settings: CliRunner().invoke(main, ["connect", *words], env={**SETTINGS, **settings})


def changes(carrier: Carrier) -> list[str]:
    return [request for request in carrier.requests if not request.startswith("GET ")]


def test_what_would_change_is_shown_and_nothing_is_changed(run: Run, carrier: Carrier) -> None:
    shown = run(NUMBER)
    assert (shown.exit_code, shown.output.splitlines()) == (0, [
        "A call comes in        POST https://demo.carrier.example/welcome",
        "               becomes POST https://refills.example/line/voice",
        "Primary handler fails  nothing",
        "               becomes POST https://refills.example/line/voice/fallback",
        "Call status changes    nothing",
        "               becomes POST https://refills.example/line/voice/status",
        module.PCI_MODE,
        "nothing was changed: --yes makes these changes",
    ])  # fmt: skip
    assert changes(carrier) == []


def test_what_is_shown_is_set_once(run: Run, carrier: Carrier) -> None:
    assert run(NUMBER, "--yes").output.endswith(f"{NUMBER} leads to this line now\n")
    assert carrier.named(NUMBER).items() >= CONNECTED.items()
    assert "voice" not in str(carrier.named("+18005550100")["status_callback"])
    again = run("+1 (800) 245-7979", "--yes")
    assert again.output.splitlines() == [
        f"A call comes in        POST {PUBLIC}/voice (stays)",
        f"Primary handler fails  POST {PUBLIC}/voice/fallback (stays)",
        f"Call status changes    POST {PUBLIC}/voice/status (stays)",
        module.PCI_MODE,
        f"{NUMBER} leads to this line; there is nothing to change",
    ]
    assert len(changes(carrier)) == 1


def test_a_method_alone_is_a_change(run: Run, carrier: Carrier) -> None:
    carrier.named(NUMBER).update(CONNECTED, voice_method="GET")
    shown = run(NUMBER, "--yes").output
    assert f"GET {PUBLIC}/voice\n               becomes POST {PUBLIC}/voice\n" in shown
    assert carrier.named(NUMBER)["voice_method"] == "POST"


@pytest.mark.parametrize(
    ("name", "sid", "label"),
    [("voice_application_sid", "AP" + 16 * "0b", "TwiML App"), ("trunk_sid", "TK" + 16 * "0c", "SIP trunk")],
)
def test_what_overrides_the_urls_is_said_and_taken_away(
    run: Run, carrier: Carrier, name: str, sid: str, label: str
) -> None:
    carrier.named(NUMBER).update(CONNECTED, **{name: sid})
    words = f"{label:<22} {sid}, which takes the calls in the place of these URLs\n               becomes none\n"
    assert words in run(NUMBER).output
    assert carrier.named(NUMBER)[name] == sid
    assert run(NUMBER, "--yes").exit_code == 0
    assert not carrier.named(NUMBER)[name]


def test_what_the_carrier_keeps_is_said(run: Run, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Carrier, "_update", lambda *_: (200, carrier.named(NUMBER)))
    refused = run(NUMBER, "--yes")
    assert refused.exit_code == 1
    assert "kept its own voice_url, voice_fallback_url, status_callback: set it in the console" in refused.output


def test_pci_mode_is_told_and_left_alone(run: Run, carrier: Carrier) -> None:
    assert all(PCI in run(*words).output for words in ((NUMBER,), (NUMBER, "--yes"), (NUMBER, "--yes")))
    assert all(NUMBERS in request for request in carrier.requests)


def test_a_number_that_the_account_does_not_have_is_told_with_those_it_has(run: Run) -> None:
    refused = run("+18002457970", "--yes")
    has = f"the account {ACCOUNT} does not have the number +18002457970; it has +18005550100, {NUMBER}\n"
    assert (refused.exit_code, refused.output) == (1, has)


def test_a_number_is_found_on_a_later_page(monkeypatch: pytest.MonkeyPatch) -> None:
    longer = [f"{NUMBER}{digit:03}" for digit in range(60)]
    with serving(Carrier(*longer, NUMBER)) as carrier:
        to_carrier = module.carrier
        monkeypatch.setattr(module, "carrier", lambda chosen: to_carrier(chosen, carrier.base))
        found = CliRunner().invoke(main, ["connect", NUMBER, "--yes"], env=SETTINGS)
        assert found.exit_code == 0, found.output
        assert carrier.named(NUMBER)["voice_url"] == f"{PUBLIC}/voice"
        assert "and more" in CliRunner().invoke(main, ["connect", "+18005550100"], env=SETTINGS).output


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, "{}"), "the carrier does not take TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN: copy both anew from its console"),
        ((404, "{}"), "the carrier knows no such account, or the number is gone: is TWILIO_ACCOUNT_SID that of the number's account?"),
        ((429, "{}"), "the carrier takes no more requests for now: try again in a minute"),
        ((503, "<html>"), "the carrier's API failed (503): run this again later, it shows what is set by then"),
        ((400, '{"message": "PhoneNumber is odd"}'), "the carrier refused the request (400): PhoneNumber is odd"),
        ((200, "<html>"), "what answered (200) is not the carrier's API: is there a proxy between?"),
        ((200, "{}"), "the carrier's API answers otherwise than expected: Page Records can not be deserialized"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_one_line(run: Run, carrier: Carrier, answer: tuple[int, str], words: str) -> None:
    carrier.answer = answer
    refused = run(NUMBER, "--yes")
    assert (refused.exit_code, refused.output) == (1, f"{words}\n")


def test_a_wrong_token_is_one_line_without_it(run: Run) -> None:
    refused = run(NUMBER, TWILIO_AUTH_TOKEN="not-the-token")
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "not-the-token" not in refused.output


def test_of_a_token_that_rotates_the_new_one_is_used(run: Run) -> None:
    assert run(NUMBER, TWILIO_AUTH_TOKEN=f"{TOKEN},old-token").exit_code == 0


def test_a_carrier_that_is_away_is_one_line(run: Run, carrier: Carrier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        carrier.base = f"http://127.0.0.1:{closed.getsockname()[1]}"
    refused = run(NUMBER)
    assert (refused.exit_code, refused.output) == (
        1,
        "the carrier's API at api.twilio.com does not answer: ConnectionError\n",
    )


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID: expected the account's SID, from the front page of the carrier's console, found none"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN: expected the account's token, from the front page of the carrier's console, found none"),
        ({"IVR_PUBLIC_URL": ""}, "IVR_PUBLIC_URL: expected the https:// URL at which the carrier reaches this line, found none"),
        ({"IVR_PUBLIC_URL": "http://refills.example"},
         "IVR_PUBLIC_URL: expected https://, since members' data are posted to it, found http://refills.example"),
    ],
)  # fmt: skip
def test_a_setting_that_is_missing_is_told_in_a_line(
    run: Run, carrier: Carrier, missing: dict[str, str], words: str
) -> None:
    refused = run(NUMBER, "--yes", **missing)
    assert (refused.exit_code, refused.output) == (1, f"{words}\n")
    assert carrier.requests == []


def test_a_number_that_is_none_is_wrong_usage(run: Run, carrier: Carrier) -> None:
    refused = run("8002457979")
    assert refused.exit_code == 2
    assert 'expected a telephone number in E.164 form such as +18002457979, found "8002457979"' in refused.output
    assert carrier.requests == []
