"""The carrier's webhooks as a Flask application without the pages; a simulator makes one for every call."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter

from ivr.line.service import Services
from ivr.prompts.recordings.folder import RecordingsFolder
from ivr.settings import Settings
from ivr.web.guard import Guard
from ivr.web.twiml import Renderer
from ivr.web.voice import Voice

MOST_BYTES = 64 * 1024
"""The most bytes of a request's body. The carrier's requests are far smaller; a larger one is refused unread."""


class ShortNumber(IntegerConverter):
    """A number in a URL of at most nine digits, which fit a database's integer; a URL with a longer one is unknown."""

    regex = "[0-9]{1,9}"


def voice_app(services: Services, settings: Settings, folder: RecordingsFolder, guard: Guard) -> Flask:
    """Return an application that serves only the carrier's webhooks."""
    app = Flask("ivr", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.url_map.merge_slashes = False  # a redirect would be an HTML page, which the carrier cannot speak
    app.url_map.converters = {**app.url_map.converters, "int": ShortNumber}
    app.before_request(_refuse_unreadable)
    token_type: Literal["reusable", "payment-method"] = "payment-method" if settings.gateway == "stripe" else "reusable"
    renderer = Renderer(
        services.vault, path_before(settings), settings.person_number, token_type, lambda: folder.recordings
    )
    app.register_blueprint(Voice(services, guard, renderer).blueprint())
    return app


def _refuse_unreadable() -> None:
    try:
        _ = request.args
    except UnicodeDecodeError:
        raise BadRequest("the query is not UTF-8") from None


def path_before(settings: Settings) -> str:
    """Return the path of the line's public URL, which precedes every path that the carrier is given."""
    return urlsplit(settings.public_url or "").path
