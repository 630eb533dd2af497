"""The carrier's side of the wire in one call: the fields and headers that go with each request."""

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
    """Sends what the carrier sends; `url` is the line's address for incoming calls."""

    post: Transport
    url: str
    caller: Mapping[str, str]
    last: Request | None = field(default=None, init=False)
    sent: tuple[tuple[Request, Reply], ...] = field(default=(), init=False)
    """The last two requests for TwiML, with what they were answered."""
    requests: int = field(default=0, init=False)

    def ask(self, url: str, method: str, fields: Mapping[str, str]) -> Reply:
        """Ask for TwiML; the first request of a call finds it ringing, the later ones in progress."""
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
        """Send the last request for TwiML once more, every byte the same."""
        if self.last is None:
            raise RuntimeError("nothing has been dialled yet")
        return self.post(*self.last)

    def tell_end(self, status: str, seconds: float) -> list[CarrierError]:
        """Send the status callback that ends every call; return what the carrier's debugger would say to the answer."""
        if self.last is None:  # the receiver was put down before anything was dialled
            return []
        url = self.beside("status")
        form = {**self.caller, "CallStatus": status, "CallDuration": str(math.ceil(seconds))}
        reply = self.post(url, form, self._headers("end"))
        if not 200 <= reply.status < 300:
            return [CarrierError(11200, f"the status callback was answered with {reply.status}", url)]
        if reply.status != 204 and not reply.content_type.startswith(("text/xml", "application/xml")):
            return [CarrierError(12300, f'the status callback was answered with "{reply.content_type}"', url)]
        return []

    def beside(self, name: str) -> str:
        """Return the address of a page under the line's own: `…/voice/status`."""
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query="", fragment="").geturl()

    def _headers(self, request: str) -> Headers:
        return {"I-Twilio-Idempotency-Token": f"{self.caller['CallSid']}-{request}"}
