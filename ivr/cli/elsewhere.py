"""Finds out about a line elsewhere before scripts are played on it: is anybody there, and what is it."""

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
"""No telephone has an area code of 999."""


class NobodyThereError(IvrError):
    """No line answers at the address given."""


def line_at(url: str, settings: Settings, simulator: Simulator, *, may_write: bool) -> Remote:
    """Return the way to play on a line elsewhere; NobodyThereError when it does not take a call."""
    address = url.rstrip("/").removesuffix("/voice")
    tokens = settings.twilio_auth_tokens
    post = signed(http_post(), tokens[0]) if tokens else http_post()
    said = _said(address)
    facts = _facts(said, settings, simulator)
    mark = secrets.token_hex(8)
    sid = _call(f"{address}/voice", post, mark)
    today = facts.now.astimezone(settings.timezone).date()
    backstage = _backstage(settings, sid, facts)
    known = vocabulary_of(simulator.catalogues)
    return Remote(
        f"{address}/voice",
        post,
        simulator,
        facts,
        today,
        replace(known, standing={}) if backstage else known,  # its members are others
        mark,
        backstage,
        may_write,
    )


def _said(address: str) -> Mapping[str, object]:
    """Return what a line says of itself; nothing where its page cannot be reached, as behind a proxy."""
    reply = http_post()(f"{address}/readyz", None, {})
    if reply.status == NO_ANSWER:
        raise NobodyThereError(f"nobody answers at {address}: {reply.body}")
    try:
        said = json.loads(reply.body)
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    if said.get("ready") is False:
        raise NobodyThereError(f"the line at {address} is not ready: {said.get('reason', 'it does not say why')}")
    return said


def _facts(said: Mapping[str, object], settings: Settings, simulator: Simulator) -> Facts:
    """Take what is not said for what harms nobody: real cards, and other words than ours."""
    told = said.get("time")
    now = datetime.fromisoformat(told) if isinstance(told, str) else settings.clock()().astimezone(UTC)
    return Facts(
        now, said.get("live") is not False, said.get("person") is True, said.get("version") == simulator.version
    )


def _call(url: str, post: Transport, mark: str) -> str:
    """Call the line and hang up at once; return the call's id."""
    sid = f"CA{mark}{secrets.token_hex(8)}"
    handset = Handset(post, url, PROBE_FROM, DEFAULT_TO, sid, fallback=False)
    handset.dial()
    handset.hang_up()
    if handset.errors:
        raise NobodyThereError(
            f"the line at {url} takes no calls: {handset.errors[0]}; a line that others can reach wants requests signed with TWILIO_AUTH_TOKEN"
        )
    return sid


def _backstage(settings: Settings, sid: str, facts: Facts) -> TestMembers | None:
    """Return the test members in DATABASE_URL if it is that line's: the call just made is there."""
    database = _existing(settings.database_url)
    if database is None:
        return None
    try:
        with database.connect() as connection:
            if connection.scalar(select(tables.call.c.sid).where(tables.call.c.sid == sid)) is None:
                return None
        today = facts.now.astimezone(settings.timezone).date()
        members = TestMembers(database, Vault(secret_keys(settings)), facts.now, today, live=facts.live)
    except (SQLAlchemyError, IvrError):
        return None
    return members if len(members) else None


def _existing(url: str) -> Engine | None:
    """Open a database that is there; a file is not made by looking for it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return None
    return open_database(url)
