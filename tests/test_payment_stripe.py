import json
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from ivr.payment.cards import Brand, Card
from ivr.payment.gateway import (
    Authorized,
    Captured,
    Gateway,
    NotFound,
    Reason,
    Refused,
    Token,
    Unavailable,
    Voided,
)
from ivr.payment.stripe import StripeGateway
from ivr.payment.stripe_answers import REASONS
from ivr.secret import Secret

CARD = Card(Secret("4242424242424242"), 12, 2030, Secret("987"))
HELD = Secret("cus_1:pm_1")
Json = Mapping[str, Any]


class Wire:
    """Stands where the network is: answers with what it was given, in turn, and remembers what was asked."""

    def __init__(self, *replies: tuple[int, Json] | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, str]] = []
        self.params: list[dict[str, str]] = []
        self.keys: list[str | None] = []

    def __call__(
        self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        assert 0 < seconds <= 4
        parts = urlsplit(url)
        self.asked.append((method.upper(), parts.path))
        self.params.append({name: value for name, (value,) in parse_qs(body or parts.query).items()})
        self.keys.append((headers or {}).get("Idempotency-Key"))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return json.dumps(reply[1]), reply[0], {}


def gateway(*replies: tuple[int, Json] | Exception) -> tuple[StripeGateway, Wire]:
    wire = Wire(*replies)
    return StripeGateway(Secret("sk_test_12345"), send=wire), wire


def method(brand: str = "visa", customer: str | None = None) -> tuple[int, Json]:
    card = {"brand": brand, "last4": "4242", "exp_month": 12, "exp_year": 2030}
    return 200, {"id": "pm_1", "object": "payment_method", "card": card, "customer": customer}


def intent(status: str, **fields: Any) -> tuple[int, Json]:
    made = {"id": "pi_1", "object": "payment_intent", "status": status, "amount": 2500, "last_payment_error": None}
    return 200, made | fields


def failure(http_status: int, kind: str = "invalid_request_error", **fields: str) -> tuple[int, Json]:
    return http_status, {"error": {"type": kind, "message": "no", **fields}}


def no_answer() -> Exception:
    error: Exception = stripe.APIConnectionError("timed out")  # type: ignore[no-untyped-call]
    return error


CUSTOMER = (200, {"id": "cus_1", "object": "customer"})


def test_it_is_a_gateway() -> None:
    processor: Gateway = gateway()[0]
    assert processor.name == "stripe"


def test_a_card_is_held_by_a_customer_of_its_own() -> None:
    processor, wire = gateway(method("mastercard"), CUSTOMER)
    assert processor.tokenize(CARD) == Token(HELD, Brand.MASTERCARD, "4242", 12, 2030)
    assert wire.asked == [("POST", "/v1/payment_methods"), ("POST", "/v1/customers")]
    assert wire.params[0]["card[number]"] == "4242424242424242"
    assert wire.params[1] == {"payment_method": "pm_1"}


def carriers(token: str) -> Token:
    """What the carrier tells of a card that it took."""
    return Token(Secret(token), Brand.MASTERCARD, "4444", 1, 2029)


def test_a_payment_method_of_the_carriers_is_kept_with_a_customer_of_its_own() -> None:
    processor, wire = gateway(method(), CUSTOMER)
    assert processor.attach(carriers("pm_1")) == Token(HELD, Brand.VISA, "4242", 12, 2030)
    assert wire.asked == [("GET", "/v1/payment_methods/pm_1"), ("POST", "/v1/customers")]
    assert wire.params[1] == {"payment_method": "pm_1"}


def test_a_token_of_the_carriers_becomes_a_payment_method_and_is_kept_too() -> None:
    processor, wire = gateway(method(), method(), CUSTOMER)
    assert processor.attach(carriers("tok_9")) == Token(HELD, Brand.VISA, "4242", 12, 2030)
    assert wire.params[0] == {"type": "card", "card[token]": "tok_9"}
    assert wire.keys[0] == "method:tok_9"
    assert wire.asked[1:] == [("GET", "/v1/payment_methods/pm_1"), ("POST", "/v1/customers")]


def test_a_card_that_is_attached_already_keeps_its_customer() -> None:
    processor, wire = gateway(method(customer="cus_1"))
    assert processor.attach(carriers("pm_1")) == Token(HELD, Brand.VISA, "4242", 12, 2030)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        ([method("jcb")], Refused(Reason.UNSUPPORTED_CARD)),
        ([method(), failure(402, "card_error", code="card_declined")], Refused(Reason.DECLINED)),
        ([failure(404, code="resource_missing")], Refused(Reason.UNKNOWN_REFERENCE)),
        ([method(), no_answer()], Unavailable("APIConnectionError")),
        ([failure(401)], Unavailable("AuthenticationError 401")),
    ],
)
def test_a_card_of_the_carriers_that_cannot_be_kept(replies: list[tuple[int, Json]], answer: object) -> None:
    assert gateway(*replies)[0].attach(carriers("pm_1")) == answer


