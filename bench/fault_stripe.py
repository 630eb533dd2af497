"""Stripe for `bench/faults.py --stripe`: localstripe behind the tests' proxy, which here fails at random, and its books."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from money_audit import Booked
from stripe_books import KEY, Params, StripeAnswer, everything, failure
from stripe_proxy import Failing, ProxyServer, StripeProxy, operation_of, stripe_proxy

CHANCES: Mapping[Failing, float] = {Failing.LOST: 0.06, Failing.DROPPED: 0.06, Failing.SILENT_LATER: 0.005}
DECLINES, BUSY = 0.02, 0.02
"""How often a good card is declined, and how often Stripe answers 429."""


@dataclass
class UnreliableStripe:
    """localstripe, the proxy before it, and the description of each payment that it was asked for."""

    proxy: StripeProxy
    is_calm: bool = False
    """It fails no more."""
    _descriptions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._answer, self.proxy.stripe.answer = self.proxy.stripe.answer, self._remembered
        self.proxy.failing = self._failing

    @property
    def settings(self) -> Mapping[str, str]:
        """What has a line use it."""
        return {"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": KEY, "STRIPE_API_BASE": self.proxy.url}

    def token(self, number: str) -> str:
        """Return what the carrier gives for a card."""
        return self.proxy.stripe.carriers_method(number)

    def books(self) -> list[Booked]:
        """Return its books, as localstripe has them."""
        intents = {
            intent["id"]: intent["status"] for intent in everything(self.proxy.stripe.base, "/v1/payment_intents")
        }
        charges = everything(self.proxy.stripe.base, "/v1/charges")
        return [
            Booked(
                id_ := charge["payment_intent"],
                self._descriptions.get(id_, ""),
                "captured" if charge["captured"] else "voided" if intents[id_] == "canceled" else "authorized",
                charge["amount"],
                charge["amount"] - charge["amount_refunded"],
            )
            for charge in charges
            if charge["status"] != "failed"
        ]

    def _remembered(self, method: str, path: str, params: Params, key: str) -> StripeAnswer:
        answer = self._answer(method, path, params, key)
        if (method, path) == ("POST", "/v1/payment_intents") and "id" in answer.body:
            self._descriptions[answer.body["id"]] = params["description"]
        return answer

    def _failing(self, method: str, path: str) -> Failing | StripeAnswer | None:
        if self.is_calm:
            return None
        if random.random() < BUSY:
            return failure(429, "invalid_request_error", "rate_limit")
        if operation_of(method, path) == "authorize" and random.random() < DECLINES:
            return failure(402, "card_error", "card_declined", "generic_decline")
        return random.choices([*CHANCES, None], [*CHANCES.values(), 1 - sum(CHANCES.values())])[0]


@contextmanager
def unreliable_stripe() -> Iterator[UnreliableStripe]:
    """Run it."""
    ProxyServer.handle_error = lambda *_: None  # type: ignore[method-assign] # workers are killed while it answers them
    with stripe_proxy() as proxy:
        yield UnreliableStripe(proxy)
