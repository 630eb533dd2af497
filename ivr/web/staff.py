"""Who may see the staff pages: whoever has the password, and this very machine while no others reach the line."""

from __future__ import annotations

import hmac

from flask import Request, Response

from ivr.secret import Secret
from ivr.web.guard import Guard

_CLOSED = "IVR_STAFF_PASSWORD opens these pages; without TWILIO_AUTH_TOKEN they are open to this machine too.\n"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class StaffDoor:
    """Lets staff in, and keeps what they see to them."""

    def __init__(self, guard: Guard, password: Secret | None) -> None:
        self._guard = guard
        self._password = password

    def refuse(self, request: Request) -> Response | None:
        """Return why a request is not answered; None when it may be."""
        if self._guard.is_local(request):
            return None
        if self._password is None:
            return Response(_CLOSED, 403, content_type="text/plain")
        given = (request.authorization.password or "") if request.authorization else ""
        if hmac.compare_digest(given.encode(), self._password.reveal().encode()):
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="staff", charset="UTF-8"'}
        return Response("The staff password is needed.\n", 401, challenge, content_type="text/plain")

    @staticmethod
    def close(response: Response) -> Response:
        """Let a page load nothing from elsewhere, and be kept by nobody."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response
