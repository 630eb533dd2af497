"""A line to rehearse on: the demo pharmacy, a clock that moves with the call, a card processor with faults to order."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Engine, text

from ivr.line.actions import SPECS
from ivr.line.build import publish
from ivr.line.service import Line, TurnTaken
from ivr.line.versions import Versions, load, read_files
from ivr.pages.app import make_app
from ivr.payment.sandbox import Sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.pharmacy.rules import Rules
from ivr.phone.handset import Handset, Heard
from ivr.phone.post import Post, wsgi_post
from ivr.secret import Secret
from ivr.settings import Settings

PROJECT = Path(__file__).parent.parent
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
VAULT = Vault([Secret("cmVoZWFyc2FsLXJlaGVhcnNhbC1yZWhlYXJzYWwtMTI=")])
VERSION = load(read_files(PROJECT / "flows", PROJECT / "prompts"), SPECS)

IDENTIFIED = "11" + "41200017#" + "94550"
"""English, refill, member and ZIP of the demo pharmacy's first member."""


def fill_demo(engine: Engine) -> None:
    """Fill a template database with the demo pharmacy."""
    load_demo(engine, TODAY)


@dataclass
class MovingClock:
    """A clock that stands where it is put."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Rehearsal:
    """The line, its web application and everything a test may look at or turn."""

    line: Line
    app: Flask
    clock: MovingClock
    turns: list[TurnTaken] = field(default_factory=list)
    sids: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def post(self) -> Post:
        """Post to whatever application stands there now, so that a call can meet another one midway."""
        return lambda url, form, headers: wsgi_post(self.app)(url, form, headers)

    def phone(self, from_number: str = "+15105550123", **options: object) -> Handset:
        """Return a telephone that has not dialled yet."""
        sid = f"CA{next(self.sids):032x}"
        url = "http://localhost/voice"
        return Handset(self.post, url, from_number, "+18002457979", sid, passes=self.clock.pass_seconds, **options)  # type: ignore[arg-type]

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
        with self.line.database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def run(self, statement: str, **values: object) -> None:
        """Change what the database holds, as another channel would."""
        with self.line.database.begin() as connection:
            connection.execute(text(statement), values)


def rehearse(url: str, sandbox: Sandbox | None = None, settings: Settings | None = None) -> Rehearsal:
    """Build a line on a database that holds the demo pharmacy."""
    chosen, clock = settings or Settings(), MovingClock()
    numbers = itertools.count(1_234_567, 7919)
    turns: list[TurnTaken] = []
    line = Line(
        database=open_database(url, durable=False),
        versions=Versions(VERSION, SPECS),
        vault=VAULT,
        gateway=sandbox or Sandbox(),
        clock=clock,
        timezone=ZoneInfo("America/Los_Angeles"),
        rules=Rules(),
        has_person=chosen.person_number is not None,
        draw=lambda: next(numbers),
        watch=turns.append,
    )
    publish(line, line.database)
    return Rehearsal(line, make_app(line, chosen), clock, turns)


def with_settings(rehearsal: Rehearsal, settings: Settings) -> Rehearsal:
    """Return the same line behind other settings."""
    line = replace(rehearsal.line, has_person=settings.person_number is not None)
    return replace(rehearsal, line=line, app=make_app(line, settings))
