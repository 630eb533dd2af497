"""The handset executes TwiML as the carrier documents it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone.handset import CarrierError, Ended, Handset, HeardWords, Waiting
from ivr.phone.transport import Form, Headers, Reply

BASE = "https://line.test/voice"
END = "<Hangup/>"


@dataclass
class Line:
    """A line made of pages: path → the verbs of its TwiML, or a whole Reply. Keeps what it was asked."""

    pages: Mapping[str, str | Reply]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, form: Form | None, headers: Headers) -> Reply:
        assert headers["I-Twilio-Idempotency-Token"].startswith("CA1-")
        parts = urlsplit(url)
        fields = {k: v[0] for k, v in parse_qs(parts.query).items()} if form is None else dict(form)
        self.asked.append((parts.path, fields))
        if parts.path == "/voice/status":
            return Reply(204, "", "")
        page = self.pages.get(parts.path, Reply(404, "text/html", "nowhere"))
        return page if isinstance(page, Reply) else Reply(200, "text/xml", f"<Response>{page}</Response>")

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def fields(self, path: str) -> dict[str, str]:
        return next(fields for asked, fields in self.asked if asked == path)


def handset(line: Line, **options: Any) -> Handset:
    return Handset(line, BASE, "+12025550143", "+18002457979", "CA1", **options)


def question(attributes: str = "", after: str = "<Say>Nothing came.</Say>") -> Line:
    gather = f'<Gather action="/answer" {attributes}><Say>Your number?</Say></Gather>'
    return Line({"/voice": gather + after, "/answer": f"<Say>Thank you.</Say>{END}", "/voice/fallback": END})


GATHERS = {
    # attributes, the caller's actions (a key string, or "," for silence), Digits and FinishedOnKey sent; None: no request
    "the number of digits is reached": ('numDigits="3"', ["123"], ("123", "")),
    "digits in two goes": ('numDigits="3"', ["1", "23"], ("123", "")),
    "pound ends it": ("", ["12#"], ("12", "#")),
    "fewer digits and pound": ('numDigits="5"', ["12#"], ("12", "#")),
    "fewer digits and silence": ('numDigits="5"', ["12", ","], ("12", "")),
    "silence": ("", [","], None),
    "pound alone": ("", ["#"], None),
    "star is a key like another": ('numDigits="2"', ["*1"], ("*1", "")),
    "star ends it where asked to": ('finishOnKey="*"', ["1#*"], ("1#", "*")),
    "no finish key": ('finishOnKey="" numDigits="2"', ["##"], ("##", "")),
    "no finish key, silence": ('finishOnKey=""', ["1#", ","], ("1#", "")),
    "a digit ends it where asked to": ('finishOnKey="0"', ["120"], ("12", "0")),
    "silence is asked for": ('actionOnEmptyResult="true"', [","], (None, "")),
    "pound alone is asked for": ('actionOnEmptyResult="true"', ["#"], (None, "#")),
}


@pytest.mark.parametrize(("attributes", "actions", "sent"), GATHERS.values(), ids=GATHERS)
def test_a_question_ends_as_documented(
    attributes: str, actions: list[str], sent: tuple[str | None, str] | None
) -> None:
    line = question(attributes)
    phone = handset(line)
    heard = phone.dial()
    for action in actions:
        assert isinstance(heard.waiting, Waiting)
        heard = phone.wait() if action == "," else phone.press(action)
    if sent is None:
        assert heard.text == "Nothing came."
        assert "/answer" not in line.paths()
    else:
        assert heard.text == "Thank you."
        fields = line.fields("/answer")
        assert (fields.get("Digits"), fields["FinishedOnKey"], fields["msg"]) == (*sent, "Gather End")
    assert isinstance(heard.waiting, Ended)
    assert not phone.errors
    assert not phone.warnings


def test_a_question_shows_what_it_takes_and_what_was_keyed() -> None:
    phone = handset(question('numDigits="5" timeout="8"'))
    first = phone.dial()
    assert first.words == (HeardWords("Your number?"),)
    assert isinstance(first.waiting, Waiting)
    assert first.waiting.prompt == first.words
    assert (first.waiting.gather.num_digits, first.waiting.gather.timeout) == (5, 8)
    then = phone.press("12")
    assert isinstance(then.waiting, Waiting)
    assert then.waiting.keys == "12"
    assert then.words == ()


def test_an_empty_answer_can_come_with_an_empty_digits_field() -> None:
    line = question('actionOnEmptyResult="true"')
    phone = handset(line, sends_empty_digits=True)
    phone.dial()
    phone.wait()
    assert line.fields("/answer")["Digits"] == ""


def test_pound_before_the_digits_can_change_nothing() -> None:
    line = question('numDigits="2"')
    phone = handset(line, finish_key_ends_empty=False)
    phone.dial()
    phone.press("#12")
    assert line.fields("/answer")["Digits"] == "12"


def test_a_question_without_action_asks_its_own_document() -> None:
    line = Line({"/voice": '<Gather numDigits="1"><Say>One?</Say></Gather>'})
    phone = handset(line)
    phone.dial()
    assert phone.press("1").text == "One?"
    assert line.paths() == ["/voice", "/voice"]


MENUS = {
    "/voice": '<Gather action="/b" numDigits="1"><Say>First?</Say></Gather>',
    "/b": '<Say>Well.</Say><Gather action="/c" numDigits="2"><Say>Second?</Say></Gather><Say>Lost.</Say>',
    "/c": '<Gather action="/d" numDigits="1"><Say>Third?</Say></Gather>',
}


def test_keys_pressed_ahead_answer_the_next_questions_unheard() -> None:
    line = Line(MENUS)
    phone = handset(line)
    phone.dial()
    heard = phone.press("123")
    assert heard.text == "Well. Third?"
    assert line.fields("/c")["Digits"] == "23"


def test_keys_pressed_ahead_can_begin_a_question() -> None:
    phone = handset(Line(MENUS))
    phone.dial()
    heard = phone.press("12")
    assert heard.text == "Well."
    assert isinstance(heard.waiting, Waiting)
    assert heard.waiting.keys == "2"


def test_keys_pressed_ahead_can_be_lost() -> None:
    phone = handset(Line(MENUS), carries_keys_ahead=False)
    phone.dial()
    heard = phone.press("123")
    assert heard.text == "Well. Second?"
    assert isinstance(heard.waiting, Waiting)
    assert heard.waiting.keys == ""


EARLY = '<Say>Facts.</Say><Gather action="/early" finishOnKey="" timeout="1"/>'


@pytest.mark.parametrize(
    ("keys", "through_words", "early"),
    [("1", True, None), ("123", True, "23"), ("12#", True, "2#"), ("123", False, None)],
    ids=["no key", "two keys", "a pound", "keys lost in the words"],
)
def test_a_question_without_words_takes_the_keys_from_before_it(
    keys: str, through_words: bool, early: str | None
) -> None:
    first = '<Gather action="/facts" numDigits="1"><Say>One?</Say></Gather>'
    pages = {"/voice": first, "/facts": f"{EARLY}<Gather><Say>Yes?</Say></Gather>", "/early": END}
    line = Line(pages)
    phone = handset(line, carries_keys_through_words=through_words)
    phone.dial()
    heard = phone.press(keys)
    asked = [fields.get("Digits") for path, fields in line.asked if path == "/early"]
    assert asked == ([] if early is None else [early])
    assert ("Yes?" in heard.text) == (early is None)


def test_a_pound_too_many_reaches_the_next_question() -> None:
    phone = handset(Line(MENUS))
    phone.dial()
    assert phone.press("1#").text == "Well. Lost."


def test_many_keys_ahead_are_no_loop() -> None:
    phone = handset(Line({"/voice": '<Gather numDigits="1"/>'}))
    phone.dial()
    assert isinstance(phone.press("7" * 5000).waiting, Waiting)
    assert not phone.errors


REDIRECTS = {
    "relative": ("next", "/next"),
    "relative to its own folder": ("voice/next?x=1", "/voice/next"),
    "from the root": ("/a/b", "/a/b"),
    "another host": ("https://other.test/c", "/c"),
    "connection settings in the fragment": ("/c#rc=2", "/c"),
}


@pytest.mark.parametrize(("written", "path"), REDIRECTS.values(), ids=REDIRECTS)
def test_redirects_are_followed(written: str, path: str) -> None:
    line = Line({"/voice": f"<Say>One.</Say><Redirect>{written}</Redirect><Say>Never.</Say>", path: "<Say>Two.</Say>"})
    heard = handset(line).dial()
    assert heard.text == "One. Two."
    assert heard.waiting == Ended("end of document")


def test_addresses_are_relative_to_the_document_they_stand_in() -> None:
    line = Line(
        {
            "/voice": "<Redirect>/deep/down/here</Redirect>",
            "/deep/down/here": "<Redirect>../there</Redirect>",
            "/deep/there": "<Play>sound.wav</Play>",
        }
    )
    assert handset(line).dial().words == (HeardWords("", url="https://line.test/deep/sound.wav"),)


def test_a_get_carries_its_fields_in_the_address() -> None:
    line = Line({"/voice": '<Redirect method="GET">/next?page=2</Redirect>', "/next": END})
    handset(line).dial()
    assert line.fields("/next")["page"] == "2"
    assert line.fields("/next")["CallSid"] == "CA1"


def test_every_request_carries_the_carriers_fields() -> None:
    line = question('numDigits="1"')
    phone = handset(line, extra={"FromCity": "SEATTLE"})
    phone.dial()
    phone.press("1")
    common = {
        "CallSid": "CA1",
        "AccountSid": "AC" + "0" * 32,
        "From": "+12025550143",
        "To": "+18002457979",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "FromCity": "SEATTLE",
    }
    assert line.asked == [
        ("/voice", {**common, "CallStatus": "ringing", "CallerSeconds": "0.00"}),
        (
            "/answer",
            {**common, "CallStatus": "in-progress", "CallerSeconds": "1.23"}
            | {"Digits": "1", "FinishedOnKey": "", "msg": "Gather End"},
        ),
        ("/voice/status", {**common, "CallStatus": "completed", "CallDuration": "2"}),
    ]


def test_the_line_hears_of_a_hang_up() -> None:
    line = question()
    phone = handset(line)
    phone.dial()
    assert phone.hang_up().waiting == Ended("caller hung up")
    assert line.paths() == ["/voice", "/voice/status"]
    assert phone.hang_up().waiting == phone.press("1").waiting == phone.wait().waiting == Ended("caller hung up")
    assert len(line.asked) == 2


def test_a_request_can_be_repeated() -> None:
    line = question('numDigits="1"')
    phone = handset(line)
    phone.dial()
    phone.press("1")
    assert "Thank you." in phone.retry().body
    assert line.asked[-1] == line.asked[1]


def test_a_request_that_comes_again_is_held_against_its_first_answer() -> None:
    phone = handset(question('numDigits="1"'))
    phone.dial()
    assert not phone.has_asked_twice
    phone.press("1")
    assert phone.has_asked_twice
    assert phone.is_answered_alike(older=False)
    assert phone.is_answered_alike(older=True)
    phone.post = lambda *_: Reply(200, "text/xml", "<Response/>")
    assert not phone.is_answered_alike(older=False)
    assert not phone.is_answered_alike(older=True)


def test_time_passes_as_on_a_telephone() -> None:
    passed: list[float] = []
    words = "one " * 165
    line = Line(
        {
            "/voice": f'<Say loop="2">{words}</Say><Pause length="3"/>'
            f'<Gather numDigits="2" timeout="7"><Say>{words}<break time="500ms"/></Say></Gather>'
        }
    )
    phone = handset(line, passes=passed.append)
    phone.dial()
    assert phone.seconds == pytest.approx(123)
    phone.press("1")
    assert phone.seconds == pytest.approx(123 + 60.5 + 0.5)
    phone.wait()
    assert phone.seconds == pytest.approx(123 + 60.5 + 0.5 + 7 + 123)
    assert sum(passed) == pytest.approx(phone.seconds)
    assert phone.keys_pressed == 1


def test_words_spoken_slower_take_longer() -> None:
    slowly = f'<Say voice="x"><prosody rate="50%">{"one " * 165}</prosody></Say>'
    phone = handset(Line({"/voice": slowly + '<Say><prosody rate="slow">two</prosody></Say>'}))
    heard = phone.dial()
    assert [spoken.rate for spoken in heard.words] == [50, 100]
    assert phone.seconds == pytest.approx(120, abs=1)
    assert phone.warnings == []


def test_a_caller_who_knows_the_question_presses_early() -> None:
    phone = handset(Line({"/voice": f'<Gather numDigits="2"><Say>{"one " * 165}</Say></Gather>'}))
    phone.dial()
    phone.press("1", after_words=11)
    assert phone.seconds == pytest.approx(4.5)


def test_two_ways_on_from_one_moment_do_not_touch_each_other() -> None:
    line = question('numDigits="3"')
    one = handset(line)
    one.dial()
    one.press("1")
    other = one.fork()
    assert [spoken.text for spoken in one.press("23").words] == ["Thank you."]
    assert line.fields("/answer")["Digits"] == "123"
    line.asked.clear()
    assert [spoken.text for spoken in other.press("45").words] == ["Thank you."]
    assert line.fields("/answer")["Digits"] == "145"
    assert (one.keys_pressed, other.keys_pressed) == (3, 3)


def test_sounds_outside_a_question_are_told_as_they_come() -> None:
    heard: list[str] = []
    line = Line({"/voice": '<Say>Wait.</Say><Pause length="2"/><Gather><Say>Your number?</Say></Gather>'})
    handset(line, plays=lambda sound: heard.append(type(sound).__name__)).dial()
    assert heard == ["TwimlSay", "TwimlPause"]


def test_speech_marks_are_heard_as_words_and_voices_are_kept() -> None:
    line = Line({"/voice": '<Say voice="Polly.Lupe" language="es-US">Son\n <say-as>1 2</say-as> días</Say>'})
    assert handset(line).dial().words == (HeardWords("Son 1 2 días", "es-US", "Polly.Lupe"),)


@pytest.mark.parametrize("outcome", ["completed", "busy", "no-answer", "failed"])
def test_a_dialled_number_reports_what_became_of_it(outcome: Any) -> None:
    line = Line({"/voice": '<Dial action="/after">+12025550100</Dial><Say>Never.</Say>', "/after": "<Say>So.</Say>"})
    heard = handset(line, answers=outcome).dial()
    assert heard.dialled == ("+12025550100",)
    assert heard.text == "So."
    assert line.fields("/after")["DialCallStatus"] == outcome
    assert ("DialCallDuration" in line.fields("/after")) == (outcome == "completed")


def test_after_a_number_without_action_the_document_goes_on() -> None:
    heard = handset(Line({"/voice": "<Dial><Number>+12025550100</Number></Dial><Say>Back.</Say>"})).dial()
    assert (heard.dialled, heard.text) == (("+12025550100",), "Back.")


def test_a_rejected_call_was_never_answered() -> None:
    line = Line({"/voice": '<Reject reason="busy"/>'})
    assert handset(line).dial().waiting == Ended("rejected")
    assert line.fields("/voice/status")["CallStatus"] == "busy"


ERRORS: dict[str, tuple[str | Reply, int]] = {
    "no answer": (Reply(0, "", "refused"), 11205),
    "server error": (Reply(500, "text/html", "oops"), 11200),
    "forbidden": (Reply(403, "text/xml", "<Response/>"), 11200),
    "endless redirect": (Reply(302, "", ""), 11215),
    "empty": (Reply(200, "text/xml", " "), 11770),
    "json": (Reply(200, "application/json", "{}"), 12300),
    "no type": (Reply(200, "", "<Response/>"), 12300),
    "too large": ("<Say>a</Say>" * 6000, 11750),
    "not well-formed": ("<Say>", 12100),
    "a control character": ("<Say>\x0b</Say>", 12100),
    "another root": (Reply(200, "text/xml", "<html/>"), 12102),
    "unknown verb": ("<Shout>Hey</Shout>", 12200),
    "a verb in small letters": ("<say>Hey</say>", 12200),
    "nested redirect": ("<Gather><Redirect>/x</Redirect></Gather>", 13320),
    "nested digits": ('<Gather><Play digits="1"/></Gather>', 13320),
    "bad finish key": ('<Gather finishOnKey="##"/>', 13310),
    "bad gather method": ('<Gather method="PUT"/>', 13312),
    "bad timeout": ('<Gather timeout="0"/>', 13313),
    "bad number of digits": ('<Gather numDigits="many"/>', 13314),
    "a number too long to be one": (f'<Gather numDigits="{"9" * 5000}"/>', 13314),
    "bad loop": ('<Say loop="-1">a</Say>', 13510),
    "bad nested loop": ('<Gather><Say loop="x">a</Say></Gather>', 13322),
    "bad play loop": ('<Play loop="x">a.wav</Play>', 13410),
    "too many words": (f"<Say>{'a' * 4097}</Say>", 13520),
    "bad redirect method": ('<Redirect method="PUT">/x</Redirect>', 13710),
    "bad pause": ('<Pause length="0"/>', 13910),
    "nobody dialled": ("<Dial/>", 13224),
    "not an address": ("<Redirect>ftp://x/</Redirect>", 11100),
    "a sound outside a prompt": ("<Pay><Say>Card?</Say></Pay>", 12200),
    "a question in a prompt": ('<Pay><Prompt for="postal-code"><Gather/></Prompt></Pay>', 12200),
    "a prompt outside a card step": ('<Prompt for="postal-code"/>', 12200),
    "a broken address": ("<Redirect>http://[/</Redirect>", 11100),
}


@pytest.mark.parametrize(("page", "code"), ERRORS.values(), ids=ERRORS)
def test_what_the_carrier_refuses_ends_the_call_with_its_code(page: str | Reply, code: int) -> None:
    phone = handset(Line({"/voice": page}), fallback=False)
    heard = phone.dial()
    assert "application error" in heard.text
    assert isinstance(heard.waiting, Ended)
    assert heard.waiting.error is phone.errors[0]
    assert phone.errors[0].code == code
    assert f"carrier error {code} at {BASE}: " in str(phone.errors[0])


@pytest.mark.parametrize(("page", "code"), ERRORS.values(), ids=ERRORS)
def test_the_fallback_goes_on_with_the_call(page: str | Reply, code: int) -> None:
    line = Line({"/voice": page, "/voice/fallback": "<Say>Sorry.</Say>"})
    phone = handset(line)
    assert phone.dial().text == "Sorry."
    fields = line.fields("/voice/fallback")
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == (str(code), BASE)
    assert [error.code for error in phone.errors] == [code]


def test_a_fallback_that_fails_too_ends_the_call_with_the_first_error() -> None:
    phone = handset(Line({"/voice": Reply(500, "", "")}))
    heard = phone.dial()
    assert isinstance(heard.waiting, Ended)
    assert isinstance(heard.waiting.error, CarrierError)
    assert heard.waiting.error.url == BASE
    assert len(phone.errors) == 2


def test_the_fallback_serves_every_turn_anew() -> None:
    back = '<Gather action="/gone" numDigits="1"/>'
    phone = handset(Line({"/voice": back, "/voice/fallback": back}))
    phone.dial()
    for _ in range(3):
        assert isinstance(phone.press("1").waiting, Waiting)
    assert len(phone.errors) == 3


def pay_with(attributes: str, prompts: str = "") -> str:
    return f'<Pay {attributes}><Prompt for="payment-card-number"/>{prompts}</Pay>'


WARNINGS = {
    "unknown attribute": ('<Gather numberOfDigits="1"/>', 12200),
    "unknown attribute inside": ('<Gather><Say lang="es">a</Say></Gather>', 12200),
    "loose words": ("Hello<Hangup/>", 12200),
    "loose words in a question": ("<Gather><Say>a</Say>Hello</Gather>", 12200),
    "no words": ("<Say> </Say>", 13520),
    "no markup of speech": ("<Say><b>a</b></Say>", 13520),
    "an attribute of no card step": (pay_with('maxTries="2"'), 12200),
    "a card step by voice": (pay_with('input="speech"'), 12200),
    "too many attempts": (pay_with('maxAttempts="4"'), 12200),
    "an endless time-out": (pay_with('timeout="x"'), 12200),
    "not yes or no": (pay_with('securityCode="yes"'), 12200),
    "card types in the wrong form": (pay_with('validCardTypes="visa,amex"'), 12200),
    "a token of no kind": (pay_with('tokenType="one"'), 12200),
    "a language that the carrier does not have": (pay_with('language="zh-CN"'), 12200),
    "no amount": (pay_with('chargeAmount="$10"'), 12200),
    "too large an amount": (pay_with('chargeAmount="1000000.01"'), 12200),
    "a prompt for nothing": (pay_with("", "<Prompt/>"), 12200),
    "a prompt for no step": (pay_with("", '<Prompt for="card"/>'), 12200),
    "no attempt": (pay_with("", '<Prompt for="postal-code" attempt="0"/>'), 12200),
    "no error": (pay_with("", '<Prompt for="postal-code" errorType="input-timeout"/>'), 12200),
    "no rate": ('<Say><prosody rate="10%">a</prosody></Say>', 13520),
}


@pytest.mark.parametrize(("page", "code"), WARNINGS.values(), ids=WARNINGS)
def test_what_the_carrier_only_remarks_is_kept_as_a_warning(page: str, code: int) -> None:
    phone = handset(Line({"/voice": page}))
    phone.dial()
    assert [warning.code for warning in phone.warnings] == [code]
    assert not phone.errors


def test_plain_text_is_read_out() -> None:
    assert handset(Line({"/voice": Reply(200, "text/plain", "Internal\nerror")})).dial().text == "Internal error"


def test_plain_text_that_is_twiml_is_executed() -> None:
    page = Reply(200, "text/plain", "<Response><Say>Hello.</Say></Response>")
    assert handset(Line({"/voice": page})).dial().text == "Hello."


def test_audio_is_played_and_ends_the_call() -> None:
    heard = handset(Line({"/voice": Reply(200, "audio/wav", "RIFF")})).dial()
    assert heard.words == (HeardWords("", url=BASE),)
    assert heard.waiting == Ended("end of document")


def test_redirects_without_a_word_are_a_loop() -> None:
    phone = handset(Line({"/voice": "<Redirect>/voice</Redirect>"}), fallback=False)
    heard = phone.dial()
    assert isinstance(heard.waiting, Ended)
    assert phone.errors[0].code == 11215


def test_a_call_that_talks_for_ever_ends_after_four_hours() -> None:
    phone = handset(Line({"/voice": '<Pause length="600"/><Redirect>/voice</Redirect>'}))
    heard = phone.dial()
    assert isinstance(heard.waiting, Ended)
    assert phone.errors[0].code == 32015
    assert phone.seconds == pytest.approx(4 * 3600, abs=601)


STATUS_REPLIES = {
    "no content": (Reply(204, "", ""), []),
    "an empty response": (Reply(200, "text/xml; charset=utf-8", "<Response/>"), []),
    "a failure": (Reply(500, "text/xml", ""), [11200]),
    "a page": (Reply(200, "text/html", "OK"), [12300]),
}


@pytest.mark.parametrize(("reply", "codes"), STATUS_REPLIES.values(), ids=STATUS_REPLIES)
def test_a_strange_answer_to_the_status_callback_is_a_warning(reply: Reply, codes: list[int]) -> None:
    def post(url: str, _form: Form | None, _headers: Headers) -> Reply:
        return reply if url.endswith("/status") else Reply(200, "text/xml", "<Response/>")

    phone = Handset(post, BASE, "anonymous", "+18002457979", "CA1")
    assert phone.dial().waiting == Ended("end of document")
    assert [warning.code for warning in phone.warnings] == codes


def test_a_call_that_was_never_made_can_be_hung_up() -> None:
    line = question()
    assert handset(line).hang_up().waiting == Ended("caller hung up")
    assert not line.asked


MISUSES = {
    "keys before the call": lambda phone: phone.press("1"),
    "silence before the call": lambda phone: phone.wait(),
    "a repeat before the call": lambda phone: phone.retry(),
    "a second call": lambda phone: (phone.dial(), phone.dial()),
    "a card nobody asked for": lambda phone: (phone.dial(), phone.pay("4242", "1230", "123")),
}


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
def test_misuse_is_an_error_of_the_program(misuse: Any) -> None:
    with pytest.raises(RuntimeError):
        misuse(handset(question()))


@pytest.mark.parametrize("keys", ["", "A", "1 2", "\u0661"])
def test_only_keys_can_be_pressed(keys: str) -> None:
    phone = handset(question())
    phone.dial()
    with pytest.raises(ValueError, match="not made of the keys"):
        phone.press(keys)


@given(
    presses=st.lists(st.text("0123456789*#", min_size=1, max_size=6) | st.just(","), max_size=12),
    carries=st.booleans(),
    ends_empty=st.booleans(),
)
def test_whatever_is_pressed_the_call_waits_or_ends(presses: list[str], carries: bool, ends_empty: bool) -> None:
    line = Line({**MENUS, "/d": '<Gather action="/voice" numDigits="4"/><Redirect>/b</Redirect>'})
    phone = handset(line, carries_keys_ahead=carries, finish_key_ends_empty=ends_empty)
    phone.dial()
    for press in presses:
        heard = phone.wait() if press == "," else phone.press(press)
        assert isinstance(heard.waiting, Waiting | Ended)
    assert not phone.errors
    assert phone.keys_pressed <= sum(len(press) for press in presses if press != ",")
