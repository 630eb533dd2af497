"""Who may post to the line: the carrier, by its signature; without a token, only this very machine."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Request
from twilio.request_validator import RequestValidator

from ivr.settings import Settings
from ivr.web.peer import address_from

_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_PASSED_ON = re.compile(r"forwarded|x-forwarded-.*|x-real-ip|via", re.IGNORECASE)
"""Headers by which a proxy says that the request is somebody else's."""


class Guard:
    """Says of a request whether it may be answered; made once, since deriving the validators is not free."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._unsigned = settings.unsigned
        self._validators = [RequestValidator(token.reveal()) for token in settings.twilio_auth_tokens]

    def is_from_carrier(self, request: Request) -> bool:
        """Say whether a request is signed by the carrier; with no token set, whether it may go without."""
        if not self._validators:
            return self._unsigned or self.is_local(request)
        return self._is_signed(request, self.base(request))

    def is_local(self, request: Request) -> bool:
        """Say whether a request comes from this machine and has not been handed on by a proxy.

        Where others can reach the line, none is: a proxy's defaults make their requests look like this machine's own.
        """
        if self._validators or self._unsigned or self._public_url:
            return False
        passed_on = any(_PASSED_ON.fullmatch(name) for name, _ in request.headers)
        peer = address_from(request.remote_addr)
        is_near = peer is not None and peer.is_loopback
        return is_near and bool(_LOCAL_HOST.fullmatch(request.host)) and not passed_on

    def why_refused(self, request: Request) -> str:
        """Say for the operator what is likely wrong with a request that may not be answered."""
        if not self._validators:
            return "not from this machine: set TWILIO_AUTH_TOKEN, and IVR_PUBLIC_URL behind a proxy"
        if not request.headers.get("X-Twilio-Signature"):
            return "without a signature: not from the carrier"
        if signed := self._signed_for(request):
            return f"signed for {signed}: let IVR_PUBLIC_URL and the carrier's console name the same URL"
        return "signed for another URL or with another token: see IVR_PUBLIC_URL and TWILIO_AUTH_TOKEN"

    def url(self, request: Request) -> str:
        """Return the URL that signatures are checked against, without its query and what binds it to a call."""
        return f"{self.base(request)}{_path(request)}"

    def base(self, request: Request) -> str:
        """Return how the URL begins that the carrier signed: behind a proxy only the setting knows scheme and host."""
        return self._public_url or f"{request.scheme}://{request.host}"

    def _signed_for(self, request: Request) -> str | None:
        """Return the URL that a request was signed for, where it differs in no more than how it begins."""
        checked = urlsplit(self.base(request))
        hosts, paths = dict.fromkeys((checked.netloc, request.host)), dict.fromkeys((checked.path, ""))
        bases = (f"{scheme}://{host}{path}" for scheme in ("https", "http") for host in hosts for path in paths)
        return next((f"{base}{_path(request)}" for base in bases if self._is_signed(request, base)), None)

    def _is_signed(self, request: Request, base: str) -> bool:
        query = request.query_string.decode("latin-1")
        url = f"{base}{request.path}{'?' if query else ''}{query}"
        signature = request.headers.get("X-Twilio-Signature", "")
        try:
            return any(validator.validate(url, request.form, signature) for validator in self._validators)
        except ValueError:  # a port out of range
            return False


def _path(request: Request) -> str:
    """Return a path as it may be logged: without what binds a turn's URL to its call."""
    return "/".join(request.path.split("/")[:4])[:100]
