"""Access to the staff pages: with the password, or from this machine if the line takes only local requests."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import partial
from hashlib import sha256

from flask import Request, Response

from ivr.errors import UnreachableError
from ivr.pages.throttle import LOCKED_FOR, MOST_WRONG, Throttle
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
    """Refuses requests without the staff password, and makes responses private."""

    def __init__(self, guard: Guard, password: Secret | None, throttle: Throttle) -> None:
        self._guard = guard
        self._password = password
        self._throttle = throttle
        self._wrong_while_away = 0

    def refuse(self, request: Request, *, while_away: bool = False) -> Response | None:
        """Return the response that refuses a request, or None if it may be answered.

        With `while_away` the password is judged even while the database does not answer.
        """
        if self._guard.is_local(request):
            return None
        if self._password is None:
            return Response(_CLOSED, 403, content_type="text/plain")
        credentials, password = request.authorization, self._password
        if (
            credentials is None or credentials.password is None
        ):  # not a wrong try: a browser's first request has no password
            return _challenge()
        is_same = partial(_is_same, credentials.password, password)
        try:
            is_right = self._throttle.judge(request.remote_addr, is_same)
            self._wrong_while_away = 0
        except UnreachableError:
            if not while_away or self._wrong_while_away >= MOST_WRONG:
                return Response(_AWAY, 503, content_type="text/plain")
            is_right = self._is_right_while_away(is_same)
        if is_right is None:
            headers = {"Retry-After": str(int(LOCKED_FOR.total_seconds()))}
            return Response(_WAIT, 429, headers, content_type="text/plain")
        return None if is_right else _challenge()

    def _is_right_while_away(self, is_same: Callable[[], bool]) -> bool:
        """Judge a password without the database; whoever sends wrong ones, a few are all that this worker judges."""
        is_right = is_same()
        self._wrong_while_away += not is_right
        return is_right

    @staticmethod
    def close(response: Response) -> Response:
        """Add headers so that a page loads nothing from other sites and is not cached."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _is_same(candidate: str, password: Secret) -> bool:
    """Compare in a time that does not depend on the password or its length."""
    return hmac.compare_digest(_digest(candidate), _digest(password.reveal()))


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="surrogatepass")).digest()


def _challenge() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="staff", charset="UTF-8"'}
    return Response("The staff password is needed.\n", 401, headers, content_type="text/plain")
