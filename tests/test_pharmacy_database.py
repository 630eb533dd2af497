"""Opening a database, bringing it up to date, and what the tables refuse."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.config import Config
from databases import Databases
from demo_line import SIMULATOR
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, add_transfer, draw_from
from sqlalchemy import Connection, Engine, MetaData, event, func, inspect, select, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import DBAPIError, IntegrityError

from ivr.errors import SettingError, UnreachableError
from ivr.line import hand_over, lockout
from ivr.line.digests import Digest
from ivr.line.service import Caller, Context
from ivr.orders import cancel, cards, find, hold, payments, place, reschedule, statuses
from ivr.orders.events import Actor
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.payment.sandbox import Sandbox
from ivr.pharmacy import answers, call_backs, members, prescriptions, transfers
from ivr.pharmacy.addresses import mailing_address
from ivr.pharmacy.database import SQLITE_CONNECTIONS, check_connection, lift_time_limits, open_database, upgrade
from ivr.pharmacy.migrate import MIGRATIONS
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Base, Member, OrderStatus, PaymentStatus, RenewalStatus, SavedCard
from ivr.secret import Secret

EXPECTED = "expected sqlite:///FILE or postgresql://USER@HOST/NAME"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("rubbish", f"DATABASE_URL cannot be read as a URL; {EXPECTED}"),
        ("mysql://me:secret@host/name", f'DATABASE_URL begins with "mysql:", which is not known; {EXPECTED}'),
        (
            "postgresql+psycopg2://host/x",
            f'DATABASE_URL begins with "postgresql+psycopg2:", which is not known; {EXPECTED}',
        ),
        ("sqlite:////no/such/folder/ivr.db", "DATABASE_URL: there is no folder /no/such/folder"),
    ],
)
def test_a_url_that_cannot_be_used_is_told(url: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        open_database(url)
    assert str(caught.value) == message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_way_to_write_postgresql_is_taken(scheme: str) -> None:
    engine = open_database(f"{scheme}://me@host/name")
    assert engine.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("use", [check_connection, upgrade])
def test_a_database_that_is_away_is_told_in_one_line_without_its_password(use: Callable[[Engine], None]) -> None:
    with pytest.raises(UnreachableError) as caught:
        use(open_database("postgresql://me:geheim@127.0.0.1:1/refills"))
    message = str(caught.value)
    assert message.startswith("the database refills on 127.0.0.1:1 does not answer: connection failed")
    assert "geheim" not in message
    assert "\n" not in message


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ivr.db"
    path.write_text("Dear pharmacist, please find enclosed no database at all, but this friendly letter instead.")
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises(UnreachableError, match=f"the database {path} cannot be used: file is not a database"):
        check_connection(engine)
    engine.dispose()


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=f"^DATABASE_URL: expected a file, found the folder {tmp_path}$"):
        check_connection(open_database(f"sqlite:///{tmp_path}"))


def test_a_file_that_may_only_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "access", lambda path, _: path != tmp_path / "ivr.db"
    )  # an administrator may write any file
    with pytest.raises(SettingError, match=f"^DATABASE_URL: the file {tmp_path}/ivr.db cannot be written$"):
        check_connection(open_database(f"sqlite:///{tmp_path}/ivr.db"))


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    name = "x" * 300
    with pytest.raises(SettingError) as caught:
        check_connection(open_database(f"sqlite:///{tmp_path}/{name}"))
    assert str(caught.value) == f"DATABASE_URL: the file {tmp_path}/{name} cannot be made: File name too long"


def test_an_in_memory_database_keeps_its_tables_between_sessions() -> None:
    engine = open_database("sqlite://")
    upgrade(engine)
    with engine.connect() as connection:
        add_member(connection)
        connection.commit()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Member)) == 1
    engine.dispose()


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 0)], ids=["in service", "in tests"])
def test_sqlite_is_set_up_for_service(tmp_path: Path, durable: bool, synchronous: int) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/ivr.db", durable=durable)
    with engine.connect() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


def test_turns_of_one_process_wait_in_order_for_sqlite(tmp_path: Path) -> None:
    """Without a limit each would ask SQLite's lock itself, which gives it to whoever asks at the right moment."""
    engine = open_database(f"sqlite:///{tmp_path / 'one.db'}", durable=False)
    at_once: list[int] = []

    def write(number: int) -> None:
        with engine.begin() as connection:
            at_once.append(engine.pool.checkedout())  # type: ignore[attr-defined] # the pool of a file has it
            connection.execute(text(f"CREATE TABLE t{number} (n INTEGER)"))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write, range(48)))
    assert len(at_once) == 48
    assert max(at_once) <= SQLITE_CONNECTIONS
    engine.dispose()


