"""The carrier's card step, `<Pay>`: what callers do in it, what they hear, and what the line is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone.card_step import CapturedCard, ConnectorFailure
from ivr.phone.handset import Ended, Handset, Heard, Paying, Waiting
from ivr.phone.results import masked_number
from ivr.phone.transport import Form, Headers, Reply

BASE = "https://line.test/voice"
VISA, AMEX = "4242424242424242", "371449635398431"
PROMPTS = """
<Prompt for="payment-card-number"><Say>number</Say></Prompt>
<Prompt for="payment-card-number" attempt="2" errorType="timeout"><Say>number silence 1</Say></Prompt>
<Prompt for="payment-card-number" attempt="3" errorType="timeout"><Say>number silence 2</Say></Prompt>
<Prompt for="payment-card-number" attempt="2 3" errorType="invalid-card-number"><Say>number wrong</Say></Prompt>
<Prompt for="payment-card-number" errorType="invalid-card-type"><Say>number kind</Say></Prompt>
<Prompt for="expiration-date"><Say>expiry</Say></Prompt>
<Prompt for="expiration-date" errorType="invalid-date timeout"><Say>expiry wrong</Say></Prompt>
<Prompt for="security-code"><Say>code</Say></Prompt>
<Prompt for="security-code" cardType="amex"><Say>code of four</Say></Prompt>
<Prompt for="security-code" errorType="invalid-security-code"><Say>code wrong</Say></Prompt>
<Prompt for="security-code" errorType="timeout"><Say>code silence</Say></Prompt>
<Prompt for="postal-code"><Say>postal</Say></Prompt>
<Prompt for="postal-code" errorType="invalid-postal-code"><Say>postal wrong</Say></Prompt>
<Prompt for="payment-processing"><Say>wait</Say></Prompt>
"""
ATTRIBUTES = 'maxAttempts="3" postalCode="false" timeout="10" validCardTypes="visa mastercard amex discover"'
SECRET = {VISA, AMEX, VISA[:-1], "739", "7394"}


@dataclass
class PayingLine:
    """A line that takes a card with `<Pay>`; keeps what it is told, less what every request has."""

    attributes: str = ATTRIBUTES
    prompts: str = PROMPTS
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, form: Form | None, _headers: Headers) -> Reply:
        assert form is not None
        path = url.removeprefix(BASE)
        common = {"AccountSid", "CallSid", "From", "To", "ApiVersion", "Direction", "CallStatus", "CallerSeconds"}
        self.told.append((path, {name: text for name, text in form.items() if name not in common}))
        assert not any(secret in text for text in form.values() for secret in SECRET)
        pay = f'<Pay action="/voice/paid" {self.attributes}>{self.prompts}</Pay><Say>on</Say><Hangup/>'
        body = {"": pay, "/paid": '<Gather numDigits="1"><Say>so</Say></Gather>'}.get(path, "")
        return Reply(200, "text/xml", f"<Response>{body}</Response>")

    @property
    def result(self) -> dict[str, str]:
        return next((fields for path, fields in self.told if path == "/paid"), {})


def on_the_phone(line: PayingLine, **options: Any) -> Handset:
    phone = Handset(line, BASE, "+12025550143", "+18002457979", "CA1", today=lambda: date(2030, 6, 15), **options)
    phone.dial()
    return phone


def do(phone: Handset, action: str) -> Heard:
    match action:
        case ",":
            return phone.wait()
        case "h":
            return phone.hang_up()
        case _:
            return phone.press(action)


NUMBER = {"PaymentMethod": "credit-card", "PaymentCardNumber": "xxxx-xxxx-xxxx-4242", "PaymentCardType": "visa"}
TAKEN = {**NUMBER, "ExpirationDate": "0630", "SecurityCode": "***"}
GIVEN_UP = {"Result": "too-many-failed-attempts", "PaymentMethod": "credit-card"}
CALLS: dict[str, tuple[list[str], str, dict[str, str]]] = {
    # what the caller does (keys, "," for silence, "h" hangs up), the words heard after it, and what the line is told
    "a card": (
        [VISA, "0630", "739"],
        "expiry code wait so",
        {"Result": "success", "PaymentToken": "tok_visa", **TAKEN},
    ),
    "key by key": ([*VISA, *"0630", *"739"], "expiry code wait so", {"Result": "success"}),
    "all at once": ([VISA + "0630" + "739"], "wait so", {"Result": "success"}),
    "a card with four digits of code": (
        [AMEX, "1239", "7394"],
        "expiry code of four wait so",
        {"PaymentCardNumber": "xxxx-xxxxxx-x8431", "PaymentCardType": "amex", "SecurityCode": "****"},
    ),
    "a wrong digit": (["4242424242424241", VISA], "number wrong expiry", {}),
    "too short a number": (["4242#", VISA], "number wrong expiry", {}),
    "half a number and silence": (["4242", ","], "number wrong", {}),
    "a number of no kind": (["9999999999999995#"], "number kind", {}),
    "a kind that is not taken": (["3530111333300000"], "number kind", {}),
    "silence once": ([","], "number silence 1", {}),
    "silence twice": ([",", ","], "number silence 1 number silence 2", {}),
    "silence, then a wrong digit": ([",", "4242424242424241"], "number silence 1 number wrong", {}),
    "silence to the end": (
        [",", ",", ","],
        "number silence 1 number silence 2 so",
        {**GIVEN_UP, "PaymentError": "input-timeout"},
    ),
    "wrong to the end": (
        ["4242424242424241"] * 3,
        "number wrong number wrong so",
        {**GIVEN_UP, "PaymentError": "invalid-card-number"},
    ),
    "attempts are counted for each step": (
        [",", ",", VISA, ",", ",", "0630", ",", ",", "739"],
        "number silence 1 number silence 2 expiry expiry wrong expiry wrong code code silence code silence wait so",
        {"Result": "success"},
    ),
    "no such month": ([VISA, "1330"], "expiry expiry wrong", {}),
    "last month": ([VISA, "0530"], "expiry expiry wrong", {}),
    "half a date": ([VISA, "06#"], "expiry expiry wrong", {}),
    "never a date": (
        [VISA, "0530", "0530", "0530"],
        "expiry expiry wrong expiry wrong so",
        {**GIVEN_UP, **NUMBER, "PaymentError": "invalid-date"},
    ),
    "half a code": ([VISA, "0630", "73#"], "expiry code code wrong", {}),
    "half a code of four": ([AMEX, "0630", "739#"], "expiry code of four code wrong", {}),
    "star at once": (["*"], "so", {"Result": "caller-interrupted-with-star", "PaymentMethod": "credit-card"}),
    "star within the number": (["424242*"], "so", {"Result": "caller-interrupted-with-star"}),
    "star at the code": ([VISA, "0630", "7*"], "expiry code so", {"Result": "caller-interrupted-with-star", **NUMBER}),
    "a hang-up": (["h"], "", {"Result": "caller-hung-up"}),
    "a hang-up at the code": ([VISA, "0630", "73", "h"], "expiry code", {"Result": "caller-hung-up", **NUMBER}),
}


def told_of(things: object) -> str:
    """Return what is printed of things, without addresses in memory, which may have any digits."""
    return re.sub(r"0x[0-9a-f]+", "", repr(things))


@pytest.mark.parametrize(("actions", "words", "told"), CALLS.values(), ids=CALLS)
def test_a_card_step_goes_as_documented(actions: list[str], words: str, told: dict[str, str]) -> None:
    line = PayingLine()
    phone = on_the_phone(line)
    heard = [do(phone, action) for action in actions]
    assert " ".join(part.text for part in heard if part.text) == words
    assert {**line.result, **told} == line.result
    assert not phone.errors
    assert not phone.warnings
    assert not any(secret in told_of((phone, heard)) for secret in SECRET)


def test_the_line_is_told_nothing_before_the_card_step_ends() -> None:
    line = PayingLine()
    phone = on_the_phone(line)
    phone.press(VISA)
    assert phone.press("0630").text == "code"
    assert [path for path, _ in line.told] == [""]


def test_a_hang_up_is_told_to_the_action_and_then_as_the_end() -> None:
    line = PayingLine()
    phone = on_the_phone(line)
    assert phone.hang_up().waiting == Ended("caller hung up")
    assert [path for path, _ in line.told] == ["", "/paid", "/status"]
    assert phone.is_answered_alike(older=False)


def test_a_caller_can_key_a_whole_card_in_one_go() -> None:
    line = PayingLine()
    phone = on_the_phone(line)
    assert phone.pay(VISA, "0630", "739").text == "expiry code wait so"
    assert line.result["Result"] == "success"
    assert phone.keys_pressed == 23
    assert phone.is_answered_alike(older=False)
    assert phone.is_answered_alike(older=True)


def test_a_part_that_is_not_taken_is_keyed_once() -> None:
    phone = on_the_phone(PayingLine())
    heard = phone.pay(VISA, "0530", "739")
    assert heard.text == "expiry expiry wrong"
    assert isinstance(heard.waiting, Paying)
    assert (heard.waiting.step, heard.waiting.attempt, heard.waiting.error) == ("expiration-date", 2, "invalid-date")
    assert heard.waiting.prompt == heard.words[-1:]


@pytest.mark.parametrize("digits", ["99999", "4242424242424242"[:15]])
def test_a_number_that_does_not_end_by_itself_is_ended_with_pound(digits: str) -> None:
    assert on_the_phone(PayingLine()).pay(digits, "0630", "739").text == "number wrong"


def test_a_postal_code_ends_with_pound() -> None:
    line = PayingLine('minPostalCodeLength="5" maxAttempts="2"')
    phone = on_the_phone(line)
    phone.pay(VISA, "0630", "739", "981")
    heard = phone.press("98101")
    assert isinstance(heard.waiting, Paying)
    assert phone.press("#").text == "wait so"
    assert line.result["PaymentCardPostalCode"] == "98101"


def test_a_postal_code_that_is_known_is_not_asked_for() -> None:
    assert on_the_phone(PayingLine('postalCode="98101"')).pay(VISA, "0630", "739").text == "expiry code wait so"


def test_a_security_code_can_be_left_out() -> None:
    line = PayingLine('securityCode="false" postalCode="false"')
    assert on_the_phone(line).pay(VISA, "0630", "739").text == "expiry wait so"
    assert "SecurityCode" not in line.result


def test_a_card_that_is_charged_brings_a_confirmation() -> None:
    line = PayingLine(f'chargeAmount="12.50" {ATTRIBUTES}')
    asked: list[tuple[CapturedCard, str]] = []

    def charges(card: CapturedCard, charge: str) -> str:
        asked.append((card, charge))
        return "ch_1"

    on_the_phone(line, connector=charges).pay(VISA, "0630", "739")
    assert line.result["PaymentConfirmationCode"] == "ch_1"
    ((card, charge),) = asked
    assert (card.number.reveal(), card.expiry, card.security_code.reveal(), charge) == (VISA, "0630", "739", "12.50")


@pytest.mark.parametrize("encodes", [False, True])
def test_a_connector_can_fail(encodes: bool) -> None:
    line = PayingLine()
    failure = ConnectorFailure("Your card was declined.", "card_declined", "64011")
    phone = on_the_phone(line, connector=lambda *_: failure, encodes_payment_error=encodes)
    assert phone.pay(VISA, "0630", "739").text == "expiry code wait so"
    assert line.result == {
        "Result": "payment-connector-error",
        "PaymentError": "Your%20card%20was%20declined." if encodes else "Your card was declined.",
        "ConnectorError": "card_declined",
        "PayErrorCode": "64011",
        **TAKEN,
    }


def test_any_result_can_be_played() -> None:
    line = PayingLine()
    on_the_phone(line).pay_result("internal-error", PayErrorCode="64999")
    assert line.result == {"Result": "internal-error", "PayErrorCode": "64999"}


def test_too_many_attempts_can_lead_on_in_the_document() -> None:
    line = PayingLine('maxAttempts="1"')
    assert on_the_phone(line, goes_on_after_pay=True).wait().text == "on"
    assert line.result == {}


def test_a_wrong_part_can_begin_the_whole_card_again() -> None:
    line = PayingLine()
    phone = on_the_phone(line, restarts_card=True)
    assert phone.pay(VISA, "0530", "739").text == "expiry number"
    assert phone.pay(VISA, "0530", "739").text == "expiry number"
    assert phone.pay(VISA, "0530", "739").text == "expiry so"
    assert line.result["Result"] == "too-many-failed-attempts"
    assert not phone.warnings


@pytest.mark.parametrize(("ends_empty", "words"), [(True, "expiry wrong"), (False, "")])
def test_a_pound_too_many_can_cost_an_attempt(ends_empty: bool, words: str) -> None:
    phone = on_the_phone(PayingLine(), finish_key_ends_empty=ends_empty)
    assert phone.press(VISA + "#").text == words


def test_keys_pressed_ahead_of_a_step_can_be_lost() -> None:
    phone = on_the_phone(PayingLine(), carries_keys_ahead=False)
    assert phone.press(VISA + "0630").text == "expiry"
    assert phone.press("0630").text == "code"


def test_a_step_without_words_is_asked_for_by_the_carrier_with_a_warning() -> None:
    phone = on_the_phone(PayingLine(prompts='<Prompt for="payment-card-number" attempt="1"><Say>number</Say></Prompt>'))
    assert phone.wait().text == "Please enter your credit card number."
    assert [warning.code for warning in phone.warnings] == [12200]
    assert 'payment-card-number, attempt 2, error "timeout"' in str(phone.warnings[0])


def test_progress_is_told_where_it_is_asked_for() -> None:
    line = PayingLine(f'statusCallback="/voice/progress" {ATTRIBUTES}')
    phone = on_the_phone(line)
    phone.wait()
    phone.pay(VISA, "0530", "")
    phone.pay("", "0630", "739")
    told = [fields for path, fields in line.told if path == "/progress"]
    nothing = {"PaymentMethod": "credit-card"}
    assert told == [
        {"For": "payment-card-number", "Attempt": "1", "ErrorType": "input-timeout", **nothing},
        {"For": "payment-card-number", "Attempt": "2", **NUMBER},
        {"For": "expiration-date", "Attempt": "1", "ErrorType": "invalid-date", **NUMBER},
        {"For": "expiration-date", "Attempt": "2", **NUMBER, "ExpirationDate": "0630"},
        {"For": "security-code", "Attempt": "1", **TAKEN},
        {"For": "payment-processing", "Attempt": "1", **TAKEN},
    ]
    assert phone.requests == 2
    assert not phone.warnings


def test_a_card_step_takes_time() -> None:
    phone = on_the_phone(PayingLine(prompts=PROMPTS.replace(">number<", f">{'one ' * 165}<")))
    phone.press("42")
    assert phone.seconds == pytest.approx(60 + 1)
    phone.wait()
    assert phone.seconds == pytest.approx(61 + 10)
    phone.press("*", after_words=0)
    assert phone.seconds == pytest.approx(71.5)


def test_keys_interrupt_the_words_of_a_step() -> None:
    phone = on_the_phone(PayingLine(prompts=PROMPTS.replace(">number<", f">{'one ' * 165}<")))
    phone.press("4", after_words=11)
    assert phone.seconds == pytest.approx(4.5)


def test_two_ways_on_from_within_a_card_do_not_touch_each_other() -> None:
    line = PayingLine()
    one = on_the_phone(line)
    one.press(VISA)
    other = one.fork()
    assert one.press("0530").text == "expiry wrong"
    assert other.press("0630").text == "code"


NUMBERS = {
    "4242424242424242": "xxxx-xxxx-xxxx-4242",
    "378282246310005": "xxxx-xxxxxx-x0005",
    "36227206271667": "xxxx-xxxxxx-1667",
    "6205500000000000004": "xxxx-xxxx-xxxx-xxx0-004",
}


@pytest.mark.parametrize(("number", "masked"), NUMBERS.items())
def test_only_the_last_four_digits_of_a_card_are_shown(number: str, masked: str) -> None:
    assert masked_number(number) == masked


@given(
    st.lists(
        st.text("0123456789*#", min_size=1, max_size=20) | st.sampled_from([VISA, "0630", "739", ","]), max_size=9
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_whatever_is_pressed_the_card_step_goes_on_or_ends(
    actions: list[str], carries: bool, restarts: bool, goes_on: bool
) -> None:
    line = PayingLine(prompts="")
    phone = on_the_phone(
        line, carries_keys_ahead=carries, restarts_card=restarts, goes_on_after_pay=goes_on, fallback=False
    )
    for action in actions:
        assert isinstance(do(phone, action).waiting, Waiting | Paying | Ended)
    assert not phone.errors
