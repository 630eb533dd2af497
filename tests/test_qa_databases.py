"""A few scripts on both kinds of database; all others are played on the embedded one alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import pytest
from call_scripts import CALLS, vocabulary
from databases import Databases
from sqlalchemy import Engine

from ivr.errors import Report
from ivr.pharmacy.database import open_database
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_files
from ivr.qa.scripts.script import Script
from ivr.settings import Settings
from ivr.simulator.simulator import Simulator

NAMES = (
    "Refill everything with the card on file",
    "One for now and one for later are two orders with totals apart",
    "A declined card, then a good one",
    "A new mailing address from now on",
    "A number is locked after five wrong identifications, with the same words",
    "The database is away at the moment of ordering",
)


@contextmanager
def simulated(kind: str, databases: Databases) -> Iterator[Simulator]:
    with ExitStack() as lent:

        def fresh() -> Engine:
            return open_database(lent.enter_context(databases.fresh(kind)), durable=False)

        yield Simulator(Settings(), fresh=fresh)


@cache
def scripts() -> dict[str, Script]:
    return {script.name: script for script in read_files([CALLS], Report(), vocabulary())}


@pytest.mark.parametrize("name", NAMES)
def test_a_script_holds_on_either_database(name: str, kind: str, databases: Databases) -> None:
    with simulated(kind, databases) as simulator:
        assert play(scripts()[name], simulator, "en").problems == ()
