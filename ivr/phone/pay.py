"""What the carrier tells a line about a card it took itself: enough to speak of it, never the number or the code."""

from __future__ import annotations

_BRANDS = (
    ("amex", ("34", "37")),
    ("visa", ("4",)),
    ("mastercard", (*map(str, range(51, 56)), *map(str, range(2221, 2721)))),
    ("discover", ("6011", "65")),
)


def masked_card(number: str, expiry: str, security_code: str) -> dict[str, str]:
    """Return the fields of a finished card step: kind, last four digits, expiry (MMYY) and a code of stars."""
    brand = next((name for name, starts in _BRANDS if number.startswith(starts)), "")
    return {
        "PaymentMethod": "credit-card",
        "PaymentCardNumber": "x" * (len(number) - 4) + number[-4:],
        "PaymentCardType": brand,
        "ExpirationDate": expiry,
        "SecurityCode": "*" * len(security_code),
    }
