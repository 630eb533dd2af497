"""Decides who may post to the line: the carrier, by its signature, or without a token only this machine."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Request
from twilio.request_validator import RequestValidator

from ivr.settings import Settings
from ivr.web.peer import address_from

_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_PROXY_HEADERS = re.compile(r"forwarded|x-forwarded-.*|x-real-ip|via", re.IGNORECASE)
"""Headers that a proxy adds to a request that it forwards."""


class Guard:
    """Decides whether a request may be answered. Made once, since making the validators takes time."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._unsigned = settings.unsigned
        self._validators = [RequestValidator(token.reveal()) for token in settings.twilio_auth_tokens]

    def is_from_carrier(self, request: Request) -> bool:
        """Return whether a request is signed by the carrier, or needs no signature because no token is set."""
        if not self._validators:
            return self._unsigned or self.is_local(request)
        return self._is_signed(request, self.base(request))

    def is_local(self, request: Request) -> bool:
        """Return whether a request comes from this machine and was not forwarded by a proxy.

        It is never so if the settings say that others can reach the line, because a proxy with default settings makes
        their requests look as if they came from this machine.
        """
        if self._validators or self._unsigned or self._public_url:
            return False
        is_forwarded = any(_PROXY_HEADERS.fullmatch(name) for name, _ in request.headers)
        peer = address_from(request.remote_addr)
        is_loopback = peer is not None and peer.is_loopback
        return is_loopback and bool(_LOCAL_HOST.fullmatch(request.host)) and not is_forwarded

    def why_refused(self, request: Request) -> str:
        """Return the likely reason why a request is refused, for the operator."""
        if not self._validators:
            return "not from this machine: set TWILIO_AUTH_TOKEN, and IVR_PUBLIC_URL behind a proxy"
        if not is_signed(request):
            return "without a signature: not from the carrier"
        if signed_url := self._url_signed_for(request):
            return f"signed for {signed_url}: let IVR_PUBLIC_URL and the carrier's console name the same URL"
        return "signed for another URL or with another token: see IVR_PUBLIC_URL and TWILIO_AUTH_TOKEN"

    def url(self, request: Request) -> str:
        """Return the URL that signatures are checked against, without the query and the signature in its path."""
        return f"{self.base(request)}{_path(request)}"

    def base(self, request: Request) -> str:
        """Return the beginning of the URL that the carrier signed; behind a proxy, only the setting knows it."""
        return self._public_url or f"{request.scheme}://{request.host}"

    def _url_signed_for(self, request: Request) -> str | None:
        """Return the URL that a request was signed for, if it differs only in scheme, host or leading path."""
        expected_url = urlsplit(self.base(request))
        named = (
            expected_url.netloc,
            request.host,
            request.headers.get("X-Forwarded-Host", ""),
        )  # proved by a signature
        hosts, paths = dict.fromkeys(named), dict.fromkeys((expected_url.path, ""))
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


def is_signed(request: Request) -> bool:
    """Return whether a request has a signature, of whomever."""
    return bool(request.headers.get("X-Twilio-Signature"))


def _path(request: Request) -> str:
    """Return a path as it may be logged: without the signature of a turn's URL, at most 100 characters."""
    return "/".join(request.path.split("/")[:4])[:100]
