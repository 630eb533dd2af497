"""Who may post to the line, what it answers to nonsense, and that its answers are always TwiML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from demo_line import IDENTIFIED, DemoLine, with_settings
from flask.testing import FlaskClient
from hearing import hears
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from ivr.pages.app import make_app
from ivr.phone.handset import Ended, Handset
from ivr.phone.transport import NO_ANSWER, Form, Headers, Reply, Transport, signature, signed, wsgi_post
from ivr.secret import Secret
from ivr.settings import Settings

TOKEN = Secret("a-token-for-tests")
SID = "CA" + "d" * 32
CALL = {"CallSid": SID, "From": "+15105550123", "To": "+18002457979", "CallStatus": "ringing"}
LOCAL = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1"}

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=False)


def written(demo_line: DemoLine) -> int:
    return int(str(demo_line.rows("SELECT count(*) FROM call")[0][0]))


def signed_post(
    client: FlaskClient, url: str, form: Mapping[str, str], signed_url: str = "", **more: str
) -> TestResponse:
    mac = signature(TOKEN, signed_url or url, form.items())
    return client.post(url, data=dict(form), headers={"X-Twilio-Signature": mac, **more})


@pytest.fixture
def guarded(demo_line: DemoLine) -> DemoLine:
    return with_settings(demo_line, Settings(twilio_auth_tokens=(TOKEN, Secret("the-next-token"))))


def test_a_signed_call_is_answered(guarded: DemoLine) -> None:
    reply = signed_post(guarded.app.test_client(), "https://line.example/voice", CALL)
    assert reply.status_code == 200
    assert reply.content_type.startswith("text/xml")
    assert ET.fromstring(reply.data).tag == "Response"  # noqa: S314  (our own answer)


REFUSED = {
    "unsigned": {},
    "empty signature": {"X-Twilio-Signature": ""},
    "forged signature": {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    "signed with another token": {
        "X-Twilio-Signature": signature(Secret("other"), "https://line.example/voice", CALL.items())
    },
    "signed for another line": {"X-Twilio-Signature": signature(TOKEN, "https://other.example/voice", CALL.items())},
    "signed for other fields": {
        "X-Twilio-Signature": signature(TOKEN, "https://line.example/voice", [("CallSid", "CA1")])
    },
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", ["/voice", "/voice/status", "/voice/fallback", "/voice/turn/1/abc"])
def test_strangers_are_refused_and_nothing_is_written(guarded: DemoLine, path: str, headers: dict[str, str]) -> None:
    reply = guarded.app.test_client().post(f"https://line.example{path}", data=CALL, headers=headers)
    assert reply.status_code == 403
    assert written(guarded) == 0


def test_the_public_url_is_what_is_signed_behind_a_proxy(demo_line: DemoLine) -> None:
    behind = with_settings(demo_line, Settings(twilio_auth_tokens=(TOKEN,), public_url="https://line.example"))
    client = behind.app.test_client()
    inside = "http://10.0.0.7:8000/voice?a=b%20c"
    assert signed_post(client, inside, CALL, "https://line.example/voice?a=b%20c").status_code == 200
    assert signed_post(client, inside, {**CALL, "CallSid": "CA2"}).status_code == 403


def test_unknown_parameters_are_ignored(guarded: DemoLine) -> None:
    form = {**CALL, "StirVerstat": "TN-Validation-Passed-A", "Änderung": "ü\x07", "": "x"}
    assert signed_post(guarded.app.test_client(), "https://line.example/voice", form).status_code == 200


def test_a_whole_call_is_signed(guarded: DemoLine) -> None:
    post = signed(wsgi_post(guarded.app), TOKEN)
    phone = Handset(
        post, "https://line.example/voice", "+15105550123", "+18002457979", SID, passes=guarded.clock.pass_seconds
    )
    phone.dial()
    phone.press(IDENTIFIED + "1")
    heard = phone.press("7")
    assert hears(heard.text, "order.placed_now")
    assert not phone.errors


NOT_LOCAL = {
    "from elsewhere": {"REMOTE_ADDR": "10.0.0.9"},
    "from elsewhere, told by IPv6": {"REMOTE_ADDR": "::ffff:10.0.0.9"},
    "by another name": {"HTTP_HOST": "line.example"},
    "handed on by a proxy": {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    "handed on, the standard way": {"HTTP_FORWARDED": "for=203.0.113.9"},
    "through a tunnel": {"HTTP_X_FORWARDED_PROTO": "https"},
    "by a proxy that tells the address": {"HTTP_X_REAL_IP": "203.0.113.9"},
    "by a proxy that tells itself": {"HTTP_VIA": "1.1 proxy"},
    "by a name that begins alike": {"HTTP_HOST": "localhost.example"},
    "by a name that ends alike": {"HTTP_HOST": "x@localhost"},
    "by a broken address": {"HTTP_HOST": "::1"},
    "without a name": {"HTTP_HOST": ""},
}
LOCAL_HOSTS = ("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000")


@pytest.mark.parametrize("environ", NOT_LOCAL.values(), ids=NOT_LOCAL)
def test_without_a_token_only_this_machine_is_answered(demo_line: DemoLine, environ: dict[str, str]) -> None:
    client = demo_line.app.test_client()
    assert client.post("/voice", data=CALL, environ_overrides={**LOCAL, **environ}).status_code == 403
    assert written(demo_line) == 0
    assert client.post("/voice", data=CALL, environ_overrides=LOCAL).status_code == 200


@pytest.mark.parametrize("host", LOCAL_HOSTS)
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.2"])
def test_this_machine_is_known_by_all_its_names(demo_line: DemoLine, host: str, peer: str) -> None:
    environ = {"HTTP_HOST": host, "REMOTE_ADDR": peer}
    assert demo_line.app.test_client().post("/voice", data=CALL, environ_overrides=environ).status_code == 200


def test_unsigned_by_choice_answers_anybody(demo_line: DemoLine) -> None:
    open_line = with_settings(demo_line, Settings(unsigned=True))
    reply = open_line.app.test_client().post("/voice", data=CALL, environ_overrides=NOT_LOCAL["from elsewhere"])
    assert reply.status_code == 200


def post(demo_line: DemoLine, path: str, **form: object) -> TestResponse:
    return demo_line.app.test_client().post(path, data={**CALL, **form}, environ_overrides=LOCAL)


def test_a_turn_of_another_call_is_refused(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call("1")
    action = phone._now().gather.action.removeprefix("http://localhost")  # type: ignore[union-attr]
    turns = len(demo_line.turns)
    assert post(demo_line, action, Digits="1").status_code == 403, "another call's"
    assert (
        post(demo_line, action.replace("/turn/2/", "/turn/3/"), CallSid=phone.call_sid, Digits="1").status_code == 403
    )
    assert len(demo_line.turns) == turns
    assert post(demo_line, action, CallSid=phone.call_sid, Digits="1").status_code == 200


NONSENSE = {
    "no call": ({"CallSid": ""}, 400),
    "a call of strange name": ({"CallSid": "../../etc"}, 400),
    "two calls at once": ({"CallSid": ["CA1", "CA2"]}, 400),
    "doubled alike": ({"CallSid": [SID, SID]}, 200),
    "no numbers": ({"From": "", "To": ""}, 200),
    "withheld": ({"From": "anonymous"}, 200),
    "letters for digits": ({"Digits": "abc"}, 200),
    "a NUL in the caller's number": ({"From": "+1510\x005550123"}, 200),
    "a NUL in the called number": ({"To": "\x00"}, 200),
    "control characters": ({"From": "\x1b[31m\r\n", "To": "+1800\x07"}, 200),
    "a NUL in everything": ({"Digits": "\x001", "CallStatus": "\x00", "DialCallStatus": "\x00"}, 200),
    "a NUL in the call": ({"CallSid": "CA\x00" + "d" * 30}, 400),
}


@pytest.mark.parametrize(("form", "status"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_gets_a_clear_answer(demo_line: DemoLine, form: dict[str, object], status: int) -> None:
    reply = post(demo_line, "/voice", **form)
    assert reply.status_code == status
    assert ET.fromstring(reply.data).tag == "Response"  # noqa: S314  (our own answer)


Logged = list[MutableMapping[str, Any]]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Give the log's lines as they come, before anything of them is masked."""
    with capture_logs() as lines:
        yield lines


