"""The carrier's webhooks: an incoming call, its turns, its end, and the fallback when no answer could be fetched.

Every answer is TwiML. A request that does not come from the carrier, or that asks for a turn of another call, changes
nothing in the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, MethodNotAllowed, NotFound

from ivr import logs
from ivr.errors import UnreachableError
from ivr.flow.call import Dialled, Event, Started
from ivr.flow.verbs import Speak
from ivr.line.answer import SpokenWords, as_spoken
from ivr.line.service import Caller, Services
from ivr.line.turn import Busy, UnknownCallError, end_call, take_turn
from ivr.web.carrier import CALLER_SECONDS, caller_id, caller_of, event_of, text_field
from ivr.web.guard import Guard, is_signed
from ivr.web.outcome import TurnOutcome, leave_outcome, leave_reply
from ivr.web.twiml import Renderer

EMPTY_REPLY = "<Response/>"
MOST_RETRIES = 3
"""How often the carrier is told to ask for a turn again while the database is away."""
RETRY_SECONDS = 3
"""How long it waits before it does."""
_TURN_PATH = re.compile("/voice/turn/([0-9]{1,9})/([^/]+)")
NOT_FETCHED = "112"
"""The first digits of the carrier's error codes for an answer that could not be fetched."""
SINGLE_FIELDS = (
    *("CallSid", "From", "To", "Digits", "FinishedOnKey", "DialCallStatus", "CallStatus", CALLER_SECONDS),
    *("Result", "PaymentToken", "PaymentCardType", "PaymentCardNumber", "ExpirationDate"),
)
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
        render = partial(self.renderer.answer, caller_id=partial(caller_id, caller))
        try:
            reply = take_turn(self.services, caller, turn, event(), render)
        except UnreachableError as error:
            logs.get_logger().error("database_away", turn=turn, sqlstate=error.code, reason=str(error))
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
        """Return TwiML that has the carrier ask for this turn again while the database is away."""
        again = self._ask_again(request.path, request.args.to_dict(), "away.retry", RETRY_SECONDS)
        return again or self._hand_over((), ("away.retry", "away.person"), ("away.goodbye",))

    def _ask_again(self, path: str, args: Mapping[str, str], prompt: str, seconds: int) -> str | None:
        """Return TwiML that has the carrier ask for a turn again, or None if it has done so `MOST_RETRIES` times.

        The keys of the failed request are lost, so that the question is asked again.
        """
        retries_so_far = MultiDict(args).get("again", default=0, type=int)
        if not 0 <= retries_so_far < MOST_RETRIES:
            return None
        words = self._words(prompt, language=args.get("language", ""))
        return self.renderer.come_back(words, f"{path}?{urlencode({**args, 'again': retries_so_far + 1})}", seconds)

    def _url_of_this_turn(self, *, resumed: bool = False) -> str:
        args = {**request.args.to_dict(), **({"again": request.args.get("again", "0")} if resumed else {})}
        return f"{request.path}?{urlencode(args)}"

    def status(self) -> Response:
        """Record the end of a call, and finish the payments that it began."""
        caller, state = caller_of(request), request.form.get("CallStatus", "")
        logs.bind_call(caller.sid)
        if state in ("completed", "busy", "failed", "no-answer", "canceled"):
            try:
                end_call(self.services, caller.sid)
            except UnreachableError as error:  # what the call left open is finished by a sweep
                logs.get_logger().error("database_away", sqlstate=error.code, reason=str(error))
        return Response(status=204)

    def fallback(self) -> Response:
        """Answer when the carrier could not fetch an answer, or a person did not pick up; needs no database."""
        match event_of(request):
            case Dialled(outcome="answered"):
                return twiml(self.renderer.hang_up(()))
            case Dialled():
                return twiml(self.renderer.hang_up(self._words("away.nobody", "away.call_again")))
        code = text_field(request, "ErrorCode")
        with suppress(BadRequest):  # whatever it names, it is answered
            logs.bind_call(caller_of(request).sid)
        logs.get_logger().error("fallback", error_code=code)
        return twiml((code.startswith(NOT_FETCHED) and self._failed_turn_again()) or self._fallback_reply())

    def _failed_turn_again(self) -> str | None:
        """Return TwiML that has the carrier ask again for the turn of this call that it could not fetch the answer of.

        If the turn was taken before its answer was lost, that answer is sent then.
        """
        try:
            url = urlsplit(request.form.get("ErrorUrl", ""))
        except ValueError:  # it cannot be read as a URL
            return None
        path = url.path.removeprefix(self.renderer.path)
        turn = _TURN_PATH.fullmatch(path)
        is_ours = (
            self.renderer.is_turn_of(request.form.get("CallSid", ""), int(turn[1]), turn[2])
            if turn
            else path == "/voice"
        )
        return self._ask_again(path, dict(parse_qsl(url.query)), "away.one_moment", 1) if is_ours else None

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
        """Return TwiML that speaks and connects to a person, or hangs up if none can be had."""
        if not self.renderer.person_number or not self.services.person_at(self.services.clock()):
            return self.renderer.hang_up(self._words(*words, *without_person))
        query = urlencode({"language": self._language}) if self._language in self._languages else ""
        caller = Caller("", text_field(request, "From"), text_field(request, "To"))
        return self.renderer.dial(
            self._words(*words, *with_person), f"/voice/fallback{'?' if query else ''}{query}", caller_id(caller)
        )

    @property
    def _language(self) -> str:
        """The call's language according to the request's URL, or "" if it names none."""
        return request.args.get("language", "")

    @property
    def _languages(self) -> tuple[str, ...]:
        """The languages that the call may be in."""
        return self.services.versions.current.heard(local=self.guard.is_local(request)).languages

    def _words(self, *prompts: str, language: str | None = None) -> list[SpokenWords]:
        """Return prompts in the call's language, or in every language if that is not known."""
        chosen = self._language if language is None else language
        languages = [chosen] if chosen in self._languages else self._languages
        words = tuple(Speak(prompt, language, {}) for language in languages for prompt in prompts)
        return list(as_spoken(self.services.versions.current.catalogues, words))


def twiml(body: str) -> Response:
    """Return TwiML as an HTTP response."""
    return Response(body, content_type="text/xml; charset=utf-8")
