"""What holds for every gateway, tried on the sandbox and, through Stripe's library, on a local stand-in for Stripe.

The stand-in (localstripe) knows no idempotency keys, no search, Visa alone, and 16-digit numbers with 3-digit codes;
what needs more is tested with the sandbox and with answers written out in test_payment_stripe.py.
"""

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from ivr.payment.cards import Brand, Card
from ivr.payment.gateway import Authorized, Captured, Gateway, NotFound, Reason, Refused, Token, Unavailable, Voided
from ivr.payment.sandbox import Sandbox
from ivr.payment.stripe import StripeGateway
from ivr.payment.stripe_http import Sessions
from ivr.secret import Secret

GOOD, DECLINED_AT_CHARGE, DECLINED = "4242424242424242", "4000000000000341", "4000000000000002"


class WithoutNewer(Sessions):
    """Leaves out what the stand-in refuses because Stripe has it since, after seeing that it was there."""

    def __call__(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Any:
        if method == "post" and url.endswith("/v1/payment_intents"):
            params = dict(parse_qsl(body))
            assert params.pop("allowed_payment_method_types[0]") == "card"
            params.pop("description", None)
            body = urlencode(params)
        return super().__call__(seconds, method, url, headers, body)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    """The address of a localstripe process of our own."""
    if importlib.util.find_spec("localstripe") is None:
        pytest.skip("localstripe is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        if "Running" not in process.stdout.readline():
            pytest.skip("localstripe does not start here; it needs IPv6")
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(params=["sandbox", "stripe"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    if request.param == "sandbox":
        return Sandbox()
    return StripeGateway(Secret("sk_test_12345"), request.getfixturevalue("stand_in"), WithoutNewer())


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A request key no other test uses."""
    return str(request.node.name)


def tokenize(gateway: Gateway, number: str = GOOD) -> Secret:
    token = gateway.tokenize(Card(Secret(number), 12, 2030, Secret("123")))
    assert isinstance(token, Token)
    return token.token


def authorize(gateway: Gateway, key: str) -> str:
    answer = gateway.authorize(tokenize(gateway), 2500, key, "order 10018")
    assert isinstance(answer, Authorized)
    return answer.reference


def test_a_card_is_exchanged_for_a_token_with_what_may_be_spoken(gateway: Gateway) -> None:
    token = gateway.tokenize(Card(Secret(GOOD), 12, 2030, Secret("123")))
    assert isinstance(token, Token)
    assert (token.brand, token.last4, token.exp_month, token.exp_year) == (Brand.VISA, "4242", 12, 2030)
    assert GOOD not in token.token.reveal()


def test_a_token_is_charged_more_than_once(gateway: Gateway, key: str) -> None:
    token = tokenize(gateway)
    one, other = (gateway.authorize(token, 2500, f"{key}/{turn}") for turn in range(2))
    assert isinstance(one, Authorized)
    assert isinstance(other, Authorized)
    assert one.reference != other.reference


def test_a_bad_card_is_refused_by_the_time_it_is_charged(gateway: Gateway, key: str) -> None:
    token = gateway.tokenize(Card(Secret(DECLINED), 12, 2030, Secret("123")))
    answer = gateway.authorize(token.token, 2500, key) if isinstance(token, Token) else token
    assert answer == Refused(Reason.DECLINED)


def test_a_card_that_fails_only_when_charged_is_refused_then(gateway: Gateway, key: str) -> None:
    assert gateway.authorize(tokenize(gateway, DECLINED_AT_CHARGE), 2500, key) == Refused(Reason.DECLINED)
    assert gateway.retrieve(key) == Refused(Reason.DECLINED)


def test_what_was_set_aside_is_found_by_its_key(gateway: Gateway, key: str) -> None:
    reference = authorize(gateway, key)
    authorize(gateway, f"{key}/other")
    assert gateway.retrieve(key) == Authorized(reference)
    assert gateway.retrieve(f"{key}/never") == NotFound()


@pytest.mark.parametrize("amount", [2500, 2400], ids=["all", "part"])
def test_what_was_set_aside_is_taken_once(gateway: Gateway, key: str, amount: int) -> None:
    reference = authorize(gateway, key)
    assert gateway.capture(reference, amount, f"{key}/1") == Captured(reference)
    assert gateway.capture(reference, amount, f"{key}/2") == Captured(reference)
    assert gateway.void(reference, f"{key}/3") == Refused(Reason.ALREADY_CAPTURED)


def test_more_than_was_set_aside_is_not_taken(gateway: Gateway, key: str) -> None:
    reference = authorize(gateway, key)
    assert gateway.capture(reference, 2501, f"{key}/1") == Refused(Reason.BAD_AMOUNT)
    assert gateway.capture(reference, 2500, f"{key}/2") == Captured(reference)


def test_what_was_given_back_is_not_taken(gateway: Gateway, key: str) -> None:
    reference = authorize(gateway, key)
    assert gateway.void(reference, f"{key}/1") == Voided(reference)
    assert gateway.void(reference, f"{key}/2") == Voided(reference)
    assert gateway.capture(reference, 2500, f"{key}/3") == Refused(Reason.ALREADY_VOIDED)
    assert gateway.retrieve(key) == Refused(Reason.ALREADY_VOIDED)


def test_a_reference_nobody_gave_is_refused(gateway: Gateway, key: str) -> None:
    assert gateway.capture("pi_nothing", 2500, f"{key}/1") == Refused(Reason.UNKNOWN_REFERENCE)
    assert gateway.void("pi_nothing", f"{key}/2") == Refused(Reason.UNKNOWN_REFERENCE)


def test_a_wrong_key_of_ours_is_not_the_callers_fault(stand_in: str, key: str) -> None:
    gateway = StripeGateway(Secret("wrong"), stand_in, WithoutNewer())
    assert gateway.authorize(Secret("pm_card_visa"), 2500, key) == Unavailable("AuthenticationError 401")
