"""How long `ivr pharmacy load` takes for many prescriptions: new, the same again, all changed, and with open orders.

    python bench/load.py [--prescriptions 200000] [--kind postgresql]

Every tenth prescription has an open order of another channel in the last round, whose refills have to stay taken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, bindparam, text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import KINDS, Databases

from ivr.pharmacy.columns import Instant
from ivr.pharmacy.database import lift_time_limits, open_database
from ivr.pharmacy.load import load_folder

FEW = 5
"""Prescriptions of one member."""
ORDERED = 10
"""One prescription in so many is ordered."""

ORDERS = (
    """INSERT INTO refill_order (order_number, member_id, channel, status, ship_to_id, total_cents, placed_at, request_key)
    SELECT CAST(90000000 + id AS TEXT), member_id, 'web', 'placed', :address, 0, :now, CAST(id AS TEXT)
    FROM prescription WHERE id % :ordered = 0""",
    """INSERT INTO order_line (order_id, prescription_id, days_supply, quantity, price_cents, open)
    SELECT refill_order.id, prescription.id, 30, 60, 0, :yes FROM prescription
    JOIN refill_order ON refill_order.request_key = CAST(prescription.id AS TEXT)""",
    """UPDATE prescription SET refills_left = refills_left - 1, refills_used = refills_used + 1
    WHERE id % :ordered = 0""",
)


def write(folder: Path, count: int, price: int) -> None:
    """Write a folder of so many prescriptions."""
    members = range(10_000_000, 10_000_000 + count // FEW)
    (folder / "member.csv").write_text(
        "member_number,first_name,last_name,birth_date\n"
        + "".join(f"{number},Ana,Ruiz,1950-03-14\n" for number in members)
    )
    (folder / "address.csv").write_text(
        "member_number,house_number,street,zip\n" + f"{members[0]},74,Springfield Street,01001\n"
    )
    rows = (
        f"{number}{each},{number},Metformin,-90d,3,2,-76d,30,90,60,{price},Dr. Lee\n"
        for number in members
        for each in range(FEW)
    )
    with (folder / "prescription.csv").open("w") as file:
        file.write("rx_number,member_number,drug_name,written_on,refills_left,refills_used,last_filled_on,")
        file.write("days_supply,max_days_supply,quantity,price_cents,prescriber_name\n")
        file.writelines(rows)


def order(engine: Engine) -> None:
    """Place the orders, as the website would."""
    values = {"address": 1, "now": datetime.now(UTC), "ordered": ORDERED, "yes": True}
    with engine.begin() as connection:
        lift_time_limits(connection)
        for row in ORDERS:
            used = {name: value for name, value in values.items() if f":{name}" in row}
            typed = [bindparam("now", type_=Instant)] if "now" in used else []
            connection.execute(text(row).bindparams(*typed), used)


def main() -> None:
    """Load four times, and tell the seconds of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prescriptions", type=int, default=200_000)
    parser.add_argument("--kind", choices=KINDS, action="append")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    databases = Databases(folder)
    for kind in chosen.kind or KINDS:
        with databases.fresh(kind) as url:
            engine = open_database(url, durable=False)
            for name, price in (("new", 1000), ("the same", 1000), ("all changed", 1200), ("open orders", 1200)):
                write(folder, chosen.prescriptions, price)
                if name == "open orders":
                    order(engine)
                begun = time.monotonic()
                load_folder(engine, folder, datetime.now(UTC).date())
                print(f"{kind:12} {name:12} {time.monotonic() - begun:6.1f} s", flush=True)
            engine.dispose()
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    databases.close()


if __name__ == "__main__":
    main()
