"""The Flask application, with the carrier's webhooks and the staff pages."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from ivr import logs
from ivr.errors import DefinitionError, SettingError, UnreachableError
from ivr.line.build import build_line, build_waiting_line, folders
from ivr.line.publishing import Watcher
from ivr.line.service import Services
from ivr.line.sweeper import Sweeper
from ivr.pages import metrics_folder
from ivr.pages.access import StaffAccess
from ivr.pages.metrics import Metrics
from ivr.pages.studio.studio import Studio
from ivr.pages.throttle import Throttle
from ivr.pharmacy.database import answering
from ivr.prompts.recordings.folder import RecordingsFolder
from ivr.settings import Settings, load_settings
from ivr.simulator import carrier_rules
from ivr.web import audio, status
from ivr.web.app import path_before, voice_app
from ivr.web.guard import Guard

OPEN_SECONDS = 1.0
"""How long a line whose database is away waits before it tries again to open it."""


def create_app() -> Flask:
    """Return the application with the settings of the environment, for a WSGI server.

    Raises SettingError if there is neither the carrier's token nor IVR_UNSIGNED=1: without the token, anybody can send
    requests in the carrier's name.
    """
    settings = load_settings(os.environ)
    if not settings.twilio_auth_tokens and not settings.unsigned:
        raise SettingError(
            "TWILIO_AUTH_TOKEN: expected the carrier account's token, since this server may be reached from elsewhere; "
            "found none (IVR_UNSIGNED=1 goes without)"
        )
    return _create(settings)


def create_local_app() -> Flask:
    """Return the application for use on this machine; without a token it takes only local requests."""
    return _create(load_settings(os.environ))


def _create(settings: Settings) -> Flask:
    logs.configure(sys.stderr)
    metrics_folder.join()  # which may have something to log
    metrics = Metrics()
    logs.configure(sys.stderr, watch=metrics.count_event)
    warn(settings)
    while True:
        try:
            line = metrics.timed(build_line(settings, carrier_rules.problems))
            _begin(line, settings)
            return make_app(line, settings, metrics)
        except UnreachableError as error:
            logs.get_logger().warning("waiting_for_database", reason=str(error))
        if waiting := _create_waiting(settings, metrics):
            return waiting
        time.sleep(OPEN_SECONDS)


def _create_waiting(settings: Settings, metrics: Metrics) -> Flask | None:
    """Return the application of a line whose database is away, which it opens as soon as it can.

    None if the folders are bad, so that there are no words to say to callers before the published ones can be had.
    """
    try:
        line, open_line = build_waiting_line(settings, carrier_rules.problems)
    except DefinitionError:
        return None
    line = metrics.timed(line)
    threading.Thread(target=_begin_when_open, args=(line, settings, open_line), daemon=True).start()
    return make_app(line, settings, metrics)


def warn(settings: Settings) -> None:
    """Log what an operator should know of these settings whenever the line starts."""
    if settings.live_processor and settings.card_capture == "keypad":
        logs.get_logger().warning(
            "card_data_scope", capture="keypad", scope="card numbers pass through this line: PCI DSS SAQ D"
        )
    if settings.unsigned:
        logs.get_logger().warning("unsigned", means=unsigned_means(settings))


def _begin(line: Services, settings: Settings) -> None:
    """Follow what is published, and sweep, from now on. Raises UnreachableError if the database is away."""
    watcher = Watcher(line, folders(settings), asked=settings.publish == "asked")
    with answering(line.database):
        watcher.begin()
    threading.Thread(target=watcher.run, daemon=True).start()
    sweeper = Sweeper(line, timedelta(days=settings.retention_days))
    threading.Thread(target=sweeper.run, args=(threading.Event(),), daemon=True).start()


def _begin_when_open(line: Services, settings: Settings, open_line: Callable[[], None]) -> None:
    """Try again and again to open the database of a line that waits for it."""
    while True:
        time.sleep(OPEN_SECONDS)
        try:
            open_line()
            _begin(line, settings)
        except UnreachableError:
            continue
        except Exception:
            logs.get_logger().exception("database_not_opened")
            continue
        logs.get_logger().info("database_opened")
        return


def unsigned_means(settings: Settings) -> str:
    """Return one line of text about what IVR_UNSIGNED=1 does with these settings."""
    if settings.twilio_auth_tokens:
        return (
            "IVR_UNSIGNED=1 does nothing beside TWILIO_AUTH_TOKEN, and opens the line where that is missing: unset it"
        )
    return (
        "IVR_UNSIGNED=1: nobody checks that requests come from the carrier; "
        "whoever reaches this line can call it from any number they name"
    )


def make_app(line: Services, settings: Settings, metrics: Metrics | None = None) -> Flask:
    """Return the application of a line, with its webhooks and pages; without `metrics` it has its own."""
    folder, guard = RecordingsFolder(settings.prompts, time.monotonic), Guard(settings)
    app = voice_app(line, settings, folder, guard)
    app.register_blueprint(audio.audio_blueprint(folder))
    app.register_blueprint(status.status_blueprint(line))
    door = StaffAccess(guard, settings.staff_password, Throttle(line.database, line.clock))
    studio = Studio(line, door, folder, folders(settings), path_before(settings), settings.publish == "asked")
    app.register_blueprint(studio.blueprint(), url_prefix="/studio")
    metrics = metrics or Metrics()
    metrics.watch(app, line)
    app.register_blueprint(metrics.blueprint(line, door))
    return app
