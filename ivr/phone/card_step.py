"""The carrier's card step, `<Pay>`: what it asks for, when an entry is complete, and what is wrong with it.

Nothing here is sent or heard: the handset does that. What the caller keys is secret, and goes to the connector alone,
which stands for the card processor behind the carrier; the line is told what `results` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ivr.keypad import check_digit
from ivr.phone.outcomes import Paying
from ivr.phone.verbs import CARD_NUMBER, EXPIRY, POSTAL_CODE, SECURITY_CODE, TwimlPay, TwimlPrompt, TwimlSay
from ivr.secret import Secret

SANDBOX_TOKEN = "tok_visa"  # noqa: S105 - no secret: the sandbox's public token for an approved card
CONNECTOR_SECONDS = 2.0
"""How long the card processor is assumed to take."""
TIMEOUT = "timeout"

_CARD_TYPES = (
    ("amex", ("34", "37"), 15),
    ("diners-club", ("36", "38", *map(str, range(300, 306))), 14),
    ("jcb", ("35",), 16),
    ("mastercard", (*map(str, range(51, 56)), *map(str, range(2221, 2721))), 16),
    ("discover", ("6011", "65", *map(str, range(644, 650))), 16),
    ("visa", ("4",), 16),
)
_FEWEST_DIGITS, _MOST_DIGITS = 12, 19
_DEFAULT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        CARD_NUMBER: "Please enter your credit card number.",
        EXPIRY: "Please enter the month and year in which your card expires.",
        SECURITY_CODE: "Please enter the security code of your card.",
        POSTAL_CODE: "Please enter your postal code, followed by the pound key.",
    }
)


@dataclass(frozen=True, slots=True)
class CapturedCard:
    """A card as it was keyed: expiry as MMYY; code and postal code are empty if they were not asked for."""

    number: Secret
    expiry: str
    security_code: Secret
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class ConnectorFailure:
    """The reason why a connector gives no token; `pay_error_code` is the carrier's own number for it, if any."""

    message: str
    code: str = ""
    pay_error_code: str = ""


Connector = Callable[[CapturedCard, str], str | ConnectorFailure]
"""Exchanges a card for a token; with an amount, charges it and returns the confirmation."""


def sandbox_connector(_card: CapturedCard, _charge: str) -> str:
    """Approve any card."""
    return SANDBOX_TOKEN


def asked_steps(pay: TwimlPay) -> tuple[str, ...]:
    """Return the steps of `<Pay>`, in order."""
    optional = ((SECURITY_CODE, pay.security_code), (POSTAL_CODE, pay.postal_code))
    return (CARD_NUMBER, EXPIRY, *(step for step, is_asked in optional if is_asked))


def card_type(number: str) -> str:
    """Return the carrier's name of a number's card type; "" when its first digits are of none."""
    return next((name for name, starts, _ in _CARD_TYPES if number.startswith(starts)), "")


def is_complete(paying: Paying) -> bool:
    """Return whether the entry ends by itself, without pound, since it has all its digits."""
    keys = paying.keys.reveal()
    return len(keys) == (_length(paying, keys) or _MOST_DIGITS)


def _length(paying: Paying, keys: str) -> int:
    """Return how many digits an entry has; 0 when that is unknown."""
    match paying.step:
        case "payment-card-number":
            return next((length for name, _, length in _CARD_TYPES if name == card_type(keys)), 0)
        case "expiration-date":
            return 4
        case "security-code":
            return 4 if _type_of(paying) == "amex" else 3
        case _:
            return 0


def _type_of(paying: Paying) -> str:
    number = paying.card.get(CARD_NUMBER)
    return card_type(number.reveal()) if number else ""


def error_of(paying: Paying, today: date) -> str:
    """Return what is wrong with the entry, as an `errorType`; "" if nothing is."""
    keys = paying.keys.reveal()
    if not keys:
        return TIMEOUT
    match paying.step:
        case "payment-card-number":
            length = _length(paying, keys) or max(len(keys), _FEWEST_DIGITS)
            if len(keys) != length or check_digit(keys[:-1]) != keys[-1]:
                return "invalid-card-number"
            return "" if card_type(keys) in paying.pay.card_types else "invalid-card-type"
        case "expiration-date":
            return "" if _is_ahead(keys, today) else "invalid-date"
        case "security-code":
            return "" if len(keys) == _length(paying, keys) else "invalid-security-code"
        case _:
            return "" if len(keys) >= paying.pay.fewest_postal_digits else "invalid-postal-code"


def _is_ahead(mmyy: str, today: date) -> bool:
    if len(mmyy) != 4 or not 1 <= int(mmyy[:2]) <= 12:
        return False
    return (2000 + int(mmyy[2:]), int(mmyy[:2])) >= (today.year, today.month)


def after_success(paying: Paying, *, restarts: bool) -> Paying | None:
    """Return the step after one whose entry is taken, with that entry kept; None after the last one."""
    steps = asked_steps(paying.pay)
    position = steps.index(paying.step) + 1
    if position == len(steps):
        return None
    attempt = paying.attempt if restarts else 1
    return Paying(paying.pay, steps[position], attempt, card=entries(paying))


def after_error(paying: Paying, error: str, *, restarts: bool) -> Paying | None:
    """Return the next attempt, at the same step or with the whole card; None when there were as many as allowed."""
    attempt = paying.attempt + 1
    if attempt > paying.pay.max_attempts:
        return None
    if restarts:
        return Paying(paying.pay, CARD_NUMBER, attempt)
    return Paying(paying.pay, paying.step, attempt, error, card=paying.card)


def entries(paying: Paying) -> Mapping[str, Secret]:
    """Return everything keyed so far, by step, what is being keyed with it."""
    return {**paying.card, paying.step: paying.keys}


def prompt_of(paying: Paying, step: str) -> TwimlPrompt | None:
    """Return the prompt that fits a step best: the one that names most of error, card type and attempt, in that order.

    None when no prompt fits.
    """
    kind = _type_of(paying)
    best: TwimlPrompt | None = None
    best_rank: tuple[bool, ...] = ()
    for prompt in paying.pay.prompts:
        fits = (
            prompt.step == step
            and (not prompt.attempts or paying.attempt in prompt.attempts)
            and (not prompt.errors or paying.error in prompt.errors)
            and (not prompt.card_types or kind in prompt.card_types)
        )
        rank = (bool(prompt.errors), bool(prompt.card_types), bool(prompt.attempts))
        if fits and rank > best_rank:
            best, best_rank = prompt, rank
    return best


def default_words(step: str) -> tuple[TwimlSay, ...]:
    """Return the words of the carrier itself, for a step without a prompt."""
    return (TwimlSay(words),) if (words := _DEFAULT_WORDS.get(step)) else ()


def captured(paying: Paying) -> CapturedCard:
    """Return the card after its last step."""
    keyed, nothing = entries(paying), Secret("")
    return CapturedCard(
        keyed[CARD_NUMBER],
        keyed[EXPIRY].reveal(),
        keyed.get(SECURITY_CODE, nothing),
        keyed.get(POSTAL_CODE, nothing).reveal(),
    )