MISDIRECTED = {
    "GET /voice": (405, "/voice"),
    "HEAD /voice": (405, "/voice"),
    "OPTIONS /voice": (405, "/voice"),
    "PUT /voice": (405, "/voice"),
    "GET /voice/": (404, "/voice"),
    "POST /voice/": (404, "/voice"),
    "GET /voice?x=y": (405, "/voice"),
    "POST /Voice": (404, "/voice"),
    "POST /VOICE/Status": (404, "/voice/status"),
    "POST /voice/status/": (404, "/voice/status"),
    "POST /voice/fallback/": (404, "/voice/fallback"),
    "GET /voice/status": (405, "/voice/status"),
    "GET /voice/fallback": (405, "/voice/fallback"),
    "GET /voice/turn/1/abc": (405, "/voice"),
    "POST /voice/turn/99999999999999999999/abc": (404, "/voice"),
    f"POST /voice/turn/{'9' * 5000}/abc": (404, "/voice"),
    "POST /voice/turn/-1/abc": (404, "/voice"),
    "POST /voice/nowhere": (404, "/voice"),
    "POST /voices": (404, "/voice"),
    "GET /nowhere": (404, None),
}


@pytest.mark.parametrize("settings", [Settings(), Settings(twilio_auth_tokens=(TOKEN,))], ids=["local", "signed"])
@pytest.mark.parametrize(("request_line", "found"), MISDIRECTED.items(), ids=[line[:40] for line in MISDIRECTED])
def test_what_the_console_should_be_set_to_is_said_in_one_line(
    demo_line: DemoLine, logged: Logged, settings: Settings, request_line: str, found: tuple[int, str | None]
) -> None:
    method, path = request_line.split(" ")
    client = with_settings(demo_line, settings).app.test_client()
    reply = client.open(path, method=method, base_url="https://line.example", environ_overrides=LOCAL)
    status, meant = found
    assert reply.status_code == status
    assert [line["event"] for line in logged] == (["request_misdirected"] if meant else [])
    if meant:
        assert str(logged[0]["expected"]).startswith(f"HTTP POST to https://localhost{meant}:")
        assert len(str(logged[0]["found"])) < 200
        assert reply.content_type.startswith("text/xml")
        assert reply.data in (b"<Response/>", b"" if method == "HEAD" else b"<Response/>")


