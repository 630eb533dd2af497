"""What the carrier reports when it is done with a card or with a number it dialled."""

from __future__ import annotations

from typing import Literal

from ivr.phone.verbs import TwimlPay

DialOutcome = Literal["completed", "busy", "no-answer", "failed", "canceled"]

SANDBOX_TOKEN = "tok_visa"  # noqa: S105 - a test processor's public name for a card that is approved
TALK_SECONDS = 60
"""Taken for a talk with whoever the caller was connected to."""

_BRANDS = (
    ("amex", ("34", "37")),
    ("visa", ("4",)),
    ("mastercard", (*map(str, range(51, 56)), *map(str, range(2221, 2721)))),
    ("discover", ("6011", "65")),
)


def card_fields(pay: TwimlPay, number: str, expiry: str, security_code: str, token: str) -> dict[str, str]:
    """Return the fields of a card that was taken: enough to speak of it, never the number or the code."""
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
    """Return the fields that say what became of a dialled number; its leg has an id of its own."""
    talked = outcome == "completed"
    return {
        "DialCallStatus": outcome,
        "DialCallSid": "CA" + call_sid[:1:-1],
        "DialBridged": "true" if talked else "false",
        **({"DialCallDuration": str(TALK_SECONDS)} if talked else {}),
    }
