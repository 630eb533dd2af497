"""Calls under fire: workers killed, requests doubled and sent late, a card processor that is slow or away.

Every caller is a member of their own who orders two prescriptions with a new card and, when the line goes dead, calls
again. In the end every confirmed order must stand exactly once, be charged exactly once and as spoken, and what was
keyed must lie nowhere that `ivr/qa/explore/secrecy.py` does not name. Run: python bench/faults.py [--calls 10000] [--workers 3] [--sqlite]
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from databases import Databases  # noqa: E402
from hearing import hears  # noqa: E402
from sqlalchemy import Engine, text  # noqa: E402

from ivr.line.build import build_line  # noqa: E402
from ivr.line.sweep import sweep  # noqa: E402
from ivr.pages.app import make_app  # noqa: E402
from ivr.payment.sandbox import Fault, Sandbox  # noqa: E402
from ivr.pharmacy.load import load_folder  # noqa: E402
from ivr.phone.handset import Handset  # noqa: E402
from ivr.phone.transport import Reply, Transport, http_post  # noqa: E402
from ivr.qa.explore.secrecy import Canary, leaks  # noqa: E402
from ivr.settings import load_settings  # noqa: E402
from ivr.simulator.holdings import Holding, holdings  # noqa: E402

CANARY, EXPIRY, CODE = "5105105105105100", "1139", "739"
SECRETS = (
    Canary("card number", CANARY),
    Canary("card expiry", EXPIRY),
    Canary("security code", CODE),
    Canary("ZIP code", "94550"),
    *(Canary("member number", f"7{number:08d}") for number in range(10)),
    *(Canary("prescription number", f"{copy}6{number:07d}") for copy in (1, 2) for number in range(10)),
)
"""Looked for everywhere in the end; of the members, the first few."""
STANDING = "SELECT m.member_number FROM refill_order o JOIN member m ON m.id = o.member_id WHERE o.status = 'placed'"
KEYS = ("1", "1", "{member}#", "94550", "1", "1", f"{CANARY}#", EXPIRY, CODE, "2", "7")
STANDS = ("order.placed_now", "payment.slow", "prescription.already_ordered", "refill.none_ready")
"""What callers hear whose order stands."""


def unreliable(operation: str) -> Fault | None:
    """Be slow (the charge happened, the answer is lost) or away (it did not) one time in ten each."""
    del operation
    return random.choices([None, Fault.SLOW, Fault.DOWN], [8, 1, 1])[0]


def application() -> object:
    """Build the line that the workers run: as it is served, but for its card processor."""
    settings = load_settings(os.environ)
    return make_app(replace(build_line(settings), gateway=Sandbox(unreliable)), settings)


def write_pharmacy(folder: Path, members: int) -> None:
    """Write members with two prescriptions each, all due."""
    written = {
        "written_on": "-100d",
        "first_filled_on": "-76d",
        "last_filled_on": "-76d",
        "prescriber_name": "Dr. Bench",
    }
    rows: dict[str, list[dict[str, object]]] = {"member": [], "address": [], "prescription": []}
    for number in range(members):
        member = f"7{number:08d}"
        rows["member"].append(
            {"member_number": member, "first_name": "A", "last_name": "B", "birth_date": "1950-01-01"}
        )
        rows["address"].append(
            {
                "member_number": member,
                "house_number": "1",
                "street": "MAIN STREET",
                "city": "LIVERMORE",
                "state": "CA",
                "zip": "94550",
                "created_at": "-100d",
            }
        )
        for copy in (1, 2):
            rows["prescription"].append(
                {
                    "rx_number": f"{copy}6{number:07d}",
                    "member_number": member,
                    "drug_name": "Metformin",
                    "refills_left": 3,
                    "days_supply": 90,
                    "quantity": 90,
                    "price_cents": 1250 * copy,
                    **written,
                }
            )
    for name, table in rows.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)


class BadNetwork:
    """Doubles requests, sends old ones again, and asks again where no answer came, as a carrier and its proxies may."""

    def __init__(self, seed: int) -> None:
        self.chance, self.post = random.Random(seed), http_post(10)
        self.sent: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = []
        self.faults: Counter[str] = Counter()

    def __call__(self, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        if self.sent and self.chance.random() < 0.05:
            self.faults["sent late"] += 1
            self.post(*self.chance.choice(self.sent))
        if self.chance.random() < 0.1:
            self.faults["doubled"] += 1
            twin = threading.Thread(target=self.post, args=(url, form, headers))
            twin.start()
            reply = self.post(url, form, headers)
            twin.join()
        else:
            reply = self.post(url, form, headers)
        for _ in range(20):
            if reply.status == 200 or reply.status == 204:
                break
            self.faults["no answer"] += 1
            time.sleep(0.1)
            reply = self.post(url, form, headers)
        self.sent.append((url, dict(form or {}), dict(headers)))
        return reply


def one_member(url: str, faults: Counter[str], number: int) -> str:
    """Order until the line says that the order stands, calling again as often as the line goes dead."""
    member, network = f"7{number:08d}", BadNetwork(number)
    post: Transport = network
    outcome = "gave up"
    for _ in range(5):
        phone = Handset(post, url, f"+1510{number:07d}", "+18002457979", "CA" + secrets.token_hex(16))
        heard = phone.dial()
        for keys in KEYS:
            if hears(heard.text, "order.placed_now") or phone.errors:
                break
            heard = phone.press(keys.format(member=member))
        if number % 7 == 0:
            faults["hung up at once"] += 1
            phone.hang_up()
            outcome = "hung up"
            break
        if any(hears(heard.text, prompt) for prompt in STANDS):
            outcome = "stands"
            break
        phone.hang_up()
    faults.update(network.faults)
    return outcome


def check(database: Engine) -> dict[str, int]:
    """Count what must not be."""
    queries = {
        "orders doubled": "SELECT count(*) FROM (SELECT prescription_id FROM order_line WHERE open GROUP BY 1 HAVING count(*) > 1) AS x",
        "orders of one member more than once": "SELECT count(*) FROM (SELECT member_id FROM refill_order WHERE status <> 'cancelled' GROUP BY 1 HAVING count(*) > 1) AS x",
        "charged twice": "SELECT count(*) FROM (SELECT order_id FROM payment WHERE status IN ('authorized', 'captured') GROUP BY 1 HAVING count(*) > 1) AS x",
        "charged otherwise than the lines": "SELECT count(*) FROM payment p JOIN refill_order o ON o.id = p.order_id WHERE p.status = 'authorized' AND p.amount_cents <> (SELECT sum(price_cents) FROM order_line l WHERE l.order_id = o.id)",
        "placed but not paid": "SELECT count(*) FROM refill_order o WHERE status = 'placed' AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.order_id = o.id AND p.status = 'authorized')",
        "left pending": "SELECT count(*) FROM refill_order WHERE status = 'pending'",
        "refills not adding up": "SELECT count(*) FROM prescription WHERE refills_left + refills_used <> 3 OR refills_left < 0",
    }
    with database.connect() as connection:
        return {name: int(connection.execute(text(query)).scalar_one()) for name, query in queries.items()}


def killer(server: subprocess.Popen[bytes], stop: threading.Event, killed: Counter[str]) -> None:
    """Kill a worker, without warning, about once a second."""
    while not stop.wait(1.0):
        children = subprocess.run(
            ["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        if len(children) > 1:
            killed["workers killed"] += 1
            os.kill(int(random.choice(children)), signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, made = Path(scratch), Databases(Path(scratch))
        with made.bare("sqlite" if chosen.sqlite else "postgresql") as url:
            os.environ["DATABASE_URL"] = url
            os.environ["IVR_SECRET_KEY"] = "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI="  # or one is left lying here
            line = build_line(load_settings(os.environ))
            write_pharmacy(folder, chosen.calls)
            load_folder(line.database, folder, line.today(line.clock()))
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            log = (folder / "log").open("wb")
            gunicorn = [
                sys.executable,
                "-m",
                "gunicorn",
                "-w",
                str(chosen.workers),
                "--threads",
                "4",
                "-b",
                f"127.0.0.1:{port}",
                "faults:application()",
            ]
            server = subprocess.Popen(gunicorn, cwd=HERE, stdout=log, stderr=log)
            stop, faults = threading.Event(), Counter[str]()
            time.sleep(8)
            threading.Thread(target=killer, args=(server, stop, faults), daemon=True).start()
            began = time.monotonic()
            with ThreadPoolExecutor(8) as callers:
                call = partial(one_member, f"http://127.0.0.1:{port}/voice", faults)
                outcomes = list(callers.map(call, range(chosen.calls)))
            took = time.monotonic() - began
            stop.set()
            server.terminate()
            server.wait()
            later = line.clock() + timedelta(minutes=3)
            for _ in range(30):
                sweep(replace(line, clock=lambda: later), timedelta(days=90))
            found = check(line.database)
            with line.database.connect() as connection:
                standing = set(connection.execute(text(STANDING)).scalars())
            written = Holding("log", (folder / "log").read_text(errors="replace"))
            leaked = Counter(leaks((*holdings(line), written), SECRETS))
            line.database.dispose()
        made.close()
    lost = sum(outcome == "stands" and f"7{number:08d}" not in standing for number, outcome in enumerate(outcomes))
    print(
        f"{chosen.calls} members called in {took:.0f} s: {dict(Counter(outcomes))}; {len(standing)} placed; {dict(faults)}"
    )
    print(
        f"orders lost: {lost}; "
        + "; ".join(f"{name}: {count}" for name, count in found.items())
        + f"; secrets where they must not lie: {dict(leaked) or 0}"
    )
    sys.exit(1 if lost or any(found.values()) or leaked else 0)


if __name__ == "__main__":
    main()
