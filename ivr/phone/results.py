"""The fields that the carrier sends after it has taken a card or dialled a number."""

from __future__ import annotations

from typing import Literal

from ivr.phone.verbs import TwimlPay

DialOutcome = Literal["completed", "busy", "no-answer", "failed", "canceled"]

SANDBOX_TOKEN = "tok_visa"  # noqa: S105 - no secret: the sandbox's public token for an approved card
TALK_SECONDS = 60
"""How long a simulated conversation lasts after the caller was connected to somebody."""

_BRANDS = (
    ("amex", ("34", "37")),
    ("visa", ("4",)),
    ("mastercard", (*map(str, range(51, 56)), *map(str, range(2221, 2721)))),
    ("discover", ("6011", "65")),
)


def card_fields(pay: TwimlPay, number: str, expiry: str, security_code: str, token: str) -> dict[str, str]:
    """Return the fields after a card was taken: its brand, last digits, expiry and token, but not number and code."""
    brand = next((name for name, starts in _BRANDS if number.startswith(starts)), "")
    return {
        "Result": "success",
        "PaymentMethod": "credit-card",
        "PaymentCardNumber": "x" * (len(number) - 4) + number[-4:],
        "PaymentCardType": brand,
        "ExpirationDate": expiry,
        "SecurityCode": "*" * len(security_code),
        "PaymentConfirmationCode" if pay.charges else "PaymentToken": token,
    }


def dial_fields(outcome: DialOutcome, call_sid: str) -> dict[str, str]:
    """Return the fields with the outcome of a dialled call, which has a call id of its own."""
    is_completed = outcome == "completed"
    return {
        "DialCallStatus": outcome,
        "DialCallSid": "CA" + call_sid[:1:-1],
        "DialBridged": "true" if is_completed else "false",
        **({"DialCallDuration": str(TALK_SECONDS)} if is_completed else {}),
    }
