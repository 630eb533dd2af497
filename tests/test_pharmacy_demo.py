"""The demo pharmacy: right on any day, every finding in it, and its README true."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from databases import KINDS, Databases
from hypothesis import given
from hypothesis import strategies as st
from pharmacy_rows import add_member
from sqlalchemy import Connection, Engine, func, select

from ivr.orders.cards import saved_cards
from ivr.orders.find import latest_order
from ivr.payment.published_cards import KNOWN_CARDS
from ivr.pharmacy import tables
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import DEMO_FOLDER, START_MEMBER, demo_card, has_others, is_empty, load_demo
from ivr.pharmacy.members import find_member
from ivr.pharmacy.numbers import is_well_formed
from ivr.pharmacy.prescriptions import assess, refillable
from ivr.pharmacy.refusals import FindingKind
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Member, OrderLine, Prescription, RefillOrder, RenewalRequest, Street, Transfer

TODAY = date(2026, 3, 2)
DAYS = (
    TODAY,
    date(2024, 2, 29),  # of a leap year
    date(2025, 8, 31),  # six months on there is no such day
    date(2025, 11, 26),  # Thanksgiving and Christmas ahead
    date(2022, 12, 21),  # the slowest mail there is: both holidays observed on Mondays
    date(2031, 1, 1),
)
RULES = Rules()


def load_today(engine: Engine) -> None:
    load_demo(engine, TODAY)


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def readme_rows() -> list[tuple[str, str, str, str]]:
    """Return member number, ZIP, name and what to try from the table."""
    words = (DEMO_FOLDER / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (\d+) \| (\d{5}) \| ([^|]+) \| ([^|]+) \|$", words, re.MULTILINE)


def member_id(connection: Connection, member_number: str) -> int:
    return connection.scalars(select(Member.id).where(Member.member_number == member_number)).one()


@pytest.fixture(scope="module", params=KINDS)
def demo(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Connection]:
    """Lend one demo pharmacy of each kind to all tests that only look at it."""
    if request.param == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    with databases.fresh(request.param, load_today) as url:
        engine = open_database(url, durable=False)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@pytest.fixture(scope="module", params=DAYS, ids=str)
def any_day(request: pytest.FixtureRequest) -> Iterator[tuple[Connection, date]]:
    engine = open_database("sqlite://")
    load_demo(engine, request.param)
    with engine.connect() as connection:
        yield connection, request.param
    engine.dispose()


# What is in it, on any day -------------------------------------------------------------------------------------------


def test_every_prescription_in_the_readme_is_found_as_it_says(any_day: tuple[Connection, date]) -> None:
    connection, today = any_day
    said, found = {}, {}
    for member_number, _, _, tries in readme_rows():
        for rx_number, kind in re.findall(r"(\d{7,12}) `(\w+)`", tries):
            said[rx_number] = kind
            member = member_id(connection, member_number)
            found[rx_number] = assess(connection, member, rx_number, today, RULES).kind.value
    assert found == said


def test_every_kind_of_finding_is_there(any_day: tuple[Connection, date]) -> None:
    connection, today = any_day
    pairs = connection.execute(select(Prescription.member_id, Prescription.rx_number)).all()
    kinds = {assess(connection, member, rx_number, today, RULES).kind for member, rx_number in pairs}
    stranger = connection.scalars(select(Member.id).order_by(Member.id.desc())).first() or 0
    kinds.add(assess(connection, stranger, pairs[0].rx_number, today, RULES).kind)
    assert kinds == set(FindingKind) - {FindingKind.REPLACED_BY_UNKNOWN}  # a row that no pharmacy means to have


def test_the_first_member_has_everything_on_file(any_day: tuple[Connection, date]) -> None:
    connection, today = any_day
    member = connection.execute(select(Member).order_by(Member.id)).first()
    assert member is not None
    assert member.member_number == START_MEMBER == rows("member")[0]["member_number"]
    assert member.phone
    assert [(card.brand, card.last4) for card in saved_cards(connection, member.id, "sandbox", today)] == [
        ("visa", "4242")
    ]
    findings = refillable(connection, member.id, today, RULES)
    assert {finding.kind for finding in findings} == {FindingKind.REFILLABLE}
    assert len(findings) >= 3
    assert (30, 60, 90) in [tuple(supply.days for supply in finding.supplies) for finding in findings]


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_thirteen_days_of_supply_outlast_the_mail(day: date) -> None:
    """So whoever has thirteen days left, as the start card's member has, is never told that the parcel comes late."""
    assert arrival(day, RULES.mail_business_days) <= day + timedelta(days=13)