def test_upgrading_again_changes_nothing(database: Engine) -> None:
    with database.connect() as connection:
        add_member(connection)
        connection.commit()
    upgrade(database)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Member)) == 1


def test_several_processes_may_upgrade_at_once(kind: str, databases: Databases) -> None:
    with databases.bare(kind) as url:
        start = Barrier(4)

        def begin(_: int) -> None:
            engine = open_database(url)
            start.wait()
            upgrade(engine)
            engine.dispose()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(begin, range(4)))
        engine = open_database(url)
        assert "prescription" in inspect(engine).get_table_names()
        engine.dispose()


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    def journal_mode(file: Path, start: Barrier) -> str:
        engine = open_database(f"sqlite:///{file}")
        start.wait()
        with engine.connect() as connection:
            mode = str(connection.scalar(text("PRAGMA journal_mode")))
        engine.dispose()
        return mode

    with ThreadPoolExecutor(8) as pool:
        for number in range(60):  # in five or so of which two switch in the same moment
            begun = [pool.submit(journal_mode, tmp_path / f"{number}.db", start) for start in [Barrier(8)] * 8]
            assert [one.result() for one in begun] == ["wal"] * 8


def test_a_directory_of_streets_outlives_its_new_key(kind: str, databases: Databases) -> None:
    with databases.bare(kind) as url:
        engine = open_database(url, durable=False)
        rows = "INSERT INTO street (zip, name, city, state, low) VALUES ('01001', 'ELM ST', 'Agawam', 'MA', 5)"
        config = Config(attributes={"connection": None})
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0010")
            connection.execute(text(rows))
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(text(rows.replace("ELM", "OAK")))
            found = connection.execute(text("SELECT id, zip, name, urbanization, low FROM street ORDER BY id"))
            assert [tuple(row) for row in found] == [
                (1, "01001", "ELM ST", None, 5),
                (2, "01001", "OAK ST", None, 5),
            ]
        engine.dispose()


def test_members_of_before_keep_their_language_and_new_ones_speak_any(kind: str, databases: Databases) -> None:
    insert = text(
        "INSERT INTO member (member_number, first_name, last_name, birth_date, language, status) "
        "VALUES (:number, 'Ana', 'Ruiz', '1950-03-14', :language, 'active')"
    )
    with databases.bare(kind) as url:
        engine = open_database(url, durable=False)
        config = Config(attributes={"connection": None})
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0012")
            connection.execute(insert, {"number": "10000001", "language": "es"})
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(insert, {"number": "10000002", "language": "fr"})
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(insert, {"number": "10000002", "language": "fr"})
            found = connection.execute(text("SELECT language FROM member ORDER BY member_number"))
            assert [*found.scalars()] == ["es", "fr"]
        with pytest.raises(IntegrityError), engine.begin() as connection:  # the other checks stand
            connection.execute(insert, {"number": "1", "language": "fr"})
        engine.dispose()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_migrations_make_the_tables_that_the_program_expects(kind: str, database: Engine, databases: Databases) -> None:
    with databases.bare(kind) as url:
        expected = open_database(url, durable=False)
        tables = MetaData(naming_convention=Base.metadata.naming_convention)
        for table in Base.metadata.tables.values():  # copies: once made on PostgreSQL, tables leave keys out on SQLite
            table.to_metadata(tables)
        tables.create_all(expected)
        assert _shape(database) == _shape(expected)
        expected.dispose()


def _shape(engine: Engine) -> dict[str, object]:
    found = inspect(engine)
    return {
        table: {
            "columns": sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)),
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "points at": sorted(str(each) for each in found.get_foreign_keys(table)),
            "checks": sorted(str((each["name"], each["sqltext"])) for each in found.get_check_constraints(table)),
            "indexes": sorted(_index(each) for each in found.get_indexes(table)),
            "unique": sorted(str((each["name"], each["column_names"])) for each in found.get_unique_constraints(table)),
        }
        for table in Base.metadata.tables
    }


