"""Keeps the staff password from being guessed: whoever was wrong too often waits, whatever is tried meanwhile.

Counted by the address a request comes from, in the database, so that all workers count together. A try is judged while
its count is held: of many fired at once no more are judged than of as many in turn. Nothing but time ends a lock or
forgets a wrong try. An IPv6 address counts with its network, since one machine has as many addresses there as it likes.
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

_OF_PEER = staff_guess.c.peer == bindparam("whose")
_TAKE = select(staff_guess).where(_OF_PEER).with_for_update()
_CHANGE = update(staff_guess).where(_OF_PEER)
_DROP = delete(staff_guess).where(_OF_PEER)
_FORGET = delete(staff_guess).where(staff_guess.c.since < bindparam("before"))


class Throttle:
    """Judges tries at the staff password, not too many of one peer."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def judge(self, address: str | None, is_right: Callable[[], bool]) -> bool | None:
        """Say whether a try is right; None when its peer has to wait. Raises UnreachableError: then nothing is judged."""
        peer, now = _peer(address), self._clock()
        with answering(self._database):
            with self._database.begin() as connection:
                right = _judge(connection, peer, is_right, now)
            if right is False:
                with self._database.begin() as connection:  # of its own, in which it waits for nobody who waits for it
                    connection.execute(_FORGET, {"before": now - COUNTED_FOR - LOCKED_FOR})
        return right


def _judge(connection: Connection, peer: str, is_right: Callable[[], bool], now: datetime) -> bool | None:
    insert_unless_there(connection, staff_guess, {"peer": peer, "wrong": 0, "since": now})
    row = connection.execute(_TAKE, {"whose": peer}).one()
    if row.locked_until is not None and row.locked_until > now:
        return None
    fresh = row.wrong == 0 or row.since < now - COUNTED_FOR
    if is_right():
        if fresh:  # or there would be a row of everybody
            connection.execute(_DROP, {"whose": peer})
        return True
    wrong, since = (1, now) if fresh else (row.wrong + 1, row.since)
    locked_until = now + LOCKED_FOR if wrong >= MOST_WRONG else None
    connection.execute(_CHANGE, {"whose": peer, "wrong": wrong, "since": since, "locked_until": locked_until})
    if locked_until:
        logs.get_logger().warning("staff_locked", peer=peer, wrong=wrong, until=locked_until)
    return False


def _peer(address: str | None) -> str:
    """Return what a request's address is counted as."""
    parsed = address_from(address)
    if parsed is None:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
