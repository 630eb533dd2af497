"""Who may post to the line, what it answers to nonsense, and that its answers are always TwiML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from rehearsal import IDENTIFIED, Rehearsal, with_settings
from werkzeug.test import TestResponse

from ivr.phone.handset import Ended, Handset
from ivr.phone.post import signature, signed, wsgi_post
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.web.app import make_app

TOKEN = Secret("a-token-for-tests")
SID = "CA" + "d" * 32
CALL = {"CallSid": SID, "From": "+15105550123", "To": "+18002457979", "CallStatus": "ringing"}
LOCAL = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1"}

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=False)


def written(rehearsal: Rehearsal) -> int:
    return int(str(rehearsal.rows("SELECT count(*) FROM call")[0][0]))


def signed_post(
    client: FlaskClient, url: str, form: Mapping[str, str], signed_url: str = "", **more: str
) -> TestResponse:
    mac = signature(TOKEN, signed_url or url, form.items())
    return client.post(url, data=dict(form), headers={"X-Twilio-Signature": mac, **more})


@pytest.fixture
def guarded(rehearsal: Rehearsal) -> Rehearsal:
    return with_settings(rehearsal, Settings(twilio_auth_tokens=(TOKEN, Secret("the-next-token"))))


def test_a_signed_call_is_answered(guarded: Rehearsal) -> None:
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
def test_strangers_are_refused_and_nothing_is_written(guarded: Rehearsal, path: str, headers: dict[str, str]) -> None:
    reply = guarded.app.test_client().post(f"https://line.example{path}", data=CALL, headers=headers)
    assert reply.status_code == 403
    assert written(guarded) == 0


def test_the_public_url_is_what_is_signed_behind_a_proxy(rehearsal: Rehearsal) -> None:
    behind = with_settings(rehearsal, Settings(twilio_auth_tokens=(TOKEN,), public_url="https://line.example"))
    client = behind.app.test_client()
    inside = "http://10.0.0.7:8000/voice?a=b%20c"
    assert signed_post(client, inside, CALL, "https://line.example/voice?a=b%20c").status_code == 200
    assert signed_post(client, inside, {**CALL, "CallSid": "CA2"}).status_code == 403


def test_unknown_parameters_are_ignored(guarded: Rehearsal) -> None:
    form = {**CALL, "StirVerstat": "TN-Validation-Passed-A", "Änderung": "ü\x07", "": "x"}
    assert signed_post(guarded.app.test_client(), "https://line.example/voice", form).status_code == 200


def test_a_whole_call_is_signed(guarded: Rehearsal) -> None:
    post = signed(wsgi_post(guarded.app), TOKEN)
    phone = Handset(
        post, "https://line.example/voice", "+15105550123", "+18002457979", SID, passes=guarded.clock.pass_seconds
    )
    phone.dial()
    heard = phone.press(IDENTIFIED + "1117")
    assert "Your order is placed" in heard.text
    assert not phone.errors


NOT_LOCAL = {
    "from elsewhere": {"REMOTE_ADDR": "10.0.0.9"},
    "by another name": {"HTTP_HOST": "line.example"},
    "handed on by a proxy": {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    "handed on, the standard way": {"HTTP_FORWARDED": "for=203.0.113.9"},
    "through a tunnel": {"HTTP_X_FORWARDED_PROTO": "https"},
}


@pytest.mark.parametrize("environ", NOT_LOCAL.values(), ids=NOT_LOCAL)
def test_without_a_token_only_this_machine_is_answered(rehearsal: Rehearsal, environ: dict[str, str]) -> None:
    client = rehearsal.app.test_client()
    assert client.post("/voice", data=CALL, environ_overrides={**LOCAL, **environ}).status_code == 403
    assert written(rehearsal) == 0
    assert client.post("/voice", data=CALL, environ_overrides=LOCAL).status_code == 200


def test_unsigned_by_choice_answers_anybody(rehearsal: Rehearsal) -> None:
    open_line = with_settings(rehearsal, Settings(unsigned=True))
    reply = open_line.app.test_client().post("/voice", data=CALL, environ_overrides=NOT_LOCAL["from elsewhere"])
    assert reply.status_code == 200


def post(rehearsal: Rehearsal, path: str, **form: object) -> TestResponse:
    return rehearsal.app.test_client().post(path, data={**CALL, **form}, environ_overrides=LOCAL)


def test_a_turn_of_another_call_is_refused(rehearsal: Rehearsal) -> None:
    phone, _ = rehearsal.call("1")
    action = phone._now().gather.action.removeprefix("http://localhost")  # type: ignore[union-attr]
    turns = len(rehearsal.turns)
    assert post(rehearsal, action, Digits="1").status_code == 403, "another call's"
    assert (
        post(rehearsal, action.replace("/turn/2/", "/turn/3/"), CallSid=phone.call_sid, Digits="1").status_code == 403
    )
    assert len(rehearsal.turns) == turns
    assert post(rehearsal, action, CallSid=phone.call_sid, Digits="1").status_code == 200


NONSENSE = {
    "no call": ({"CallSid": ""}, 400),
    "a call of strange name": ({"CallSid": "../../etc"}, 400),
    "two calls at once": ({"CallSid": ["CA1", "CA2"]}, 400),
    "doubled alike": ({"CallSid": [SID, SID]}, 200),
    "no numbers": ({"From": "", "To": ""}, 200),
    "withheld": ({"From": "anonymous"}, 200),
    "letters for digits": ({"Digits": "abc"}, 200),
}


@pytest.mark.parametrize(("form", "status"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_gets_a_clear_answer(rehearsal: Rehearsal, form: dict[str, object], status: int) -> None:
    reply = post(rehearsal, "/voice", **form)
    assert reply.status_code == status
    assert ET.fromstring(reply.data).tag == "Response"  # noqa: S314  (our own answer)


def test_a_get_is_not_a_call(rehearsal: Rehearsal) -> None:
    assert rehearsal.app.test_client().get("/voice", environ_overrides=LOCAL).status_code == 405


def test_a_megabyte_is_refused(rehearsal: Rehearsal) -> None:
    assert post(rehearsal, "/voice", Digits="1" * 1_000_000).status_code == 413
    assert written(rehearsal) == 0


def test_what_fails_inside_is_an_apology_and_a_way_on(rehearsal: Rehearsal) -> None:
    phone, _ = rehearsal.call(IDENTIFIED + "111")

    def broken() -> int:
        raise ZeroDivisionError

    rehearsal.app = make_app(replace(rehearsal.line, draw=broken), Settings())
    heard = phone.press("7")
    assert "something went wrong on our side" in heard.text
    assert rehearsal.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") == [(0,)]
    rehearsal.app = make_app(rehearsal.line, Settings())
    assert "To order, press seven" in phone.press("1").text
    assert "Your order is placed" in phone.press("7").text
    assert not phone.errors


def test_the_fallback_needs_nothing(rehearsal: Rehearsal) -> None:
    reply = post(rehearsal, "/voice/fallback", ErrorCode="11200", ErrorUrl="https://line.example/voice")
    assert b"something went wrong" in reply.data
    assert b"algo fall" in reply.data
    assert b"<Hangup" in reply.data


def test_zero_dials_the_person_that_is_set(rehearsal: Rehearsal) -> None:
    staffed = with_settings(rehearsal, Settings(person_number="+15105550199"))
    phone, _ = staffed.call(IDENTIFIED)
    heard = phone.press("0")
    assert heard.dialled == ("+15105550199",)
    assert isinstance(heard.waiting, Ended)


def test_nobody_answering_leads_back_to_the_question(rehearsal: Rehearsal) -> None:
    staffed = with_settings(rehearsal, Settings(person_number="+15105550199"))
    phone, _ = staffed.call(IDENTIFIED, answers="no-answer")
    heard = phone.press("0")
    assert "nobody could take your call" in heard.text
    assert staffed.last_prompts[-1] == "refill.how"


def test_readiness_follows_the_database(rehearsal: Rehearsal) -> None:
    client = rehearsal.app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    broken = replace(rehearsal)
    broken.run("DROP TABLE version")
    assert client.get("/readyz").status_code == 200


def test_answers_are_far_under_what_the_carrier_takes(rehearsal: Rehearsal) -> None:
    phone = rehearsal.phone()
    phone.dial()
    phone.press("11" + "412093358#" + "87401")
    for key in "1117":
        phone.press(key)
    assert not phone.errors
    assert not phone.warnings
