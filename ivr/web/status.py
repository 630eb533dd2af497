"""Is the line alive, and can it take calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ivr.errors import UnreachableError
from ivr.line.service import Services
from ivr.pharmacy.database import check


def blueprint(line: Services) -> Blueprint:
    """Return the two pages; they say nothing a stranger may not know, so nobody guards them."""
    status = Blueprint("status", __name__)

    @status.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @status.get("/readyz")
    def ready() -> tuple[Response, int]:
        try:
            check(line.database)
        except UnreachableError:
            return jsonify(ready=False, reason="the database does not answer"), 503
        about = {"live": line.gateway.live, "person": line.has_person, "time": line.clock().isoformat()}
        return jsonify(ready=True, version=line.versions.current.hash, **about), 200

    return status
