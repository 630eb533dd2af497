"""Stripe when it declines, fails, hangs or loses its answer: what each means, how often it was asked, what was charged.

Requests go through the library and over the network to the test proxy before localstripe (see stripe_proxy.py); what is
charged is counted in localstripe's books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from databases import Databases
from demo_line import IDENTIFIED, fill_demo, open_demo_line
from hearing import hears
from stripe_books import KEY, StripeAnswer, failure
from stripe_proxy import Failing, StripeProxy, charges_in, stripe_proxy
from structlog.testing import capture_logs

from ivr.pages.app import make_app
from ivr.payment.cards import Brand, Card
from ivr.payment.gateway import (
    REQUEST_REASONS,
    TIMEOUT_S,
    Authorized,
    Captured,
    Gateway,
    Reason,
    Refused,
    Token,
    Unavailable,
    Voided,
)
from ivr.payment.stripe import StripeGateway
from ivr.payment.stripe_http import Sessions
from ivr.secret import Secret
from ivr.settings import Settings

CARD = Card(Secret("4242424242424242"), 12, 2030, Secret("987"))
OURS = (
    "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%'"
)
PREPAID = Secret("pm_card_visa")

DECLINE_CODES: Mapping[str, Reason] = {
    "approve_with_id": Reason.DECLINED,
    "authentication_required": Reason.NEEDS_APPROVAL,
    "call_issuer": Reason.DECLINED,
    "card_not_supported": Reason.UNSUPPORTED_CARD,
    "card_velocity_exceeded": Reason.DECLINED,
    "currency_not_supported": Reason.UNSUPPORTED_CARD,
    "do_not_honor": Reason.DECLINED,
    "do_not_try_again": Reason.DECLINED,
    "duplicate_transaction": Reason.DECLINED,
    "expired_card": Reason.EXPIRED_CARD,
    "fraudulent": Reason.DECLINED,
    "generic_decline": Reason.DECLINED,
    "incorrect_address": Reason.DECLINED,
    "incorrect_cvc": Reason.INCORRECT_CODE,
    "incorrect_number": Reason.INCORRECT_NUMBER,
    "incorrect_pin": Reason.DECLINED,
    "incorrect_zip": Reason.DECLINED,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "invalid_account": Reason.INCORRECT_NUMBER,
    "invalid_amount": Reason.DECLINED,
    "invalid_cvc": Reason.INCORRECT_CODE,
    "invalid_expiry_month": Reason.EXPIRED_CARD,
    "invalid_expiry_year": Reason.EXPIRED_CARD,
    "invalid_number": Reason.INCORRECT_NUMBER,
    "invalid_pin": Reason.DECLINED,
    "issuer_not_available": Reason.PROCESSING_ERROR,
    "lost_card": Reason.DECLINED,
    "merchant_blacklist": Reason.DECLINED,
    "mobile_device_authentication_required": Reason.DECLINED,
    "new_account_information_available": Reason.DECLINED,
    "no_action_taken": Reason.DECLINED,
    "not_permitted": Reason.DECLINED,
    "offline_pin_required": Reason.DECLINED,
    "online_or_offline_pin_required": Reason.DECLINED,
    "pickup_card": Reason.DECLINED,
    "pin_try_exceeded": Reason.DECLINED,
    "processing_error": Reason.PROCESSING_ERROR,
    "reenter_transaction": Reason.PROCESSING_ERROR,
    "restricted_card": Reason.DECLINED,
    "revocation_of_all_authorizations": Reason.DECLINED,
    "revocation_of_authorization": Reason.DECLINED,
    "security_violation": Reason.DECLINED,
    "service_not_allowed": Reason.DECLINED,
    "stolen_card": Reason.DECLINED,
    "stop_payment_order": Reason.DECLINED,
    "testmode_decline": Reason.DECLINED,
    "transaction_not_allowed": Reason.DECLINED,
    "try_again_later": Reason.PROCESSING_ERROR,
    "withdrawal_count_limit_exceeded": Reason.DECLINED,
}
"""The decline codes that Stripe publishes (docs.stripe.com/declines/codes), and what the line makes of each."""


class Impatient(Sessions):
    """Gives each request a twentieth of its time, so that nobody has to wait four seconds to see that it ends."""

    def __call__(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Any:
        assert 0 < seconds <= TIMEOUT_S
        return super().__call__(seconds / 20, method, url, headers, body)


@pytest.fixture(scope="module")
def proxy() -> Iterator[StripeProxy]:
    with stripe_proxy() as started:
        yield started


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A request key that no other test uses."""
    return f"{request.node.name}:"


