"""Test members are made again as they were, and nobody else is touched."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from demo_line import TODAY, DemoLine
from hearing import hears
from sqlalchemy import Engine, select, update

from ivr.cli import main
from ivr.errors import DataError
from ivr.line import lockout, tables, trials
from ivr.line.service import Caller
from ivr.line.sweep import sweep
from ivr.orders.ship import ship
from ivr.pages.app import make_app
from ivr.payment.sandbox import Sandbox
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import DEMO_FOLDER
from ivr.pharmacy.members import members_for_tests
from ivr.pharmacy.tables import Base, Member
from ivr.pharmacy.trials import reset_test_members, restore_snapshot, take_snapshot
from ivr.settings import Settings

ORDER = "11" + "41200017#" + "94550" + "17"
OTHER = "41200154"


def everything(database: Engine) -> Mapping[str, list[str]]:
    """Return every row of the pharmacy as text, less ids, which a restored row need not keep."""
    found = {}
    with database.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.c if not column.primary_key and not column.foreign_keys]
            rows = connection.execute(select(*columns)).all()
            found[table.name] = sorted(map(str, rows))
    return found


def only_for_tests(database: Engine, *numbers: str) -> None:
    with database.begin() as connection:
        connection.execute(update(Member).values(test=Member.member_number.in_(numbers)))


def test_reset_undoes_an_order_a_cancel_and_a_lock(demo_line: DemoLine) -> None:
    database = demo_line.services.database
    before = everything(database)
    demo_line.call(ORDER)[0].hang_up()
    for _ in range(3):
        demo_line.call("1" + "41200017#" + "99999" + "41200017#" + "99998")[0].hang_up()
    assert ship(demo_line.services.desk, str(demo_line.rows("SELECT max(order_number) FROM refill_order")[0][0])).words
    assert everything(database) != before
    ids = reset_test_members(database, DEMO_FOLDER, TODAY)
    with database.begin() as connection:
        trials.forget_members(connection, demo_line.services.digest, ids, members_for_tests(connection))
        assert lockout.locks(connection, demo_line.clock.now) == ()
    assert everything(database) == before
    assert demo_line.rows("SELECT * FROM wrong_try") == []
    assert hears(
        demo_line.call("11" + "41200017#" + "94550", from_number="+15105550777")[1].text, "refill.quick", ready=3
    )


def test_members_that_are_not_for_tests_keep_everything(demo_line: DemoLine) -> None:
    database = demo_line.services.database
    demo_line.call(ORDER)[0].hang_up()
    demo_line.call("11" + OTHER + "#" + "36109" + "3" + "7305071#", from_number="+15105550888")[0].hang_up()
    only_for_tests(database, OTHER)
    before = everything(database)
    assert len(reset_test_members(database, DEMO_FOLDER, TODAY)) == 1
    assert everything(database) == before


def test_without_test_members_nothing_is_reset(demo_line: DemoLine) -> None:
    only_for_tests(demo_line.services.database)
    demo_line.call(ORDER)[0].hang_up()
    before = everything(demo_line.services.database)
    with pytest.raises(DataError, match=r"there are no test members here, so nothing was reset"):
        reset_test_members(demo_line.services.database, DEMO_FOLDER, TODAY)
    assert everything(demo_line.services.database) == before


def test_a_test_member_that_the_folder_does_not_know_is_named(demo_line: DemoLine, tmp_path: Path) -> None:
    with (DEMO_FOLDER / "member.csv").open(newline="") as lines:
        rows = [row for row in csv.reader(lines) if row[0] != OTHER]
    with (tmp_path / "member.csv").open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    before = everything(demo_line.services.database)
    with pytest.raises(DataError, match=rf"does not have the test members {OTHER}, so nothing was reset"):
        reset_test_members(demo_line.services.database, tmp_path, TODAY)
    assert everything(demo_line.services.database) == before


def test_what_was_kept_is_put_back_to_the_last_column(demo_line: DemoLine) -> None:
    database = demo_line.services.database
    with database.begin() as connection:
        kept = take_snapshot(connection, tuple(members_for_tests(connection).values()))
    demo_line.call(ORDER)[0].hang_up()
    demo_line.run("UPDATE member SET phone = NULL, status = 'ended' WHERE member_number = '41200017'")
    demo_line.run("DELETE FROM saved_card WHERE member_id = (SELECT id FROM member WHERE member_number = '41200017')")
    with database.begin() as connection:
        restore_snapshot(connection, kept)
        assert take_snapshot(connection, kept.ids) == kept


class LiveSandbox(Sandbox):
    """A sandbox that is taken for a processor of real cards."""

    live = True


@pytest.mark.parametrize("is_for_tests", [True, False])
def test_a_live_line_never_charges_a_test_member(demo_line: DemoLine, is_for_tests: bool) -> None:
    only_for_tests(demo_line.services.database, *(["41200017"] if is_for_tests else [OTHER]))
    gateway = LiveSandbox()
    line = replace(demo_line.services, gateway=gateway)
    demo_line.run("UPDATE refill_order SET status = 'cancelled' WHERE status IN ('pending', 'scheduled')")
    demo_line.call(ORDER.removesuffix("7"))[0].hang_up()
    demo_line.app = make_app(line, Settings())
    demo_line.call(ORDER.removesuffix("7"), from_number="+15105550999")[0].press("7")
    demo_line.clock.pass_seconds(600)
    sweep(line, timedelta(days=90))
    assert bool(gateway.charges) != is_for_tests
    ((number, status),) = demo_line.rows("SELECT order_number, status FROM refill_order WHERE request_key LIKE 'CA%'")
    assert status == ("held" if is_for_tests else "placed")
    demo_line.run("UPDATE refill_order SET status = 'placed' WHERE order_number = :number", number=number)
    shipped = ship(line.desk, str(number))
    assert shipped.done != is_for_tests
    assert ("test member's" in shipped.words) == is_for_tests


def test_only_these_tries_are_forgotten(demo_line: DemoLine) -> None:
    demo_line.call("11" + "41200017#" + "99999", from_number="+15105550777")
    with demo_line.services.database.begin() as connection:
        since = trials.last_try(connection)
    demo_line.call("11" + "88888888#" + "99999", from_number="+15105550888")
    demo_line.call("11" + "88888888#" + "99999", from_number="+15105550999")
    callers = [turn_caller(demo_line, number) for number in ("+15105550777", "+15105550888")]
    with demo_line.services.database.begin() as connection:
        trials.forget_calls(connection, demo_line.services.digest, callers, since)
        assert len(connection.execute(select(tables.wrong_try)).all()) == 2
        states = connection.execute(select(tables.call.c.from_number).where(tables.call.c.sealed_state.is_not(None)))
        assert states.scalars().all() == ["+15105550999"]


def turn_caller(demo_line: DemoLine, from_number: str) -> Caller:
    ((sid,),) = demo_line.rows("SELECT sid FROM call WHERE from_number = :number", number=from_number)
    return Caller(str(sid), from_number, "")


def test_the_command_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'line.db'}"
    monkeypatch.setenv("DATABASE_URL", url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["pharmacy", *words])

    assert run("demo").exit_code == 0
    assert run("reset").exit_code == 2
    done = run("reset", "--test")
    assert (done.exit_code, done.stdout) == (0, f"39 test members are as {DEMO_FOLDER} says\n")
    database = open_database(url, durable=False)
    only_for_tests(database)
    database.dispose()
    refused = run("reset", "--test")
    assert (refused.exit_code, refused.stderr.startswith("there are no test members here")) == (1, True)