def test_a_brand_the_pharmacy_does_not_take_is_refused() -> None:
    assert gateway(method("jcb"))[0].tokenize(CARD) == Refused(Reason.UNSUPPORTED_CARD)


def test_a_card_its_issuer_will_not_honour_gets_no_token() -> None:
    processor, _ = gateway(method(), failure(402, "card_error", code="card_declined", decline_code="generic_decline"))
    assert processor.tokenize(CARD) == Refused(Reason.DECLINED)


def test_an_amount_is_set_aside_to_be_captured_by_hand() -> None:
    processor, wire = gateway(intent("requires_capture"))
    assert processor.authorize(HELD, 2500, "call-1/9", "order 10018") == Authorized("pi_1")
    assert wire.asked == [("POST", "/v1/payment_intents")]
    assert wire.keys == ["authorize:call-1/9"]
    assert wire.params[0] == {
        "amount": "2500",
        "currency": "usd",
        "capture_method": "manual",
        "confirm": "true",
        "off_session": "true",
        "allowed_payment_method_types[0]": "card",
        "metadata[request_key]": "call-1/9",
        "description": "order 10018",
        "customer": "cus_1",
        "payment_method": "pm_1",
    }


def test_a_payment_method_of_the_carriers_is_charged_as_it_is() -> None:
    processor, wire = gateway(intent("requires_capture"))
    assert processor.authorize(Secret("pm_9"), 2500, "call-1/9") == Authorized("pi_1")
    assert wire.params[0]["payment_method"] == "pm_9"
    assert "customer" not in wire.params[0]


def test_a_token_of_the_carriers_becomes_a_payment_method_once() -> None:
    processor, wire = gateway(method(), intent("requires_capture"))
    assert processor.authorize(Secret("tok_9"), 2500, "call-1/9") == Authorized("pi_1")
    assert wire.params[0] == {"type": "card", "card[token]": "tok_9"}
    assert wire.keys == ["method:call-1/9", "authorize:call-1/9"]
    assert wire.params[1]["payment_method"] == "pm_1"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (intent("requires_capture"), Authorized("pi_1")),
        (intent("succeeded"), Authorized("pi_1")),
        (intent("requires_action"), Refused(Reason.NEEDS_APPROVAL)),
        (intent("canceled"), Refused(Reason.ALREADY_VOIDED)),
        (intent("requires_payment_method"), Refused(Reason.DECLINED)),
        (intent("processing"), Unavailable("payment processing")),
        (failure(402, "card_error", code="card_declined", decline_code="lost_card"), Refused(Reason.DECLINED)),
        (failure(402, "card_error", code="expired_card"), Refused(Reason.EXPIRED_CARD)),
        (failure(402, "card_error"), Refused(Reason.DECLINED)),
        (failure(400, "idempotency_error"), Refused(Reason.KEY_REUSED)),
        (failure(400, code="amount_too_small"), Refused(Reason.BAD_AMOUNT)),
        (failure(400, code="parameter_unknown"), Refused(Reason.BAD_REQUEST)),
        (failure(404, code="resource_missing"), Refused(Reason.UNKNOWN_REFERENCE)),
        (failure(409, code="idempotency_key_in_use"), Unavailable("APIError 409")),
        (failure(401), Unavailable("AuthenticationError 401")),
        (failure(403), Unavailable("PermissionError 403")),
        (failure(429, code="rate_limit"), Unavailable("RateLimitError 429")),
        (failure(500, "api_error"), Unavailable("APIError 500")),
        ((503, {}), Unavailable("APIError 503")),
        (no_answer(), Unavailable("APIConnectionError")),
    ],
)
def test_every_answer_to_an_authorization_is_a_value(reply: tuple[int, Json] | Exception, answer: object) -> None:
    assert gateway(reply)[0].authorize(HELD, 2500, "call-1/9") == answer


