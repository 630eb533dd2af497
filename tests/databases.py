"""Fresh databases for tests, each a quick copy of a template that is made once per process.

PostgreSQL is the server at `IVR_TEST_POSTGRES`, or one on this machine where there is one. Its databases are named
after this process and dropped at its end; whatever else lies on the server is left alone. Making and dropping one
takes a tenth of a second, more where the server waits for its disk, so a database that a test gives back is put back
as it was and lent again (`PostgresSnapshot`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path

import psycopg
from postgres_snapshot import PostgresSnapshot
from psycopg import errors, sql
from sqlalchemy import Engine, make_url

from ivr.pharmacy.database import open_database, upgrade

KINDS = ("sqlite", "postgresql")
SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"

Fill = Callable[[Engine], None]
"""Puts into an empty database what a test wants to find there."""


class Databases:
    """Makes databases that are up to date, and empty or filled, of either kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[tuple[str, Fill], str] = {}
        self._given_back: dict[Fill, list[PostgresSnapshot]] = {}
        self._shared: dict[str, Engine] = {}
        self._made: list[str] = []
        self._count = 0

    @contextmanager
    def fresh(self, kind: str, fill: Fill = upgrade) -> Iterator[str]:
        """Lend a database's URL; `fill` brings it up to date itself and runs once per process, not once per test."""
        lent = self._fresh_file(fill) if kind == "sqlite" else self._fresh_database(fill)
        with lent as url:
            yield url

    @contextmanager
    def _fresh_file(self, fill: Fill) -> Iterator[str]:
        url = self._create("sqlite", self._template("sqlite", fill))
        try:
            yield url
        finally:
            self._drop(url)

    @contextmanager
    def _fresh_database(self, fill: Fill) -> Iterator[str]:
        """Lend one that was given back, a new one when there is none."""
        waiting = self._given_back.setdefault(fill, [])
        kept = waiting.pop() if waiting else self._snapshot(self._template("postgresql", fill))
        try:
            yield kept.url
        finally:
            if kept.restore():
                waiting.append(kept)
            else:
                kept.close()
                self._drop(kept.url)

    def _snapshot(self, template: str) -> PostgresSnapshot:
        return PostgresSnapshot(self._create("postgresql", template))

    def _template(self, kind: str, fill: Fill) -> str:
        """Return the database that others are copied from; all but the first are themselves copies, then filled."""
        if (kind, fill) not in self._templates:
            url = self._create(kind, None if fill is upgrade else self._template(kind, upgrade))
            engine = open_database(url, durable=False)
            fill(engine)
            engine.dispose()
            self._templates[kind, fill] = url
        return self._templates[kind, fill]

    def shared(self, kind: str) -> Engine:
        """Give the one empty database of a kind that tests share, which is quicker; they must roll all back."""
        if kind not in self._shared:
            url = self._create(kind)
            self._shared[kind] = open_database(url, durable=False)
            upgrade(self._shared[kind])
        return self._shared[kind]

    @contextmanager
    def bare(self, kind: str) -> Iterator[str]:
        """Lend a database without any tables."""
        url = self._create(kind)
        try:
            yield url
        finally:
            self._drop(url)

    @cached_property
    def missing(self) -> str:
        """Say why PostgreSQL cannot be tested, or nothing when it can; a server that was asked for must be there."""
        if "IVR_TEST_POSTGRES" in os.environ:
            return ""
        try:
            psycopg.connect(SERVER, connect_timeout=2).close()
        except psycopg.OperationalError:
            return "no PostgreSQL on this machine (IVR_TEST_POSTGRES names another)"
        return ""

    def close(self) -> None:
        """Drop everything that is left."""
        for engine in self._shared.values():
            engine.dispose()
        for kept in chain.from_iterable(self._given_back.values()):
            kept.close()
        for url in list(self._made):
            self._drop(url)

    def _create(self, kind: str, template: str | None = None) -> str:
        return self._create_file(template) if kind == "sqlite" else self._create_database(template)

    def _create_file(self, template: str | None) -> str:
        self._count += 1
        path = self._folder / f"{self._count}.db"
        if template:
            shutil.copyfile(str(make_url(template).database), path)
        url = f"sqlite:///{path}"
        self._made.append(url)
        return url

    def _create_database(self, template: str | None) -> str:
        server = make_url(os.environ.get("IVR_TEST_POSTGRES", SERVER)).set(drivername="postgresql")
        with _administration() as connection:
            while True:
                self._count += 1
                name = f"ivr_test_{os.getpid()}_{self._count}"
                source = sql.Identifier(str(make_url(template).database) if template else "template1")
                try:
                    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source))
                except errors.DuplicateDatabase:  # left by an earlier process of the same number
                    continue
                break
        url = server.set(database=name).render_as_string(hide_password=False)
        self._made.append(url)
        return url

    def _drop(self, url: str) -> None:
        self._made.remove(url)
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for path in self._folder.glob(f"{Path(str(parsed.database)).name}*"):
                path.unlink()
            return
        with _administration() as connection:
            name = sql.Identifier(str(parsed.database))
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


@contextmanager
def _administration() -> Iterator[psycopg.Connection]:
    url = make_url(os.environ.get("IVR_TEST_POSTGRES", SERVER)).set(drivername="postgresql")
    connection = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
    try:
        yield connection
    finally:
        connection.close()
