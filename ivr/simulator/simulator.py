"""The simulator: a line in this process, with a demo pharmacy, clock and card processor for each scenario.

The database is in memory. The demo pharmacy of a day is stored as bytes, so that each scenario of that day gets a copy
in less than a millisecond.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Literal

from sqlalchemy import Engine

from ivr.clock import system_clock
from ivr.flow.definition import Flows
from ivr.line import build
from ivr.line.actions import SPECS
from ivr.line.digests import Digest
from ivr.line.fallback_prompts import FALLBACK_PROMPTS
from ivr.line.service import Services
from ivr.line.versions import Files, Versions, load, read_files, usable
from ivr.payment import sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.demo import load_demo
from ivr.prompts import Catalogues
from ivr.prompts.recordings.folder import RecordingsFolder
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.simulator import carrier_rules, pharmacy_rows
from ivr.simulator.scenario import KnownRows, Log, Scenario, driver
from ivr.simulator.world import Row
from ivr.web.app import voice_app
from ivr.web.guard import Guard

PERSON = "+18005550199"

_KEY = Secret(base64.urlsafe_b64encode(b"the simulator's key, no secret..").decode())


@dataclass(frozen=True, slots=True)
class _Day:
    """The demo pharmacy as it is on a day."""

    database: bytes
    given: KnownRows


class Simulator:
    """Builds a line and opens scenarios on it.

    `files` are its flows and prompts; without them, those of the folders in the settings are read.
    """

    fallback_prompts = FALLBACK_PROMPTS
    """Prompts that are spoken without a turn, when none can be taken."""

    def __init__(
        self,
        settings: Settings,
        files: Files | None = None,
        *,
        log: io.StringIO | None = None,
        fresh: Callable[[], Engine] | None = None,
    ) -> None:
        """Build the line.

        `log` is the stream that the line's log is written to. `fresh` returns an empty database for each scenario;
        without it they share one in memory.
        """
        self.settings = replace(settings, database_url="sqlite://", secret_keys=(_KEY,), twilio_auth_tokens=())
        self.settings = replace(
            self.settings, public_url=None, unsigned=False, gateway="sandbox", stripe_api_key=None, now=None
        )
        version = usable(files, SPECS) if files else load(read_files(settings.flows, settings.prompts), SPECS)
        self._recorded = RecordingsFolder(settings.prompts, lambda: 0.0)  # as it was when the simulator was built
        self._log = Log(log)
        self._fresh = fresh
        self._days: dict[date, _Day] = {}
        self._scenarios: dict[tuple[bool, str], Scenario] = {}
        vault = Vault((_KEY,))
        self.services = Services(
            database=open_database("sqlite://", durable=False),
            versions=Versions(version, SPECS, carrier_rules.problems),
            vault=vault,
            digest=Digest(vault.signing_key),
            gateway=sandbox.Sandbox(),
            clock=system_clock,
            timezone=settings.timezone,
            rules=build.rules(settings),
            has_person=True,
            random_number=lambda: 0,
        )

    @property
    def flows(self) -> Flows:
        """The flows that are simulated."""
        return self.services.versions.current.flows

    @property
    def files(self) -> Files:
        """The files of flows and prompts that are simulated."""
        return self.services.versions.current.files

    def take(self, files: Files) -> None:
        """Simulate other files from here on; DefinitionError when `ivr check` has something against them."""
        self.services.versions.take(self.services.versions.build(files))

    @property
    def version(self) -> str:
        """The hash of the flows and prompts."""
        return self.services.versions.current.hash

    @property
    def catalogues(self) -> Catalogues:
        """The prompts that are simulated."""
        return self.services.versions.current.catalogues

    @contextmanager
    def open(
        self,
        at: datetime,
        given: Sequence[Row] = (),
        *,
        has_person: bool = True,
        capture: Literal["keypad", "pay"] = "keypad",
    ) -> Iterator[Scenario]:
        """Open a scenario at a time, on the demo pharmacy of that day with the rows `given` added.

        `capture` is who takes a new card: the line by its keypad, or the carrier (`pay`).
        A time without a time zone is in the pharmacy's. Raises RefusedRowError if a row cannot be added.
        """
        at = at if at.tzinfo else at.replace(tzinfo=self.settings.timezone)
        self._log.take()
        with self._database(at) as (database, given_ids):
            scenario = self._scenario(database, has_person, capture)
            scenario.begin(at, given_ids)
            try:
                scenario.change(given)
                yield scenario
            finally:
                scenario.faults.close()

    def _scenario(self, database: Engine, has_person: bool, capture: Literal["keypad", "pay"]) -> Scenario:
        """Return a scenario's line; those in memory share one, since making its app takes as long as two turns."""
        in_memory = database is self.services.database
        if in_memory and (has_person, capture) in self._scenarios:
            return self._scenarios[has_person, capture]
        settings = replace(self.settings, person_number=PERSON if has_person else None)
        services = replace(
            self.services,
            database=database,
            has_person=has_person,
            own_numbers=build.own_numbers(settings),
            card_capture=capture,
        )
        retention = timedelta(days=settings.retention_days)
        scenario = Scenario(
            services,
            lambda services: voice_app(services, settings, self._recorded, Guard(settings)),
            retention=retention,
            log=self._log,
        )
        if in_memory:
            self._scenarios[has_person, capture] = scenario
        return scenario

    @contextmanager
    def _database(self, at: datetime) -> Iterator[tuple[Engine, KnownRows]]:
        if self._fresh:
            database = self._fresh()
            try:
                yield database, self._fill(database, at)
            finally:
                database.dispose()
            return
        memory, today = self.services.database, self.services.today(at)
        if today not in self._days:
            with driver(memory) as connection:
                connection.deserialize(self._bare)
            given = self._fill(memory, at)
            with driver(memory) as connection:
                self._days[today] = _Day(connection.serialize(), given)
        day = self._days[today]
        with driver(memory) as connection:
            connection.deserialize(day.database)
        yield memory, day.given

    def _fill(self, database: Engine, at: datetime) -> KnownRows:
        load_demo(database, self.services.today(at))
        build.publish_current(replace(self.services, database=database, clock=lambda: at.astimezone(UTC)), database)
        return {table: frozenset(pharmacy_rows.ids(database, table)) for table in pharmacy_rows.WRITTEN}

    @cached_property
    def _bare(self) -> bytes:
        """The bytes of a database with all tables and no rows.

        The pharmacy of every day is loaded into the same one. SQLite caches compiled statements, which contain the
        positions of tables in the file, and two files that are migrated separately may have tables in other positions.
        """
        empty = open_database("sqlite://", durable=False)
        upgrade(empty)
        with driver(empty) as connection:
            content: bytes = connection.serialize()
        empty.dispose()
        return content
