"""Who may post to the line: the carrier, by its signature; without a token, only this very machine."""

from __future__ import annotations

from flask import Request
from twilio.request_validator import RequestValidator

from ivr.settings import Settings

_LOOPBACK = ("127.0.0.1", "::1")
_LOCAL_HOSTS = ("localhost", "127.0.0.1")


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
        signature, url = request.headers.get("X-Twilio-Signature", ""), self._url(request)
        return any(validator.validate(url, request.form, signature) for validator in self._validators)

    def is_local(self, request: Request) -> bool:
        """Say whether a request comes from this machine and has not been handed on by a proxy."""
        host = request.host.rsplit(":", 1)[0]
        forwarded = any(name.lower().startswith(("forwarded", "x-forwarded-")) for name, _ in request.headers)
        return request.remote_addr in _LOOPBACK and host in _LOCAL_HOSTS and not forwarded and not self._public_url

    def _url(self, request: Request) -> str:
        """Return the URL as the carrier signed it: behind a proxy only the setting knows its scheme and host."""
        base = self._public_url or f"{request.scheme}://{request.host}"
        query = request.query_string.decode("latin-1")
        return f"{base}{request.path}{'?' if query else ''}{query}"
