"""Reads a request of the carrier: who is calling whom, and what the caller did."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from flask import Request
from werkzeug.exceptions import BadRequest

from ivr.flow.call import Dialled, Event, Keys, Resumed, Silence
from ivr.line.service import Caller
from ivr.secret import Secret

_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
MOST_CHARACTERS = 100
"""The most characters kept of a caller's number, which may also be a SIP address."""
CALLER_SECONDS = "CallerSeconds"
"""A field that only our own telephone sends, whose time may be simulated: the seconds the call has lasted for it."""

_DIALLED: Mapping[str, Literal["answered", "busy"]] = {"completed": "answered", "answered": "answered", "busy": "busy"}
"""What became of a call to a person -> the outcome; any other, such as `no-answer` or `failed`, is that nobody answers."""


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


def event_of(request: Request) -> Event:
    """Return the event of a request: what the caller did, or what the carrier reports."""
    if status := request.form.get("DialCallStatus"):
        return Dialled(_DIALLED.get(status, "no_answer"))
    digits = "".join(key for key in request.form.get("Digits", "") if key in "0123456789*#")
    if digits:
        return Keys(Secret(digits))
    if request.form.get("FinishedOnKey") == "#":
        return Keys(Secret("#"))
    return Resumed() if "again" in request.args else Silence()