@pytest.fixture
def gateway(proxy: StripeProxy) -> StripeGateway:
    proxy.asked.clear()
    return StripeGateway(Secret(KEY), proxy.url)


def on_file(gateway: Gateway) -> Secret:
    token = gateway.tokenize(CARD)
    assert isinstance(token, Token)
    return token.token


def declined(code: str) -> StripeAnswer:
    return failure(402, "card_error", "card_declined", code)


# Declines


@pytest.mark.parametrize("code", DECLINE_CODES)
def test_a_decline_is_one_of_the_card_and_stays_one(gateway: StripeGateway, proxy: StripeProxy, code: str) -> None:
    key = f"declined {code}:"
    proxy.fail("authorize", declined(code))
    answers = [gateway.authorize(PREPAID, 2500, key) for _ in range(2)]
    assert answers == [Refused(DECLINE_CODES[code])] * 2
    assert DECLINE_CODES[code] not in REQUEST_REASONS
    assert charges_in(proxy, key) == []
    assert isinstance(gateway.authorize(PREPAID, 2500, f"{key}next"), Authorized)


@pytest.mark.parametrize("code", DECLINE_CODES)
def test_a_card_that_is_declined_when_it_is_attached_is_refused(
    gateway: StripeGateway, proxy: StripeProxy, code: str
) -> None:
    told = Token(Secret(proxy.stripe.carriers_method("4242424242424242")), Brand.VISA, "4242", 12, 2030)
    proxy.fail("keep", declined(code))
    assert gateway.attach(told) == Refused(DECLINE_CODES[code])
    proxy.fail("keep", declined(code))
    assert gateway.tokenize(CARD) == Refused(DECLINE_CODES[code])
    assert isinstance(gateway.attach(told), Token)


# Failures

CONFLICT = failure(409, "invalid_request_error", "idempotency_key_in_use")
RATE_LIMIT, ERROR = failure(429, "invalid_request_error", "rate_limit"), failure(500, "api_error")
FAILURES: Mapping[str, Failing | StripeAnswer] = {
    "409, the key is in use": CONFLICT,
    "429": RATE_LIMIT,
    "401": failure(401, "invalid_request_error"),
    "403": failure(403, "invalid_request_error"),
    "the connection drops": Failing.DROPPED,
    "the answer is lost": Failing.LOST,
    "it hangs": Failing.SILENT,
    "it hangs when all is done": Failing.SILENT_LATER,
    "the answer trickles": Failing.TRICKLED,
}
"""What a second request with the same key gets over."""
KEPT_FAILURES = {"500": ERROR, "502": failure(502, "api_error"), "503": StripeAnswer(503, {})}
"""What Stripe answers a second time to the same key."""
EVERY_FAILURE: Mapping[str, Failing | StripeAnswer] = {**FAILURES, **KEPT_FAILURES}
HANGING = (Failing.SILENT, Failing.SILENT_LATER, Failing.TRICKLED)


def patient_or_not(proxy: StripeProxy, failing: Failing | StripeAnswer) -> StripeGateway:
    return StripeGateway(Secret(KEY), proxy.url, Impatient() if failing in HANGING else None)


@pytest.mark.parametrize("name", FAILURES)
def test_without_an_answer_it_is_asked_once_and_charged_once_when_asked_again(
    gateway: StripeGateway, proxy: StripeProxy, key: str, name: str
) -> None:
    failing = FAILURES[name]
    token = on_file(gateway)
    proxy.fail("authorize", failing)
    assert isinstance(patient_or_not(proxy, failing).authorize(token, 2500, key), Unavailable)
    assert proxy.asked["authorize"] == 1, "the library does not repeat it"
    answer = gateway.authorize(token, 2500, key)
    assert isinstance(answer, Authorized)
    assert [charge.amount_cents for charge in charges_in(proxy, key)] == [2500]
    assert gateway.retrieve(key) == answer


@pytest.mark.parametrize("name", KEPT_FAILURES)
def test_an_error_of_stripes_stays_without_an_answer(
    gateway: StripeGateway, proxy: StripeProxy, key: str, name: str
) -> None:
    proxy.fail("authorize", KEPT_FAILURES[name])
    for _ in range(2):
        assert isinstance(gateway.authorize(PREPAID, 2500, key), Unavailable)
    assert proxy.asked["authorize"] == 2
    assert charges_in(proxy, key) == []


