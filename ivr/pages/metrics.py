"""`/metrics`: what happens on the line, counted and timed for Prometheus.

All of it comes from four places, so that the rooms below need not know who counts:

- turns, from what each request for one left behind (`web.outcome`);
- events, which are the lines of the log (`logs.configure` tells of each);
- requests to the card processor, from the gateway that is passed to the line (`TimedGateway`);
- what is under way, from the database, when it is asked for (`line.overview`).

Labels hold names that the program has: of outcomes, actions, events, reasons and versions. Nothing that a caller or a
stranger sends becomes one.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, disable_created_metrics, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from ivr.line.actions import SPECS
from ivr.line.call_end import GOODBYE, HUNG_UP
from ivr.line.overview import Overview, look_over
from ivr.line.service import CallOutcome, Services
from ivr.pages.access import StaffAccess
from ivr.pages.metrics_folder import VARIABLE, shared_counts
from ivr.pages.timed_gateway import OPERATIONS, TimedGateway
from ivr.web.outcome import TurnOutcome, turn_left

disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs

TURNS = ("voice.incoming", "voice.turn")
"""The views of requests for a turn."""
TURN_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15)
"""Seconds; the carrier gives up after the last."""
GATEWAY_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 4, 8)
CALL_BUCKETS = (10, 30, 60, 90, 120, 180, 300, 600, 1200, 1800)
WATCHED_EVENTS = (
    "database_away", "edit_refused", "fallback", "guessing_attack", "processor_away", "processor_refused_request",
    "request_failed", "request_misdirected", "request_refused", "staff_locked", "sweep_failed", "transaction_undone",
    "turn_failed", "version_not_taken",
)  # fmt: skip
"""Events that are shown before they ever happened: Prometheus sees only what a number rises from."""
LOCKED = "locked"
"""The outcome of actions that judge nothing, since the phone or the member is locked."""
SQLSTATE_CLASSES = ("08", "25", "40", "42", "53", "54", "55", "57", "58", "XX")
"""The classes of PostgreSQL's error codes by which a database can be away."""


