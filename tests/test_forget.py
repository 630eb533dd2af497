"""`ivr forget`: nothing of a canary member is left but what the pharmacy has to keep, and nothing of others is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases
from demo_line import IDENTIFIED, NOON, DemoLine, fill_demo, open_demo_line
from sqlalchemy import make_url

from ivr.cli import main
from ivr.line import forgetting, lockout
from ivr.line.forgetting import HOLDING, Forgotten, forget_member
from ivr.line.service import Caller
from ivr.pharmacy.columns import line_tables
from ivr.pharmacy.members import member_numbered
from ivr.pharmacy.tables import Base
from ivr.pharmacy.upkeep import vacuum
from ivr.simulator.holdings import ALL_TABLES, holdings

MEMBER, ZIP, STREET = "8642097531", "59718", "72273"
PHONE, OTHER_PHONE, STRANGER = "+19255550142", "+15105550177", "+15105550188"
BYSTANDER, BYSTANDERS_PHONE = "41200702#93230", "+15105550166"

NOTHING_OF_MEMBERS = {
    "digest_key", "journal_cleaning", "publication", "staff_guess", "sweep", "version", "worker",
    "sandbox_charge",  # a processor's own books: test cards, and the key of the order's own payment, which is kept
    "settlement",  # an order's, gone when it is paid; it names the call, as the order's own key does
}  # fmt: skip

SIDS = [f"CA{number:032x}" for number in range(9)]


@pytest.fixture
def canary(demo_line: DemoLine) -> DemoLine:
    """Give a line that the canary has called, and others about them and about themselves."""
    line = demo_line
    line.run("UPDATE member SET member_number = :number, phone = :phone WHERE id = 1", number=MEMBER, phone=PHONE)
    line.run("UPDATE address SET zip = :zip WHERE member_id = 1", zip=ZIP)
    line.call(f"11{BYSTANDER}17", from_number=BYSTANDERS_PHONE)[0].hang_up()
    canarys_calls(line)
    return line


def canarys_calls(line: DemoLine) -> None:
    identified = f"11{MEMBER}#{ZIP}"
    line.call(f"{identified[1:]}17", from_number=PHONE)[0].hang_up()
    line.call(f"{identified}12" + f"59718{STREET}#", from_number=OTHER_PHONE)[0].hang_up()
    line.call("1", from_number=PHONE)[0].hang_up()
    line.call(f"11{MEMBER}#00000", from_number="anonymous")[0].hang_up()
    line.call(f"11{MEMBER}#00000", from_number=STRANGER)[0].hang_up()
    line.call(identified, from_number="anonymous")[0].hang_up()
    seal = line.services.vault.seal(b"[]", NOON)
    line.run("INSERT INTO card_entry VALUES (:sid, :seal, :at)", sid=SIDS[2], seal=seal, at=NOON)
    line.call(f"2{MEMBER}#{ZIP}994{BYSTANDER}", from_number=PHONE)[0].hang_up()
    noted = "INSERT INTO hand_over (call_sid, member_id, state, reason, noted_at)"
    line.run(f"{noted} VALUES (:sid, 1, 'refill.how', 'asked', :at)", sid=SIDS[1], at=NOON)
    columns = 'INSERT INTO notice (member_id, kind, "by", noted_at)'
    line.run(f"{columns} VALUES (1, 'address_changed', 'text', :at)", at=NOON)


def canaries(line: DemoLine) -> Mapping[str, str]:
    """Return what tells of the canary in the line's own tables."""
    digest = line.services.digest
    callers = [Caller(sid, number, "") for sid, number in [("", PHONE), ("", OTHER_PHONE), (SIDS[6], "anonymous")]]
    return {
        "the phone on file": PHONE[1:],
        "the other phone": OTHER_PHONE[1:],
        "the member number": MEMBER,
        "the ZIP code": ZIP,
        "the house number": STREET,
        "the digest of the member": digest(lockout.member_of(MEMBER)),
        **{f"the digest of phone {number}": digest(lockout.phone_of(caller)) for number, caller in enumerate(callers)},
        **{f"the call {number}": SIDS[number] for number in (1, 2, 3, 6, 7)},
    }


