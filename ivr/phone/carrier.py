"""The requests that the carrier (the telephone company, such as Twilio) sends to the line during one call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ivr.phone.document import CarrierError
from ivr.phone.transport import Form, Headers, Reply, Transport

Request = tuple[str, Form | None, Headers]


@dataclass(slots=True)
class CarrierSide:
    """Sends the carrier's requests with their fields and headers; `url` is the line's address for incoming calls."""

    post: Transport
    url: str
    caller: Mapping[str, str]
    last: Request | None = field(default=None, init=False)
    sent: tuple[tuple[Request, Reply], ...] = field(default=(), init=False)
    """The last two requests for TwiML, with their answers."""
    requests: int = field(default=0, init=False)
    progress_calls: int = field(default=0, init=False)

    def ask(self, url: str, method: str, fields: Mapping[str, str]) -> Reply:
        """Request TwiML. The call's status is "ringing" in the first request and "in-progress" in later ones."""
        status = "ringing" if self.last is None else "in-progress"
        form = {**self.caller, "CallStatus": status, **fields}
        self.requests += 1
        headers = self._headers(str(self.requests))
        if method == "GET":
            self.last = (url + ("&" if urlsplit(url).query else "?") + urlencode(form), None, headers)
        else:
            self.last = (url, form, headers)
        reply = self.post(*self.last)
        self.sent = (*self.sent[-1:], (self.last, reply))
        return reply

    def ask_again(self) -> Reply:
        """Send the last request for TwiML again, byte for byte; raise RuntimeError if there was none."""
        if self.last is None:
            raise RuntimeError("nothing has been dialled yet")
        return self.post(*self.last)

    def tell_end(self, status: str, seconds: float) -> list[CarrierError]:
        """Send the status callback at the end of the call; return the errors that the carrier's debugger would show."""
        if self.last is None:  # the caller hung up before dialling
            return []
        form = {**self.caller, "CallStatus": status, "CallDuration": str(math.ceil(seconds))}
        return self._tell(self.beside("status"), form, "end")

    def tell_progress(self, url: str, fields: Mapping[str, str]) -> list[CarrierError]:
        """Tell how far the card step is, without the caller's fields; return errors as `tell_end` does."""
        self.progress_calls += 1
        ids = {name: self.caller[name] for name in ("AccountSid", "CallSid")}
        return self._tell(url, {**ids, **fields}, f"pay-{self.progress_calls}")

    def _tell(self, url: str, form: Form, request: str) -> list[CarrierError]:
        reply = self.post(url, form, self._headers(request))
        if not 200 <= reply.status < 300:
            return [CarrierError(11200, f"the status callback was answered with {reply.status}", url)]
        if reply.status != 204 and not reply.content_type.startswith(("text/xml", "application/xml")):
            return [CarrierError(12300, f'the status callback was answered with "{reply.content_type}"', url)]
        return []

    def beside(self, name: str) -> str:
        """Return the address of a page below the line's own, such as `…/voice/status`."""
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query="", fragment="").geturl()

    def _headers(self, request: str) -> Headers:
        return {"I-Twilio-Idempotency-Token": f"{self.caller['CallSid']}-{request}"}
