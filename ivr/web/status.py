"""Health checks: whether the line is running, and whether it can take calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ivr.errors import UnreachableError
from ivr.line.service import Services
from ivr.pharmacy.database import check_connection


def status_blueprint(services: Services) -> Blueprint:
    """Return the blueprint of `/healthz` and `/readyz`; they are open to all, as they hold nothing confidential."""
    status = Blueprint("status", __name__)

    @status.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @status.get("/readyz")
    def ready() -> tuple[Response, int]:
        try:
            check_connection(services.database)
        except UnreachableError:
            return jsonify(ready=False, reason="the database does not answer"), 503
        about = {"live": services.gateway.live, "person": services.has_person, "time": services.clock().isoformat()}
        return jsonify(ready=True, version=services.versions.current.hash, **about), 200

    return status
