"""The fields that the carrier sends after it has dialled a number, or while and after it took a card: never its digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ivr.phone.card_step import TIMEOUT, ConnectorFailure, card_type, entries
from ivr.phone.outcomes import Paying
from ivr.phone.verbs import CARD_NUMBER, EXPIRY, POSTAL_CODE, SECURITY_CODE
from ivr.secret import Secret

DialOutcome = Literal["completed", "busy", "no-answer", "failed", "canceled"]

TALK_SECONDS = 60
"""How long a simulated conversation lasts after the caller was connected to somebody."""


def dial_fields(outcome: DialOutcome, call_sid: str) -> dict[str, str]:
    """Return the fields with the outcome of a dialled call, which has a call id of its own."""
    is_completed = outcome == "completed"
    return {
        "DialCallStatus": outcome,
        "DialCallSid": "CA" + call_sid[:1:-1],
        "DialBridged": "true" if is_completed else "false",
        **({"DialCallDuration": str(TALK_SECONDS)} if is_completed else {}),
    }


def masked_fields(card: Mapping[str, Secret]) -> dict[str, str]:
    """Return what the line may know of entries, by step: never the number or the code."""
    keyed = {step: entry.reveal() for step, entry in card.items()}
    fields = {"PaymentMethod": "credit-card"}
    if number := keyed.get(CARD_NUMBER):
        fields |= {"PaymentCardNumber": masked_number(number), "PaymentCardType": card_type(number)}
    if expiry := keyed.get(EXPIRY):
        fields["ExpirationDate"] = expiry
    if code := keyed.get(SECURITY_CODE):
        fields["SecurityCode"] = "*" * len(code)
    if postal_code := keyed.get(POSTAL_CODE):
        fields["PaymentCardPostalCode"] = postal_code
    return fields


def masked_number(number: str) -> str:
    """Return a card number of which only the last four digits can be read, in groups like those on the card."""
    shown = "x" * (len(number) - 4) + number[-4:]
    ends = (4, 10) if card_type(number) in ("amex", "diners-club") else range(4, len(number), 4)
    return "-".join(shown[start:end] for start, end in zip((0, *ends), (*ends, len(number)), strict=True))


def connector_fields(paying: Paying, answer: str | ConnectorFailure) -> dict[str, str]:
    """Return the fields after the connector was asked, with those of the whole card."""
    if isinstance(answer, ConnectorFailure):
        told = {"PaymentError": answer.message, "ConnectorError": answer.code, "PayErrorCode": answer.pay_error_code}
        fields = {"Result": "payment-connector-error", **{name: text for name, text in told.items() if text}}
    else:
        fields = {"Result": "success", "PaymentConfirmationCode" if paying.pay.charge else "PaymentToken": answer}
    return {**fields, **masked_fields(entries(paying))}


def given_up_fields(paying: Paying, error: str) -> dict[str, str]:
    """Return the fields after the last attempt at a step."""
    fields = {"Result": "too-many-failed-attempts", "PaymentError": _error_in_requests(error)}
    return {**fields, **masked_fields(paying.card)}


def progress_fields(paying: Paying, step: str, error: str) -> dict[str, str]:
    """Return the fields of a progress callback after a step: what was keyed counts if nothing is wrong with it."""
    fields = {"For": step, "Attempt": str(paying.attempt)}
    if error:
        return {**fields, "ErrorType": _error_in_requests(error), **masked_fields(paying.card)}
    return {**fields, **masked_fields(entries(paying))}


def _error_in_requests(error: str) -> str:
    """Return an `errorType` as requests name it."""
    return "input-timeout" if error == TIMEOUT else error
