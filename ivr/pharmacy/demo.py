"""The demo pharmacy: members and prescriptions to try the line with before real ones are loaded.

Its rows are in `demo/*.csv`, with dates relative to the day of loading; `demo/README.md` describes the members. The
first member of `member.csv` is the one that newcomers are told to call as.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from ivr.pharmacy.database import answering
from ivr.pharmacy.load import load_folder
from ivr.pharmacy.prescriptions import assess
from ivr.pharmacy.refusals import FindingKind
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Member, Prescription

DEMO_FOLDER = Path(__file__).parent / "demo"
START_MEMBER = "41200017"


@dataclass(frozen=True, slots=True)
class DemoPrescription:
    """A prescription on the demo card, and what the rules find about it today."""

    rx_number: str
    drug_name: str
    kind: FindingKind


@dataclass(frozen=True, slots=True)
class DemoCard:
    """What to key on a first call: a member's number and ZIP code, and prescriptions to try."""

    member_number: str
    zip: str
    name: str
    prescriptions: tuple[DemoPrescription, ...]


def load_demo(engine: Engine, today: date, *, timezone: tzinfo = UTC) -> Mapping[str, int]:
    """Load the demo pharmacy with dates relative to `today`; return how many rows were loaded, by table.

    Its members are marked as test members.
    """
    counts = load_folder(engine, DEMO_FOLDER, today, timezone=timezone)
    with answering(engine), engine.begin() as connection:
        connection.execute(
            update(Member).where(Member.member_number.in_(demo_values("member.csv", "member_number"))).values(test=True)
        )
    return counts


def demo_values(file: str, column: str) -> list[str]:
    """Return the values of a column in one of the demo's files, in the order of its rows."""
    with (DEMO_FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return [row[column] for row in csv.DictReader(lines)]


def is_empty(engine: Engine) -> bool:
    """Return whether a migrated database has no members yet."""
    with answering(engine), engine.connect() as connection:
        return connection.scalar(select(Member.id).limit(1)) is None


def has_others(engine: Engine) -> bool:
    """Return whether a migrated database has members other than the demo's."""
    others = select(Member.id).where(Member.member_number.not_in(demo_values("member.csv", "member_number"))).limit(1)
    with answering(engine), engine.connect() as connection:
        return connection.scalar(others) is not None


def demo_card(connection: Connection, today: date, rules: Rules) -> DemoCard | None:
    """Return the demo card, or None if the database does not hold the demo pharmacy."""
    row = connection.execute(
        select(Member.id, Member.first_name, Member.last_name, Address.zip)
        .join(Address, Address.member_id == Member.id)
        .where(Member.member_number == START_MEMBER)
        .where(Address.kind == "mailing", Address.verified, Address.replaced_at.is_(None))
    ).first()
    if row is None:
        return None
    numbers = select(Prescription.rx_number, Prescription.drug_name).where(Prescription.member_id == row.id)
    prescriptions = tuple(
        DemoPrescription(rx_number, drug_name, assess(connection, row.id, rx_number, today, rules).kind)
        for rx_number, drug_name in connection.execute(numbers.order_by(Prescription.id)).all()
    )
    return DemoCard(START_MEMBER, row.zip, f"{row.first_name} {row.last_name}", prescriptions)