def left(line: DemoLine) -> set[str]:
    """Return what is left of the canary, as the name of a canary and the table it is in."""
    kept = {table.name for table in Base.metadata.sorted_tables} | NOTHING_OF_MEMBERS
    found = {
        f"{name} in {holding.place.partition('.')[0]}"
        for holding in holdings(line.services)
        if holding.place.partition(".")[0] not in kept
        for name, text in canaries(line).items()
        if text in holding.text
    }
    with_id = [table for table in ALL_TABLES if table.name not in kept and "member_id" in table.columns]
    rows = {table.name: line.rows(f"SELECT count(*) FROM {table.name} WHERE member_id = 1") for table in with_id}  # noqa: S608
    return found | {f"the member's id in {name}" for name, counts in rows.items() if counts != [(0,)]}


def forget(line: DemoLine) -> Forgotten:
    with line.database.begin() as connection:
        member = member_numbered(connection, MEMBER)
        assert member
        return forget_member(connection, line.services.vault, line.services.digest, member, line.clock())


def test_of_a_member_who_is_forgotten_nothing_is_left(canary: DemoLine) -> None:
    places = {place.partition(" in ")[2] for place in left(canary)}
    assert places == {*HOLDING}, "the canary sang in every table"
    pharmacy = kept_rows(canary)
    forgotten = forget(canary)
    assert left(canary) == set()
    assert set(forgotten.rows) == {*HOLDING}
    assert forgotten.in_progress == 0
    assert kept_rows(canary) == pharmacy
    assert forget(canary) == Forgotten({}, 0)


def kept_rows(line: DemoLine) -> Mapping[str, object]:
    """Return every row of the pharmacy, and what the line holds of the bystander and of the stranger's call."""
    own = {table.name: line.rows(f"SELECT * FROM {table.name} ORDER BY 1") for table in Base.metadata.sorted_tables}  # noqa: S608
    calls = line.rows(
        "SELECT sid, turn, ending FROM call WHERE from_number IN (:one, :other) ORDER BY 1",
        one=BYSTANDERS_PHONE,
        other=STRANGER,
    )
    journal = line.rows("SELECT * FROM journal WHERE call_sid IN (:one, :other)", one=SIDS[0], other=SIDS[5])
    known = line.rows("SELECT * FROM known_phone WHERE member_id <> 1")
    assert len(calls) == 2
    assert journal
    assert known
    return {**own, "call": calls, "journal": journal, "known_phone": known}


