"""Attacks on what only a member knows, made by telephone on a line as it is served: two workers, HTTP, real time.

Each attack meets a demo pharmacy of its own, on SQLite and on PostgreSQL. What is printed is what was counted: what the
attacker heard, and how many tries the line judged. Exits 1 when more got through than should.
Run: python bench/attack.py [--runs 10]
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import KINDS, Databases
from hearing import hears
from sqlalchemy import Engine, text

from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.phone.handset import Handset
from ivr.phone.transport import http_post

STRANGER, HOME, MEMBER, ZIP, OWN_RX = "+15105550199", "+19255550142", "41200017", "94550", "7304112#"
TOGETHER, NUMBERS = 60, 400
LET_IN = ("refill.quick", "refill.how", "refill.none_ready", "refill.go_on")


@dataclass(frozen=True)
class Served:
    """A line that runs, with a look into its database and its log."""

    url: str
    database: Engine
    log: Path

    def phone(self, number: str) -> Handset:
        """Return a telephone that has dialled and is in the main menu, in English."""
        sid = "CA" + secrets.token_hex(16)
        phone = Handset(http_post(30), f"{self.url}/voice", number, "+18002457979", sid)
        if hears(phone.dial().text, "main.language"):
            phone.press("1")
        return phone

    def call(self, number: str, member: str = MEMBER, zip_code: str = ZIP) -> tuple[Handset, str]:
        """Ask for a refill as a member, and return what is heard then."""
        phone = self.phone(number)
        return phone, phone.press(f"1{member}#{zip_code}").text

    def judged(self) -> int:
        """Return how many wrong tries were judged."""
        with self.database.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM wrong_try")).scalar_one())


Found = Mapping[str, tuple[object, object]]
"""What was counted, and what it should be, by what it is."""


def four_hundred(line: Served) -> Found:
    """Key wrong prescription numbers in one call, and then the right one."""
    phone, _ = line.call(STRANGER)
    phone.press("3")
    refused = 0
    for number in range(NUMBERS):
        refused += hears(phone.press(f"{8000000 + number}#").text, "refill.not_found")
        phone.press("913")  # go on without it, to the list of the empty order, and to another number
    right = not hears(phone.press(OWN_RX).text, "refill.not_found")
    return {"wrong": (refused, NUMBERS), "judged": (line.judged(), 5), "the right one then proves": (right, False)}


def together(line: Served, runs: int) -> Found:
    """Fire sixty ZIP codes of sixty calls from one phone at the same moment, again from another phone, and so on."""
    judged = []
    for run in range(runs):
        number = f"+1510555{run:04d}"
        with ThreadPoolExecutor(TOGETHER) as pool:
            phones = list(pool.map(lambda _, number=number: line.phone(number), range(TOGETHER)))
            list(pool.map(lambda each: each[1].press(f"1{41200000 + each[0]}#"), enumerate(phones)))
            start, before = Barrier(TOGETHER), line.judged()

            def fire(phone: Handset, start: Barrier = start) -> None:
                start.wait()
                phone.press("00000")

            list(pool.map(fire, phones))
        judged.append(line.judged() - before)
    return {f"judged of {TOGETHER}, each run": (judged, [5] * runs)}


def stranger(line: Served) -> Found:
    """Let a stranger try five times, and then ten strangers; and let the member call from home, who ordered before."""
    line.call(HOME)[0].press("17")
    for _ in range(5):
        line.call(STRANGER, zip_code="00000")
    stranger_in = _is_in(line.call(STRANGER)[1])
    home, elsewhere = _is_in(line.call(HOME)[1]), _is_in(line.call("+15105550100")[1])
    for number in range(10):
        line.call(f"+1510555{number:04d}", zip_code="00000")
    later, elsewhere_later = _is_in(line.call(HOME)[1]), _is_in(line.call("+15105550101")[1])
    return {
        "five tries: the stranger gets in": (stranger_in, False),
        "five tries: the member from home": (home, True),
        "five tries: the member from elsewhere": (elsewhere, True),
        "ten strangers more, judged in all": (line.judged(), 10),
        "ten strangers more: the member from home": (later, True),
        "ten strangers more: the member from elsewhere": (elsewhere_later, False),
    }


def a_minute(line: Served) -> Found:
    """Fail thirty-one times within a minute, each time about somebody else, from another phone."""
    line.call(HOME)[0].press("17")
    began = time.monotonic()
    for number in range(30):
        line.call(f"+1510555{number:04d}", f"{50000000 + number}", "00000")
    phone, heard = line.call("+15105559001", "41200154", "36109")
    before = _is_in(heard)
    for number in range(30, 100):
        line.call(f"+1510555{number:04d}", f"{50000000 + number}", "00000")
    phone, heard = line.call("+15105559002", "41203990", "88240")
    proved = _is_in(phone.press("7311921#").text)
    home = _is_in(line.call(HOME)[1])
    seconds = time.monotonic() - began
    return {
        "within a minute": (seconds < 60, True),
        "after thirty, let in without a proof": (before, True),
        "after a hundred, another phone is asked for a proof": (hears(heard, "proof.prove"), True),
        "and let in with it": (proved, True),
        "the phone that ordered is let in without": (home, True),
        "log lines": (line.log.read_text().count("guessing_attack"), 1),
    }


def _is_in(heard: str) -> bool:
    return any(hears(heard, prompt) for prompt in LET_IN)


@contextmanager
def served(made: Databases, kind: str, folder: Path) -> Iterator[Served]:
    """Run the line on a demo pharmacy of its own."""
    with made.bare(kind) as url, socket.socket() as free:
        database = open_database(url)
        load_demo(database, datetime.now(UTC).date())
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        log = folder / f"{secrets.token_hex(4)}.log"
        key = "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI="  # or one is left lying here
        environment = {**os.environ, "DATABASE_URL": url, "IVR_SECRET_KEY": key}
        command = [str(Path(sys.executable).parent / "ivr"), "serve", "--port", str(port), "--workers", "2"]
        with log.open("wb") as out:
            server = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
            try:
                line = Served(f"http://127.0.0.1:{port}", database, log)
                _wait(line)
                yield line
            finally:
                server.terminate()
                server.wait()
                database.dispose()


def _wait(line: Served) -> None:
    for _ in range(300):
        try:
            if http_post(2)(f"{line.url}/readyz", None, {}).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"the line does not answer: {line.log.read_text()[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="of sixty calls together")
    runs = parser.parse_args().runs
    attacks: Mapping[str, Callable[[Served], Found]] = {
        f"{NUMBERS} wrong prescription numbers in one call, then the right one": four_hundred,
        f"{TOGETHER} calls from one phone at once": lambda line: together(line, runs),
        "a stranger, and the member from home": stranger,
        "a hundred failures within a minute": a_minute,
    }
    slipped = 0
    with tempfile.TemporaryDirectory() as scratch:
        made = Databases(Path(scratch))
        for kind in KINDS:
            for name, attack in attacks.items():
                with served(made, kind, Path(scratch)) as line:
                    found = attack(line)
                print(f"{kind}: {name}")
                for what, (counted, right) in found.items():
                    slipped += counted != right
                    print(f"    {what}: {counted}" + ("" if counted == right else f"    SHOULD BE {right}"))
        made.close()
    sys.exit(1 if slipped else 0)


if __name__ == "__main__":
    main()
