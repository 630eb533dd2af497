"""Stores a card while it is being keyed: encrypted, in a table of its own, and for at most five minutes.

Its number has to be kept from the turn in which it is keyed until the security code is keyed, and the expiry with it.
The security code itself is never stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, select

from ivr.line import tables
from ivr.line.service import Context
from ivr.pharmacy.statements import upsert
from ivr.secret import Secret

KEPT_FOR = timedelta(minutes=5)
"""How long a stored card can be read; the sweep deletes its row after that."""

_OF_CALL = tables.card_entry.c.call_sid == bindparam("sid")
_SEALED = select(tables.card_entry.c.sealed_card).where(_OF_CALL)
_WIPE = delete(tables.card_entry).where(_OF_CALL)


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as far as it has been keyed; month and year are 0 until then."""

    number: Secret
    brand: str
    exp_month: int = 0
    exp_year: int = 0


def store_entry(context: Context, entry: CardEntry) -> None:
    """Store the card that is being keyed in this call, in place of an earlier one."""
    shape = [entry.number.reveal(), entry.brand, entry.exp_month, entry.exp_year]
    sealed = context.services.vault.seal(json.dumps(shape).encode(), context.now)
    row = {"call_sid": context.caller.sid, "sealed_card": sealed, "expires_at": context.now + KEPT_FOR}
    upsert(context.connection, tables.card_entry, row)


def read_entry(context: Context) -> CardEntry | None:
    """Return the card that is being keyed in this call, or None when there is none or it is too old."""
    sealed = context.connection.scalar(_SEALED, {"sid": context.caller.sid})
    opened = context.services.vault.open(sealed, int(KEPT_FOR.total_seconds()), context.now) if sealed else None
    if opened is None:
        return None
    number, brand, month, year = json.loads(opened)
    return CardEntry(Secret(number), brand, month, year)


def delete_entry(context: Context) -> None:
    """Delete the card that was being keyed in this call."""
    context.connection.execute(_WIPE, {"sid": context.caller.sid})