def _index(found: ReflectedIndex) -> str:
    wheres = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str((found["name"], found["column_names"], found["unique"], wheres))


@pytest.mark.parametrize(
    "changes",
    [
        {"refills_left": -1},
        {"schedule": 1},
        {"status": "lost"},
        {"max_days_supply": 29},
        {"first_filled_on": None},
        {"price_cents": -5},
    ],
    ids=str,
)
def test_the_tables_refuse_what_cannot_be(connection: Connection, changes: dict[str, object]) -> None:
    member_id = add_member(connection)
    with pytest.raises(IntegrityError):
        add_rx(connection, member_id, "1234567", **changes)


def test_a_member_has_one_current_mailing_address(connection: Connection) -> None:
    member_id = add_member(connection)
    add_address(connection, member_id, replaced_at=NOW)
    add_address(connection, member_id)
    add_address(connection, member_id, verified=False)
    add_address(connection, member_id, kind="shipping")
    with pytest.raises(IntegrityError):
        add_address(connection, member_id)


def test_instants_come_back_aware_and_in_utc(connection: Connection) -> None:
    member_id = add_member(connection)
    local = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=-8)))
    add_address(connection, member_id, created_at=local)
    found = connection.scalars(select(Address.created_at)).one()
    assert (found, found.tzinfo) == (NOW, UTC)


def test_a_moment_without_a_time_zone_is_refused(connection: Connection) -> None:
    member_id = add_member(connection)
    with pytest.raises(Exception, match="an instant needs a time zone"):
        add_address(connection, member_id, created_at=datetime(2026, 3, 2))  # noqa: DTZ001


def test_a_token_is_a_secret_and_no_failure_shows_it(connection: Connection) -> None:
    member_id = add_member(connection)
    card = Token(Secret("tok_canary"), Brand.VISA, "42", 1, 2030)
    with pytest.raises(DBAPIError) as caught:
        cards.save_card(connection, member_id, "sandbox", card, NOW)
    assert "tok_canary" not in str(caught.value)
    connection.rollback()
    member_id = add_member(connection)
    card_id = cards.save_card(connection, member_id, "sandbox", replace(card, last4="4242"), NOW)
    assert connection.scalars(select(SavedCard.token).where(SavedCard.id == card_id)).one() == Secret("tok_canary")


def test_a_dead_connection_fails_one_turn_only(kind: str, database: Engine) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has no connection to lose")
    with database.connect() as connection:
        doomed = connection.scalar(text("SELECT pg_backend_pid()"))
    killer = open_database(database.url.render_as_string(hide_password=False))
    with killer.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": doomed})
    killer.dispose()
    with pytest.raises(UnreachableError):
        check_connection(database)
    check_connection(database)


def test_time_limits_are_lifted_for_long_work_and_come_back(kind: str, database: Engine) -> None:
    if kind == "sqlite":
        pytest.skip("SQLite has no time limits")
    with database.begin() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"
        lift_time_limits(connection)
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
    with database.begin() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "5s"


def test_no_look_up_of_a_call_reads_a_whole_table(databases: Databases) -> None:
    with databases.fresh("sqlite") as url:
        engine = open_database(url, durable=False)
        statements: list[tuple[str, object]] = []

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
            statements.append((statement, parameters))

        with engine.connect() as connection:
            member_id, rx_id, address_id = _a_member(connection)
            _a_call(connection, member_id, rx_id, address_id)
            connection.commit()
        engine.dispose()
        plans = _plans(url.removeprefix("sqlite:///"), statements)
    assert len(plans) > 30
    assert [plan for plan in plans if "SCAN" in plan.replace("SCAN CONSTANT ROW", "")] == []


def _a_member(connection: Connection) -> tuple[int, int, int]:
    member_id = add_member(connection, phone="+13035550100")
    rx_id, address_id = add_rx(connection, member_id), add_address(connection, member_id)
    add_rx(connection, member_id, "7654321", status="replaced", replaced_by="1234567")
    add_transfer(connection, member_id, status="confirmed", rx_number="5555555")
    add_rx(connection, member_id, "5555555", first_filled_on=None, last_filled_on=None)
    return member_id, rx_id, address_id