WRONG_URLS = {
    "signed for http": ("https://line.example", "http://line.example", "signed for http://line.example/voice:"),
    "the setting lacks": (None, "https://line.example", "signed for https://line.example/voice:"),
    "a path too many": ("https://line.example/voice", "https://line.example", "signed for https://line.example/voice:"),
    "another host": ("https://line.example", "https://other.example", "signed for another URL or with another token"),
}


@pytest.mark.parametrize(("public_url", "signed_for", "reason"), WRONG_URLS.values(), ids=WRONG_URLS)
def test_a_signature_for_another_url_is_refused_and_said_in_one_line(
    demo_line: DemoLine, logged: Logged, public_url: str | None, signed_for: str, reason: str
) -> None:
    line = with_settings(demo_line, Settings(twilio_auth_tokens=(TOKEN,), public_url=public_url))
    form = {**CALL, "Digits": "41200017"}
    path = "/voice?Digits=4242&key=secret"
    reply = signed_post(line.app.test_client(), f"http://line.example{path}", form, f"{signed_for}{path}")
    assert (reply.status_code, reply.data) == (403, b"<Response/>")
    [told] = logged
    assert told["event"] == "request_refused"
    assert told["url"] == f"{public_url or 'http://line.example'}/voice"
    assert str(told["reason"]).startswith(reason)
    for kept in ("41200017", "4242", "secret", TOKEN.reveal(), SID, CALL["From"]):
        assert kept not in str(logged)


