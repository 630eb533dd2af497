"""localstripe, a stand-in for Stripe, in a process of its own; its books, and what it lacks of Stripe.

It is the account that tests audit: charges are counted in it and not in our own rows. What it lacks, and is added here:
brands other than Visa, numbers of 15 digits with codes of four, tokens (`tok_…`), most test payment methods
(`pm_card_…`), descriptions, `allowed_payment_method_types`, searching, the codes of its errors, and that a payment method
belongs to one customer and can be charged only once without one, and that what was canceled cannot be captured.
"""

from __future__ import annotations

import importlib.util
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from ivr.payment.published_cards import KNOWN_CARDS
from ivr.payment.sandbox import test_card_of as card_of
from ivr.secret import Secret

KEY = "sk_test_12345"

Json = dict[str, Any]
Params = Mapping[str, str]


@dataclass(frozen=True)
class StripeAnswer:
    """A status and a body, as Stripe answers."""

    status: int
    body: Json


def failure(status: int, kind: str, code: str | None = None, decline_code: str | None = None) -> StripeAnswer:
    codes = {"code": code, "decline_code": decline_code}
    return StripeAnswer(status, {"error": {"type": kind, "message": "No.", **{k: v for k, v in codes.items() if v}}})


@contextmanager
def localstripe() -> Iterator[str]:
    """Start localstripe with empty books and give its address; skip the test where it cannot be had."""
    if importlib.util.find_spec("localstripe") is None:
        pytest.skip("localstripe is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            if "Running" not in process.stdout.readline():
                pytest.skip("localstripe does not start here; it needs IPv6")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def ask(base: str, method: str, path: str, params: Params | None = None, key: str = KEY) -> StripeAnswer:
    """Ask localstripe."""
    encoded = urlencode(params or {})
    url, data = (f"{base}{path}", encoded.encode()) if method == "POST" else (f"{base}{path}?{encoded}", None)
    request = Request(url, data, {"Authorization": f"Bearer {key}"}, method=method)  # noqa: S310 - of our own
    try:
        with urlopen(request, timeout=30) as reply:  # noqa: S310
            return StripeAnswer(reply.status, json.load(reply))
    except HTTPError as error:
        with error:
            return StripeAnswer(error.code, json.load(error))


def everything(base: str, path: str) -> list[Json]:
    """Return all objects that localstripe lists under a path."""
    rows: list[Json] = ask(base, "GET", path, {"limit": "1000000"}).body["data"]
    return rows


@dataclass(frozen=True)
class BookedCharge:
    """A charge that went through, as the processor's books have it."""

    request_key: str
    amount_cents: int
    status: str
    """`authorized`, `captured` or `voided`."""
    captured_cents: int = 0


def booked(base: str) -> list[BookedCharge]:
    """Return every charge in localstripe's books that was not declined, read from localstripe itself."""
    intents = {intent["id"]: intent for intent in everything(base, "/v1/payment_intents")}
    charges = [charge for charge in everything(base, "/v1/charges") if charge["status"] != "failed"]
    return [_booked(charge, intents[charge["payment_intent"]]) for charge in charges]


def _booked(charge: Json, intent: Json) -> BookedCharge:
    key, cents = intent["metadata"].get("request_key", ""), charge["amount"]
    if charge["captured"]:
        return BookedCharge(key, cents, "captured", cents - charge["amount_refunded"])
    return BookedCharge(key, cents, "voided" if intent["status"] == "canceled" else "authorized")


@dataclass
class FullerStripe:
    """localstripe with what it lacks: answers requests as Stripe does."""

    base: str
    _cards: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Brand and last four digits by payment method."""
    _tokens: dict[str, str] = field(default_factory=dict)
    """Card numbers by the tokens that the carrier's connector made."""
    _spent: set[str] = field(default_factory=set)
    """Payment methods that were charged without a customer, and tokens that were made payment methods."""
    _descriptions: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, params: Params, key: str) -> StripeAnswer:
        """Answer a request."""
        with self._lock:
            return self._with_codes(self._answer(method, path, dict(params), key))

    def _answer(self, method: str, path: str, params: dict[str, str], key: str) -> StripeAnswer:
        name, _, id_ = path.removeprefix("/v1/").partition("/")
        match method, name, id_:
            case "POST", "payment_methods", "":
                return self._make_payment_method(params, key)
            case "GET", "payment_methods", _ if id_.startswith("pm_card_"):
                return self._make_from_token(id_, key)
            case "POST", "customers", "" if self._owner(params["payment_method"]):
                return failure(400, "invalid_request_error")
            case "POST", "payment_intents", "":
                return self._make_payment_intent(params, key)
            case "GET", "payment_intents", "search":
                return self._search(params["query"])
            case "POST", "payment_intents", _ if not id_.startswith("pi_"):
                return failure(404, "invalid_request_error", "resource_missing")
            case "POST", "payment_intents", _ if self._is_canceled(id_):
                return failure(400, "invalid_request_error", "payment_intent_unexpected_state")
        answer = ask(self.base, method, path, params, key)
        return self._with_card(answer) if name == "payment_methods" else answer

    def _make_payment_method(self, params: dict[str, str], key: str) -> StripeAnswer:
        token = params.get("card[token]")
        if token in self._spent:
            return failure(400, "invalid_request_error", "token_already_used")
        if token in self._tokens:
            self._spent.add(token)
            return self._make_from_number(_details(self._tokens[token]), key)
        return self._make_from_token(token, key) if token else self._make_from_number(params, key)

    def _make_from_token(self, token: str, key: str) -> StripeAnswer:
        card = card_of(Secret(token))
        if card is None:
            return failure(404, "invalid_request_error", "resource_missing")
        return self._make_from_number(_details(card.number), key)

    def _make_from_number(self, params: dict[str, str], key: str) -> StripeAnswer:
        number = params["card[number]"]
        brand = next((card.brand.value for card in KNOWN_CARDS if card.number == number), "visa")
        params |= {"card[number]": number.zfill(16), "card[cvc]": params["card[cvc]"][:3]}
        answer = ask(self.base, "POST", "/v1/payment_methods", params, key)
        if answer.status == 200:
            self._cards[answer.body["id"]] = {"brand": brand, "last4": number[-4:]}
        return self._with_card(answer)

    def _with_card(self, answer: StripeAnswer) -> StripeAnswer:
        if answer.status == 200:
            answer.body["card"] |= self._cards.get(answer.body["id"], {})
        return answer

    def _owner(self, method: str) -> str | None:
        answer = ask(self.base, "GET", f"/v1/payment_methods/{method}")
        return answer.body.get("customer")

    def _make_payment_intent(self, params: dict[str, str], key: str) -> StripeAnswer:
        if params.pop("allowed_payment_method_types[0]", None) != "card":
            return failure(400, "invalid_request_error")
        description, method = params.pop("description", ""), params["payment_method"]
        if method.startswith("pm_card_"):
            method = params["payment_method"] = self._make_from_token(method, key).body.get("id", method)
        if self._owner(method) != params.get("customer"):
            return failure(400, "invalid_request_error")
        if "customer" not in params:
            if method in self._spent:
                return failure(400, "invalid_request_error")
            self._spent.add(method)
        answer = ask(self.base, "POST", "/v1/payment_intents", params, key)
        if answer.status == 200:
            self._descriptions[answer.body["id"]] = answer.body["description"] = description
        return answer

    def _is_canceled(self, path: str) -> bool:
        return ask(self.base, "GET", f"/v1/payment_intents/{path.partition('/')[0]}").body.get("status") == "canceled"

    def _search(self, query: str) -> StripeAnswer:
        found = re.fullmatch(r"metadata\['request_key'\]:'(.*)'", query)
        assert found, query
        wanted = re.sub(r"\\(.)", r"\1", found[1])
        intents = everything(self.base, "/v1/payment_intents")
        data = [intent for intent in intents if intent["metadata"].get("request_key") == wanted]
        return StripeAnswer(200, {"object": "search_result", "has_more": False, "data": data, "url": ""})

    def _with_codes(self, answer: StripeAnswer) -> StripeAnswer:
        if answer.status == 402:
            answer.body["error"] |= {"type": "card_error", "decline_code": "generic_decline"}
        if answer.status == 404:
            answer.body["error"]["code"] = "resource_missing"
        return answer

    def carriers_token(self, number: str) -> str:
        """Return a token as the carrier's connector makes one, which can be used once."""
        token = f"tok_{len(self._tokens)}carriers"
        self._tokens[token] = number
        return token

    def carriers_method(self, number: str) -> str:
        """Return a payment method as the carrier's connector makes one."""
        return str(self.answer("POST", "/v1/payment_methods", _details(number), KEY).body["id"])

    def descriptions(self) -> list[str]:
        """Return the descriptions of all payments."""
        return list(self._descriptions.values())


def _details(number: str) -> dict[str, str]:
    return {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2030",
        "card[cvc]": "123",
    }
