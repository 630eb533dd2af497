"""Connects to a line elsewhere before scripts are played on it: whether it takes calls, and what it says of itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from ivr.errors import IvrError
from ivr.line import tables
from ivr.line.build import secret_keys
from ivr.line.digests import open_digest
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database
from ivr.phone.handset import Handset
from ivr.phone.transport import NO_ANSWER, Transport, http_post, signed
from ivr.qa.replay.remote import Facts, Remote
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.script import DEFAULT_TO
from ivr.settings import Settings
from ivr.simulator.backstage import TestMembers
from ivr.simulator.simulator import Simulator

PROBE_FROM = "+19990000000"
"""The number of the probe call. No telephone has the area code 999."""


class NobodyThereError(IvrError):
    """No line answers at the address given, or it takes no calls."""


def line_at(url: str, settings: Settings, simulator: Simulator, *, may_write: bool) -> Remote:
    """Return a line elsewhere, ready to play scripts on, after a probe call.

    Raises NobodyThereError when it does not take a call. `may_write` also lets scripts play that write to the pharmacy.
    """
    address = url.rstrip("/").removesuffix("/voice")
    tokens = settings.twilio_auth_tokens
    post = signed(http_post(), tokens[0]) if tokens else http_post()
    description = _self_description(address)
    facts = _facts(description, settings, simulator)
    mark = secrets.token_hex(8)
    sid = _probe_call(f"{address}/voice", post, mark)
    today = facts.now.astimezone(settings.timezone).date()
    backstage = _test_members(settings, sid, facts)
    vocabulary = vocabulary_of(simulator.catalogues)
    return Remote(
        f"{address}/voice",
        post,
        simulator,
        facts,
        today,
        replace(vocabulary, standing={}) if backstage else vocabulary,  # its members are not the simulator's
        mark,
        backstage,
        may_write,
    )


def _self_description(address: str) -> Mapping[str, object]:
    """Return what a line says of itself at `/readyz`; empty where that page is not reachable, as behind a proxy.

    Raises NobodyThereError when nobody answers at the address, or the line says that it is not ready.
    """
    reply = http_post()(f"{address}/readyz", None, {})
    if reply.status == NO_ANSWER:
        raise NobodyThereError(f"nobody answers at {address}: {reply.body}")
    try:
        description = json.loads(reply.body)
    except ValueError:
        return {}
    if not isinstance(description, dict):
        return {}
    if description.get("ready") is False:
        raise NobodyThereError(
            f"the line at {address} is not ready: {description.get('reason', 'it does not say why')}"
        )
    return description


def _facts(description: Mapping[str, object], settings: Settings, simulator: Simulator) -> Facts:
    """Return the facts in a line's description. Where it says nothing, assume the safe case: real cards, other words."""
    time = description.get("time")
    now = datetime.fromisoformat(time) if isinstance(time, str) else settings.clock()().astimezone(UTC)
    return Facts(
        now,
        description.get("live") is not False,
        description.get("person") is True,
        description.get("version") == simulator.version,
        "pay" if description.get("capture") == "pay" else "keypad",
    )


def _probe_call(url: str, post: Transport, mark: str) -> str:
    """Call the line and hang up at once; return the call's id. Raises NobodyThereError when it takes no calls."""
    sid = f"CA{mark}{secrets.token_hex(8)}"
    handset = Handset(post, url, PROBE_FROM, DEFAULT_TO, sid, fallback=False)
    handset.dial()
    handset.hang_up()
    if handset.errors:
        raise NobodyThereError(
            f"the line at {url} takes no calls: {handset.errors[0]}; a line that others can reach wants requests signed with TWILIO_AUTH_TOKEN"
        )
    return sid


def _test_members(settings: Settings, sid: str, facts: Facts) -> TestMembers | None:
    """Return the test members in DATABASE_URL if that is the line's own database: it has the probe call `sid`.

    None when it is another database, cannot be read, or has no test members.
    """
    database = _open_existing(settings.database_url)
    if database is None:
        return None
    try:
        with database.connect() as connection:
            if connection.scalar(select(tables.call.c.sid).where(tables.call.c.sid == sid)) is None:
                return None
        today = facts.now.astimezone(settings.timezone).date()
        digest = open_digest(database, Vault(secret_keys(settings)), facts.now)
        members = TestMembers(database, digest, facts.now, today, live=facts.live)
    except (SQLAlchemyError, IvrError):
        return None
    return members if len(members) else None


def _open_existing(url: str) -> Engine | None:
    """Open a database; None for an SQLite file that does not exist, so that none is created."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return None
    return open_database(url)