@pytest.mark.parametrize("forwarded", [False, True], ids=["host kept", "host forwarded"])
@pytest.mark.parametrize("console", ["https://line.example:8443", "https://old.example", "http://line.example"])
def test_a_wrong_port_host_or_scheme_in_the_console_is_named(
    demo_line: DemoLine, logged: Logged, console: str, forwarded: bool
) -> None:
    line = with_settings(demo_line, Settings(twilio_auth_tokens=(TOKEN,), public_url="https://line.example"))
    host = console.partition("//")[2]
    headers = {"X-Forwarded-Host": host, "Host": "127.0.0.1:8000"} if forwarded else {"Host": host}
    reply = signed_post(line.app.test_client(), "/voice?x=y", CALL, f"{console}/voice?x=y", **headers)
    assert reply.status_code == 403
    [told] = logged
    assert told["url"] == "https://line.example/voice"
    assert str(told["reason"]).startswith(f"signed for {console}/voice:")
    assert "x=y" not in str(told)


def test_a_number_that_is_set_to_no_path_is_told_by_its_signature(guarded: DemoLine, logged: Logged) -> None:
    client = guarded.app.test_client()
    assert signed_post(client, "https://line.example/", CALL).status_code == 404
    assert client.post("https://line.example/", data=CALL).status_code == 404
    assert signed_post(client, "https://line.example/audio/en/gone.wav", {}).status_code == 405
    [told] = logged
    assert str(told["expected"]).startswith("HTTP POST to https://line.example/voice:")


def test_the_path_of_the_public_url_may_be_left_in_by_a_proxy(demo_line: DemoLine, logged: Logged) -> None:
    line = with_settings(demo_line, Settings(twilio_auth_tokens=(TOKEN,), public_url="https://line.example/ivr"))
    assert line.app.test_client().post("/ivr/voice/status", data=CALL).status_code == 404
    [told] = logged
    assert str(told["expected"]).startswith("HTTP POST to https://line.example/ivr/voice/status:")


def test_what_binds_a_turn_to_its_call_is_not_logged(guarded: DemoLine, logged: Logged) -> None:
    for method in ("POST", "GET"):
        url = "https://line.example/voice/turn/3/a-secret-mac?language=en"
        guarded.app.test_client().open(url, method=method, data=CALL, headers={"X-Twilio-Signature": "x"})
    assert len(logged) == 2
    assert "a-secret-mac" not in str(logged)
    assert "https://line.example/voice/turn/3" in str(logged)


def test_a_port_out_of_range_is_refused(guarded: DemoLine) -> None:
    headers = {"Host": "line.example:99999", "X-Twilio-Signature": "x"}
    assert guarded.app.test_client().post("/voice", data=CALL, headers=headers).status_code == 403


def test_a_megabyte_is_refused(demo_line: DemoLine) -> None:
    assert post(demo_line, "/voice", Digits="1" * 1_000_000).status_code == 413
    assert written(demo_line) == 0


def test_what_fails_inside_is_an_apology_and_a_way_on(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "1")

    def broken() -> int:
        raise ZeroDivisionError

    demo_line.app = make_app(replace(demo_line.services, random_number=broken), Settings())
    heard = phone.press("7")
    assert hears(heard.text, "sorry.again")
    assert demo_line.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") == [(0,)]
    demo_line.app = make_app(demo_line.services, Settings())
    assert hears(phone.press("1").text, "checkout.confirm")
    assert hears(phone.press("7").text, "order.placed_now")
    assert not phone.errors


def test_the_fallback_needs_nothing(demo_line: DemoLine) -> None:
    reply = post(demo_line, "/voice/fallback", ErrorCode="11750", ErrorUrl="https://line.example/voice")
    assert hears(reply.text, "away.broken")
    assert hears(reply.text, "away.broken", "es")
    assert b"<Hangup" in reply.data


