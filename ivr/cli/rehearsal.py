"""A line in this process that call scripts are played on: each gets its own demo pharmacy, clock and processor.

The database lies in memory. What a script's day makes of the demo pharmacy is kept as bytes, so that the next script
of that day has its own copy in less than a millisecond.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from ivr.cli import line_rows, pharmacy_rows
from ivr.cli.staged import Given, Log, Staged, driver
from ivr.clock import system_clock
from ivr.flow.definition import Flows
from ivr.line import build
from ivr.line.actions import SPECS
from ivr.line.service import Line
from ivr.line.versions import Files, Versions, load, read_files, usable
from ivr.payment import sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.demo import load_demo
from ivr.prompts import Catalogues
from ivr.prompts.recordings.folder import Folder
from ivr.qa.script import Script
from ivr.qa.vocabulary import Vocabulary, spoken_of
from ivr.secret import Secret
from ivr.settings import Settings

PERSON = "+18005550199"

_KEY = Secret(base64.urlsafe_b64encode(b"a rehearsal's key, not a secret.").decode())


@dataclass(frozen=True, slots=True)
class _Template:
    """The demo pharmacy as it is on a day."""

    database: bytes
    given: Given


class Rehearsal:
    """The stage in this process. `files` are the flows and prompts; without any, those the settings name."""

    in_process = True
    sees_rows = True
    charges = False

    def __init__(
        self,
        settings: Settings,
        files: Files | None = None,
        *,
        log: io.StringIO | None = None,
        fresh: Callable[[], Engine] | None = None,
    ) -> None:
        """`log` is where the line's log goes; `fresh` makes an empty database for a script, in place of one in memory."""
        self.settings = replace(settings, database_url="sqlite://", secret_keys=(_KEY,), twilio_auth_tokens=())
        self.settings = replace(self.settings, public_url=None, gateway="sandbox", stripe_api_key=None, now=None)
        version = usable(files, SPECS) if files else load(read_files(settings.flows, settings.prompts), SPECS)
        self._recorded = Folder(settings.prompts, lambda: 0.0)  # as it was when the rehearsal began
        self._log = Log(log)
        self._fresh = fresh
        self._memory = open_database("sqlite://", durable=False)
        self._bare = _bare()
        self._templates: dict[date, _Template] = {}
        self._scenes: dict[str | None, Staged] = {}
        self._line = Line(
            database=self._memory,
            versions=Versions(version, SPECS),
            vault=Vault((_KEY,)),
            gateway=sandbox.Sandbox(),
            clock=system_clock,
            timezone=settings.timezone,
            rules=build.rules(settings),
            has_person=True,
            draw=lambda: 0,
        )

    @property
    def flows(self) -> Flows:
        """The flows that are rehearsed."""
        return self._line.versions.current.flows

    @property
    def version(self) -> str:
        """What tells these flows and prompts from others."""
        return self._line.versions.current.hash

    @property
    def catalogues(self) -> Catalogues:
        """The prompts that are rehearsed."""
        return self._line.versions.current.catalogues

    @property
    def vocabulary(self) -> Vocabulary:
        """The names that scripts may use."""
        names, languages = self.catalogues.names, self.catalogues.languages
        return Vocabulary(
            names,
            pharmacy_rows.COLUMNS,
            languages,
            line_rows.COLUMNS,
            spoken_of(self.catalogues),
            {**pharmacy_rows.MADE_OF, **line_rows.MADE_OF},
            pharmacy_rows.demo_keys(),
        )

    def mark(self) -> str:
        """Tell nothing: nobody else calls here."""
        return ""

    def refuses(self, script: Script, language: str) -> str:  # noqa: ARG002 - anything can be played here
        """Play everything."""
        return ""

    @contextmanager
    def open(self, script: Script) -> Iterator[Staged]:
        """Load the pharmacy as it is on the script's day, with the rows it gives, and put a line before it."""
        at = script.at if script.at.tzinfo else script.at.replace(tzinfo=self.settings.timezone)
        today = at.astimezone(self.settings.timezone).date()
        person = None if script.person == "nobody" else PERSON
        self._log.taken()
        with self._database(today, at) as (database, given):
            scene = self._scene(database, person)
            scene.begin(at, given)
            try:
                scene.change(script.given)
                yield scene
            finally:
                scene.close()

    def _scene(self, database: Engine, person: str | None) -> Staged:
        """Return the line of a script; in memory one serves many, since making its app takes as long as two turns."""
        if database is self._memory and person in self._scenes:
            return self._scenes[person]
        line = replace(self._line, database=database, has_person=person is not None)
        scene = Staged(line, replace(self.settings, person_number=person), self._recorded, self._log)
        if database is self._memory:
            self._scenes[person] = scene
        return scene

    @contextmanager
    def _database(self, today: date, at: datetime) -> Iterator[tuple[Engine, Given]]:
        if self._fresh:
            database = self._fresh()
            try:
                yield database, self._fill(database, today, at)
            finally:
                database.dispose()
            return
        if today not in self._templates:
            with driver(self._memory) as connection:
                connection.deserialize(self._bare)
            given = self._fill(self._memory, today, at)
            with driver(self._memory) as connection:
                self._templates[today] = _Template(connection.serialize(), given)
        template = self._templates[today]
        with driver(self._memory) as connection:
            connection.deserialize(template.database)
        yield self._memory, template.given

    def _fill(self, database: Engine, today: date, at: datetime) -> Given:
        load_demo(database, today)
        build.publish(replace(self._line, database=database, clock=lambda: at.astimezone(UTC)), database)
        return {table: frozenset(pharmacy_rows.ids(database, table)) for table in pharmacy_rows.WRITTEN}


def _bare() -> bytes:
    """Return a database with all its tables and no rows.

    Every day's pharmacy begins with the same one: SQLite keeps statements it has compiled, which know where in the file
    a table lies, and two files that are brought up to date apart may lay theirs out otherwise.
    """
    bare = open_database("sqlite://", durable=False)
    upgrade(bare)
    with driver(bare) as connection:
        content: bytes = connection.serialize()
    bare.dispose()
    return content
