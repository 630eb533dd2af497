"""Who may see the staff pages: whoever has the password, and this very machine while no others reach the line."""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import Request, Response

from ivr.errors import UnreachableError
from ivr.pages.throttle import LOCKED_FOR, Throttle
from ivr.secret import Secret
from ivr.web.guard import Guard

_CLOSED = "IVR_STAFF_PASSWORD opens these pages; without TWILIO_AUTH_TOKEN they are open to this machine too.\n"
_WAIT = "Too many wrong passwords came from this address. Try again later.\n"
_AWAY = "The database does not answer, so the password cannot be checked. Try again later.\n"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class StaffAccess:
    """Lets staff in, and keeps what they see to them."""

    def __init__(self, guard: Guard, password: Secret | None, throttle: Throttle) -> None:
        self._guard = guard
        self._password = password
        self._throttle = throttle

    def refuse(self, request: Request) -> Response | None:
        """Return why a request is not answered; None when it may be."""
        if self._guard.is_local(request):
            return None
        if self._password is None:
            return Response(_CLOSED, 403, content_type="text/plain")
        given, password = request.authorization, self._password
        if given is None or given.password is None:  # not a try: a browser asks this way what is wanted
            return _challenge()
        try:
            right = self._throttle.judge(request.remote_addr, lambda: _is_same(given.password or "", password))
        except UnreachableError:
            return Response(_AWAY, 503, content_type="text/plain")
        if right is None:
            waits = {"Retry-After": str(int(LOCKED_FOR.total_seconds()))}
            return Response(_WAIT, 429, waits, content_type="text/plain")
        return None if right else _challenge()

    @staticmethod
    def close(response: Response) -> Response:
        """Let a page load nothing from elsewhere, and be kept by nobody."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _is_same(given: str, password: Secret) -> bool:
    """Compare in a time that tells nothing of the password, its length included."""
    return hmac.compare_digest(_digest(given), _digest(password.reveal()))


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="surrogatepass")).digest()


def _challenge() -> Response:
    wanted = {"WWW-Authenticate": 'Basic realm="staff", charset="UTF-8"'}
    return Response("The staff password is needed.\n", 401, wanted, content_type="text/plain")
