"""The demo line of tests: a scenario on a database with the demo pharmacy, behind the whole application."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, text

from ivr.line.actions import SPECS
from ivr.line.build import publish_current
from ivr.line.sandbox_ledger import add_loaded
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
"""Keys that identify the first member of the demo pharmacy: English, refill, member number and ZIP code."""


def fill_demo(engine: Engine) -> None:
    """Write the demo pharmacy to an empty database, which tests copy."""
    load_demo(engine, TODAY)
    add_loaded(engine, lambda: NOON)


class DemoLine(Scenario):
    """A scenario with which tests make calls, run SQL, and ask for pages.

    `app` is the application, `services` what its turns are given. Order numbers and the like are not random but
    1,234,567 and then every 7,919th number.
    """

    app: Flask

    def __init__(self, database: Engine, settings: Settings, sandbox: Sandbox | None) -> None:
        numbers, self.sids = itertools.count(1_234_567, 7919), itertools.count()

        def build_app(services: Services) -> Flask:
            self.services = replace(services, gateway=sandbox or services.gateway, random_number=lambda: next(numbers))
            self.app = make_app(self.services, settings)
            return self.app

        has_person = settings.person_number is not None
        versions = Versions(VERSION, SPECS)  # not shared: an edit changes which version is current
        super().__init__(
            replace(SIMULATOR.services, database=database, versions=versions, has_person=has_person), build_app
        )
        self.post = self._post
        self.begin(NOON, {})

    def _post(self, url: str, form: Form | None, headers: Headers) -> Reply:
        """Post to the application that `app` is now, so that a test can replace it in the middle of a call."""
        return wsgi_post(self.app)(url, form, headers)

    def copy_with(self, *, services: Services | None = None, app: Flask | None = None) -> DemoLine:
        """Return a copy of the demo line with other services or another application."""
        other = copy.copy(self)
        other.services, other.app, other.post = services or self.services, app or self.app, other._post
        return other

    def phone(self, from_number: str = "+15105550123", **options: Any) -> Handset:
        """Return a telephone that has not dialled yet; `options` are those of `Handset`."""
        sid = f"CA{next(self.sids):032x}"
        return Handset(self.post, self.url, from_number, "+18002457979", sid, passes=self.passes, **options)

    def call(self, keys: str = "", **options: Any) -> tuple[Handset, Heard]:
        """Dial, press each key as soon as it is asked for, and return the telephone and what was heard last."""
        phone = self.phone(**options)
        heard = phone.dial()
        for key in keys:
            heard = phone.press(key, after_words=0)
        return phone, heard

    @property
    def prompts(self) -> list[str]:
        """Names of all prompts spoken so far."""
        return [speak.prompt for turn in self.turns for speak in turn.verb.words]

    @property
    def last_prompts(self) -> list[str]:
        """Names of the prompts of the last turn."""
        return [speak.prompt for speak in self.turns[-1].verb.words]

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query; `values` are its parameters."""
        with self.services.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def run(self, statement: str, **values: object) -> None:
        """Run a statement that changes the database, as another channel would; `values` are its parameters."""
        with self.services.database.begin() as connection:
            connection.execute(text(statement), values)


def open_demo_line(url: str, sandbox: Sandbox | None = None, settings: Settings | None = None) -> DemoLine:
    """Return a demo line on a database that already holds the demo pharmacy, with the current flows published."""
    demo_line = DemoLine(open_database(url, durable=False), settings or Settings(), sandbox)
    publish_current(demo_line.services, demo_line.database)
    return demo_line


def with_settings(demo_line: DemoLine, settings: Settings) -> DemoLine:
    """Return a copy of a demo line whose application has other settings."""
    services = replace(demo_line.services, has_person=settings.person_number is not None)
    return demo_line.copy_with(services=services, app=make_app(services, settings))
