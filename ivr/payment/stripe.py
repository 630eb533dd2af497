"""Stripe as the card processor, through its own library.

A card becomes a payment method held by a customer made for it alone, because Stripe lets an unheld one be used only
once; the token kept is `cus_…:pm_…`. Making the customer has the issuer check the card, so a card that is bad through
and through is refused at once, before any order. Tokens made by the carrier (`tok_…`, `pm_…`) can be charged as well.
An amount is set aside by a payment intent that is captured by hand and carries our request key in its metadata, where
`look_up` finds it when Stripe has forgotten the key itself, after a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import stripe

from ivr.payment.cards import Brand, Card
from ivr.payment.gateway import (
    TIMEOUT_S,
    Authorized,
    Captured,
    NotFound,
    Reason,
    Refused,
    Token,
    Unavailable,
    Voided,
)
from ivr.payment.stripe_answers import no, no_charge, outcome
from ivr.payment.stripe_http import Send, Sessions, TimedHttp
from ivr.secret import Secret
from ivr.settings import is_live

_MOST_LISTED = 1000  # payment intents gone through where searching is not offered


class StripeGateway:
    """The gateway for real cards; `base` is another address for a stand-in, `send` another way of getting there."""

    name = "stripe"

    def __init__(self, key: Secret, base: str | None = None, send: Send | None = None) -> None:
        self.live = is_live(key)
        self._http = TimedHttp(send or Sessions())
        self._client = stripe.StripeClient(
            key.reveal(),
            http_client=self._http,
            base_addresses={"api": base} if base else None,
            max_network_retries=0,
        )

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:
        """Hold the card for charging now and later; a card the issuer will never honour is refused here."""
        keyed: stripe.params.PaymentMethodCreateParamsCard = {
            "number": card.number.reveal(),
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "cvc": card.code.reveal(),
        }
        try:
            with self._http.within(timeout_s):
                return self._hold(self._client.v1.payment_methods.create({"type": "card", "card": keyed}))
        except stripe.StripeError as error:
            return no(error)

    def _hold(self, method: stripe.PaymentMethod) -> Token | Refused:
        details = method.card
        if details is None or details.brand not in list(Brand):
            return Refused(Reason.UNSUPPORTED_CARD)
        customer = self._client.v1.customers.create({"payment_method": method.id})
        token = Secret(f"{customer.id}:{method.id}")
        return Token(token, Brand(details.brand), details.last4, details.exp_month, details.exp_year)

    def _method(self, token: str, request_key: str) -> str:
        """Make a payment method of a carrier's token, which takes one request key as long as it lives."""
        return self._client.v1.payment_methods.create(
            {"type": "card", "card": {"token": token}}, {"idempotency_key": f"method:{request_key}"}
        ).id

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Set the amount aside; an issuer that wants its customer on a screen counts as a refusal."""
        asked: stripe.params.PaymentIntentCreateParams = {
            "amount": amount_cents,
            "currency": "usd",
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "allowed_payment_method_types": ["card"],
            "metadata": {"request_key": request_key},
        }
        if description:
            asked["description"] = description
        try:
            with self._http.within(TIMEOUT_S):
                customer, _, method = token.reveal().rpartition(":")
                if method.startswith("tok_"):
                    method = self._method(method, request_key)
                asked["payment_method"] = method
                if customer:
                    asked["customer"] = customer
                intent = self._client.v1.payment_intents.create(asked, {"idempotency_key": f"authorize:{request_key}"})
        except stripe.StripeError as error:
            return no_charge(error)
        return outcome(intent)

    def capture(self, reference: str, amount_cents: int, request_key: str) -> Captured | Refused | Unavailable:
        """Take the amount; when Stripe will not, say why from what became of the payment."""
        try:
            with self._http.within(TIMEOUT_S):
                intent = self._done_or_known(
                    reference,
                    lambda: self._client.v1.payment_intents.capture(
                        reference,
                        {"amount_to_capture": amount_cents},
                        {"idempotency_key": f"capture:{request_key}"},
                    ),
                )
        except stripe.StripeError as error:
            return no(error)
        if intent.status == "requires_capture" and amount_cents > intent.amount:
            return Refused(Reason.BAD_AMOUNT)
        if intent.status == "canceled":
            return Refused(Reason.ALREADY_VOIDED)
        return Captured(reference) if intent.status == "succeeded" else Refused(Reason.BAD_REQUEST)

    def void(self, reference: str, request_key: str) -> Voided | Refused | Unavailable:
        """Cancel the payment intent; when Stripe will not, say why from what became of it."""
        try:
            with self._http.within(TIMEOUT_S):
                intent = self._done_or_known(
                    reference,
                    lambda: self._client.v1.payment_intents.cancel(
                        reference, None, {"idempotency_key": f"void:{request_key}"}
                    ),
                )
        except stripe.StripeError as error:
            return no(error)
        if intent.status == "succeeded":
            return Refused(Reason.ALREADY_CAPTURED)
        return Voided(reference) if intent.status == "canceled" else Refused(Reason.BAD_REQUEST)

    def _done_or_known(self, reference: str, ask: Callable[[], stripe.PaymentIntent]) -> stripe.PaymentIntent:
        """Ask for something, or fetch the payment that it failed on; the failure itself when there is no such payment."""
        try:
            return ask()
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                raise
            return self._client.v1.payment_intents.retrieve(reference)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Find what was made of a key, the charge rather than a refusal; for keys older than an hour.

        Stripe's search may be that far behind, so for a younger key NotFound would prove nothing.
        """
        try:
            with self._http.within(TIMEOUT_S):
                outcomes = [outcome(intent) for intent in self._with_key(request_key)]
        except stripe.StripeError as error:
            return no(error)
        except LookupError:
            return Unavailable("too many payments to go through")
        return next((found for found in outcomes if isinstance(found, Authorized)), (*outcomes, NotFound())[0])

    def _with_key(self, request_key: str) -> Iterator[stripe.PaymentIntent]:
        quoted = request_key.replace("\\", "\\\\").replace("'", "\\'")
        try:
            found = self._client.v1.payment_intents.search({"query": f"metadata['request_key']:'{quoted}'"})
        except stripe.InvalidRequestError as error:
            if error.http_status != 404:
                raise
            yield from self._listed_with_key(request_key)
        else:
            yield from found.data

    def _listed_with_key(self, request_key: str) -> Iterator[stripe.PaymentIntent]:
        """Go through the payments one by one, where searching is not offered: a stand-in; LookupError when too many."""
        listed = self._client.v1.payment_intents.list({"limit": 100})
        for count, intent in enumerate(listed.auto_paging_iter()):
            if count == _MOST_LISTED:
                raise LookupError
            if intent.metadata and intent.metadata.to_dict().get("request_key") == request_key:
                yield intent
