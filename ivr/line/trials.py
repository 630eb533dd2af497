"""What test calls leave in the line's own tables, taken away again: for `ivr pharmacy reset` and `ivr replay --url`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, func, select, update

from ivr.line import lockout, tables
from ivr.line.service import Caller
from ivr.orders.lease import payment_lease
from ivr.payment.vault import Vault
from ivr.pharmacy.notices import notice
from ivr.pharmacy.tables import RefillOrder


def forget_members(connection: Connection, vault: Vault, ids: Collection[int], numbers: Iterable[str]) -> None:
    """Forget wrong tries about test members, phones that ordered for them, what they were to be told, and orders that are gone."""
    signed = [mark for number in numbers for mark in vault.signatures(lockout.member_of(number))]
    connection.execute(delete(tables.wrong_try).where(tables.wrong_try.c.member.in_(signed)))
    connection.execute(delete(tables.known_phone).where(tables.known_phone.c.member_id.in_(ids)))
    connection.execute(delete(payment_lease).where(payment_lease.c.order_id.not_in(select(RefillOrder.id))))
    connection.execute(delete(notice).where(notice.c.member_id.in_(ids)))


def last_try(connection: Connection) -> int:
    """Return the id of the wrong try that was made last."""
    return connection.scalar(select(func.coalesce(func.max(tables.wrong_try.c.id), 0))) or 0


def forget_calls(connection: Connection, vault: Vault, callers: Collection[Caller], since: int) -> None:
    """Forget wrong tries that these calls made after the one given, and what they would go on with if they came again."""
    signed = [mark for caller in callers for mark in vault.signatures(lockout.phone_of(caller))]
    tries = tables.wrong_try.c
    connection.execute(delete(tables.wrong_try).where(tries.phone.in_(signed), tries.id > since))
    calls = update(tables.call).where(tables.call.c.sid.in_(caller.sid for caller in callers))
    connection.execute(calls.values(sealed_state=None, sealed_reply=None, sealed_reply_before=None))