@pytest.mark.parametrize("table", HOLDING)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_table_that_is_left_out_is_found(canary: DemoLine, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    rows_of = forgetting._rows_of
    monkeypatch.setattr(
        forgetting, "_rows_of", lambda *about: ((one, where) for one, where in rows_of(*about) if one.name != table)
    )
    forget(canary)
    assert {place.partition(" in ")[2] for place in left(canary)} == {table}


def test_every_table_of_the_line_is_forgotten_or_holds_nothing_of_members() -> None:
    """A new table is to be named here, or in `forgetting`."""
    ours = {table.name for table in line_tables.sorted_tables}
    assert ours == {*HOLDING} | NOTHING_OF_MEMBERS


def test_the_file_of_an_embedded_database_holds_nothing_of_the_member(databases: Databases) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        line = open_demo_line(url)
        line.run("UPDATE member SET member_number = :number WHERE id = 1", number=MEMBER)
        line.run("UPDATE address SET zip = :zip WHERE member_id = 1", zip=ZIP)
        for number in range(15):  # so that pages are split and joined
            line.call("11" + BYSTANDER, from_number=f"+1510555{number:04d}")[0].hang_up()
            line.call(f"11{MEMBER}#{ZIP}", from_number=OTHER_PHONE)[0].hang_up()
        digest = line.services.digest(lockout.phone_of(Caller("", OTHER_PHONE, "")))
        line.run("INSERT INTO known_phone VALUES (1, :digest, :at)", digest=digest, at=NOON)
        texts = [OTHER_PHONE, digest, *(f"CA{number:032x}" for number in range(1, 30, 2))]
        path = Path(str(make_url(url).database))
        assert all(text in on_disk(path) for text in texts)
        forget(line)
        assert vacuum(line.database, *HOLDING)
        assert [text for text in texts if text in on_disk(path)] == []
        line.database.dispose()


def on_disk(path: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in path.parent.glob(f"{path.name}*"))


def test_a_call_in_progress_is_left_until_it_is_over(canary: DemoLine) -> None:
    phone, _ = canary.call(f"1{MEMBER}#{ZIP}", from_number=PHONE)
    assert forget(canary).in_progress == 1
    assert phone.press("1").words
    phone.hang_up()
    assert forget(canary).in_progress == 0
    assert left(canary) == set()


def test_a_call_whose_end_nobody_told_is_over_in_time(canary: DemoLine) -> None:
    canary.call(f"11{MEMBER}#{ZIP}", from_number=PHONE)
    canary.clock.pass_seconds(timedelta(hours=5).total_seconds())
    assert forget(canary).in_progress == 0
    assert left(canary) == set()


# The command


@contextmanager
def pharmacy(databases: Databases) -> Iterator[Mapping[str, str]]:
    """Lend the settings of a line that the first member of the demo pharmacy has called."""
    with databases.fresh("sqlite", fill_demo) as url:
        line = open_demo_line(url)
        line.call(IDENTIFIED[1:], from_number=PHONE)[0].hang_up()
        line.database.dispose()
        yield {
            "DATABASE_URL": url,
            "IVR_NOW": "2026-03-02T12:30",
            "IVR_SECRET_KEY": "c2ltdWxhdG9yLXNpbXVsYXRvci1zaW11bGF0b3ItMTI=",
        }


def ivr(command: str, settings: Mapping[str, str], typed: str = "") -> Result:
    return CliRunner().invoke(main, command.split(), input=typed, env=dict(settings))


def test_the_command_says_what_it_erased_and_what_stays(databases: Databases) -> None:
    with pharmacy(databases) as settings:
        result = ivr("forget 41200017", settings, "y\n")
        assert (result.exit_code, result.stderr) == (0, "")
        asked, erased, stays = result.stdout.splitlines()
        assert asked.startswith("Erase what the line holds of member 41200017? It cannot be undone.")
        assert erased.startswith("erased: journal ")
        assert "orders, payments" in stays
        again = ivr("forget 41200017 --yes", settings)
        assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "erased: nothing")


@pytest.mark.parametrize(
    ("command", "typed", "code", "words"),
    [
        ("forget 41200017", "n\n", 1, "nothing was erased"),
        ("forget 41200017", "", 2, "Error: nobody is here to say yes; --yes erases without asking"),
        ("forget 99999999 --yes", "", 1, "there is no member 99999999; nothing was erased"),
    ],
)
def test_what_is_not_to_be_erased_stays(databases: Databases, command: str, typed: str, code: int, words: str) -> None:
    with pharmacy(databases) as settings:
        result = ivr(command, settings, typed)
        assert (result.exit_code, result.stderr.strip().splitlines()[-1]) == (code, words)
        assert "journal" in ivr("forget 41200017 --yes", settings).stdout


def test_another_key_than_the_lines_is_refused(databases: Databases) -> None:
    with pharmacy(databases) as settings:
        ivr("forget 41200702 --yes", settings)  # which makes the key of the digests, if there is none yet
        other = {**settings, "IVR_SECRET_KEY": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="}
        result = ivr("forget 41200017 --yes", other)
        assert result.exit_code == 1
        assert result.stderr.strip() == (
            "IVR_SECRET_KEY: expected the line's, found one that does not open its tables; nothing was erased"
        )
