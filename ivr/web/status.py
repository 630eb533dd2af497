"""Health checks: whether the line is running, and whether it can take calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ivr.line.readiness import Readiness
from ivr.line.service import Services


def status_blueprint(services: Services) -> Blueprint:
    """Return the blueprint of `/healthz` and `/readyz`; they are open to all, as they hold nothing confidential."""
    status, readiness = Blueprint("status", __name__), Readiness(services.database)

    @status.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @status.get("/readyz")
    def ready() -> tuple[Response, int]:
        if problem := readiness.problem():
            return jsonify(ready=False, reason=f"the database: {problem}"), 503
        about = {
            "live": services.gateway.live,
            "capture": services.card_capture,
            "person": services.has_person,
            "time": services.clock().isoformat(),
        }
        return jsonify(ready=True, version=services.versions.current.hash, **about), 200

    return status
