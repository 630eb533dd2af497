"""Deletes what test calls left in the line's own tables: for `ivr pharmacy reset` and `ivr replay --url`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, func, select, update

from ivr.line import card_limit, lockout, tables
from ivr.line.digests import Digest
from ivr.line.service import Caller
from ivr.orders.lease import payment_lease
from ivr.pharmacy.notices import notice
from ivr.pharmacy.tables import RefillOrder


def forget_members(connection: Connection, digest: Digest, ids: Collection[int], numbers: Iterable[str]) -> None:
    """Delete wrong tries about test members, their cards that were refused, phones that ordered for them and their notices.

    `ids` and `numbers` are the members' ids and member numbers. The leases of orders that no longer exist go as well.
    """
    digests = [digest(lockout.member_of(number)) for number in numbers]
    digests += [digest(card_limit.cards_of(member_id)) for member_id in ids]
    connection.execute(delete(tables.wrong_try).where(tables.wrong_try.c.member.in_(digests)))
    connection.execute(delete(tables.known_phone).where(tables.known_phone.c.member_id.in_(ids)))
    connection.execute(delete(payment_lease).where(payment_lease.c.order_id.not_in(select(RefillOrder.id))))
    connection.execute(delete(notice).where(notice.c.member_id.in_(ids)))


def last_try(connection: Connection) -> int:
    """Return the id of the latest wrong try, or 0."""
    return connection.scalar(select(func.coalesce(func.max(tables.wrong_try.c.id), 0))) or 0


def forget_calls(connection: Connection, digest: Digest, callers: Collection[Caller], since: int) -> None:
    """Delete the wrong tries that these callers made after the one with the id `since`, and their calls' sealed states.

    Without their states, a caller who calls again is not offered an earlier basket.
    """
    digests = [digest(lockout.phone_of(caller)) for caller in callers]
    tries = tables.wrong_try.c
    connection.execute(delete(tables.wrong_try).where(tries.phone.in_(digests), tries.id > since))
    calls = update(tables.call).where(tables.call.c.sid.in_(caller.sid for caller in callers))
    connection.execute(calls.values(sealed_state=None, sealed_reply=None, sealed_reply_before=None))
