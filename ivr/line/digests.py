"""The digests by which the line's tables know phones and members: whose wrong tries it counts, and who ordered before.

Their key is made once, at random, and kept in the database, encrypted with IVR_SECRET_KEY. So it stays the same when
that changes, and what was counted still counts. Whoever has the database alone cannot tell whose a digest is; in clear
beside it, the key would let them try all telephone numbers in minutes.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime

from sqlalchemy import Connection, Engine, exists, or_, select, update

from ivr import logs
from ivr.line import tables
from ivr.payment.vault import Vault, mac
from ivr.pharmacy.database import answering
from ivr.pharmacy.statements import insert_unless_there

ROW = 1
_SEALED = select(tables.digest_key.c.sealed_key)
_RESEAL = update(tables.digest_key)
_HAS_DIGESTS = select(or_(exists().select_from(tables.wrong_try), exists().select_from(tables.known_phone)))


class Digest:
    """Makes digests with a key, which can be replaced when the database has been opened."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, text: str) -> str:
        """Return the digest of a text."""
        return mac(self._key, text)

    def take(self, other: Digest) -> None:
        """Make the digests that the other one makes."""
        self._key = other._key


def open_digest(database: Engine, vault: Vault, now: datetime) -> Digest:
    """Return the digest of this database.

    When the vault cannot open its key, the digest is one of the vault's own first key, and what was counted by the
    other one does not count: the key is left where it is, since an older IVR_SECRET_KEY may open it again.
    """
    digest = digest_with_key(database, vault, now)
    if digest is None:
        logs.get_logger().warning(
            "digest_key_closed", means="wrong tries and phones that ordered are not known: an older key is missing"
        )
    return digest or Digest(vault.signing_key)


def digest_with_key(database: Engine, vault: Vault, now: datetime) -> Digest | None:
    """Return the digest of this database, whose key is made if there is none; None if the vault cannot open it."""
    with answering(database), database.begin() as connection:
        if connection.scalar(_SEALED) is None:
            key = _first_key(connection, vault)
            insert_unless_there(connection, tables.digest_key, {"id": ROW, "sealed_key": vault.seal(key, now)})
        opened = vault.open(connection.scalars(_SEALED).one(), None, now)
    return None if opened is None else Digest(base64.urlsafe_b64decode(opened))


def _first_key(connection: Connection, vault: Vault) -> bytes:
    """Return a key as text: a random one, or the one that an earlier release has made digests with."""
    key = vault.signing_key if connection.scalar(_HAS_DIGESTS) else os.urandom(32)
    return base64.urlsafe_b64encode(key)


def reseal_key(vault: Vault, now: datetime, connection: Connection, _: int) -> int:
    """Encrypt the key with the vault's first key, unless it is already, so that older ones can be dropped."""
    sealed = connection.scalar(_SEALED)
    if sealed is None or vault.is_sealed_with_first(sealed):
        return 0
    key = vault.open(sealed, None, now)
    if key is not None:
        connection.execute(_RESEAL, {"sealed_key": vault.seal(key, now)})
    return int(key is not None)
