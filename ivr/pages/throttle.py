"""Protection of the staff password against guessing: after too many wrong tries an address is locked for a while.

Tries are counted by the address of the request (here called the peer), in the database, so that all workers share the
count. The row of a peer is locked while its try is checked, so that many requests at once get no more tries than one
after another. Only time ends a lock or removes a wrong try. IPv6 addresses are counted by their /64 network, since one
machine can use any number of addresses in it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_network

from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from ivr import logs
from ivr.clock import Clock
from ivr.line.tables import staff_guess
from ivr.pharmacy.database import answering
from ivr.pharmacy.statements import insert_unless_there
from ivr.web.peer import address_from

MOST_WRONG = 5
COUNTED_FOR = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)

_IS_PEER = staff_guess.c.peer == bindparam("whose")
_LOCK_ROW = select(staff_guess).where(_IS_PEER).with_for_update()
_UPDATE_ROW = update(staff_guess).where(_IS_PEER)
_DELETE_ROW = delete(staff_guess).where(_IS_PEER)
_DELETE_OLD = delete(staff_guess).where(staff_guess.c.since < bindparam("before"))


class Throttle:
    """Checks tries of the staff password, and refuses a peer with too many wrong ones."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def judge(self, address: str | None, is_right: Callable[[], bool]) -> bool | None:
        """Return whether a try is right, or None if its peer has to wait.

        Raises UnreachableError, and checks nothing, if the database does not answer.
        """
        peer, now = _peer(address), self._clock()
        with answering(self._database):
            with self._database.begin() as connection:
                was_right = _judge(connection, peer, is_right, now)
            if was_right is False:
                with self._database.begin() as connection:  # a transaction of its own, so that it cannot deadlock
                    connection.execute(_DELETE_OLD, {"before": now - COUNTED_FOR - LOCKED_FOR})
        return was_right


def _judge(connection: Connection, peer: str, is_right: Callable[[], bool], now: datetime) -> bool | None:
    insert_unless_there(connection, staff_guess, {"peer": peer, "wrong": 0, "since": now})
    row = connection.execute(_LOCK_ROW, {"whose": peer}).one()
    if row.locked_until is not None and row.locked_until > now:
        return None
    fresh = row.wrong == 0 or row.since < now - COUNTED_FOR
    if is_right():
        if fresh:  # without wrong tries no row is needed
            connection.execute(_DELETE_ROW, {"whose": peer})
        return True
    wrong, since = (1, now) if fresh else (row.wrong + 1, row.since)
    locked_until = now + LOCKED_FOR if wrong >= MOST_WRONG else None
    connection.execute(_UPDATE_ROW, {"whose": peer, "wrong": wrong, "since": since, "locked_until": locked_until})
    if locked_until:
        logs.get_logger().warning("staff_locked", peer=peer, wrong=wrong, until=locked_until)
    return False


def _peer(address: str | None) -> str:
    """Return the peer that a request's address is counted as."""
    parsed = address_from(address)
    if parsed is None:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