class LosesAnswers:
    """A carrier's way to the line on which some answers are lost: the request arrives, or not even that."""

    def __init__(self, post: Transport) -> None:
        self.post = post
        self.lost: list[bool] = []
        """For each of the next requests whether it arrives before its answer is lost."""

    def __call__(self, url: str, form: Form | None, headers: Headers) -> Reply:
        if not self.lost or url.endswith("/fallback"):
            return self.post(url, form, headers)
        if self.lost.pop(0):
            self.post(url, form, headers)
        return Reply(NO_ANSWER, "", "connection reset by peer")


@pytest.mark.parametrize("arrives", [True, False], ids=["taken", "not taken"])
def test_a_call_goes_on_where_its_answer_was_lost(demo_line: DemoLine, arrives: bool) -> None:
    phone, _ = demo_line.call("1")
    before = len(phone.errors)
    phone.post = phone._wire.post = losing = LosesAnswers(phone.post)
    losing.lost = [arrives]
    heard = phone.press("1")
    assert hears(heard.text, "away.one_moment")
    assert not hears(heard.text, "away.broken")
    assert hears(heard.text, "identify.member_number" if arrives else "main.menu")
    assert len(phone.errors) == before + 1


def test_the_log_says_which_call_went_to_the_fallback(demo_line: DemoLine) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        post(demo_line, "/voice/fallback", CallSid="CA" + "e" * 32, ErrorCode="11200")
        post(demo_line, "/voice/fallback", CallSid="", ErrorCode="11200")
    assert [line.get("call_id") for line in lines] == ["CA" + "e" * 32, None]


def test_a_call_whose_first_answer_was_lost_begins(demo_line: DemoLine) -> None:
    phone = demo_line.phone()
    phone.post = phone._wire.post = losing = LosesAnswers(phone.post)
    losing.lost = [True]
    assert hears(phone.dial().text, "main.language")


@pytest.mark.parametrize(
    "error_url",
    [
        "https://line.example/voice/turn/1/abc",
        "https://line.example/voice/turn/2/{mac}",
        "https://line.example/studio",
        "",
        "//",
        "https://line.example/voice/turn/1/{mac}?again=3",
        "http://[::1",
    ],
)
def test_the_fallback_goes_back_to_turns_of_its_call_only(demo_line: DemoLine, error_url: str) -> None:
    action = str(ET.fromstring(post(demo_line, "/voice").data)[0].get("action"))  # noqa: S314  (our own answer)
    mac = action.split("/")[4].partition("?")[0]
    url = error_url.replace("{mac}", mac)
    reply = post(demo_line, "/voice/fallback", ErrorCode="11200", ErrorUrl=url)
    assert hears(reply.text, "away.broken")
    good = post(demo_line, "/voice/fallback", ErrorCode="11200", ErrorUrl=f"https://line.example{action}")
    assert f"/voice/turn/1/{mac}?language=" in good.text
    for sid in ("CA" + "e" * 32, ""):
        stolen = post(
            demo_line, "/voice/fallback", CallSid=sid, ErrorCode="11200", ErrorUrl=f"https://line.example{action}"
        )
        assert hears(stolen.text, "away.broken")


STAFFED = Settings(person_number="+15105550199")
CALLER_IDS = {
    "a telephone": ("+15105550123", "+18002457979", None),
    "Anonymous": ("Anonymous", "+18002457979", "+18002457979"),
    "a client": ("client:alice", "+18002457979", "+18002457979"),
    "SIP": ("sip:bob@example.com", "+18002457979", "+18002457979"),
    "nothing": ("", "+18002457979", "+18002457979"),
    "a short code": ("+12345", "+18002457979", "+18002457979"),
    "digits of another script": ("+١٢٣٤٥٦٧٨٩٠", "+18002457979", "+18002457979"),
    "a NUL in it": ("+1510555\x000123", "+18002457979", "+18002457979"),
    "to no telephone": ("anonymous", "sip:line@example.com", None),
}


