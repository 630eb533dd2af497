"""Builds the services of the line from the operator's settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Event

from sqlalchemy import Engine, make_url
from sqlalchemy.event import listens_for

from ivr.errors import SettingError
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.digests import Digest, open_digest
from ivr.line.journal_cleaning import clean_journal
from ivr.line.publications import Publication
from ivr.line.publishing import open_versions
from ivr.line.sandbox_ledger import TableLedger
from ivr.line.service import Services
from ivr.line.versions import Folders, Proof, Versions, load, read_files, unproved
from ivr.payment.gateway import Gateway
from ivr.payment.sandbox import Sandbox
from ivr.payment.vault import Vault, local_key
from ivr.pharmacy.database import answering, open_database, upgrade
from ivr.pharmacy.rules import Rules
from ivr.secret import Secret
from ivr.settings import Settings

_ORDER_NUMBERS = 10**9


def build_line(settings: Settings, prove: Proof = unproved) -> Services:
    """Open and migrate the database, load the flows and return the line's services.

    `prove` checks flows and prompts against the carrier's rules. Raises SettingError, DefinitionError or
    UnreachableError, each of which says what to correct.
    """
    database = open_database(settings.database_url)
    upgrade(database)
    clean_journal(database)
    with answering(database):
        versions = open_versions(database, folders(settings), SPECS, prove)
    vault = Vault(secret_keys(settings))
    return _services(settings, database, versions, vault, open_digest(database, vault, settings.clock()()))


def build_waiting_line(settings: Settings, prove: Proof = unproved) -> tuple[Services, Callable[[], None]]:
    """Return the services of a line whose database is away, and a function that opens it when it has come back.

    Until that has succeeded, whoever wants the database finds it away, so that no call begins in tables of another
    release or with words that are not published. The function raises what `build_line` does.
    """
    database, is_open = open_database(settings.database_url), Event()
    away = database.dialect.loaded_dbapi.OperationalError

    @listens_for(database, "do_connect")
    def refuse(*_: object) -> None:
        if not is_open.is_set():
            raise away("it has not been opened yet")

    files = read_files(settings.flows, settings.prompts)
    vault = Vault(secret_keys(settings))
    versions, digest = Versions(load(files, SPECS, prove), SPECS, prove), Digest(vault.signing_key)
    line = _services(settings, database, versions, vault, digest)

    def open_line() -> None:
        opened = build_line(settings, prove)
        opened.database.dispose()
        versions.take(opened.versions.current)
        digest.take(opened.digest)
        is_open.set()

    return line, open_line


def _services(settings: Settings, database: Engine, versions: Versions, vault: Vault, digest: Digest) -> Services:
    return Services(
        database=database,
        versions=versions,
        vault=vault,
        digest=digest,
        gateway=gateway(settings, database),
        clock=settings.clock(),
        timezone=settings.timezone,
        rules=rules(settings),
        has_person=settings.person_number is not None,
        random_number=lambda: secrets.randbelow(_ORDER_NUMBERS),
        own_numbers=own_numbers(settings),
        card_capture=settings.card_capture,
    )


def own_numbers(settings: Settings) -> frozenset[str]:
    """Return the numbers of the operator's that the settings name."""
    return frozenset(number for number in (settings.person_number, settings.text_from) if number)


def folders(settings: Settings) -> Folders:
    """Return the folders in which staff edit flows and prompts."""
    return Folders(settings.flows, settings.prompts)


def publish_current(services: Services, database: Engine) -> None:
    """Record the current version in the database as published, unless it is, so that every worker finds it."""
    with answering(database), database.begin() as connection:
        current, newest = services.versions.current, publications.latest(connection)
        if newest is None or newest.hash != current.hash:
            publications.record(connection, current.files, Publication(current.hash, services.clock(), "", "start"))


def rules(settings: Settings) -> Rules:
    """Return the refill rules with the operator's settings."""
    return Rules(
        refill_window_days=settings.refill_window_days,
        controlled_window_days=settings.controlled_window_days,
        unpaid_days=settings.unpaid_days,
        price_change_cents=settings.price_change_cents,
        controlled_multiples=settings.controlled_multiples,
        legal_limit_schedule_five=settings.limit_schedule_five,
    )


def gateway(settings: Settings, database: Engine) -> Gateway:
    """Return the card processor that the settings choose; the sandbox keeps its ledger in the database."""
    if settings.gateway == "stripe" and settings.stripe_api_key:
        from ivr.payment.stripe import StripeGateway  # imported here, as loading stripe takes half a second

        return StripeGateway(settings.stripe_api_key, settings.stripe_api_base)
    return Sandbox(ledger=TableLedger(database, settings.clock()))


def secret_keys(settings: Settings) -> tuple[Secret, ...]:
    """Return the encryption keys of the settings, or a key that is kept in a local file.

    The local file is only for lines that other machines cannot reach; for any other raise SettingError.
    """
    if settings.secret_keys:
        return settings.secret_keys
    if settings.twilio_auth_tokens or settings.unsigned or settings.public_url:
        raise SettingError("IVR_SECRET_KEY: expected a key, since this line can be reached from elsewhere; found none")
    url = make_url(settings.database_url)
    embedded = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return (local_key(Path(f"{url.database}.key" if embedded else "ivr.key")),)
