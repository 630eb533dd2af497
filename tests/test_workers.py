"""The rows in which workers tell what they answer new calls with."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from demo_line import VERSION
from sqlalchemy import Engine, func, select

from ivr.errors import Place, Problem
from ivr.line import tables
from ivr.line.actions import SPECS
from ivr.line.versions import NotTaken, Versions
from ivr.line.workers import (
    GONE_AFTER,
    REFRESHED_EVERY,
    WorkerReporter,
    WorkerStatus,
    count_served_versions,
    worker_statuses,
)
from ivr.simulator.clock import MovingClock

NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OTHER = replace(VERSION, hash="f" * 16)


def alive(database: Engine, now: datetime) -> tuple[WorkerStatus, ...]:
    with database.connect() as connection:
        return worker_statuses(connection, now)


def test_a_worker_tells_what_it_answers_with_and_since_when(database: Engine) -> None:
    clock, versions = MovingClock(NOON), Versions(VERSION, SPECS)
    reporter = WorkerReporter(database, clock)
    reporter.report(versions)
    (first,) = alive(database, NOON)
    assert (first.pid, first.version, first.since, first.seen_at) == (os.getpid(), VERSION.hash, NOON, NOON)
    clock.now = NOON + SECOND
    versions.take(OTHER)
    reporter.report(versions)
    (second,) = alive(database, clock.now)
    assert second == replace(first, version=OTHER.hash, since=clock.now, seen_at=clock.now)
    versions.not_taken = NotTaken("0" * 16, (Problem(Place("flows/main.yaml", 3, 5), "is new"),))
    reporter.report(versions)
    assert alive(database, clock.now) == (replace(second, problem="flows/main.yaml:3:5: is new"),)


def test_a_row_is_refreshed_now_and_then_and_goes_with_its_worker(database: Engine) -> None:
    clock, versions = MovingClock(NOON), Versions(VERSION, SPECS)
    reporter = WorkerReporter(database, clock)
    seen = []
    for now in (NOON, NOON + REFRESHED_EVERY - SECOND, NOON + REFRESHED_EVERY):
        clock.now = now
        reporter.report(versions)
        seen.append(alive(database, now)[0].seen_at)
    assert seen == [NOON, NOON, clock.now]
    clock.now += GONE_AFTER
    assert alive(database, clock.now - SECOND) != alive(database, clock.now) == ()
    WorkerReporter(database, clock).report(versions)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.worker)) == 1


def test_versions_that_are_served_are_counted(database: Engine) -> None:
    clock, counts = MovingClock(NOON), []
    for version in (VERSION, OTHER, OTHER):
        WorkerReporter(database, clock).report(Versions(version, SPECS))
        with database.connect() as connection:
            counts.append(count_served_versions(connection, NOON))
    with database.connect() as connection:
        assert [*counts, count_served_versions(connection, NOON + GONE_AFTER)] == [1, 2, 2, 0]
