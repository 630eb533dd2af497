"""The carrier's webhooks: an incoming call, its turns, its end, and what is said when all else failed.

Every answer is TwiML. Nothing is written for a request that does not come from the carrier, or that asks for a turn
of another call.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException

from ivr import logs
from ivr.errors import UnreachableError
from ivr.flow.call import Dialled, Event, Keys, Resumed, Silence, Started
from ivr.flow.verbs import Speak
from ivr.line import sessions, sweep
from ivr.line.service import Caller, Line
from ivr.line.turn import Busy, Spoken, UnknownCallError, spoken, take_turn
from ivr.secret import Secret
from ivr.web.guard import Guard
from ivr.web.twiml import Renderer

_SID = re.compile(r"[A-Za-z0-9]{2,64}")
MOST_RETRIES = 3
RETRY_SECONDS = 3
MOST_CHARACTERS = 100
"""Of a caller's number, which may also be a SIP address."""
CALLER_SECONDS = "CallerSeconds"
"""A field of our own telephone, whose time is not ours: how long the call has lasted for the caller."""
ONE_VALUE = ("CallSid", "From", "To", "Digits", "FinishedOnKey", "DialCallStatus", "CallStatus", CALLER_SECONDS)


@dataclass(frozen=True, slots=True)
class Voice:
    """Answers the carrier."""

    line: Line
    guard: Guard
    renderer: Renderer

    def blueprint(self) -> Blueprint:
        """Return the webhooks, each behind the guard."""
        voice = Blueprint("voice", __name__)
        voice.before_request(self.refuse_strangers)
        voice.post("/voice")(self.incoming)
        voice.post("/voice/turn/<int:turn>/<mac>")(self.turn)
        voice.post("/voice/status")(self.status)
        voice.post("/voice/fallback")(self.fallback)
        voice.errorhandler(Exception)(self.broken)
        return voice

    def refuse_strangers(self) -> None:
        """Let only the carrier in."""
        logs.clear()
        if not self.guard.is_from_carrier(request):
            raise Forbidden
        for name in ONE_VALUE:
            if len(set(request.form.getlist(name))) > 1:
                raise BadRequest(f"{name} is given more than once")

    def incoming(self) -> Response:
        """Answer a call, or repeat the answer."""
        return self._answer(caller_of(request), 0, lambda: Started())

    def turn(self, turn: int, mac: str) -> Response:
        """Go on with a call."""
        caller = caller_of(request)
        if not self.renderer.is_turn_of(caller.sid, turn, mac):
            raise Forbidden
        return self._answer(caller, turn, lambda: event_of(request))

    def _answer(self, caller: Caller, turn: int, event: Callable[[], Event]) -> Response:
        logs.bind_call(caller.sid)
        try:
            reply = take_turn(self.line, caller, turn, event(), self.renderer.answer)
        except UnreachableError as error:
            logs.get_logger().error("database_away", turn=turn, reason=str(error))
            return twiml(self._try_again())
        except UnknownCallError as error:
            logs.get_logger().error("call_unknown", turn=turn, reason=str(error))
            return twiml(self._part())
        if isinstance(reply, Busy):
            return twiml(self.renderer.come_back(reply.words, self._again(resumed=True), 1))
        return twiml(reply)

    def _try_again(self) -> str:
        """Ask the carrier to come back for this turn: the key that was lost is asked for again."""
        tried = request.args.get("again", default=0, type=int)
        if tried >= MOST_RETRIES:
            return self.renderer.part((), self._words("away.retry", "away.person"), self._words("away.goodbye"))
        url = self._again(again=str(tried + 1))
        return self.renderer.come_back(self._words("away.retry"), url, RETRY_SECONDS)

    def _again(self, *, resumed: bool = False, **changes: str) -> str:
        args = {**request.args.to_dict(), **({"again": request.args.get("again", "0")} if resumed else {}), **changes}
        return f"{request.path}?{urlencode(args)}"

    def status(self) -> Response:
        """Note the end of a call, and finish an order it confirmed."""
        caller, state = caller_of(request), request.form.get("CallStatus", "")
        logs.bind_call(caller.sid)
        if state in ("completed", "busy", "failed", "no-answer", "canceled"):
            now = self.line.clock()
            with self.line.database.begin() as connection:
                sessions.end(connection, caller.sid, now, "caller_hung_up")
            sweep.settle_call(self.line, caller.sid)
        return Response(status=204)

    def fallback(self) -> Response:
        """Say sorry where an answer could not be fetched: needs nothing but what is in memory."""
        logs.get_logger().error("fallback", error_code=request.form.get("ErrorCode", ""))
        return twiml(self._part())

    def broken(self, error: Exception) -> Response:
        """Turn whatever went wrong into words; requests that are not the carrier's get their status only."""
        if isinstance(error, Forbidden):
            return Response("", 403, content_type="text/xml")
        if isinstance(error, HTTPException):
            return Response(self._part(), error.code, content_type="text/xml")
        logs.get_logger().error("request_failed", exc_info=error)
        return twiml(self._part())

    def _part(self) -> str:
        person, goodbye = self._words("away.person"), self._words("away.call_again")
        return self.renderer.part(self._words("away.broken"), person, goodbye)

    def _words(self, *prompts: str) -> list[Spoken]:
        """Return words in the call's language as its URL tells it, in every language when it does not."""
        languages = self.line.versions.current.flows.languages
        wanted = request.args.get("language", "")
        speaking = [wanted] if wanted in languages else languages
        words = tuple(Speak(prompt, language, {}) for language in speaking for prompt in prompts)
        return list(spoken(self.line.versions.current, words))


def caller_of(request: Request) -> Caller:
    """Return who is calling whom; BadRequest for a request without a call."""
    sid = request.form.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise BadRequest("CallSid is missing")
    return Caller(
        sid,
        request.form.get("From", "")[:MOST_CHARACTERS],
        request.form.get("To", "")[:MOST_CHARACTERS],
        _seconds(request.form.get(CALLER_SECONDS, "")),
    )


def _seconds(text: str) -> float | None:
    """Return what a telephone of ours tells of its time; what is no number of seconds tells nothing."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


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


def twiml(body: str) -> Response:
    """Return TwiML as the carrier reads it."""
    return Response(body, content_type="text/xml; charset=utf-8")
