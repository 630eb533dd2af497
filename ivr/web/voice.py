"""The carrier's webhooks: an incoming call, its turns, its end, and the fallback when no answer could be fetched.

Every answer is TwiML. A request that does not come from the carrier, or that asks for a turn of another call, changes
nothing in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, MethodNotAllowed, NotFound

from ivr import logs
from ivr.errors import UnreachableError
from ivr.flow.call import Dialled, Event, Started
from ivr.flow.verbs import Speak
from ivr.line.answer import SpokenWords, as_spoken
from ivr.line.call_end import hang_up
from ivr.line.service import Caller, Services
from ivr.line.turn import Busy, UnknownCallError, take_turn
from ivr.orders.sweep import finish_call
from ivr.web.carrier import CALLER_SECONDS, caller_id, caller_of, event_of, text_field
from ivr.web.guard import Guard, is_signed
from ivr.web.outcome import TurnOutcome, leave_outcome, leave_reply
from ivr.web.twiml import Renderer

EMPTY_REPLY = "<Response/>"
MOST_RETRIES = 3
"""How often the carrier is told to ask for a turn again while the database is away."""
RETRY_SECONDS = 3
"""How long it waits before it does."""
SINGLE_FIELDS = ("CallSid", "From", "To", "Digits", "FinishedOnKey", "DialCallStatus", "CallStatus", CALLER_SECONDS)
"""The fields that a request may not give with different values."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The webhooks of one line."""

    services: Services
    guard: Guard
    renderer: Renderer

    def blueprint(self) -> Blueprint:
        """Return the blueprint of the webhooks, each behind the guard."""
        voice = Blueprint("voice", __name__)
        voice.before_request(self.require_carrier)
        for url, view in (
            ("/voice", self.incoming),
            ("/voice/turn/<int:turn>/<mac>", self.turn),
            ("/voice/status", self.status),
            ("/voice/fallback", self.fallback),
        ):
            voice.post(url, provide_automatic_options=False)(view)
        voice.errorhandler(Exception)(self.failed)
        voice.app_errorhandler(HTTPException)(self.misdirected)
        return voice

    def require_carrier(self) -> None:
        """Raise Forbidden for a request that is not the carrier's, and BadRequest for a field with several values."""
        logs.clear()
        if not self.guard.is_from_carrier(request):
            url, reason = self.guard.url(request), self.guard.why_refused(request)
            logs.get_logger().warning("request_refused", url=url, reason=reason, signed=is_signed(request))
            raise Forbidden
        for name in SINGLE_FIELDS:
            if len(set(request.form.getlist(name))) > 1:
                raise BadRequest(f"{name} is given more than once")

    def incoming(self) -> Response:
        """Answer an incoming call: its turn 0."""
        return self._answer(self._caller(), 0, lambda: Started())

    def turn(self, turn: int, mac: str) -> Response:
        """Answer a later turn of a call; raise Forbidden if the URL was not made for it."""
        caller = self._caller()
        if not self.renderer.is_turn_of(caller.sid, turn, mac):
            raise Forbidden
        return self._answer(caller, turn, lambda: event_of(request))

    def _caller(self) -> Caller:
        return replace(caller_of(request), local=self.guard.is_local(request))

    def _answer(self, caller: Caller, turn: int, event: Callable[[], Event]) -> Response:
        logs.bind_call(caller.sid)
        render = partial(self.renderer.answer, caller_id=caller_id(caller))
        try:
            reply = take_turn(self.services, caller, turn, event(), render)
        except UnreachableError as error:
            logs.get_logger().error("database_away", turn=turn, reason=str(error))
            leave_outcome(TurnOutcome.AWAY)
            return twiml(self._try_again())
        except UnknownCallError as error:
            logs.get_logger().error("call_unknown", turn=turn, reason=str(error))
            leave_outcome(TurnOutcome.UNKNOWN)
            return twiml(self._fallback_reply())
        leave_reply(reply)
        if isinstance(reply, Busy):
            return twiml(self.renderer.come_back(reply.words, self._url_of_this_turn(resumed=True), 1))
        return twiml(reply.text)

    def _try_again(self) -> str:
        """Return TwiML that has the carrier ask for this turn again, at most `MOST_RETRIES` times.

        The keys of the failed request are lost, so the question is asked again.
        """
        retries_so_far = request.args.get("again", default=0, type=int)
        if not 0 <= retries_so_far < MOST_RETRIES:
            return self._hand_over((), ("away.retry", "away.person"), ("away.goodbye",))
        url = self._url_of_this_turn(again=str(retries_so_far + 1))
        return self.renderer.come_back(self._words("away.retry"), url, RETRY_SECONDS)

    def _url_of_this_turn(self, *, resumed: bool = False, **changes: str) -> str:
        args = {**request.args.to_dict(), **({"again": request.args.get("again", "0")} if resumed else {}), **changes}
        return f"{request.path}?{urlencode(args)}"

    def status(self) -> Response:
        """Record the end of a call, and finish the payments that it began."""
        caller, state = caller_of(request), request.form.get("CallStatus", "")
        logs.bind_call(caller.sid)
        if state in ("completed", "busy", "failed", "no-answer", "canceled"):
            hang_up(self.services, caller.sid)
            finish_call(self.services.desk, caller.sid)
        return Response(status=204)

    def fallback(self) -> Response:
        """Answer when the carrier could not fetch an answer, or a person did not pick up; needs no database."""
        match event_of(request):
            case Dialled(outcome="answered"):
                return twiml(self.renderer.hang_up(()))
            case Dialled():
                return twiml(self.renderer.hang_up(self._words("away.nobody", "away.call_again")))
        logs.get_logger().error("fallback", error_code=text_field(request, "ErrorCode"))
        return twiml(self._fallback_reply())

    def failed(self, error: Exception) -> Response:
        """Return fallback words for any error; HTTP errors, as for strangers' requests, get only their status."""
        if isinstance(error, HTTPException):
            return Response(EMPTY_REPLY, error.code, content_type="text/xml")
        logs.get_logger().error("request_failed", exc_info=error)
        leave_outcome(TurnOutcome.FAILED)
        return twiml(self._fallback_reply())

    def misdirected(self, error: HTTPException) -> Response | HTTPException:
        """Return TwiML, not a page, for a wrong URL that was meant for a webhook; log what to set in the console."""
        webhook = self._webhook_meant()
        if webhook is None:
            return error
        if isinstance(error, NotFound | MethodNotAllowed):
            expected = f"HTTP POST to {self.guard.base(request)}{webhook}: set the number so in the carrier's console"
            found = f"HTTP {request.method[:10]} to {self.guard.url(request)}"
            logs.clear()
            logs.get_logger().warning("request_misdirected", found=found, expected=expected)
        headers = {"Allow": "POST"} if isinstance(error, MethodNotAllowed) else {}
        return Response(EMPTY_REPLY, error.code, headers, content_type="text/xml")

    def _webhook_meant(self) -> str | None:
        """Return the path that a request should have had; None if it was not meant for a webhook.

        It was if its path begins like one, however it is written, or if it has a carrier's signature.
        """
        path = request.path.lower().removeprefix(self.renderer.path.lower()).strip("/")
        if path in ("voice/status", "voice/fallback"):
            return f"/{path}"
        meant = path.startswith("voice") or (is_signed(request) and not path.startswith("audio"))
        return "/voice" if meant else None

    def _fallback_reply(self) -> str:
        return self._hand_over(("away.broken",), ("away.person",), ("away.call_again",))

    def _hand_over(self, words: Sequence[str], with_person: Sequence[str], without_person: Sequence[str]) -> str:
        """Return TwiML that speaks and connects to a person, or hangs up if there is none."""
        if not self.renderer.person_number:
            return self.renderer.hang_up(self._words(*words, *without_person))
        query = urlencode({"language": self._language}) if self._language else ""
        caller = Caller("", text_field(request, "From"), text_field(request, "To"))
        return self.renderer.dial(
            self._words(*words, *with_person), f"/voice/fallback{'?' if query else ''}{query}", caller_id(caller)
        )

    @property
    def _language(self) -> str:
        """The call's language according to the request's URL, or "" if it names none."""
        language = request.args.get("language", "")
        return language if language in self._languages else ""

    @property
    def _languages(self) -> tuple[str, ...]:
        """The languages that the call may be in."""
        return self.services.versions.current.heard(local=self.guard.is_local(request)).languages

    def _words(self, *prompts: str) -> list[SpokenWords]:
        """Return prompts in the call's language, or in every language if the request's URL names none."""
        languages = [self._language] if self._language else self._languages
        words = tuple(Speak(prompt, language, {}) for language in languages for prompt in prompts)
        return list(as_spoken(self.services.versions.current.catalogues, words))


def twiml(body: str) -> Response:
    """Return TwiML as an HTTP response."""
    return Response(body, content_type="text/xml; charset=utf-8")
