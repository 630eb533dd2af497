"""Reads a request of the carrier: who is calling whom, and what the caller did."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote_plus

from flask import Request
from werkzeug.exceptions import BadRequest

from ivr import logs
from ivr.flow.call import CardOutcome, CardStepEnded, Dialled, Early, Event, Keys, Resumed, Silence
from ivr.line.service import Caller
from ivr.secret import DOT, Secret

_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
MOST_CHARACTERS = 100
"""The most characters kept of a caller's number, which may also be a SIP address."""
CALLER_SECONDS = "CallerSeconds"
"""A field that only our own telephone sends, whose time may be simulated: the seconds the call has lasted for it."""

_DIALLED: Mapping[str, Literal["answered", "busy"]] = {"completed": "answered", "answered": "answered", "busy": "busy"}
"""What became of a call to a person -> the outcome; any other, such as `no-answer` or `failed`, is that nobody answers."""


_CARD_RESULTS: Mapping[str, CardOutcome] = {
    "success": "taken",
    "caller-interrupted-with-star": "star",
    "too-many-failed-attempts": "too_many_tries",
    "caller-hung-up": "hung_up",
}
"""What became of a card step -> the outcome; any other, such as `payment-connector-error`, is that it failed."""
_CARD_FIELDS = {
    "PaymentToken": "carrier_token",
    "PaymentCardType": "carrier_brand",
    "PaymentCardNumber": "carrier_card_number",
    "ExpirationDate": "carrier_expiry",
}
"""A field about the card that was taken -> the value that an action reads."""
_ERROR_NUMBER_FIELD = "PayErrorCode"
_CARD_ERRORS = (_ERROR_NUMBER_FIELD, "PaymentError", "ConnectorError")
_ERROR_NUMBER = re.compile(r"[0-9]{5}")
_NOT_A_WORD = re.compile(r"\S*[0-9_]\S*")


def caller_of(request: Request) -> Caller:
    """Return who is calling whom; raise BadRequest if the request names no call."""
    sid = request.form.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise BadRequest("CallSid is missing")
    return Caller(
        sid, text_field(request, "From"), text_field(request, "To"), _seconds(request.form.get(CALLER_SECONDS, ""))
    )


def _seconds(text: str) -> float | None:
    """Return the seconds that our own telephone sends, or None if the text is no finite number."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def text_field(request: Request, name: str) -> str:
    """Return a field's text, which may be stored or logged, or "" if it is not printable.

    The carrier never sends a NUL or another control character; a caller's number with one counts as withheld.
    """
    text = request.form.get(name, "")[:MOST_CHARACTERS]
    return text if text.isprintable() else ""


def caller_id(caller: Caller) -> str | None:
    """Return the number to show on a person's telephone when a call is connected; None for the caller's own.

    The carrier may not connect a call without a telephone number, so the number that was called replaces it.
    """
    if not caller.withheld and _E164.fullmatch(caller.from_number):
        return None
    return caller.to_number if _E164.fullmatch(caller.to_number) else None


def _card_step_of(request: Request) -> CardStepEnded:
    """Return what became of a card step; a failure is logged in the carrier's words, with no digits of a card."""
    result = text_field(request, "Result")
    outcome = _CARD_RESULTS.get(result, "failed")
    if outcome == "failed":
        told = {name: _as_logged(name, text_field(request, name)) for name in _CARD_ERRORS if request.form.get(name)}
        logs.get_logger().error("card_step_failed", result=_as_logged("Result", result), **told)
    card = {value: Secret(request.form[name]) for name, value in _CARD_FIELDS.items() if request.form.get(name)}
    return CardStepEnded(outcome, card if outcome == "taken" else {})


def _as_logged(name: str, told: str) -> str:
    """Return what the carrier tells of an error in a field, as it may be logged: numbers and tokens are masked.

    The numbers may be a card's or a ZIP code. The carrier's own error number, of five digits, has a field of its own, and
    stays. Published handlers find the text percent-encoded, sometimes.
    """
    if name == _ERROR_NUMBER_FIELD and _ERROR_NUMBER.fullmatch(told):
        return told
    return " ".join(_NOT_A_WORD.sub(DOT, word) for word in unquote_plus(told).split())


def event_of(request: Request) -> Event:
    """Return the event of a request: what the caller did, or what the carrier reports."""
    if status := request.form.get("DialCallStatus"):
        return Dialled(_DIALLED.get(status, "no_answer"))
    if "Result" in request.form:
        return _card_step_of(request)
    digits = "".join(key for key in request.form.get("Digits", "") if key in "0123456789*#")
    if "early" in request.args and digits.strip("*"):  # star only has words said again
        return Early()
    if digits:
        return Keys(Secret(digits))
    if request.form.get("FinishedOnKey") == "#":
        return Keys(Secret("#"))
    return Resumed() if "again" in request.args else Silence()