def test_the_start_card_shows_who_to_be_and_what_to_try(demo: Connection) -> None:
    card = demo_card(demo, TODAY, RULES)
    assert card is not None
    assert (card.member_number, card.zip, card.name) == ("41200017", "94550", "Margaret Ellison")
    assert [(rx.rx_number, rx.kind) for rx in card.prescriptions] == [
        ("7304112", FindingKind.REFILLABLE),
        ("7304249", FindingKind.REFILLABLE),
        ("7304386", FindingKind.REFILLABLE),
        ("7304523", FindingKind.TOO_SOON),
        ("7304660", FindingKind.NONE_LEFT),
    ]


def test_another_pharmacy_has_no_start_card(connection: Connection) -> None:
    assert demo_card(connection, TODAY, RULES) is None


def test_a_pharmacy_is_empty_until_it_is_loaded(database: Engine) -> None:
    assert is_empty(database)
    load_demo(database, TODAY)
    assert not is_empty(database)


def test_the_demos_own_members_are_no_others(database: Engine) -> None:
    assert not has_others(database)
    load_demo(database, TODAY)
    assert not has_others(database)
    with database.begin() as connection:
        add_member(connection, "51999999")
    assert has_others(database)


# Who is in it --------------------------------------------------------------------------------------------------------


def test_thirty_members_or_more(demo: Connection) -> None:
    assert demo.scalar(select(func.count()).select_from(Member)) == len(rows("member"))
    assert len(rows("member")) >= 30


def test_a_family_of_four_shares_an_address_and_a_phone(demo: Connection) -> None:
    home = (Address.house_number, Address.street, Address.zip, Member.last_name, Member.phone)
    shared = select(func.count()).select_from(Address).join(Member).group_by(*home)
    assert 4 in demo.scalars(shared).all()


def test_members_speak_both_languages_and_have_every_status(demo: Connection) -> None:
    speakers = demo.scalar(select(func.count()).select_from(Member).where(Member.language == "es")) or 0
    assert speakers >= 5
    assert set(demo.scalars(select(Member.status))) == set(tables.MemberStatus)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (RefillOrder.status, tables.OrderStatus),
        (RefillOrder.channel, tables.CHANNELS),
        (RefillOrder.held_reason, (*tables.HeldReason, None)),
        (Transfer.status, tables.TransferStatus),
        (RenewalRequest.status, tables.RenewalStatus),
        (Prescription.status, tables.PrescriptionStatus),
        (Prescription.otc, (True, False)),
        (Prescription.schedule, (None, 2, 3, 4, 5)),
    ],
    ids=str,
)
def test_every_state_is_there(column: object, values: tuple[object, ...], demo: Connection) -> None:
    assert set(demo.scalars(select(column))) == set(values)  # type: ignore[call-overload]


def test_renewals_are_asked_for_and_not_yet(demo: Connection) -> None:
    states: dict[FindingKind, set[str | None]] = defaultdict(set)
    for member, rx_number in demo.execute(select(Prescription.member_id, Prescription.rx_number)).all():
        finding = assess(demo, member, rx_number, TODAY, RULES)
        states[finding.kind].add(finding.renewal.status if finding.renewal else None)
    assert states[FindingKind.NONE_LEFT] == {None, "requested", "approved", "denied"}


def test_shipped_orders_can_be_tracked(demo: Connection) -> None:
    for member, status in demo.execute(select(RefillOrder.member_id, RefillOrder.status)).all():
        order = latest_order(demo, member)
        assert order is not None
        if order.status == status and status in ("shipped", "delivered"):
            assert order.tracking_number


# What holds of its rows ----------------------------------------------------------------------------------------------