def dials(body: bytes) -> list[ET.Element]:
    return list(ET.fromstring(body).iter("Dial"))  # noqa: S314  (our own answer)


@pytest.mark.parametrize(("from_number", "to_number", "shown"), CALLER_IDS.values(), ids=CALLER_IDS)
def test_a_person_is_dialled_with_a_number_that_gets_through(
    demo_line: DemoLine, from_number: str, to_number: str, shown: str | None
) -> None:
    staffed, numbers = with_settings(demo_line, STAFFED), {"From": from_number, "To": to_number}
    [dial] = dials(post(staffed, "/voice/fallback", **numbers).data)
    assert dial.get("callerId") == shown
    url, reply = "/voice", post(staffed, "/voice", **numbers)
    for keys in ("1", "0"):
        url = str(ET.fromstring(reply.data)[0].get("action"))  # noqa: S314  (our own answer)
        reply = post(staffed, url, Digits=keys, **numbers)
    [dial] = dials(reply.data)
    assert (dial.text, dial.get("callerId")) == ("+15105550199", shown)


@pytest.mark.parametrize(("language", "spoken"), [("", "es"), ("?language=en", "en")])
def test_nobody_answering_at_the_fallback_is_said(demo_line: DemoLine, language: str, spoken: str) -> None:
    staffed = with_settings(demo_line, STAFFED)
    [dial] = dials(post(staffed, f"/voice/fallback{language}", ErrorCode="11200").data)
    action = str(dial.get("action"))
    assert action == f"/voice/fallback{language}"
    reply = post(staffed, action, DialCallStatus="no-answer")
    assert hears(reply.text, "away.nobody", spoken)
    assert b"<Hangup" in reply.data
    assert not dials(reply.data)
    assert post(staffed, action, DialCallStatus="completed").text.endswith("<Response><Hangup /></Response>")


@pytest.mark.parametrize(
    ("again", "verbs"),
    [("2", "Say Pause Redirect"), ("3", "Say Say Dial"), ("-1", "Say Say Dial"), ("9" * 5000, "Say Pause Redirect")],
    ids=["the last time", "once more", "a number below", "a number beyond"],
)
def test_a_database_that_stays_away_leads_to_a_person(demo_line: DemoLine, again: str, verbs: str) -> None:
    staffed = with_settings(demo_line, STAFFED)
    staffed.run("DROP TABLE journal")
    staffed.run("DROP TABLE call")
    reply = post(staffed, f"/voice?again={again}&language=en")
    assert [verb.tag for verb in ET.fromstring(reply.data)] == verbs.split()  # noqa: S314  (our own answer)
    assert [dial.get("action") for dial in dials(reply.data)] in ([], ["/voice/fallback?language=en"])


def test_zero_dials_the_person_that_is_set(demo_line: DemoLine) -> None:
    staffed = with_settings(demo_line, Settings(person_number="+15105550199"))
    phone, _ = staffed.call(IDENTIFIED)
    heard = phone.press("0")
    assert heard.dialled == ("+15105550199",)
    assert isinstance(heard.waiting, Ended)


def test_nobody_answering_leads_back_to_the_question(demo_line: DemoLine) -> None:
    staffed = with_settings(demo_line, Settings(person_number="+15105550199"))
    phone, _ = staffed.call(IDENTIFIED, answers="no-answer")
    heard = phone.press("0")
    assert hears(heard.text, "person.no_answer")
    phone.press("2")
    assert staffed.last_prompts[-1] == "refill.quick"


def test_readiness_follows_the_database(demo_line: DemoLine) -> None:
    client = demo_line.app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    broken = demo_line.copy_with()
    broken.run("DROP TABLE version")
    assert client.get("/readyz").status_code == 200


def test_answers_are_far_under_what_the_carrier_takes(demo_line: DemoLine) -> None:
    phone = demo_line.phone()
    phone.dial()
    phone.press("11" + "412093358#" + "87401")
    for key in "1117":
        phone.press(key)
    assert not phone.errors
    assert not phone.warnings
