"""What a look-up takes in a national street directory: load so many streets, then look up streets that nobody asked for.

    python bench/street_lookup.py --streets streets.csv [--rows 5000000] [--url postgresql://…]

The names of the streets given are spread over all ZIP codes, about as many to each as a real one has. A look-up is
all of it: the query, and ranking what it brings; cold means that none of the ZIP's names was met before.
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import zipcodes
from sqlalchemy import Connection

from ivr.pharmacy import street_words
from ivr.pharmacy.database import open_database
from ivr.pharmacy.street_load import load_streets
from ivr.pharmacy.street_rows import StreetRow
from ivr.pharmacy.streets import rank, streets_of
from ivr.postal.streets import take_apart

LOOK_UPS = 300
CACHES = (
    *(street_words.forms, street_words.forms_text, street_words.loose_forms, street_words.first_keys),
    *(take_apart, street_words.whole_names),
)
SYLLABLES = (
    "ash",
    "bel",
    "cor",
    "dun",
    "el",
    "fair",
    "glen",
    "hart",
    "jas",
    "kings",
    "lark",
    "mar",
    "oak",
    "pem",
    "win",
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--streets", type=Path, required=True)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--url", default="", help="an empty database; a SQLite file of its own if left out")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(chosen.url or f"sqlite:///{folder}/streets.db", durable=False)
        codes = sorted(place["zip_code"] for place in zipcodes.list_all() if place["zip_code_type"] == "STANDARD")
        started = time.perf_counter()
        loaded = load_streets(engine, chosen.streets, rows(chosen.streets, codes, chosen.rows))
        took = time.perf_counter() - started
        print(f"{engine.dialect.name}: {loaded.rows:,} rows loaded, {loaded.rows / took:,.0f} a second")
        with engine.connect() as connection:
            for name, warm in (("cold", False), ("warm", True)):
                told(name, [retrieve(connection, code, warm) for code in random.Random(3).sample(codes, LOOK_UPS)])
        engine.dispose()


def rows(path: Path, codes: list[str], count: int) -> Iterator[StreetRow]:
    with path.open(encoding="utf-8") as lines:
        kinds = [" ".join(row["street"].split()[1:]) or "STREET" for row in csv.DictReader(lines)]
    chance = random.Random(5)
    for at in range(count):
        name = "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).upper()
        code = codes[at * len(codes) // count]
        yield StreetRow(at, code, f"{name} {chance.choice(kinds)}", "ANYTOWN", "CA", 1, chance.randint(20, 9000))


def retrieve(connection: Connection, code: str, warm: bool) -> tuple[float, float, int]:
    chance = random.Random(code)
    known = streets_of(connection, code)
    keyed = street_words.forms(chance.choice(known).name)[0][:3]
    if warm:
        rank(known, keyed, 12)
    else:
        for cache in CACHES:
            cache.cache_clear()
    started = time.perf_counter()
    found = streets_of(connection, code)
    fetched = time.perf_counter()
    rank(found, keyed, 12)
    return fetched - started, time.perf_counter() - fetched, len(found)


def told(name: str, times: list[tuple[float, float, int]]) -> None:
    fetch, ranked, together = (
        [*part] for part in ([t[0] for t in times], [t[1] for t in times], [t[0] + t[1] for t in times])
    )
    streets = statistics.fmean(t[2] for t in times)
    for what, part in (("query", fetch), ("ranking", ranked), ("together", together)):
        part.sort()
        p95 = part[int(len(part) * 0.95)]
        print(
            f"  {name}, {streets:.0f} streets a ZIP, {what}: median {statistics.median(part) * 1e3:.2f} ms, p95 {p95 * 1e3:.2f} ms"
        )


if __name__ == "__main__":
    main()
