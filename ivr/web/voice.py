"""The carrier's webhooks: an incoming call, its turns, its end, and what is said when all else failed.

Every answer is TwiML. Nothing is written for a request that does not come from the carrier, or that asks for a turn
of another call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, MethodNotAllowed, NotFound

from ivr import logs
from ivr.errors import UnreachableError
from ivr.flow.call import Dialled, Event, Started
from ivr.flow.verbs import Speak
from ivr.line import sessions
from ivr.line.answer import SpokenWords, as_spoken
from ivr.line.service import Caller, Services
from ivr.line.turn import Busy, UnknownCallError, take_turn
from ivr.orders.sweep import finish_call
from ivr.web.carrier import CALLER_SECONDS, caller_id, caller_of, event_of, plain
from ivr.web.guard import Guard
from ivr.web.twiml import Renderer

NOTHING = "<Response/>"
MOST_RETRIES = 3
RETRY_SECONDS = 3
ONE_VALUE = ("CallSid", "From", "To", "Digits", "FinishedOnKey", "DialCallStatus", "CallStatus", CALLER_SECONDS)


@dataclass(frozen=True, slots=True)
class Voice:
    """Answers the carrier."""

    services: Services
    guard: Guard
    renderer: Renderer

    def blueprint(self) -> Blueprint:
        """Return the webhooks, each behind the guard."""
        voice = Blueprint("voice", __name__)
        voice.before_request(self.refuse_strangers)
        for url, view in (
            ("/voice", self.incoming),
            ("/voice/turn/<int:turn>/<mac>", self.turn),
            ("/voice/status", self.status),
            ("/voice/fallback", self.fallback),
        ):
            voice.post(url, provide_automatic_options=False)(view)
        voice.errorhandler(Exception)(self.broken)
        voice.app_errorhandler(HTTPException)(self.unserved)
        return voice

    def refuse_strangers(self) -> None:
        """Let only the carrier in."""
        logs.clear()
        if not self.guard.is_from_carrier(request):
            url, reason = self.guard.url(request), self.guard.why_refused(request)
            logs.get_logger().warning("request_refused", url=url, reason=reason)
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
        render = partial(self.renderer.answer, caller_id=caller_id(caller))
        try:
            reply = take_turn(self.services, caller, turn, event(), render)
        except UnreachableError as error:
            logs.get_logger().error("database_away", turn=turn, reason=str(error))
            return twiml(self._try_again())
        except UnknownCallError as error:
            logs.get_logger().error("call_unknown", turn=turn, reason=str(error))
            return twiml(self._broken())
        if isinstance(reply, Busy):
            return twiml(self.renderer.come_back(reply.words, self._again(resumed=True), 1))
        return twiml(reply)

    def _try_again(self) -> str:
        """Ask the carrier to come back for this turn: the key that was lost is asked for again."""
        tried = request.args.get("again", default=0, type=int)
        if not 0 <= tried < MOST_RETRIES:
            return self._part((), ("away.retry", "away.person"), ("away.goodbye",))
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
            now = self.services.clock()
            with self.services.database.begin() as connection:
                sessions.end(connection, caller.sid, now, "caller_hung_up")
            finish_call(self.services.desk, caller.sid)
        return Response(status=204)

    def fallback(self) -> Response:
        """Say sorry where an answer could not be fetched, or nobody answered: needs nothing but what is in memory."""
        match event_of(request):
            case Dialled(outcome="answered"):
                return twiml(self.renderer.hang_up(()))
            case Dialled():
                return twiml(self.renderer.hang_up(self._words("away.nobody", "away.call_again")))
        logs.get_logger().error("fallback", error_code=plain(request, "ErrorCode"))
        return twiml(self._broken())

    def broken(self, error: Exception) -> Response:
        """Turn whatever went wrong into words; requests that are not the carrier's get their status only."""
        if isinstance(error, HTTPException):
            return Response(NOTHING, error.code, content_type="text/xml")
        logs.get_logger().error("request_failed", exc_info=error)
        return twiml(self._broken())

    def unserved(self, error: HTTPException) -> Response | HTTPException:
        """Give the carrier no page where it comes to no webhook, and say in the log what to set in its console."""
        if not request.path.lstrip("/").startswith("voice"):
            return error
        if isinstance(error, NotFound | MethodNotAllowed):
            meant = request.path if request.path in ("/voice/status", "/voice/fallback") else "/voice"
            expected = f"HTTP POST to {self.guard.base(request)}{meant}: set the number so in the carrier's console"
            found = f"HTTP {request.method[:10]} to {self.guard.url(request)}"
            logs.clear()
            logs.get_logger().warning("request_misdirected", found=found, expected=expected)
        headers = {"Allow": "POST"} if isinstance(error, MethodNotAllowed) else {}
        return Response(NOTHING, error.code, headers, content_type="text/xml")

    def _broken(self) -> str:
        return self._part(("away.broken",), ("away.person",), ("away.call_again",))

    def _part(self, words: Sequence[str], to_a_person: Sequence[str], otherwise: Sequence[str]) -> str:
        """End the line's part in a call: a person if there is one, or a goodbye."""
        if not self.renderer.person_number:
            return self.renderer.hang_up(self._words(*words, *otherwise))
        asked = urlencode({"language": self._language}) if self._language else ""
        caller = Caller("", plain(request, "From"), plain(request, "To"))
        return self.renderer.dial(
            self._words(*words, *to_a_person), f"/voice/fallback{'?' if asked else ''}{asked}", caller_id(caller)
        )

    @property
    def _language(self) -> str:
        """The call's language as its URL tells it; empty when it does not."""
        wanted = request.args.get("language", "")
        return wanted if wanted in self.services.versions.current.flows.languages else ""

    def _words(self, *prompts: str) -> list[SpokenWords]:
        """Return words in the call's language as its URL tells it, in every language when it does not."""
        speaking = [self._language] if self._language else self.services.versions.current.flows.languages
        words = tuple(Speak(prompt, language, {}) for language in speaking for prompt in prompts)
        return list(as_spoken(self.services.versions.current.catalogues, words))


def twiml(body: str) -> Response:
    """Return TwiML as the carrier reads it."""
    return Response(body, content_type="text/xml; charset=utf-8")
