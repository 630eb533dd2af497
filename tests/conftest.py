"""Fixtures that several test files share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import promises
import pytest
from call_scripts import pytest_collect_file
from databases import KINDS, Databases
from demo_line import DemoLine, fill_demo, open_demo_line
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine

from ivr.line.actions import ACTIONS
from ivr.pharmacy.database import open_database

__all__ = ["pytest_collect_file"]  # found here by pytest: call scripts are tests

promises.hold_all(ACTIONS)

# Python looks for garbage after every 700 new objects; a version of flows and prompts is a hundred thousand that stay.
gc.set_threshold(20_000)

# No test judges by a stopwatch: a busy machine takes a hundred times as long for the same example.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Start no workers where files are named, which mostly run faster than workers start; the name is xdist's."""
    return 0 if all(Path(one.partition("::")[0]).is_file() for one in config.args) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Fail a test, of whatever kind, in which an action did what it does not declare; the name is pytest's."""
    promises.BROKEN.clear()
    yield
    if promises.BROKEN:
        pytest.fail("\n".join(dict.fromkeys(promises.BROKEN)), pytrace=False)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Give the maker of fresh databases."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, databases: Databases) -> str:
    """Name a kind of database; a test that takes it runs on each."""
    if request.param == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    return str(request.param)


@pytest.fixture
def database(kind: str, databases: Databases) -> Iterator[Engine]:
    """Open a database of its own for this test: up to date and empty."""
    with databases.fresh(kind) as url:
        engine = open_database(url, durable=False)
        yield engine
        engine.dispose()


@pytest.fixture
def connection(request: pytest.FixtureRequest, kind: str, databases: Databases) -> Iterator[Connection]:
    """Open a connection on the test's own database if it takes one, else on a shared empty one; then all is undone."""
    if "database" in request.fixturenames:
        with request.getfixturevalue("database").connect() as opened:
            yield opened
        return
    with databases.shared(kind).connect() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def demo_line(kind: str, databases: Databases) -> Iterator[DemoLine]:
    """Give a line on a demo pharmacy of its own."""
    with databases.fresh(kind, fill_demo) as url:
        made = open_demo_line(url)
        yield made
        made.services.database.dispose()
