"""What goes on beside the calls in `bench/faults.py`: the website's orders, shipping, sweeps, kills and crashes.

The website is another program on the shared tables: plain SQL, its locks in the order that docs/operations.md gives.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import secrets
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import unreliable_ivr
from fault_callers import Member
from faults_audit import Note
from own_postgres import OwnPostgres
from servers import Line, children
from stdnum import luhn

KILLS = 0.5
"""How often a command that has begun is killed half-way."""
LONGEST_COMMAND_SECONDS = 60
_STARTER = multiprocessing.get_context("forkserver")
"""Starts commands as forks of a process that has loaded the program already."""


@dataclass
class Backstage:
    """Everything beside the calls, in threads of its own until it is told to stop; `members` is how many there are."""

    lines: Sequence[Line]
    database: OwnPostgres
    settings: Mapping[str, str]
    members: int
    log: Path
    chance: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    to_ship: set[str] = field(default_factory=set)
    """Orders of which shipping has begun, so that staff will see it through."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, every: Mapping[str, float]) -> None:
        """Do each of these, by the names of methods, every so many seconds; 0 leaves it out."""
        for name, seconds in every.items():
            if seconds:
                thread = threading.Thread(target=self._again, args=(getattr(self, name), seconds), daemon=True)
                self._threads.append(thread)
                thread.start()

    def end(self) -> None:
        """Stop, when what is under way is done."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _again(self, act: Callable[[], None], seconds: float) -> None:
        while not self._stopping.wait(self.chance.uniform(0.5, 1.5) * seconds):
            with suppress(psycopg.OperationalError):  # the database was broken off
                act()

    # Faults

    def kill(self) -> None:
        """Kill a worker."""
        if workers := children(self.chance.choice(self.lines).process.pid):
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(workers), signal.SIGKILL)
            self.faults["worker killed"] += 1

    def crash(self) -> None:
        """Crash the database, which then recovers."""
        self.database.crash()
        self.faults["database crashed"] += 1

    # Commands

    def sweep(self) -> None:
        """Sweep by two processes at once; now and then one is killed."""
        twins = [self._start("sweep"), self._start("sweep")]
        self._may_kill(twins[0], "sweep killed")
        for twin in twins:
            twin.join(LONGEST_COMMAND_SECONDS)
        self.faults["two sweeps at once"] += 1

    def ship(self) -> None:
        """Ship an order that is placed; now and then that is killed."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT order_number FROM refill_order WHERE status = 'placed' ORDER BY random() LIMIT 1"
            ).fetchone()
        if row:
            self.to_ship.add(row[0])
            process = self._start("pharmacy", "ship", row[0])
            self._may_kill(process, "shipping killed")
            process.join(LONGEST_COMMAND_SECONDS)
            self.faults["shipping begun"] += 1

    def _start(self, *words: str) -> multiprocessing.process.BaseProcess:
        process = _STARTER.Process(target=unreliable_ivr.run, args=(words, dict(self.settings), self.log))
        process.start()
        return process

    def _may_kill(self, process: multiprocessing.process.BaseProcess, fault: str) -> None:
        if self.chance.random() < KILLS:
            process.join(self.chance.uniform(0.2, 2))
            if process.is_alive():
                process.kill()
                self.faults[fault] += 1

    # The website

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.database.url, connect_timeout=5) as connection:
            connection.execute("SET lock_timeout = '5s'")
            yield connection

    def order_online(self) -> None:
        """Order one prescription of a member as the website does, paid for at the same processor."""
        member = Member.of(self.chance.randrange(self.members))
        with self._connected() as connection, suppress(psycopg.errors.UniqueViolation, psycopg.errors.LockNotAvailable):
            self._order(connection, member)

    def _order(self, connection: psycopg.Connection, member: Member) -> None:
        due = connection.execute(
            "SELECT id, price_cents, days_supply, quantity, member_id FROM prescription p WHERE rx_number = ANY(%s) AND"
            " last_filled_on < current_date - 60 AND refills_left > 0 AND NOT EXISTS"
            " (SELECT 1 FROM order_line l WHERE l.prescription_id = p.id AND l.open) ORDER BY id FOR UPDATE",
            [list(member.rx)],
        ).fetchall()
        if not due:
            return
        prescription, cents, days, quantity, member_id = self.chance.choice(due)
        number, key = _order_number(), f"web-{secrets.token_hex(8)}"
        self.notes.append(Note(member.number, "web", "ordered", cents=cents))
        order = connection.execute(
            "INSERT INTO refill_order (order_number, member_id, channel, status, ship_to_id, total_cents, placed_at,"
            " expected_by, request_key) SELECT %s, m.id, 'web', 'placed', a.id, %s, now(), current_date + 9, %s"
            " FROM member m JOIN address a ON a.member_id = m.id WHERE m.id = %s RETURNING id",
            [number, cents, key, member_id],
        ).fetchone()
        assert order
        connection.execute(
            "INSERT INTO order_line (order_id, prescription_id, days_supply, quantity, price_cents, open)"
            " VALUES (%s, %s, %s, %s, %s, true)",
            [order[0], prescription, days, quantity, cents],
        )
        connection.execute(
            "UPDATE prescription SET refills_left = refills_left - 1, refills_used = refills_used + 1 WHERE id = %s",
            [prescription],
        )
        connection.execute(
            "INSERT INTO payment (order_id, gateway, reference, brand, last4, amount_cents, status, request_key, created_at)"
            " VALUES (%s, 'sandbox', %s, 'visa', '4242', %s, 'authorized', %s, now())",
            [order[0], key, cents, key],
        )
        connection.execute(
            "INSERT INTO sandbox_charge (reference, request_key, token, amount_cents, status, captured_cents, description,"
            " created_at) VALUES (%s, %s, 'tok_visa', %s, 'authorized', 0, %s, now())",
            [key, key, cents, f"Order {number}"],
        )
        connection.commit()
        self.notes.append(Note(member.number, "web", "stands", number))
        self.faults["website orders"] += 1

    def cancel_online(self) -> None:
        """Cancel a placed order as the website does, whichever way it was placed; the line releases its money.

        Half of the time it is one that is being shipped, if there is one.
        """
        with self._connected() as connection:
            row = connection.execute(
                "SELECT o.id, o.order_number, m.member_number FROM refill_order o JOIN member m ON m.id = o.member_id"
                " WHERE o.status = 'placed' ORDER BY order_number = ANY(%s) DESC, random() LIMIT 1",
                [list(self.to_ship) if self.chance.random() < 0.5 else []],
            ).fetchone()
            connection.commit()
            if row:
                with suppress(psycopg.errors.LockNotAvailable):
                    self._cancel(connection, *row)

    def _cancel(self, connection: psycopg.Connection, order: int, number: str, member: str) -> None:
        connection.execute(
            "SELECT id FROM prescription WHERE id IN (SELECT prescription_id FROM order_line WHERE order_id = %s)"
            " ORDER BY id FOR UPDATE",
            [order],
        )
        row = connection.execute("SELECT status FROM refill_order WHERE id = %s FOR UPDATE", [order]).fetchone()
        paid = connection.execute(
            "SELECT 1 FROM payment WHERE order_id = %s AND status IN ('pending', 'captured') UNION ALL"
            " SELECT 1 FROM settlement WHERE order_id = %s AND lease_until IS NOT NULL",
            [order, order],
        ).fetchone()
        if row != ("placed",) or paid:
            return
        self.notes.append(Note(member, "web", "cancels", number))
        connection.execute(
            "UPDATE refill_order SET status = 'cancelled', cancelled_at = now(), cancelled_by = 'web' WHERE id = %s",
            [order],
        )
        connection.execute(
            "UPDATE prescription p SET refills_left = refills_left + l.days_supply / p.days_supply, refills_used ="
            " refills_used - l.days_supply / p.days_supply FROM order_line l WHERE l.prescription_id = p.id AND"
            " l.order_id = %s AND l.open",
            [order],
        )
        connection.execute("UPDATE order_line SET open = false WHERE order_id = %s", [order])
        connection.commit()
        self.notes.append(Note(member, "web", "cancelled", number))
        self.faults["website cancels"] += 1


def _order_number() -> str:
    digits = str(secrets.randbelow(9 * 10**6) + 10**6)
    return digits + luhn.calc_check_digit(digits)
