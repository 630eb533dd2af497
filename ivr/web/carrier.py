"""What a request of the carrier says: who is calling whom, and what the caller did."""

from __future__ import annotations

import math
import re

from flask import Request
from werkzeug.exceptions import BadRequest

from ivr.flow.call import Dialled, Event, Keys, Resumed, Silence
from ivr.line.service import Caller
from ivr.secret import Secret

_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
MOST_CHARACTERS = 100
"""Of a caller's number, which may also be a SIP address."""
CALLER_SECONDS = "CallerSeconds"
"""A field of our own telephone, whose time is not ours: how long the call has lasted for the caller."""


def caller_of(request: Request) -> Caller:
    """Return who is calling whom; BadRequest for a request without a call."""
    sid = request.form.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise BadRequest("CallSid is missing")
    return Caller(sid, plain(request, "From"), plain(request, "To"), _seconds(request.form.get(CALLER_SECONDS, "")))


def _seconds(text: str) -> float | None:
    """Return what a telephone of ours tells of its time; what is no number of seconds tells nothing."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def plain(request: Request, name: str) -> str:
    """Return what a field says, which is stored or logged; nothing where it holds what no telephone number can.

    A NUL or another control character is no slip of the carrier's: who sends one is taken to withhold the number.
    """
    given = request.form.get(name, "")[:MOST_CHARACTERS]
    return given if given.isprintable() else ""


def caller_id(caller: Caller) -> str | None:
    """Return the number that a person's telephone is to be shown, if any; None leaves the caller's own.

    A call that is passed on from no telephone number may not get through: the number that was called stands in.
    """
    if not caller.withheld and _E164.fullmatch(caller.from_number):
        return None
    return caller.to_number if _E164.fullmatch(caller.to_number) else None


def event_of(request: Request) -> Event:
    """Return what the caller did, or what the carrier has to tell."""
    if status := request.form.get("DialCallStatus"):
        return Dialled("answered" if status in ("completed", "answered") else "no_answer")
    digits = "".join(key for key in request.form.get("Digits", "") if key in "0123456789*#")
    if digits:
        return Keys(Secret(digits))
    if request.form.get("FinishedOnKey") == "#":
        return Keys(Secret("#"))
    return Resumed() if "again" in request.args else Silence()