@pytest.mark.parametrize("code", [code for code in REASONS if code not in ("resource_missing",)])
def test_a_decline_code_is_told_as_its_reason(code: str) -> None:
    by_issuer, _ = gateway(failure(402, "card_error", code="card_declined", decline_code=code))
    assert by_issuer.authorize(HELD, 2500, "call-1/9") == Refused(REASONS[code])
    later, _ = gateway((200, {"data": [intent("requires_payment_method", last_payment_error={"code": code})[1]]}))
    assert later.retrieve("call-1/9") == Refused(REASONS[code])


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        ([intent("succeeded")], Captured("pi_1")),
        ([intent("canceled")], Refused(Reason.ALREADY_VOIDED)),
        ([failure(400, code="payment_intent_unexpected_state"), intent("succeeded")], Captured("pi_1")),
        ([failure(400, code="payment_intent_unexpected_state"), intent("canceled")], Refused(Reason.ALREADY_VOIDED)),
        ([failure(400, code="amount_too_large"), intent("requires_capture")], Refused(Reason.BAD_AMOUNT)),
        ([failure(400), no_answer()], Unavailable("APIConnectionError")),
        ([failure(404, code="resource_missing")], Refused(Reason.UNKNOWN_REFERENCE)),
        ([failure(500, "api_error")], Unavailable("APIError 500")),
    ],
)
def test_a_capture_says_what_became_of_the_payment(replies: list[tuple[int, Json]], answer: object) -> None:
    processor, wire = gateway(*replies)
    assert processor.capture("pi_1", 2600, "call-1/9") == answer
    assert (wire.asked[0], wire.keys[0]) == (("POST", "/v1/payment_intents/pi_1/capture"), "capture:call-1/9")


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        ([intent("canceled")], Voided("pi_1")),
        ([failure(400, code="payment_intent_unexpected_state"), intent("canceled")], Voided("pi_1")),
        ([failure(400, code="payment_intent_unexpected_state"), intent("succeeded")], Refused(Reason.ALREADY_CAPTURED)),
        ([failure(400), intent("processing")], Refused(Reason.BAD_REQUEST)),
        ([failure(404, code="resource_missing")], Refused(Reason.UNKNOWN_REFERENCE)),
        ([no_answer()], Unavailable("APIConnectionError")),
    ],
)
def test_a_void_says_what_became_of_the_payment(replies: list[tuple[int, Json]], answer: object) -> None:
    processor, wire = gateway(*replies)
    assert processor.void("pi_1", "call-1/9") == answer
    assert (wire.asked[0], wire.keys[0]) == (("POST", "/v1/payment_intents/pi_1/cancel"), "void:call-1/9")


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [
        ([], NotFound()),
        (["requires_capture"], Authorized("pi_1")),
        (["requires_payment_method", "requires_capture"], Authorized("pi_1")),
        (["canceled"], Refused(Reason.ALREADY_VOIDED)),
    ],
)
def test_looking_up_searches_for_the_key(statuses: list[str], answer: object) -> None:
    processor, wire = gateway((200, {"data": [intent(status)[1] for status in statuses]}))
    assert processor.retrieve("it's\\9") == answer
    assert wire.asked == [("GET", "/v1/payment_intents/search")]
    assert wire.params[0] == {"query": "metadata['request_key']:'it\\'s\\\\9'"}


def test_looking_up_goes_through_the_payments_where_searching_is_not_offered() -> None:
    listed = [intent("requires_capture", id=f"pi_{key}", metadata={"request_key": key})[1] for key in "abc"]
    reply = (200, {"object": "list", "url": "/v1/payment_intents", "has_more": False, "data": listed})
    processor, _ = gateway(failure(404), reply)
    assert processor.retrieve("b") == Authorized("pi_b")


def test_looking_up_a_processor_that_is_away_finds_nothing_out() -> None:
    assert gateway(no_answer())[0].retrieve("call-1/9") == Unavailable("APIConnectionError")


def test_an_operation_of_two_requests_keeps_to_its_time_even_when_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        answer = StripeGateway(Secret("sk_test_12345"), base).tokenize(CARD, timeout_s=0.3)
        assert isinstance(answer, Unavailable)
        assert time.monotonic() - began < 2


def test_no_time_left_means_not_asked() -> None:
    processor, wire = gateway()
    assert processor.tokenize(CARD, timeout_s=0) == Unavailable("APIConnectionError")
    assert not wire.asked


def test_a_refused_connection_is_not_a_no() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    processor = StripeGateway(Secret("sk_test_12345"), f"http://127.0.0.1:{port}")
    assert processor.authorize(HELD, 2500, "call-1/9") == Unavailable("APIConnectionError")