def _a_call(connection: Connection, member_id: int, rx_id: int, address_id: int) -> None:
    rules = Rules()
    caller = Caller("CA1", "+13035550100", "+18002457979")
    lockout.languages_of_phone(
        Context(replace(SIMULATOR.services, digest=Digest(b"key" * 8)), connection, NOW, caller, 0, {})
    )
    members.find_member(connection, "10000001", "80202")
    members.is_own_prescription(connection, member_id, "1234567")
    members.born_on(connection, member_id)
    members.prefer(connection, member_id, replace(members.preferences(connection, member_id), waits=150))
    mailing_address(connection, member_id)
    for number in ("1234567", "7654321", "5555555", "9999999"):
        prescriptions.assess(connection, member_id, number, TODAY, rules)
    prescriptions.refillable(connection, member_id, TODAY, rules)
    prescriptions.worth_hearing(connection, member_id, TODAY, rules)
    asked = prescriptions.request_renewal(connection, rx_id, NOW, "phone", draw_from())
    answers.find_renewal(connection, member_id, asked.reference)
    answers.untold_renewals(connection, member_id, NOW)
    found_transfers = prescriptions.transfers_of(connection, member_id, rules)
    renewal = answers.RenewalFacts(1, asked.reference, RenewalStatus.DENIED, NOW, None, None, "1234567", "Losartan")
    answers.note_told(connection, [renewal, *found_transfers], NOW)
    transfers.requested_on(connection, member_id, "+18005550142", "1234567")
    transfers.request_transfer(connection, member_id, "+18005550142", "1234567", TODAY)
    cards.saved_cards(connection, member_id, "sandbox", TODAY)
    request = place.OrderRequest(member_id, (place.WantedLine(rx_id, 1),), address_id, OrderStatus.PENDING, "call-1")
    placed = place.place_order(connection, request, now=NOW, today=TODAY, rules=rules, random_number=draw_from())
    order_id = placed.id
    token = Token(Secret("tok_visa"), Brand.VISA, "4242", 1, 2030)
    card = cards.saved_card(connection, cards.save_card(connection, member_id, "sandbox", token, NOW))
    assert card is not None
    payment = payments.begin_payment(connection, placed, card, "sandbox", "p", NOW)
    statuses.move_payment(connection, payment.id, PaymentStatus.AUTHORIZED, NOW, reference="auth_1")
    payments.payment_for(connection, order_id)
    find.find_order(connection, member_id, placed.order_number)
    find.latest_order(connection, member_id)
    find.placed_with(connection, placed)
    cards.note_declined(connection, order_id, NOW)
    find.last_order(connection, member_id)
    find.urgent_order(connection, member_id)
    find.orders_of(connection, member_id, 5, 6)
    find.orders_with_news(connection, member_id, NOW)
    find.mark_told(connection, order_id, NOW)
    reschedule.ship_days(connection, placed, TODAY, rules)
    reschedule.change_ship_day(connection, order_id, TODAY, TODAY, NOW, rules, Actor.PHONE)
    payments.kept_until(connection, placed, rules)
    hold.give_address(connection, placed, address_id, NOW, TODAY, rules, Actor.PHONE)
    cancel.claim_void(connection, Sandbox(), order_id)
    find.pending_since_before(connection, NOW)
    find.due_to_ship(connection, TODAY)
    statuses.move_order(connection, order_id, OrderStatus.PLACED, NOW, Actor.LINE)
    cancel.cancel_order(connection, order_id, NOW, Actor.PHONE)
    best = call_backs.BestTime(NOW, NOW)
    call_backs.ask_call_back(
        connection, member_id=member_id, phone="+13035550100", language="en", best=best, reason="main.menu", now=NOW
    )
    call_backs.asked_call_back(connection, "+13035550100", member_id)
    hand_over.last_state(connection, "CA1")


def _plans(path: str, statements: list[tuple[str, object]]) -> list[str]:
    """Ask SQLite how it would run each statement; with no table statistics it plans by indexes alone."""
    connection = sqlite3.connect(path)
    plans = [
        f"{row[3]} for {statement}"
        for statement, parameters in statements
        if statement.startswith(("SELECT", "UPDATE", "DELETE"))
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
    ]
    connection.close()
    return plans
