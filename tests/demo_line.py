"""A scenario on any database, with the whole application before it, and all that a test may look at or turn."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, text

from ivr.line.actions import SPECS
from ivr.line.build import publish_current
from ivr.line.service import Services
from ivr.line.versions import Versions
from ivr.pages.app import make_app
from ivr.payment.sandbox import Sandbox
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.phone.handset import Handset, Heard
from ivr.phone.transport import Form, Headers, Reply, wsgi_post
from ivr.settings import Settings
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator

PROJECT = Path(__file__).parent.parent
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SIMULATOR = Simulator(Settings())
VAULT = SIMULATOR.services.vault
VERSION = SIMULATOR.services.versions.current

IDENTIFIED = "11" + "41200017#" + "94550"
"""English, refill, member and ZIP of the demo pharmacy's first member."""


def fill_demo(engine: Engine) -> None:
    """Fill a template database with the demo pharmacy."""
    load_demo(engine, TODAY)


class DemoLine(Scenario):
    """A scenario with telephones, SQL and the studio at hand."""

    app: Flask

    def __init__(self, database: Engine, settings: Settings, sandbox: Sandbox | None) -> None:
        numbers, self.sids = itertools.count(1_234_567, 7919), itertools.count()

        def whole(services: Services) -> Flask:
            self.services = replace(services, gateway=sandbox or services.gateway, random_number=lambda: next(numbers))
            self.app = make_app(self.services, settings)
            return self.app

        has_person = settings.person_number is not None
        versions = Versions(VERSION, SPECS)  # of its own: an edit changes which one is current
        super().__init__(
            replace(SIMULATOR.services, database=database, versions=versions, has_person=has_person), whole
        )
        self.post = self._post
        self.begin(NOON, {})

    def _post(self, url: str, form: Form | None, headers: Headers) -> Reply:
        """Post to whatever application stands there now, so that a call can meet another one midway."""
        return wsgi_post(self.app)(url, form, headers)

    def but(self, *, services: Services | None = None, app: Flask | None = None) -> DemoLine:
        """Return the same demo line with another line or application."""
        other = copy.copy(self)
        other.services, other.app, other.post = services or self.services, app or self.app, other._post
        return other

    def phone(self, from_number: str = "+15105550123", **options: object) -> Handset:
        """Return a telephone that has not dialled yet."""
        sid = f"CA{next(self.sids):032x}"
        return Handset(self.post, self.url, from_number, "+18002457979", sid, passes=self.passes, **options)  # type: ignore[arg-type]

    def call(self, keys: str = "", **options: object) -> tuple[Handset, Heard]:
        """Dial, press keys one after another, and return the telephone with what was heard last."""
        phone = self.phone(**options)  # type: ignore[arg-type]
        heard = phone.dial()
        if keys:
            heard = phone.press(keys)
        return phone, heard

    @property
    def prompts(self) -> list[str]:
        """Every prompt spoken so far, by name."""
        return [speak.prompt for turn in self.turns for speak in turn.verb.words]

    @property
    def last_prompts(self) -> list[str]:
        """The prompts of the last turn."""
        return [speak.prompt for speak in self.turns[-1].verb.words]

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """Return what the database holds."""
        with self.services.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def run(self, statement: str, **values: object) -> None:
        """Change what the database holds, as another channel would."""
        with self.services.database.begin() as connection:
            connection.execute(text(statement), values)


def open_demo_line(url: str, sandbox: Sandbox | None = None, settings: Settings | None = None) -> DemoLine:
    """Open a scenario on a database that holds the demo pharmacy."""
    made = DemoLine(open_database(url, durable=False), settings or Settings(), sandbox)
    publish_current(made.services, made.database)
    return made


def with_settings(demo_line: DemoLine, settings: Settings) -> DemoLine:
    """Return the same line behind other settings."""
    line = replace(demo_line.services, has_person=settings.person_number is not None)
    return demo_line.but(services=line, app=make_app(line, settings))
