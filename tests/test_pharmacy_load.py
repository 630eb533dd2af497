"""Loading CSV files: what becomes of good rows, what is said of bad ones, and that a bad one leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Insert, event, func, select

from ivr.errors import DataError
from ivr.pharmacy.database import open_database
from ivr.pharmacy.load import BATCH, load_folder
from ivr.pharmacy.load_fields import day
from ivr.pharmacy.tables import (
    Address,
    Base,
    Member,
    OrderLine,
    Payment,
    Prescription,
    RefillOrder,
    RenewalRequest,
    SavedCard,
    Street,
    Transfer,
)
from ivr.secret import Secret

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

MEMBER = "member_number,first_name,last_name,birth_date\n10000001,Ana,Ruiz,1950-03-14\n"
ADDRESS = "member_number,house_number,street,zip\n10000001,74,Springfield Street,01001\n"
PRESCRIPTION = (
    "rx_number,member_number,drug_name,written_on,refills_left,refills_used,last_filled_on,"
    "days_supply,max_days_supply,quantity,price_cents,prescriber_name\n"
    "7000001,10000001,Metformin,-90d,3,2,-16d,30,90,60,1250,Dr. Lee\n"
)
ORDER = "order_number,member_number,status,total_cents\n40817363,10000001,placed,2500\n"
LINE = "order_number,rx_number,days_supply\n40817363,7000001,60\n"
GOOD = {
    "member.csv": MEMBER,
    "address.csv": ADDRESS,
    "prescription.csv": PRESCRIPTION,
    "refill_order.csv": ORDER,
    "order_line.csv": LINE,
}


def load(engine: Engine, folder: Path, files: Mapping[str, str], today: date = TODAY) -> Mapping[str, int]:
    for path in folder.glob("*.csv"):
        path.unlink()
    for name, words in files.items():
        (folder / name).write_text(words, encoding="utf-8")
    return load_folder(engine, folder, today)


def refusal(engine: Engine, folder: Path, files: Mapping[str, str]) -> str:
    with pytest.raises(DataError) as caught:
        load(engine, folder, files)
    return str(caught.value)


def count(connection: Connection, table: type[Base]) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


# What becomes of good rows -------------------------------------------------------------------------------------------


def test_rows_are_counted_by_table(database: Engine, tmp_path: Path) -> None:
    counts = load(database, tmp_path, GOOD)
    assert counts == {"member": 1, "address": 1, "prescription": 1, "refill_order": 1, "order_line": 1}


def test_a_database_without_tables_is_brought_up_to_date_first(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/new.db", durable=False)
    assert load(engine, tmp_path, {"member.csv": MEMBER}) == {"member": 1}
    engine.dispose()


def test_what_a_member_leaves_out_has_defaults(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, {"member.csv": MEMBER})
    member = connection.execute(select(Member)).one()
    assert (member.birth_date, member.phone, member.language, member.status) == (
        date(1950, 3, 14),
        None,
        "en",
        "active",
    )


def test_city_and_state_follow_from_the_zip(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(
        database,
        tmp_path,
        {"member.csv": MEMBER, "address.csv": ADDRESS, "street.csv": "zip,street\n01001,Elm Street\n"},
    )
    address, street = connection.execute(select(Address)).one(), connection.execute(select(Street)).one()
    assert (address.city, address.state, address.verified, address.created_at) == ("Agawam", "MA", True, NOON)
    assert (street.name, street.city, street.state, street.low) == ("Elm Street", "Agawam", "MA", None)


def test_earlier_fills_follow_from_the_last_one(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, {"member.csv": MEMBER, "prescription.csv": PRESCRIPTION})
    rx = connection.execute(select(Prescription)).one()
    assert rx.last_filled_on == TODAY - timedelta(days=16)
    assert rx.first_filled_on == TODAY - timedelta(days=16 + 60)
    assert (rx.last_days_supply, rx.days_supplied, rx.mailable, rx.otc) == (30, 90, True, False)


def test_an_empty_supply_so_far_follows_from_the_fills(
    database: Engine, connection: Connection, tmp_path: Path
) -> None:
    """Read as none at all, it would let refills that were ordered early pile up."""
    header, row = PRESCRIPTION.splitlines()
    load(database, tmp_path, {"member.csv": MEMBER, "prescription.csv": f"{header},days_supplied\n{row},\n"})
    assert connection.execute(select(Prescription)).one().days_supplied == 90


def test_a_prescription_never_filled_has_no_supply(database: Engine, connection: Connection, tmp_path: Path) -> None:
    unfilled = PRESCRIPTION.replace("3,2,-16d", "3,0,")
    load(database, tmp_path, {"member.csv": MEMBER, "prescription.csv": unfilled})
    rx = connection.execute(select(Prescription)).one()
    assert (rx.first_filled_on, rx.last_filled_on, rx.last_days_supply, rx.days_supplied) == (None, None, None, 0)


def test_an_order_goes_to_the_mailing_address_and_arrives_by_mail(
    database: Engine, connection: Connection, tmp_path: Path
) -> None:
    load(database, tmp_path, GOOD)
    order, line = connection.execute(select(RefillOrder)).one(), connection.execute(select(OrderLine)).one()
    assert order.ship_to_id == connection.scalars(select(Address.id)).one()
    assert (order.placed_at, order.expected_by, order.request_key) == (NOON, date(2026, 3, 11), "load-40817363")
    assert (line.quantity, line.price_cents, line.open) == (120, 2500, True)


def test_an_order_may_go_to_another_address(database: Engine, connection: Connection, tmp_path: Path) -> None:
    address = (
        "member_number,kind,house_number,street,zip,verified\n"
        "10000001,mailing,74,Springfield Street,01001,true\n"
        "10000001,shipping,9,Larch Lane,01001,false\n"
    )
    order = (
        "order_number,member_number,status,total_cents,ship_to,held_reason\n40817363,10000001,held,1,shipping,address\n"
    )
    load(database, tmp_path, {"member.csv": MEMBER, "address.csv": address, "refill_order.csv": order})
    assert connection.scalars(select(Address.street).join(RefillOrder)).one() == "Larch Lane"


@pytest.mark.parametrize(
    ("status", "is_open"),
    [("pending", True), ("placed", True), ("shipped", False), ("delivered", False), ("cancelled", False)],
)
def test_lines_are_open_while_their_order_is(
    status: str, is_open: bool, database: Engine, connection: Connection, tmp_path: Path
) -> None:
    load(database, tmp_path, GOOD | {"refill_order.csv": ORDER.replace("placed", status)})
    assert connection.scalars(select(OrderLine.open)).one() is is_open


def test_a_card_for_one_order_is_known_to_the_order(database: Engine, connection: Connection, tmp_path: Path) -> None:
    card = (
        "member_number,token,brand,last4,exp_month,exp_year,order_number\n"
        "10000001,tok_visa,visa,4242,8,+3y,40817363\n"
        "10000001,tok_visa,visa,4242,8,2031,\n"
    )
    load(database, tmp_path, GOOD | {"saved_card.csv": card})
    kept = connection.execute(select(SavedCard).where(SavedCard.only_for_order_id.is_not(None))).one()
    order = connection.execute(select(RefillOrder)).one()
    assert (order.saved_card_id, kept.only_for_order_id) == (kept.id, order.id)
    assert (kept.token, kept.gateway, kept.exp_year) == (Secret("tok_visa"), "sandbox", 2029)


def test_a_payment_is_for_the_whole_order(database: Engine, connection: Connection, tmp_path: Path) -> None:
    payment = "order_number,brand,last4,status\n40817363,visa,4242,authorized\n"
    load(database, tmp_path, GOOD | {"payment.csv": payment})
    paid = connection.execute(select(Payment)).one()
    assert (paid.amount_cents, paid.gateway, paid.request_key) == (2500, "sandbox", "load-40817363")


def test_requests_and_transfers_load(database: Engine, connection: Connection, tmp_path: Path) -> None:
    renewal = "reference,rx_number,requested_at\n61204558,7000001,2026-02-27T17:30:00-08:00\n"
    transfer = "member_number,drug_name,from_pharmacy,requested_on\n10000001,Metformin,Corner Drug,-2d\n"
    load(database, tmp_path, GOOD | {"renewal_request.csv": renewal, "transfer.csv": transfer})
    asked, moved = connection.execute(select(RenewalRequest)).one(), connection.execute(select(Transfer)).one()
    assert (asked.status, asked.channel) == ("requested", "phone")
    assert asked.requested_at == datetime(2026, 2, 28, 1, 30, tzinfo=UTC)
    assert (moved.status, moved.requested_on, moved.rx_number) == ("requested", date(2026, 2, 28), None)


def test_transfers_asked_for_by_telephone_load_again(database: Engine, connection: Connection, tmp_path: Path) -> None:
    """Staff add medicine and pharmacy to one of two of the same day, at first by its number there, then by its name."""
    by_number = "member_number,from_phone,from_rx_number,requested_on,drug_name,status\n"
    asked = by_number + "10000001,+18005550142,0042,2026-02-28,,\n10000001,+18005550142,0043,2026-02-28,,\n"
    load(database, tmp_path, GOOD | {"transfer.csv": asked})
    load(database, tmp_path, GOOD | {"transfer.csv": asked})
    load(
        database,
        tmp_path,
        {"transfer.csv": by_number + "10000001,+18005550142,0043,2026-02-28,Metformin,confirmed\n"},
    )
    names = "member_number,drug_name,from_pharmacy,requested_on\n10000001,Metformin,Corner Drug,2026-02-28\n"
    load(database, tmp_path, {"transfer.csv": names})
    rows = connection.execute(select(Transfer).order_by(Transfer.from_rx_number))
    assert [(row.from_rx_number, row.drug_name, row.from_pharmacy, row.status) for row in rows] == [
        ("0042", None, None, "requested"),
        ("0043", "Metformin", "Corner Drug", "confirmed"),
    ]


def test_a_spreadsheets_file_is_read(database: Engine, connection: Connection, tmp_path: Path) -> None:
    """A byte order mark, line ends of two characters, blank lines, spaces and quotes around fields do no harm."""
    words = (
        '\ufeffmember_number, first_name ,last_name,birth_date\r\n\r\n10000001, José ,"Ruiz, Jr.",1950-03-14\r\n\r\n'
    )
    (tmp_path / "member.csv").write_bytes(words.encode())
    load_folder(database, tmp_path, TODAY)
    assert connection.execute(select(Member.first_name, Member.last_name)).one() == ("José", "Ruiz, Jr.")


# Loading again -------------------------------------------------------------------------------------------------------


def test_loading_the_same_again_changes_nothing(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, GOOD)
    before = [connection.execute(select(table.__table__)).all() for table in Base.__subclasses__()]
    connection.rollback()
    load(database, tmp_path, GOOD)
    assert [connection.execute(select(table.__table__)).all() for table in Base.__subclasses__()] == before


def test_loading_again_updates_by_number_and_leaves_what_the_file_does_not_tell(
    database: Engine, connection: Connection, tmp_path: Path
) -> None:
    full = (
        "member_number,first_name,last_name,birth_date,phone,language\n10000001,Ana,Ruiz,1950-03-14,+14135550123,es\n"
    )
    load(database, tmp_path, {"member.csv": full})
    load(database, tmp_path, {"member.csv": MEMBER.replace("Ruiz", "Vega")})
    member = connection.execute(select(Member)).one()
    assert (member.last_name, member.phone, member.language) == ("Vega", "+14135550123", "es")


def test_an_empty_field_clears_what_stood(database: Engine, connection: Connection, tmp_path: Path) -> None:
    full = "member_number,first_name,last_name,birth_date,phone\n10000001,Ana,Ruiz,1950-03-14,+14135550123\n"
    load(database, tmp_path, {"member.csv": full})
    load(database, tmp_path, {"member.csv": full.replace("+14135550123", "")})
    assert connection.scalars(select(Member.phone)).one() is None


def test_a_key_that_comes_twice_has_its_later_row(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, {"member.csv": MEMBER + "10000001,Eva,Ruiz,1950-03-14\n"})
    assert connection.scalars(select(Member.first_name)).one() == "Eva"


def test_a_member_who_moved_gets_a_new_address_and_orders_keep_theirs(
    database: Engine, connection: Connection, tmp_path: Path
) -> None:
    load(database, tmp_path, GOOD)
    load(database, tmp_path, GOOD | {"address.csv": ADDRESS.replace("74", "76")})
    rows = connection.execute(select(Address.house_number, Address.replaced_at).order_by(Address.id)).all()
    assert rows == [("74", NOON), ("76", None)]
    assert connection.scalars(select(Address.house_number).join(RefillOrder)).one() == "74"


def test_addresses_and_streets_have_their_urbanization(
    database: Engine, connection: Connection, tmp_path: Path
) -> None:
    address = "member_number,house_number,street,urbanization,zip\n10000001,12,CALLE 1,URB VILLA BLANCA,00725\n"
    street = "zip,street,urbanization\n00725,CALLE 1,URB VILLA BLANCA\n00725,CALLE 1,\n"
    for _ in range(2):
        load(database, tmp_path, {"member.csv": MEMBER, "address.csv": address, "street.csv": street})
    load(database, tmp_path, {"street.csv": "zip,street,low,high\n00725,CALLE 1,1,9\n"})
    assert connection.scalars(select(Address.urbanization)).all() == ["URB VILLA BLANCA"]
    streets = connection.execute(select(Street.urbanization, Street.low).order_by(Street.id)).all()
    assert streets == [("URB VILLA BLANCA", None), (None, 1)]


def test_an_unverified_address_replaces_none(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, GOOD)
    keyed = "member_number,house_number,street,zip,verified\n10000001,9,Larch Lane,01001,false\n"
    load(database, tmp_path, {"address.csv": keyed})
    assert connection.scalars(select(Address.replaced_at)).all() == [None, None]


def test_a_card_on_file_is_found_by_its_token(database: Engine, connection: Connection, tmp_path: Path) -> None:
    card = "member_number,token,brand,last4,exp_month,exp_year\n10000001,tok_visa,visa,4242,8,2029\n"
    load(database, tmp_path, {"member.csv": MEMBER, "saved_card.csv": card})
    load(database, tmp_path, {"saved_card.csv": card.replace("2029", "2032")})
    assert connection.scalars(select(SavedCard.exp_year)).all() == [2032]


# What is said of bad rows --------------------------------------------------------------------------------------------

WIDE = "member_number,first_name,last_name,birth_date,phone,language,status\n"
GOOD_WIDE = "10000001,Ana,Ruiz,1950-03-14,,en,active\n"

BAD_MEMBERS = {
    "date": (
        WIDE + GOOD_WIDE + "10000002,Bo,Lee,12/3/50,,en,active\n",
        'member.csv:3: column birth_date: expected a date like 1950-03-14 or -76d, found "12/3/50"',
    ),
    "day that does not exist": (
        WIDE + "10000002,Bo,Lee,2023-02-29,,en,active\n",
        'member.csv:2: column birth_date: expected a date like 1950-03-14 or -76d, found "2023-02-29"',
    ),
    "empty": (
        WIDE + "10000002,,Lee,1950-03-14,,en,active\n",
        "member.csv:2: column first_name: expected words in UTF-8 on one line, found nothing",
    ),
    "short number": (
        WIDE + "1000000,Bo,Lee,1950-03-14,,en,active\n",
        'member.csv:2: column member_number: expected 8 to 10 digits, found "1000000"',
    ),
    "digits of another script": (
        WIDE + "1000000٢,Bo,Lee,1950-03-14,,en,active\n",
        'member.csv:2: column member_number: expected 8 to 10 digits, found "1000000٢"',
    ),
    "word": (
        WIDE + "10000002,Bo,Lee,1950-03-14,,fr,active\n",
        'member.csv:2: column language: expected one of en, es, found "fr"',
    ),
    "phone": (
        WIDE + "10000002,Bo,Lee,1950-03-14,413-555-0123,en,active\n",
        'member.csv:2: column phone: expected a phone number like +14135550123, found "413-555-0123"',
    ),
    "control character": (
        WIDE + "10000002,B\x00o,Lee,1950-03-14,,en,active\n",
        'member.csv:2: column first_name: expected words in UTF-8 on one line, found "B\\x00o"',
    ),
    "too long to quote": (
        WIDE + f"{'9' * 60},Bo,Lee,1950-03-14,,en,active\n",
        f'member.csv:2: column member_number: expected 8 to 10 digits, found "{"9" * 40}…"',
    ),
    "too few fields": (WIDE + "10000002,Bo\n", "member.csv:2: expected 7 fields, found 2"),
    "too many fields": (WIDE + GOOD_WIDE.strip() + ",\n", "member.csv:2: expected 7 fields, found 8"),
    "after a field of two lines": (
        WIDE + '10000001,Ana,"Ru\niz",1950-03-14,,en,active\n',
        'member.csv:2: column last_name: expected words in UTF-8 on one line, found "Ru\\niz"',
    ),
    "after blank lines": (WIDE + "\n\n10000002\n", "member.csv:4: expected 7 fields, found 1"),
    "open quote": (WIDE + '10000001,"Ana\n', "member.csv:2: not readable as CSV: unexpected end of data"),
    "unknown column": (
        "member_number,frist_name,last_name,birth_date\n",
        'member.csv:1: there is no column "frist_name" (did you mean "first_name"?)',
    ),
    "column twice": (
        "member_number,first_name,last_name,birth_date,first_name\n",
        "member.csv:1: column first_name is there twice",
    ),
    "missing column": ("member_number,first_name,last_name\n", "member.csv:1: column birth_date is missing"),
    "empty file": ("", "member.csv:1: the file is empty; expected a line with the names of its columns"),
}


@pytest.mark.parametrize(("words", "message"), BAD_MEMBERS.values(), ids=BAD_MEMBERS)
def test_a_bad_member_row_is_refused_with_file_row_and_column(
    words: str, message: str, refusing: Engine, tmp_path: Path
) -> None:
    assert refusal(refusing, tmp_path, {"member.csv": words}) == message


CARD = "member_number,token,brand,last4,exp_month,exp_year\n10000001,tok_visa,visa,4242,8,2029\n"
RENEWAL = "reference,rx_number,requested_at\n61204558,7000001,-2d\n"

BAD_FILES = {
    "a transfer of nobody knows what": (
        "transfer.csv",
        "member_number,from_phone,requested_on\n10000001,+18005550142,-2d\n",
        "transfer.csv:2: column drug_name: expected a medicine, because from_phone or from_rx_number is empty",
    ),
    "unknown member": (
        "prescription.csv",
        PRESCRIPTION.replace("10000001", "10000009"),
        "prescription.csv:2: column member_number: there is no member with the number 10000009",
    ),
    "unknown prescription": (
        "order_line.csv",
        LINE.replace("7000001", "7000009"),
        "order_line.csv:2: column rx_number: there is no prescription with the number 7000009",
    ),
    "unknown order": (
        "order_line.csv",
        LINE.replace("40817363", "41227539"),
        "order_line.csv:2: column order_number: there is no order with the number 41227539",
    ),
    "order number without its check digit": (
        "refill_order.csv",
        ORDER.replace("40817363", "40817364"),
        'refill_order.csv:2: column order_number: expected 40817363, by its check digit (Luhn), found "40817364"',
    ),
    "supply that is no multiple": (
        "order_line.csv",
        LINE.replace("60", "45"),
        "order_line.csv:2: column days_supply: expected a multiple of the prescription's 30 days",
    ),
    "most below usual": (
        "prescription.csv",
        PRESCRIPTION.replace("30,90", "30,20"),
        "prescription.csv:2: column max_days_supply: expected at least the days_supply, 30",
    ),
    "negative refills": (
        "prescription.csv",
        PRESCRIPTION.replace("3,2,-16d", "-3,2,-16d"),
        'prescription.csv:2: column refills_left: expected a whole number of at least 0, found "-3"',
    ),
    "price with a point": (
        "prescription.csv",
        PRESCRIPTION.replace("1250", "12.50"),
        'prescription.csv:2: column price_cents: expected a whole number of at least 0, found "12.50"',
    ),
    "price beyond any": (
        "prescription.csv",
        PRESCRIPTION.replace("1250", "3000000000"),
        'prescription.csv:2: column price_cents: expected a whole number of at least 0, found "3000000000"',
    ),
    "first fill without a last": (
        "prescription.csv",
        PRESCRIPTION.replace("last_filled_on", "first_filled_on"),
        "prescription.csv:2: column last_filled_on: expected a date, because first_filled_on has one",
    ),
    "scheduled without a day": (
        "refill_order.csv",
        ORDER.replace("placed", "scheduled"),
        "refill_order.csv:2: column ship_on: expected a date, because the order is scheduled",
    ),
    "held without a reason": (
        "refill_order.csv",
        ORDER.replace("placed", "held"),
        "refill_order.csv:2: column held_reason: expected one of address, payment, payment_unknown, stock, rules, because the order is held",
    ),
    "zip that does not exist": (
        "address.csv",
        ADDRESS.replace("01001", "00000"),
        "address.csv:2: column zip: there is no ZIP code 00000 to take city and state from",
    ),
    "state in words": (
        "address.csv",
        "member_number,street,zip,state\n10000001,Elm Street,01001,Mass\n",
        'address.csv:2: column state: expected a state like MA, found "Mass"',
    ),
    "flag": (
        "address.csv",
        "member_number,street,zip,verified\n10000001,Elm Street,01001,yes\n",
        'address.csv:2: column verified: expected true or false, found "yes"',
    ),
    "year": (
        "saved_card.csv",
        CARD.replace("2029", "29"),
        'saved_card.csv:2: column exp_year: expected a year like 2031 or +3y, found "29"',
    ),
    "month": (
        "saved_card.csv",
        CARD.replace(",8,", ",13,"),
        'saved_card.csv:2: column exp_month: expected a whole number from 1 to 12, found "13"',
    ),
    "token that cannot be one": (
        "saved_card.csv",
        CARD.replace("tok_visa", "tok\tvisa"),
        "saved_card.csv:2: column token: expected words in UTF-8 on one line, found something else",
    ),
    "moment without a time zone": (
        "renewal_request.csv",
        RENEWAL.replace("-2d", "2026-03-01T10:00:00"),
        "renewal_request.csv:2: column requested_at: expected a time like 1950-03-14T09:30:00Z, "
        'or a date like 1950-03-14 or -76d, found "2026-03-01T10:00:00"',
    ),
}


@pytest.mark.parametrize(("name", "words", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_row_is_refused_with_file_row_and_column(
    name: str, words: str, message: str, refusing: Engine, tmp_path: Path
) -> None:
    assert refusal(refusing, tmp_path, GOOD | {name: words}) == message


def test_an_order_for_a_member_without_an_address_is_refused(refusing: Engine, tmp_path: Path) -> None:
    message = refusal(refusing, tmp_path, {"member.csv": MEMBER, "refill_order.csv": ORDER})
    assert message == "refill_order.csv:2: column member_number: this member has no mailing address"


def test_bytes_that_are_not_utf8_are_refused(refusing: Engine, tmp_path: Path) -> None:
    (tmp_path / "member.csv").write_bytes(MEMBER.replace("Ana", "José").encode("latin-1"))
    with pytest.raises(DataError) as caught:
        load_folder(refusing, tmp_path, TODAY)
    expected = 'member.csv:2: column first_name: expected words in UTF-8 on one line, found "Jos\\udce9"'
    assert str(caught.value) == expected


def test_a_row_only_the_database_can_refuse_is_told_by_its_line(database: Engine, tmp_path: Path) -> None:
    order = ORDER + "41227539,10000001,placed,2500\n"
    lines = LINE + "41227539,7000001,30\n"
    message = refusal(database, tmp_path, GOOD | {"refill_order.csv": order, "order_line.csv": lines})
    assert message.startswith("order_line.csv:3: the database refuses this row: ")
    assert "\n" not in message


FOLDERS = {
    "misspelt": (
        {"prescriptions.csv": ""},
        'prescriptions.csv: there is no table of that name (did you mean "prescription.csv"?)',
    ),
    "unknown": ({"x.csv": ""}, "x.csv: there is no table of that name"),
}


@pytest.mark.parametrize(("files", "message"), FOLDERS.values(), ids=FOLDERS)
def test_a_file_for_no_table_is_refused(files: dict[str, str], message: str, refusing: Engine, tmp_path: Path) -> None:
    assert refusal(refusing, tmp_path, {"member.csv": MEMBER} | files) == message


def test_a_folder_without_files_is_refused(refusing: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_folder(refusing, tmp_path, TODAY)
    assert str(caught.value).startswith(f"{tmp_path}: there is no CSV file to load; expected some of member.csv, ")


def test_a_folder_that_is_not_there_is_refused(refusing: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_folder(refusing, tmp_path / "gone", TODAY)
    assert str(caught.value) == f"{tmp_path}/gone: there is no such folder"


# All or nothing, and many --------------------------------------------------------------------------------------------


def many_members(rows: int) -> str:
    return MEMBER + "".join(f"2{number:07},Bo,Lee,1970-01-01\n" for number in range(rows - 1))


def test_a_bad_row_leaves_nothing_of_its_load(database: Engine, connection: Connection, tmp_path: Path) -> None:
    files = {"member.csv": many_members(BATCH + 5), "address.csv": ADDRESS + "10000001,9,Larch Lane,1001\n"}
    refusal(database, tmp_path, files)
    assert count(connection, Member) == 0


def test_a_bad_row_leaves_what_stood_before(database: Engine, connection: Connection, tmp_path: Path) -> None:
    load(database, tmp_path, {"member.csv": MEMBER})
    refusal(database, tmp_path, {"member.csv": MEMBER.replace("Ana", "Eva") + "1,,,\n"})
    assert connection.scalars(select(Member.first_name)).one() == "Ana"


def test_rows_are_written_batch_by_batch(database: Engine, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "member.csv").write_text(many_members(2 * BATCH + 7))
    written: list[int] = []

    def note(_connection: object, statement: object, rows: Sequence[object], *_: object) -> None:
        if isinstance(statement, Insert):
            written.append(len(rows))

    event.listen(database, "before_execute", note)
    assert load_folder(database, tmp_path, TODAY) == {"member": 2 * BATCH + 7}
    assert written == [BATCH, BATCH, 7]
    assert count(connection, Member) == 2 * BATCH + 7


def test_a_row_the_database_refuses_is_found_among_many(database: Engine, tmp_path: Path) -> None:
    numbers = [f"7{number:06}" for number in range(300)]
    row = PRESCRIPTION.splitlines()[1]
    prescriptions = PRESCRIPTION + "".join(
        f"{row.replace('7000001', number)}\n" for number in numbers if number != "7000001"
    )
    order = ORDER + "41227539,10000001,placed,2500\n"
    lines = LINE + "".join(f"41227539,{number},30\n" for number in numbers)
    message = refusal(
        database,
        tmp_path,
        GOOD | {"prescription.csv": prescriptions, "refill_order.csv": order, "order_line.csv": lines},
    )
    assert message.startswith("order_line.csv:4: the database refuses this row: ")


@given(st.integers(-99999, 99999), st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_days_from_today_are_days_from_today(count: int, today: date) -> None:
    expected = today + timedelta(days=count)
    assert day(f"{count:+d}d", today) == expected
    assert day(expected.isoformat(), today) == expected


FRAGMENTS = st.sampled_from(
    ["member_number", "first_name", "1950-03-14", "10000001", "-76d", ",", ",", "\n", '"', "Ana", "\x00", "é"]
)


@given(st.lists(FRAGMENTS | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_at_all_is_loaded_or_refused_in_one_line(refusing: Engine, scratch: Path, words: str) -> None:
    text = MEMBER.splitlines()[0] + "\n" + words
    (scratch / "member.csv").write_text(text, encoding="utf-8", errors="replace", newline="")
    message = "member.csv: loaded"
    try:
        load_folder(refusing, scratch, TODAY)
    except DataError as error:
        message = str(error)
    assert message.isprintable()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend one folder to many tries."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def refusing() -> Iterator[Engine]:
    """Lend one database to all tests of refusals: nothing stays in it, and its kind changes nothing of what is said."""
    engine = open_database("sqlite://")
    yield engine
    engine.dispose()
