"""Addresses by keypad: presses, how often the right street comes first, and what a look-up takes.

    python bench/address.py --addresses addresses.csv --streets streets.csv [--plot docs/pictures/address.svg]

Addresses need the columns number, street, unit, city, state and zip; streets need zip and street. Every address is
keyed by a caller who knows it, through the flow and its actions as a call goes through them.
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path

from address_callers import CallerWhoKnows, Dialogue, Outcome, Wanted
from address_plot import plot
from sqlalchemy import create_engine, insert

from ivr.flow.definition import Flows
from ivr.keypad import LETTERS
from ivr.line.actions import SPECS
from ivr.line.versions import load, read_files
from ivr.pharmacy.tables import Base, Street
from ivr.postal.streets import take_apart

PROJECT = Path(__file__).parent.parent
LETTERS_KEYED = (2, 3, 4, 5)
THICKENED = (0, 100, 200, 400)
ALL_ZIPS = 41_000
ALL_KEYS = 12

Streets = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of all addresses in one setting."""

    thickened: int
    letters: int
    slips: float
    outcomes: tuple[Outcome, ...]

    @property
    def presses(self) -> list[int]:
        return sorted(outcome.presses for outcome in self.outcomes if outcome.accepted and not outcome.wrong)

    @property
    def mean(self) -> float:
        return statistics.fmean(self.presses)

    def share(self, within: int) -> float:
        return sum(outcome.rank is not None and outcome.rank < within for outcome in self.outcomes) / len(self.outcomes)

    @property
    def row(self) -> str:
        presses, outcomes = self.presses, self.outcomes
        not_found = sum(not outcome.accepted for outcome in outcomes)
        wrong = [outcome for outcome in outcomes if outcome.wrong]
        unheard = sum(not outcome.heard for outcome in outcomes if outcome.accepted)
        letters = statistics.fmean(outcome.letters for outcome in outcomes)
        return (
            f"| {self.thickened or 'as they are'} | {self.letters} | {self.slips:.0%} | {self.mean:.2f} | "
            f"{statistics.median(presses):.0f} | {presses[int(len(presses) * 0.95)]} | {self.share(1):.1%} | "
            f"{self.share(3):.1%} | {not_found / len(outcomes):.1%} | {letters:.1f} | {len(wrong)} | {unheard} |"
        )


HEAD = (
    "| streets a ZIP | letters at first | wrong presses | mean | median | p95 | first | among three | not found | "
    "letters | slipped on the choice | accepted unheard |\n" + "|---" * 12 + "|"
)


def read_streets(path: Path) -> dict[str, list[str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["zip"]].setdefault(take_apart(row["street"]).whole, row["street"])
    return {code: list(names.values()) for code, names in found.items()}


def thicken(streets: Streets, least: int, chance: random.Random) -> Streets:
    """Give every ZIP at least so many streets, with names that streets elsewhere have."""
    pool = [name for names in streets.values() for name in names]
    thick = {}
    for code, names in streets.items():
        known = {take_apart(name).whole for name in names}
        more = list(names)
        while len(more) < least:
            name = chance.choice(pool)
            if take_apart(name).whole not in known:
                known.add(take_apart(name).whole)
                more.append(name)
        thick[code] = more
    return thick


@cache
def flows() -> Flows:
    return load(read_files(PROJECT / "flows", PROJECT / "prompts"), SPECS).flows


def play(streets: Streets, addresses: Iterable[Wanted], letters: int, slips: float) -> tuple[Outcome, ...]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    rows = [{"zip": code, "name": n, "city": "", "state": ""} for code, names in streets.items() for n in names]
    member = {"id": 1, "member_number": "12345678", "first_name": "A", "last_name": "B", "birth_date": "1950-05-04"}
    chance = random.Random(7)
    with engine.connect() as connection:
        connection.execute(insert(Street), rows)
        connection.exec_driver_sql(
            "INSERT INTO member (id, member_number, first_name, last_name, birth_date, language, status, test) "
            "VALUES (:id, :member_number, :first_name, :last_name, :birth_date, 'en', 'active', false)",
            member,
        )
        dialogue = Dialogue(flows(), connection)
        return tuple(CallerWhoKnows(dialogue, wanted, letters, slips, chance).go() for wanted in addresses)


def multi_tap(wanted: Wanted) -> int:
    """Presses when each letter takes as many as its place on the key, and every part a pound."""
    taps = {letter: place for letters in LETTERS.values() for place, letter in enumerate(letters, 1)}
    typed = sum(
        taps.get(character, 1) for character in wanted.street.upper() if character.isalnum() or character == " "
    )
    unit = sum(taps.get(character, 1) for character in wanted.unit) + 1 if wanted.unit else 0
    return 5 + len(wanted.house) + 1 + typed + 1 + unit + 1


def least(wanted: Wanted, streets: Streets) -> float:
    """The presses that the address holds as information, on twelve keys, were all its parts equally likely."""
    choices = log(ALL_ZIPS) + len(wanted.house) * log(10) + log(len(streets[wanted.zip]))
    unit = sum(log(36) if character.isalpha() else log(10) for character in wanted.unit)
    return (choices + unit) / log(ALL_KEYS)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--addresses", type=Path, required=True)
    options.add_argument("--streets", type=Path, required=True)
    options.add_argument("--most", type=int, default=0, help="only so many addresses")
    options.add_argument("--plot", type=Path)
    chosen = options.parse_args()
    real = read_streets(chosen.streets)
    with chosen.addresses.open(encoding="utf-8") as lines:
        addresses = [wanted for row in csv.DictReader(lines) if (wanted := Wanted.of(row)) and wanted.zip in real]
    addresses = addresses[: chosen.most or None]
    units = sum(bool(wanted.unit) for wanted in addresses)
    print(f"{len(addresses)} addresses, {units} with a unit, in {len(real)} ZIP codes\n\n{HEAD}")
    results = []
    for thickened in THICKENED:
        streets = thicken(real, thickened, random.Random(7)) if thickened else real
        for letters, slips in [*((count, 0.0) for count in LETTERS_KEYED), (3, 0.02)]:
            results.append(Result(thickened, letters, slips, play(streets, addresses, letters, slips)))
            print(results[-1].row, flush=True)
    print(f"\nmulti-tap: {statistics.fmean(map(multi_tap, addresses)):.2f} presses")
    print(f"least possible: {statistics.fmean(least(wanted, real) for wanted in addresses):.2f} presses")
    if chosen.plot:
        chosen.plot.write_text(plot(results), encoding="utf-8")


if __name__ == "__main__":
    main()
