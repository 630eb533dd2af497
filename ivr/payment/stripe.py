"""Stripe as the card processor, through its own library.

A card becomes a payment method that is attached to a customer made for it alone, because Stripe lets an unattached one
be used only once; the token kept is `cus_…:pm_…`. When the customer is made, the issuer checks the card, so a card that
can never be charged is refused at once, before any order. Tokens made by the carrier (`tok_…`, `pm_…`) can be charged
once as they are, and are attached in the same way to be kept.

An amount is set aside by a payment intent with manual capture. It carries our request key in its metadata, where
`retrieve` finds it after Stripe has forgotten the key itself, which it does after a day.
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
from ivr.payment.stripe_answers import refusal_of, result_of
from ivr.payment.stripe_http import Send, Sessions, TimedHttp
from ivr.secret import Secret
from ivr.settings import is_live

_MOST_LISTED = 1000
"""How many payment intents are gone through where Stripe's search is not available."""


class StripeGateway:
    """The gateway for real cards; `base` is the address of a stand-in for Stripe, `send` another way to send."""

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
        """Exchange the card for a token, to charge now and later; a card that its issuer never accepts is refused."""
        card_details: stripe.params.PaymentMethodCreateParamsCard = {
            "number": card.number.reveal(),
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "cvc": card.code.reveal(),
        }
        try:
            with self._http.within(timeout_s):
                return self._keep_with_customer(
                    self._client.v1.payment_methods.create({"type": "card", "card": card_details})
                )
        except stripe.StripeError as error:
            return refusal_of(error)

    def attach(self, token: Token) -> Token | Refused | Unavailable:
        """Keep the carrier's payment method with a customer of its own, as `tokenize` does, unless it has one already.

        One that this account does not know is no decline but an UNKNOWN_REFERENCE: the carrier's connector is another
        account's.
        """
        try:
            with self._http.within(TIMEOUT_S):
                method = token.token.reveal()
                if method.startswith("tok_"):
                    method = self._payment_method_from(method, method)
                return self._keep_with_customer(self._client.v1.payment_methods.retrieve(method))
        except stripe.StripeError as error:
            return refusal_of(error)

    def _keep_with_customer(self, method: stripe.PaymentMethod) -> Token | Refused:
        details = method.card
        if details is None or details.brand not in list(Brand):
            return Refused(Reason.UNSUPPORTED_CARD)
        customer = method.customer or self._client.v1.customers.create({"payment_method": method.id}).id
        token = Secret(f"{customer}:{method.id}")
        return Token(token, Brand(details.brand), details.last4, details.exp_month, details.exp_year)

    def _payment_method_from(self, token: str, request_key: str) -> str:
        """Return the id of a payment method made of a carrier's token; Stripe takes such a token with one key only."""
        return self._client.v1.payment_methods.create(
            {"type": "card", "card": {"token": token}}, {"idempotency_key": f"method:{request_key}"}
        ).id

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Set the amount aside; if the issuer wants its customer to approve on a screen, that counts as a refusal."""
        request: stripe.params.PaymentIntentCreateParams = {
            "amount": amount_cents,
            "currency": "usd",
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "allowed_payment_method_types": ["card"],
            "metadata": {"request_key": request_key},
        }
        if description:
            request["description"] = description
        try:
            with self._http.within(TIMEOUT_S):
                customer, _, method = token.reveal().rpartition(":")
                if method.startswith("tok_"):
                    method = self._payment_method_from(method, request_key)
                request["payment_method"] = method
                if customer:
                    request["customer"] = customer
                intent = self._client.v1.payment_intents.create(
                    request, {"idempotency_key": f"authorize:{request_key}"}
                )
        except stripe.StripeError as error:
            return refusal_of(error)
        return result_of(intent)

    def capture(self, reference: str, amount_cents: int, request_key: str) -> Captured | Refused | Unavailable:
        """Take the amount. If Stripe refuses, the payment's status tells why."""
        try:
            with self._http.within(TIMEOUT_S):
                intent = self._do_or_retrieve(
                    reference,
                    lambda: self._client.v1.payment_intents.capture(
                        reference,
                        {"amount_to_capture": amount_cents},
                        {"idempotency_key": f"capture:{request_key}"},
                    ),
                )
        except stripe.StripeError as error:
            return refusal_of(error)
        if intent.status == "requires_capture" and amount_cents > intent.amount:
            return Refused(Reason.BAD_AMOUNT)
        if intent.status == "canceled":
            return Refused(Reason.ALREADY_VOIDED)
        return Captured(reference) if intent.status == "succeeded" else Refused(Reason.BAD_REQUEST)

    def void(self, reference: str, request_key: str) -> Voided | Refused | Unavailable:
        """Cancel the payment intent. If Stripe refuses, its status tells why."""
        try:
            with self._http.within(TIMEOUT_S):
                intent = self._do_or_retrieve(
                    reference,
                    lambda: self._client.v1.payment_intents.cancel(
                        reference, None, {"idempotency_key": f"void:{request_key}"}
                    ),
                )
        except stripe.StripeError as error:
            return refusal_of(error)
        if intent.status == "succeeded":
            return Refused(Reason.ALREADY_CAPTURED)
        return Voided(reference) if intent.status == "canceled" else Refused(Reason.BAD_REQUEST)

    def _do_or_retrieve(self, reference: str, ask: Callable[[], stripe.PaymentIntent]) -> stripe.PaymentIntent:
        """Run a request and return its payment intent, or retrieve that if the request fails.

        Raises the request's own error when there is no such payment intent.
        """
        try:
            return ask()
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                raise
            return self._client.v1.payment_intents.retrieve(reference)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Return what became of a request key: an authorization if there is one, else a refusal.

        Only use it for keys older than an hour. Stripe's search may be that far behind, so NotFound would prove nothing
        for a newer key.
        """
        try:
            with self._http.within(TIMEOUT_S):
                results = [result_of(intent) for intent in self._with_key(request_key)]
        except stripe.StripeError as error:
            return refusal_of(error)
        except LookupError:
            return Unavailable("too many payments to go through")
        return next((result for result in results if isinstance(result, Authorized)), (*results, NotFound())[0])

    def _with_key(self, request_key: str) -> Iterator[stripe.PaymentIntent]:
        quoted = request_key.replace("\\", "\\\\").replace("'", "\\'")
        try:
            result = self._client.v1.payment_intents.search({"query": f"metadata['request_key']:'{quoted}'"})
        except stripe.InvalidRequestError as error:
            if error.http_status != 404:
                raise
            yield from self._listed_with_key(request_key)
        else:
            yield from result.data

    def _listed_with_key(self, request_key: str) -> Iterator[stripe.PaymentIntent]:
        """Find payment intents by going through all of them, where there is no search (a stand-in for Stripe).

        Raises LookupError when there are too many.
        """
        listed = self._client.v1.payment_intents.list({"limit": 100})
        for count, intent in enumerate(listed.auto_paging_iter()):
            if count == _MOST_LISTED:
                raise LookupError
            if intent.metadata and intent.metadata.to_dict().get("request_key") == request_key:
                yield intent
