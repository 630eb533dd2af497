"""Card digits between two turns: encrypted, in a table of their own, dead after five minutes whatever happens.

The number is the only thing that has to lie there, from the turn it was keyed in to the turn of the security code;
expiry goes with it. The code itself never lies anywhere.
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

_OF_CALL = tables.card_entry.c.call_sid == bindparam("sid")
_SEALED = select(tables.card_entry.c.sealed_card).where(_OF_CALL)
_WIPE = delete(tables.card_entry).where(_OF_CALL)


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as far as it has been keyed."""

    number: Secret
    brand: str
    exp_month: int = 0
    exp_year: int = 0


def keep(context: Context, entry: CardEntry) -> None:
    """Keep a card until its security code is keyed."""
    shape = [entry.number.reveal(), entry.brand, entry.exp_month, entry.exp_year]
    sealed = context.services.vault.seal(json.dumps(shape).encode(), context.now)
    row = {"call_sid": context.caller.sid, "sealed_card": sealed, "expires_at": context.now + KEPT_FOR}
    upsert(context.connection, tables.card_entry, row)


def take(context: Context) -> CardEntry | None:
    """Return the card that is being keyed; None when there is none, or it lay too long."""
    sealed = context.connection.scalar(_SEALED, {"sid": context.caller.sid})
    opened = context.services.vault.open(sealed, int(KEPT_FOR.total_seconds()), context.now) if sealed else None
    if opened is None:
        return None
    number, brand, month, year = json.loads(opened)
    return CardEntry(Secret(number), brand, month, year)


def wipe(context: Context) -> None:
    """Drop the card that was being keyed."""
    context.connection.execute(_WIPE, {"sid": context.caller.sid})
