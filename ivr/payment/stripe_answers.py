"""Translates Stripe's answers (payment intents, errors and decline codes) into the answers of `gateway`."""

from __future__ import annotations

import stripe

from ivr.payment.gateway import Authorized, Reason, Refused, Unavailable

# Codes of issuers and of Stripe -> the reason. Any other code about a card is DECLINED, also those for lost, stolen and
# suspected cards, because whoever is calling must not be told of that.
REASONS = {
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "expired_card": Reason.EXPIRED_CARD,
    "invalid_expiry_month": Reason.EXPIRED_CARD,
    "invalid_expiry_year": Reason.EXPIRED_CARD,
    "incorrect_cvc": Reason.INCORRECT_CODE,
    "invalid_cvc": Reason.INCORRECT_CODE,
    "incorrect_number": Reason.INCORRECT_NUMBER,
    "invalid_number": Reason.INCORRECT_NUMBER,
    "invalid_account": Reason.INCORRECT_NUMBER,
    "card_not_supported": Reason.UNSUPPORTED_CARD,
    "currency_not_supported": Reason.UNSUPPORTED_CARD,
    "authentication_required": Reason.NEEDS_APPROVAL,
    "payment_intent_authentication_failure": Reason.NEEDS_APPROVAL,
    "processing_error": Reason.PROCESSING_ERROR,
    "issuer_not_available": Reason.PROCESSING_ERROR,
    "reenter_transaction": Reason.PROCESSING_ERROR,
    "try_again_later": Reason.PROCESSING_ERROR,
    "amount_too_small": Reason.BAD_AMOUNT,
    "amount_too_large": Reason.BAD_AMOUNT,
    "resource_missing": Reason.UNKNOWN_REFERENCE,
}


def result_of(intent: stripe.PaymentIntent) -> Authorized | Refused | Unavailable:
    """Return the answer that a payment intent's status stands for."""
    match intent.status:
        case "requires_capture" | "succeeded":
            return Authorized(intent.id)
        case "canceled":
            return Refused(Reason.ALREADY_VOIDED)
        case "requires_action":
            return Refused(Reason.NEEDS_APPROVAL)
        case "requires_payment_method":
            return Refused(_reason(intent.last_payment_error))
        case _:
            return Unavailable(f"payment {intent.status}")


def refusal_of(error: stripe.StripeError) -> Refused | Unavailable:
    """Return the answer that an error stands for: a refusal if it is certain, else `Unavailable`.

    A wrong API key is neither the caller's fault nor a refusal, so it counts as `Unavailable`. A card or payment that the
    account does not know is no decline: the key is another account's, say, or the database is a restored one.
    """
    match error:
        case stripe.CardError():
            return Refused(_reason(error.error))
        case stripe.IdempotencyError():
            return Refused(Reason.KEY_REUSED)
        case stripe.InvalidRequestError(http_status=404):
            return Refused(Reason.UNKNOWN_REFERENCE)
        case stripe.InvalidRequestError():
            return Refused(REASONS.get(error.code or "", Reason.BAD_REQUEST))
        case _:
            return Unavailable(f"{type(error).__name__} {error.http_status or ''}".strip())


def _reason(error: object) -> Reason:
    codes = (getattr(error, "decline_code", None), getattr(error, "code", None))
    return next((REASONS[code] for code in codes if code in REASONS), Reason.DECLINED)
