"""What a turn takes as the pharmacy grows: whole ordering calls with 1,000 members, and with 1,000,000.

    python bench/growth.py [--members 1000000] [--kind sqlite]

Five prescriptions a member, an address and a card on file each. Members drawn at random call both databases in turns,
so that the machine treats both alike, and each places an order. To reach: at most 1.1 times as long.
"""

from __future__ import annotations

import argparse
import random
import secrets
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import KINDS, Databases
from hearing import hears
from turn import TOKEN, ours

from ivr.pharmacy.columns import Instant
from ivr.pharmacy.database import lift_time_limits, open_database, upgrade
from ivr.phone.handset import Handset
from ivr.phone.transport import Form, Headers, Reply, Transport, signed, wsgi_post

FEW = 1_000
FIRST = 20_000_000
"""The member number before the first; prescriptions are numbered alike, with a digit more."""
CALLS, WARMING = 300, 30
TO_REACH = 1.1

NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :members) "
ROWS = (
    f"""INSERT INTO member (member_number, first_name, last_name, birth_date, language, status)
    {NUMBERS} SELECT CAST({FIRST} + i AS TEXT), 'Ana', 'Ruiz', :born, 'en', 'active' FROM numbers""",
    """INSERT INTO address (member_id, kind, house_number, street, city, state, zip, entered_by, verified, created_at)
    SELECT id, 'mailing', '12', 'Main Street', 'Livermore', 'CA', '94550', 'staff', :yes, :now FROM member""",
    """INSERT INTO saved_card (member_id, gateway, token, brand, last4, exp_month, exp_year)
    SELECT id, 'sandbox', 'tok_visa', 'visa', '4242', 12, :year FROM member""",
    """INSERT INTO prescription (rx_number, member_id, drug_name, otc, status, written_on, refills_left, refills_used,
      first_filled_on, last_filled_on, last_days_supply, days_supplied, days_supply, max_days_supply, quantity,
      price_cents, mailable, prescriber_name)
    SELECT member.member_number || CAST(k.i AS TEXT), member.id, 'Metformin 500 mg tablets', :no, 'active', :filled, 4,
      0, :filled, :filled, 90, 90, 90, 90, 180, 1000, :yes, 'Doctor Luis Ortega'
    FROM member CROSS JOIN (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) AS k""",
)


def filled(url: str, members: int) -> None:
    """Write so many members, each with five prescriptions that are due."""
    engine = open_database(url, durable=False)
    upgrade(engine)
    now = datetime.now(UTC)
    values = {"members": members, "born": date(1950, 3, 14), "filled": now.date() - timedelta(days=77)}
    values |= {"now": now, "year": now.year + 2, "yes": True, "no": False}
    with engine.begin() as connection:
        lift_time_limits(connection)
        for row in ROWS:
            used = {name: value for name, value in values.items() if f":{name}" in row}
            typed = [bindparam("now", type_=Instant)] if "now" in used else []
            connection.execute(text(row).bindparams(*typed), used)
    raw = engine.raw_connection()  # VACUUM cannot run in a transaction, which SQLAlchemy would begin
    raw.cursor().execute("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")
    raw.close()
    engine.dispose()


class Side:
    """A line on one of the databases, and how long each of its turns took."""

    def __init__(self, url: str, members: int) -> None:
        self.members = iter(random.Random(7).sample(range(1, members + 1), CALLS + WARMING))
        self.times: list[float] = []
        self.calls = 0
        app, self.database = ours(url, lambda: secrets.randbelow(10**9))
        self.post = signed(self.timed(wsgi_post(app)), TOKEN)

    def timed(self, post: Transport) -> Transport:
        """Wrap a Post so that the seconds of each request are noted."""

        def post_timed(url: str, form: Form | None, headers: Headers) -> Reply:
            began = time.perf_counter()
            reply = post(url, form, headers)
            self.times.append(time.perf_counter() - began)
            return reply

        return post_timed

    def call(self) -> None:
        """Order everything a member has, to the address and with the card on file."""
        self.calls += 1
        sid = f"CA{id(self)}{self.calls}"
        handset = Handset(self.post, "http://localhost/voice", f"+1510{self.calls:07d}", "+18002457979", sid)
        handset.dial()
        for keys in ("1", "1", f"{FIRST + next(self.members)}#", "94550", "1"):
            handset.press(keys)
        heard = handset.press("7")
        assert hears(heard.text, "order.placed_now"), heard.text
        handset.hang_up()


def side_by_side(kind: str, made: Databases, many: int) -> None:
    """Measure one kind of database, and tell."""
    with made.bare(kind) as small, made.bare(kind) as big:
        filled(small, FEW)
        began = time.perf_counter()
        filled(big, many)
        print(f"{kind}: {many:,} members and {5 * many:,} prescriptions written in {time.perf_counter() - began:.0f} s")
        sides = Side(small, FEW), Side(big, many)
        for number in range(WARMING + CALLS):
            for side in sides:
                side.call()
                if number < WARMING:
                    side.times.clear()
        few, grown = (statistics.mean(side.times) * 1e3 for side in sides)
        middle = [statistics.median(side.times) * 1e3 for side in sides]
        print(
            f"{kind}: {few:.2f} ms a turn with {FEW:,} members, {grown:.2f} ms with {many:,}: {grown / few:.2f} times "
            f"(to reach: {TO_REACH}); half of the turns within {middle[0]:.2f} and {middle[1]:.2f} ms"
        )
        for side in sides:
            side.database.dispose()


def main() -> None:
    """Measure on PostgreSQL where it is reachable, or on the kind that is asked for."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--members", type=int, default=1_000_000)
    options.add_argument("--kind", choices=KINDS, default="postgresql")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Databases(Path(folder))
        if chosen.kind == "postgresql" and made.missing:
            sys.exit(made.missing)
        side_by_side(chosen.kind, made, chosen.members)
        made.close()


if __name__ == "__main__":
    main()