def test_order_totals_are_the_sum_of_their_lines(demo: Connection) -> None:
    sums = dict(
        demo.execute(select(OrderLine.order_id, func.sum(OrderLine.price_cents)).group_by(OrderLine.order_id)).all()
    )
    assert dict(demo.execute(select(RefillOrder.id, RefillOrder.total_cents)).all()) == sums


def test_supply_at_home_does_not_count_orders_that_have_not_shipped(demo: Connection) -> None:
    open_ones = select(OrderLine.prescription_id).where(OrderLine.open)
    for rx in demo.execute(select(Prescription).where(Prescription.id.in_(open_ones))):
        assert rx.days_supplied == rx.days_supply * rx.refills_used


def test_orders_and_requests_have_numbers_a_caller_can_key(demo: Connection) -> None:
    numbers = [*demo.scalars(select(RefillOrder.order_number)), *demo.scalars(select(RenewalRequest.reference))]
    assert all(is_well_formed(number) and len(number) == 8 for number in numbers)


def test_prescriptions_of_a_member_differ_in_their_last_three_digits() -> None:
    endings = [(row["member_number"], row["rx_number"][-3:]) for row in rows("prescription")]
    assert len(set(endings)) == len(endings)


def test_mailing_addresses_lie_on_streets_of_the_directory(demo: Connection) -> None:
    """The directory goes by a ZIP's main city; an address may name another one."""
    known = set(demo.execute(select(Street.zip, Street.name, Street.state)).all())
    homes = select(Address.zip, Address.street, Address.state).where(Address.kind == "mailing")
    assert set(demo.execute(homes.where(Address.house_number.is_not(None))).all()) <= known


def test_phones_are_kept_free_for_fiction() -> None:
    phones = {row["phone"] for row in rows("member")} - {""}
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", phone) for phone in phones)


def test_cards_are_those_of_the_sandbox() -> None:
    known = {(card.token, card.brand.value, card.number[-4:]) for card in KNOWN_CARDS}
    assert {(row["token"], row["brand"], row["last4"]) for row in rows("saved_card")} <= known


@pytest.mark.parametrize("name", [path.stem for path in sorted(DEMO_FOLDER.glob("*.csv"))])
def test_dates_are_relative(name: str) -> None:
    """Only birth dates are days of the calendar, so that no file is right on one day and wrong on another."""
    dated = {
        column
        for row in rows(name)
        for column, field in row.items()
        if re.search(r"(19|20)\d\d-", field) or (column == "exp_year" and not re.fullmatch(r"[+-]\dy", field))
    }
    assert dated <= {"birth_date"}


@pytest.mark.parametrize("later", [0, 1, 30])
def test_loading_again_brings_the_dates_up_to_date(later: int, database: Engine, connection: Connection) -> None:
    load_demo(database, TODAY)
    before = counts(connection)
    connection.rollback()
    load_demo(database, TODAY + timedelta(days=later))
    after = counts(connection)
    assert {**after, "transfer": 0} == {**before, "transfer": 0}  # a transfer goes by the day it was asked for
    card = demo_card(connection, TODAY + timedelta(days=later), RULES)
    assert card is not None
    assert [rx.kind for rx in card.prescriptions][:3] == [FindingKind.REFILLABLE] * 3


def counts(connection: Connection) -> Mapping[str, int]:
    models = tables.Base.__subclasses__()
    return {table.__tablename__: connection.scalar(select(func.count()).select_from(table)) or 0 for table in models}


# The README ----------------------------------------------------------------------------------------------------------


def test_the_readme_tells_of_every_member_by_number_zip_and_name(demo: Connection) -> None:
    told = {(number, name) for number, _, name, _ in readme_rows()}
    assert told == {(row["member_number"], f"{row['first_name']} {row['last_name']}") for row in rows("member")}
    for number, zip_code, name, _ in readme_rows():
        member = find_member(demo, number, zip_code)
        assert member is not None, f"{number} {zip_code} {name} cannot identify"


def test_the_sources_are_named() -> None:
    words = (DEMO_FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    streets = rows("street")
    assert f"{len(streets):,} streets in {len({row['zip'] for row in streets})} ZIP codes" in words


def test_the_demo_ships_with_the_package() -> None:
    package = Path(tables.__file__).parent
    assert DEMO_FOLDER.parent == package