def each(gateway: Gateway, reference: str, key: str) -> Mapping[str, Callable[[], object]]:
    """Return every other request that the line makes, by the operation of its last request to Stripe."""
    return {
        "tokenize": lambda: gateway.tokenize(CARD),
        "keep": lambda: gateway.tokenize(CARD),
        "attach": lambda: gateway.attach(Token(PREPAID, Brand.VISA, "4242", 12, 2030)),
        "look_up": lambda: gateway.retrieve(key),
        "capture": lambda: gateway.capture(reference, 2500, key),
        "void": lambda: gateway.void(reference, key),
    }


@pytest.mark.parametrize("name", EVERY_FAILURE)
@pytest.mark.parametrize("operation", ["tokenize", "keep", "attach", "look_up", "capture", "void"])
def test_no_request_is_told_as_refused_when_it_was_not_answered(
    gateway: StripeGateway, proxy: StripeProxy, key: str, operation: str, name: str
) -> None:
    failing = EVERY_FAILURE[name]
    answer = gateway.authorize(on_file(gateway), 2500, key)
    assert isinstance(answer, Authorized)
    proxy.asked.clear()
    proxy.fail(operation, failing)
    assert isinstance(each(patient_or_not(proxy, failing), answer.reference, key)[operation](), Unavailable)
    assert proxy.asked[operation] == 1
    if operation in ("capture", "void") and name in FAILURES:
        again = each(gateway, answer.reference, key)[operation]()
        assert again == (Captured if operation == "capture" else Voided)(answer.reference)


def test_while_the_first_request_is_under_way_nobody_is_told_anything(
    gateway: StripeGateway, proxy: StripeProxy, key: str
) -> None:
    token = on_file(gateway)
    proxy.fail("authorize", CONFLICT)
    proxy.fail("authorize", CONFLICT)
    answers = [gateway.authorize(token, 2500, key) for _ in range(3)]
    assert answers[:2] == [Unavailable("APIError 409")] * 2
    assert isinstance(answers[2], Authorized)


# Faults of ours


@pytest.mark.parametrize("cents", [1, 2499, 2501])
def test_a_key_that_is_reused_is_a_fault_of_ours(
    gateway: StripeGateway, proxy: StripeProxy, key: str, cents: int
) -> None:
    token = on_file(gateway)
    assert isinstance(gateway.authorize(token, 2500, key), Authorized)
    assert gateway.authorize(token, cents, key) == Refused(Reason.KEY_REUSED)
    assert gateway.authorize(token, 2500, key, "another order") == Refused(Reason.KEY_REUSED)
    assert len(charges_in(proxy, key)) == 1


@pytest.mark.parametrize(
    ("operation", "keys", "prompt", "statuses"),
    [
        ("authorize", "17", "payment.held", [("held", "failed")]),
        ("tokenize", "1929" + "5555555555554444#" + "1230" + "123", "card.unavailable", []),
    ],
    ids=["an order", "a new card"],
)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (failure(400, "idempotency_error"), "key_reused"),
        (failure(404, "invalid_request_error", "resource_missing"), "unknown_reference"),
    ],
    ids=["a key of another request", "a card of another account"],
)
def test_a_caller_is_not_told_that_a_card_was_declined_when_it_was_our_fault(
    databases: Databases,
    proxy: StripeProxy,
    operation: str,
    keys: str,
    prompt: str,
    statuses: list[tuple[str, str]],
    answer: StripeAnswer,
    reason: str,
) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        demo = open_demo_line(url)
        demo.run("UPDATE saved_card SET gateway = 'stripe', token = 'pm_' || id")
        services = replace(demo.services, gateway=StripeGateway(Secret(KEY), proxy.url))
        called = demo.copy_with(services=services, app=make_app(services, Settings()))
        proxy.forget()  # the keys of the case before
        proxy.fail(operation, answer)
        with capture_logs() as logged:
            _, heard = called.call(IDENTIFIED + keys)
        assert demo.rows(OURS) == statuses
        assert demo.rows("SELECT count(*) FROM saved_card WHERE member_id = 1 AND last_declined_at IS NOT NULL") == [
            (0,)
        ]
        demo.services.database.dispose()
    assert hears(heard.text, prompt)
    refused = [line for line in logged if line["event"] == "processor_refused_request"]
    assert [(line["log_level"], line["reason"]) for line in refused] == [("error", reason)]
