"""The line in this process: each scenario gets its own demo pharmacy, clock and processor.

The database lies in memory. What a day makes of the demo pharmacy is kept as bytes, so that the next scenario of that
day has its own copy in less than a millisecond.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine

from ivr.clock import system_clock
from ivr.flow.definition import Flows
from ivr.line import build
from ivr.line.actions import SPECS
from ivr.line.service import Services
from ivr.line.versions import Files, Versions, load, read_files, usable
from ivr.payment import sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.demo import load_demo
from ivr.prompts import Catalogues
from ivr.prompts.recordings.folder import Folder
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.simulator import pharmacy_rows
from ivr.simulator.scenario import KnownRows, Log, Scenario, driver
from ivr.simulator.world import Row
from ivr.web.app import voice_app
from ivr.web.guard import Guard

PERSON = "+18005550199"

_KEY = Secret(base64.urlsafe_b64encode(b"a rehearsal's key, not a secret.").decode())


@dataclass(frozen=True, slots=True)
class _Day:
    """The demo pharmacy as it is on a day."""

    database: bytes
    given: KnownRows


class Simulator:
    """Builds the line, and opens scenarios on it. `files` are the flows and prompts; without any, those the settings name."""

    def __init__(
        self,
        settings: Settings,
        files: Files | None = None,
        *,
        log: io.StringIO | None = None,
        fresh: Callable[[], Engine] | None = None,
    ) -> None:
        """`log` is where the line's log goes; `fresh` makes an empty database for a scenario, in place of one in memory."""
        self.settings = replace(settings, database_url="sqlite://", secret_keys=(_KEY,), twilio_auth_tokens=())
        self.settings = replace(self.settings, public_url=None, gateway="sandbox", stripe_api_key=None, now=None)
        version = usable(files, SPECS) if files else load(read_files(settings.flows, settings.prompts), SPECS)
        self._recorded = Folder(settings.prompts, lambda: 0.0)  # as it was when the simulator was built
        self._log = Log(log)
        self._fresh = fresh
        self._days: dict[date, _Day] = {}
        self._scenarios: dict[bool, Scenario] = {}
        self.services = Services(
            database=open_database("sqlite://", durable=False),
            versions=Versions(version, SPECS),
            vault=Vault((_KEY,)),
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
    def version(self) -> str:
        """What tells these flows and prompts from others."""
        return self.services.versions.current.hash

    @property
    def catalogues(self) -> Catalogues:
        """The prompts that are simulated."""
        return self.services.versions.current.catalogues

    @contextmanager
    def open(self, at: datetime, given: Sequence[Row] = (), *, has_person: bool = True) -> Iterator[Scenario]:
        """Load the pharmacy as it is on a day, with the rows given, and put a line before it.

        A time without a zone is one where the pharmacy is. Raises RefusedRowError.
        """
        at = at if at.tzinfo else at.replace(tzinfo=self.settings.timezone)
        self._log.taken()
        with self._database(at) as (database, before):
            scenario = self._scenario(database, has_person=has_person)
            scenario.begin(at, before)
            try:
                scenario.change(given)
                yield scenario
            finally:
                scenario.faults.close()

    def _scenario(self, database: Engine, *, has_person: bool) -> Scenario:
        """Return a line; in memory one serves many scenarios, since making its app takes as long as two turns."""
        in_memory = database is self.services.database
        if in_memory and has_person in self._scenarios:
            return self._scenarios[has_person]
        settings = replace(self.settings, person_number=PERSON if has_person else None)
        services = replace(self.services, database=database, has_person=has_person)
        retention = timedelta(days=settings.retention_days)
        scenario = Scenario(
            services,
            lambda services: voice_app(services, settings, self._recorded, Guard(settings)),
            retention=retention,
            log=self._log,
        )
        if in_memory:
            self._scenarios[has_person] = scenario
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
        build.publish(replace(self.services, database=database, clock=lambda: at.astimezone(UTC)), database)
        return {table: frozenset(pharmacy_rows.ids(database, table)) for table in pharmacy_rows.WRITTEN}

    @cached_property
    def _bare(self) -> bytes:
        """Return a database with all its tables and no rows.

        Every day's pharmacy begins with the same one: SQLite keeps statements it has compiled, which know where in the
        file a table lies, and two files that are brought up to date apart may lay theirs out otherwise.
        """
        bare = open_database("sqlite://", durable=False)
        upgrade(bare)
        with driver(bare) as connection:
            content: bytes = connection.serialize()
        bare.dispose()
        return content