class Metrics:
    """The counts of one worker, and the page that tells those of all workers of the line.

    A worker counts where its environment says (`metrics_folder.join`), else for itself alone.
    """

    def __init__(self) -> None:
        folder = os.environ.get(VARIABLE)
        self._folder = Path(folder) if folder else None
        # The library chooses by the environment as it is imported, which may be before the worker has a folder.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._services: Services | None = None
        self._version = ""
        counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        turns = histogram(
            "ivr_turn_seconds", "Time to answer a request for a turn, by what with.", ["outcome"], buckets=TURN_BUCKETS
        )
        actions = counter("ivr_actions", "Actions of the flow, by outcome.", ["action", "outcome"])
        self._turn, self._action = cache(turns.labels), cache(actions.labels)  # each turn looks some up
        self._started = counter("ivr_calls_started", "Calls that were answered.")
        self._ended = counter("ivr_calls_ended", "Calls that ended, by whom and as what.", ["ending", "outcome"])
        self._calls = histogram("ivr_call_seconds", "Length of calls.", buckets=CALL_BUCKETS)
        self._orders = counter("ivr_orders_placed", "Orders that ended calls had placed.")
        self._gateway = histogram(
            "ivr_gateway_seconds", "Time that the card processor took.", ["operation"], buckets=GATEWAY_BUCKETS
        )
        self._answers = counter(
            "ivr_gateway_answers", "Answers of the card processor; a refusal by its reason.", ["operation", "answer"]
        )
        self._away = counter("ivr_database_away", "Requests that found it away, by class of SQLSTATE.", ["sqlstate"])
        self._refused = counter("ivr_requests_refused", "Voice requests refused, by whether signed.", ["signed"])
        self._events = counter("ivr_log_events", "Lines of the log, by event.", ["event"])
        self._workers = Gauge(
            "ivr_workers",
            "Workers, by the version that they answer new calls with.",
            ["version"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show what alerts watch before it ever happened, so that the first time is a rise."""
        for outcome in TurnOutcome:
            self._turn(outcome.value)
        for ending in (GOODBYE, HUNG_UP):
            for call_outcome in CallOutcome:
                self._ended.labels(ending, call_outcome.value)
        for operation in OPERATIONS:
            self._gateway.labels(operation)
            self._answers.labels(operation, "unavailable")
        for signed in ("yes", "no"):
            self._refused.labels(signed)
        for sqlstate in ("none", "sqlite", *SQLSTATE_CLASSES):
            self._away.labels(sqlstate)
        for action, spec in SPECS.items():
            if LOCKED in spec.outcomes:
                self._action(action, LOCKED)
        for event in WATCHED_EVENTS:
            self._events.labels(event)

    # What is counted

    def count_event(self, event: str, fields: Mapping[str, Any]) -> None:
        """Count a line of the log, and what it tells of."""
        self._events.labels(event).inc()
        match event:
            case "call_started":
                self._started.inc()
            case "call_ended":
                self._ended.labels(fields["ending"], fields["outcome"]).inc()
                self._calls.observe(fields["seconds"])
                self._orders.inc(fields["orders"])
            case "request_refused":
                self._refused.labels("yes" if fields["signed"] else "no").inc()
            case "database_away":
                self._away.labels(_class_of(fields.get("sqlstate"))).inc()
        self._show_version()

    def timed(self, services: Services) -> Services:
        """Return the services of a line with a gateway whose requests are counted."""

        def report(operation: str, answer: str, seconds: float) -> None:
            self._gateway.labels(operation).observe(seconds)
            self._answers.labels(operation, answer).inc()

        return replace(services, gateway=TimedGateway(services.gateway, report))

    def watch(self, app: Flask, services: Services) -> None:
        """Count the turns that an application takes, and the version that it takes them with."""
        self._services = services
        self._show_version()
        app.before_request(self._begin_turn)
        app.after_request(self._count_turn)

    @staticmethod
    def _begin_turn() -> None:
        g.turn_began = time.perf_counter()

    def _count_turn(self, response: Response) -> Response:
        began = g.get("turn_began")
        if began is not None and request.endpoint in TURNS:
            outcome, taken = turn_left()
            self._turn(outcome.value).observe(time.perf_counter() - began)
            for action in taken.actions if taken else ():
                self._action(*action).inc()
            self._show_version()
        return response

    def _show_version(self) -> None:
        version = self._services.versions.current.hash if self._services else ""
        if version != self._version:
            if self._version:
                self._workers.labels(self._version).set(0)
            self._workers.labels(version).set(1)
            self._version = version

    # What is told

    def blueprint(self, services: Services, door: StaffAccess) -> Blueprint:
        """Return the blueprint of `/metrics`, which staff may see, also while the database is away."""
        pages = Blueprint("metrics", __name__)
        pages.before_request(lambda: door.refuse(request, while_away=True))
        pages.after_request(door.close)

        @pages.get("/metrics")
        def tell() -> Response:
            return Response(generate_latest(_Found(self._found(services))), content_type=CONTENT_TYPE_PLAIN_0_0_4)

        return pages

    def _found(self, services: Services) -> Iterator[Metric]:
        yield from shared_counts(self._folder) if self._folder else self._registry.collect()
        ready: Any = current_app.view_functions["status.ready"]
        is_ready = current_app.make_response(ready()).status_code == 200
        yield _gauge("ivr_ready", "Whether the line can take calls, as /readyz says.", {(): float(is_ready)})
        if is_ready:
            with suppress(SQLAlchemyError):  # it may be away since
                with services.database.begin() as connection:
                    overview = look_over(connection, services.clock())
                yield from _told(overview)


class _Found(Collector):
    """Metrics that were collected already."""

    def __init__(self, metrics: Iterator[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics


def _told(overview: Overview) -> Iterator[Metric]:
    orders = {(status.value, reason.value if reason else ""): n for (status, reason), n in overview.orders.items()}
    yield _gauge("ivr_calls_in_progress", "Calls in progress on the whole line.", {(): overview.calls})
    yield _gauge("ivr_orders_waiting", "Orders that wait, by why they are held.", orders, "status", "reason")
    yield _gauge("ivr_payments_unresolved", "Payments without the processor's answer.", {(): overview.payments})
    oldest = overview.oldest_payment.total_seconds()
    yield _gauge("ivr_payments_unresolved_oldest_seconds", "How long the oldest of them has waited.", {(): oldest})
    version = {(overview.published,): 1}
    yield _gauge("ivr_published_version_info", "The version that answers new calls.", version, "version")
    age = overview.since_sweep.total_seconds() if overview.since_sweep is not None else math.inf
    yield _gauge("ivr_sweep_age_seconds", "The time since a sweep last finished, on any host.", {(): age})


def _gauge(name: str, help_text: str, found: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for label_values, value in found.items():
        family.add_metric(label_values, value)
    return family


def _class_of(sqlstate: object) -> str:
    """Return the class of a SQLSTATE, "sqlite" for SQLite's own codes, or "none" for what the line does not know."""
    code = str(sqlstate)
    if code.startswith("SQLITE"):
        return "sqlite"
    return code[:2] if code[:2] in SQLSTATE_CLASSES else "none"
