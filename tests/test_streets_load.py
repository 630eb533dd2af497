"""Filling the street directory from files."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from ivr.cli import main
from ivr.errors import DataError
from ivr.pharmacy import street_load
from ivr.pharmacy.street_load import load_streets
from ivr.pharmacy.street_rows import (
    BadRow,
    StreetRow,
    house_number,
    house_numbers,
    join_nearby,
    read_csv,
    read_openaddresses,
    read_tiger,
    street_row,
    write_csv,
    zip_code,
)
from ivr.pharmacy.tables import Street


def csv_file(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "streets.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def rows_of(database: Engine) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        found = connection.execute(text("SELECT zip, name, city, state, low, high FROM street ORDER BY zip, name"))
        return [tuple(row) for row in found]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"zip": "1001"}, 'zip: expected five digits, found "1001"', id="a zero lost"),
        pytest.param({"zip": ""}, "zip: expected five digits, found nothing", id="no ZIP"),
        pytest.param({"zip": "00000"}, "zip: there is no ZIP code 00000 to take city and state from", id="no such ZIP"),
        pytest.param(
            {"street": ""}, "street: expected a name of at most 100 characters, found nothing", id="no street"
        ),
        pytest.param(
            {"street": "A\x07B"},
            'street: expected a name of at most 100 characters, found "A?B"',
            id="a control character",
        ),
        pytest.param(
            {"low": "12a", "high": "20"}, 'low: expected a house number, found "12a"', id="a number with a letter"
        ),
        pytest.param(
            {"low": "1", "high": "9" * 10}, f'high: expected a house number, found "{"9" * 10}"', id="a huge number"
        ),
        pytest.param({"city": "X", "state": "MASS"}, 'state: expected two letters, found "MASS"', id="a long state"),
    ],
)
def test_a_bad_row_says_what_is_wrong(fields: dict[str, str], reason: str) -> None:
    assert street_row(7, {"zip": "01001", "street": "Main St", **fields}) == BadRow(7, reason)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, ("Agawam", "MA", None, None), id="city and state from the ZIP"),
        pytest.param({"city": "Feeding Hills"}, ("Feeding Hills", "MA", None, None), id="a city of its own"),
        pytest.param({"low": "90", "high": "2"}, ("Agawam", "MA", 2, 90), id="a range the wrong way round"),
        pytest.param({"low": "90"}, ("Agawam", "MA", None, None), id="half a range is none"),
    ],
)
def test_a_good_row_is_completed(fields: dict[str, str], expected: tuple[object, ...]) -> None:
    row = street_row(1, {"zip": "01001", "street": " Main   St ", **fields})
    assert isinstance(row, StreetRow)
    assert (row.street, row.city, row.state, row.low, row.high) == ("Main St", *expected)


def test_streets_are_loaded_and_loading_again_only_widens_ranges(database: Engine, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "zip,street,low,high", "01001,MAIN ST,10,20", "01001,ELM ST,,", "01001,MAIN ST,30,40")
    assert load_streets(database, path, read_csv(path)).rows == 3
    again = csv_file(tmp_path, "street,zip,low,high", "MAIN ST,01001,2,15", "ELM ST,01001,5,9", "MAIN ST,01001,,")
    load_streets(database, again, read_csv(again))
    assert rows_of(database) == [
        ("01001", "ELM ST", "Agawam", "MA", 5, 9),
        ("01001", "MAIN ST", "Agawam", "MA", 2, 40),
    ]


def test_a_street_is_known_by_its_urbanization_too(database: Engine, tmp_path: Path) -> None:
    rows = ("00725,CALLE 1,URB  VILLA BLANCA,10,20", "00725,CALLE 1,URB CAGUAS NORTE,1,9", "00725,CALLE 1,,5,6")
    path = csv_file(tmp_path, "zip,street,urbanization,low,high", *rows, "00725,CALLE 1,URB VILLA BLANCA,15,30")
    for _ in range(2):
        load_streets(database, path, read_csv(path))
    again = csv_file(tmp_path, "zip,street,low,high", "00725,CALLE 1,7,8")
    load_streets(database, again, read_csv(again))
    with database.connect() as connection:
        found = connection.execute(text("SELECT urbanization, low, high FROM street ORDER BY low"))
        assert [tuple(row) for row in found] == [
            ("URB CAGUAS NORTE", 1, 9),
            (None, 5, 8),
            ("URB VILLA BLANCA", 10, 30),
        ]


@pytest.mark.parametrize("urbanization", [None, "URB VILLA BLANCA"])
def test_no_street_stands_there_twice(database: Engine, urbanization: str | None) -> None:
    row = {"zip": "00725", "name": "CALLE 1", "city": "Caguas", "state": "PR", "urbanization": urbanization}
    with database.connect() as connection:
        connection.execute(insert(Street), row)
        with pytest.raises(IntegrityError):
            connection.execute(insert(Street), row)


def test_a_bad_row_ends_the_load_unless_it_may_be_left_out(database: Engine, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "zip,street", "01001,MAIN ST", "1001,ELM ST", "01001,OAK ST", "01001,a,b")
    with pytest.raises(DataError, match=r'streets.csv:3: zip: expected five digits, found "1001"'):
        load_streets(database, path, read_csv(path))
    bad: list[BadRow] = []
    loaded = load_streets(database, path, read_csv(path), bad.append)
    assert (loaded.rows, loaded.bad, [row.line for row in bad]) == (4, 2, [3, 5])
    assert [row[1] for row in rows_of(database)] == ["MAIN ST", "OAK ST"]


def test_a_load_that_was_cut_short_goes_on_where_it_stopped(database: Engine, tmp_path: Path) -> None:
    count = 2 * street_load.BATCH + 500
    path = csv_file(tmp_path, "zip,street", *(f"01001,STREET {number}" for number in range(count)))

    def cut_short() -> Iterable[StreetRow | BadRow]:
        for row in read_csv(path):
            if row.line > street_load.BATCH + 100:
                raise KeyboardInterrupt
            yield row

    with pytest.raises(KeyboardInterrupt):
        load_streets(database, path, cut_short())
    assert len(rows_of(database)) == street_load.BATCH
    loaded = load_streets(database, path, read_csv(path))
    assert (loaded.rows, loaded.resumed) == (count, street_load.BATCH)
    assert len(rows_of(database)) == count
    assert load_streets(database, path, read_csv(path)).resumed == 0


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(
            ["zip,strete"], 'streets.csv:1: there is no column "strete" (did you mean "street"?)', id="misspelt"
        ),
        pytest.param(["zip,city"], "streets.csv:1: expected one column street, found none", id="a column missing"),
        pytest.param(["zip,zip,street"], "streets.csv:1: expected one column zip, found 2", id="a column twice"),
        pytest.param([""], "streets.csv:1: expected one column zip, found none", id="empty"),
    ],
)
def test_a_file_without_the_right_columns_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(DataError) as refused:
        list(read_csv(csv_file(tmp_path, *lines)))
    assert str(refused.value) == message


def test_another_encoding_has_to_be_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "zip,street", "94550,PEÑA WAY", encoding="latin-1")
    with pytest.raises(DataError, match="is not written in UTF-8; say how with --encoding, such as latin-1"):
        list(read_csv(path))
    (row,) = read_csv(path, "latin-1")
    assert isinstance(row, StreetRow)
    assert row.street == "PEÑA WAY"


def test_a_byte_order_mark_and_empty_lines_are_no_rows(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "\ufeffZIP,Street", "", "01001,MAIN ST", "")
    assert [type(row) for row in read_csv(path)] == [StreetRow]


# TIGER/Line


def dbf(records: list[dict[str, str]]) -> bytes:
    fields = [
        ("FULLNAME", 40),
        ("LFROMHN", 12),
        ("LTOHN", 12),
        ("RFROMHN", 12),
        ("RTOHN", 12),
        ("ZIPL", 5),
        ("ZIPR", 5),
    ]
    width = 1 + sum(size for _, size in fields)
    out = io.BytesIO()
    out.write(struct.pack("<BBBBIHH20x", 3, 124, 1, 1, len(records), 32 + 32 * len(fields) + 1, width))
    for name, size in fields:
        out.write(struct.pack("<11sc4xBB14x", name.encode(), b"C", size, 0))
    out.write(b"\r")
    for record in records:
        out.write(record.get("deleted", " ").encode())
        out.write(b"".join(record.get(name, "").ljust(size).encode() for name, size in fields))
    return out.getvalue() + b"\x1a"


RECORDS = [
    {
        "FULLNAME": "Main St",
        "LFROMHN": "101",
        "LTOHN": "199",
        "RFROMHN": "100",
        "RTOHN": "198",
        "ZIPL": "01001",
        "ZIPR": "01007",
    },
    {"FULLNAME": "Elm Ave", "LFROMHN": "12-34", "LTOHN": "12-98", "ZIPL": "11101"},
    {"FULLNAME": "", "ZIPL": "01001"},
    {"FULLNAME": "Gone Rd", "ZIPL": "01001", "deleted": "*"},
]
FROM_TIGER = [
    ("01001", "Main St", 101, 199),
    ("01007", "Main St", 100, 198),
    ("11101", "Elm Ave", 1234, 1298),
]


@pytest.mark.parametrize("packed", [False, True], ids=["dbf", "zip"])
def test_census_address_ranges_are_read_side_by_side(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("tl.zip" if packed else "tl.dbf")
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("tl_addrfeat.dbf", dbf(RECORDS))
            archive.writestr("tl_addrfeat.shp", b"")
    else:
        path.write_bytes(dbf(RECORDS))
    found = [row for row in read_tiger(path) if isinstance(row, StreetRow)]
    assert [(row.zip, row.street, row.low, row.high) for row in found] == FROM_TIGER


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is no dBASE file"), (struct.pack("<BBBBIHH20x", 3, 1, 1, 1, 0, 33, 1) + b"\r", "has no FULLNAME and ZIPL")],
)
def test_what_is_no_address_range_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tl.dbf"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_tiger(path))


# OpenAddresses


def test_openaddresses_are_read_from_csv_and_geojson(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("LON,LAT,NUMBER,STREET,UNIT,CITY,POSTCODE\n1,2,12B,Main St,,,01001-1234\n1,2,,Elm St,,,01001\n")
    features = tmp_path / "out.geojson"
    properties = {"number": "12B", "street": "Main St", "postcode": "01001-1234"}
    features.write_text(json.dumps({"type": "Feature", "properties": properties}) + "\nnonsense\n")
    expected = StreetRow(2, "01001", "Main St", "Agawam", "MA", 12, 12)
    assert list(read_openaddresses(path)) == [expected, StreetRow(3, "01001", "Elm St", "Agawam", "MA")]
    first, second = read_openaddresses(features)
    assert (first, type(second)) == (StreetRow(1, *("01001", "Main St", "Agawam", "MA"), 12, 12), BadRow)


@pytest.mark.parametrize(
    ("number", "digits"), [("12", "12"), ("12B", "12"), ("12-34", "1234"), ("12 1/2", "12"), ("B12", ""), ("", "")]
)
def test_a_house_number_counts_by_its_digits(number: str, digits: str) -> None:
    assert house_number(number) == digits


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        ("101", "101", "101"),
        ("101.0", "101", "101"),
        ("00101", "00101", "00101"),
        ("101-109", "101", "109"),
        ("101 - 109", "101", "109"),
        ("10 - 12", "10", "12"),
        ("101A-103B", "101", "103"),
        ("109-101", "101", "109"),
        ("103B-101A", "101", "103"),
        ("12 - 10", "10", "12"),
        ("999-1001", "", ""),
        ("1001-999", "", ""),
        ("12-34", "1234", "1234"),
        ("108-17", "10817", "10817"),
        ("91-1001", "911001", "911001"),
        ("101 1/2", "101", "101"),
        ("101½", "101", "101"),
        ("101/103", "101", "101"),
        ("101;103", "101", "101"),
        ("N101W202", "", ""),
        ("101W202", "", ""),
        ("1e3", "", ""),
        ("123456-7890", "", ""),
        ("1234567890", "", ""),
        ("", "", ""),
    ],
)
def test_a_house_number_may_be_several(number: str, low: str, high: str) -> None:
    assert house_numbers(number) == (low, high)


@pytest.mark.parametrize(
    ("postcode", "code"),
    [
        ("94102", "94102"),
        ("94102.0", "94102"),
        ("94102.", "94102"),
        ("94102-1234", "94102"),
        ("94102 1234", "94102"),
        ("94102-", "94102"),
        ("941021234", "94102"),
        ("941021234.0", "94102"),
        ("CA 94102", "94102"),
        ("1001", "01001"),
        ("501", "00501"),
        ("10011234", "01001"),
        ("5010001", "00501"),
        ("6011234.0", "00601"),
        ("1001.0", "01001"),
        ("501.0", "00501"),
        ("10011234.0", "01001"),
        # what is none comes back, to be told as it was found
        ("94", "94"),
        ("941021", "941021"),
        ("941021.0", "941021.0"),
        ("94102.5", "94102.5"),
        ("9.4102e4", "9.4102e4"),
        ("٩٤١٠٢", "٩٤١٠٢"),
        ("nan", "nan"),
        ("", ""),
    ],
)
def test_a_zip_code_is_read_as_sources_write_it(postcode: str, code: str) -> None:
    assert zip_code(postcode) == code


def test_numbers_of_geojson_have_lost_their_zeros(tmp_path: Path) -> None:
    path = tmp_path / "out.geojson"
    given = [(101, 1001), (101.0, 94102.0), ("101", "94102"), (None, 941021234), (101, None)]
    features = [
        {"type": "Feature", "properties": {"hash": "1a", "number": number, "street": "Main St", "postcode": code}}
        for number, code in given
    ]
    path.write_text("".join(json.dumps(feature) + "\n" for feature in features))
    *good, bad = read_openaddresses(path)
    assert [(row.zip, row.low, row.high) for row in good if isinstance(row, StreetRow)] == [
        ("01001", 101, 101),
        ("94102", 101, 101),
        ("94102", 101, 101),
        ("94102", None, None),
    ]
    assert bad == BadRow(5, "zip: expected five digits, found nothing")


COLLECTED = "NUMBER,STREET,POSTCODE\n"
UNCLOSED = "expected a quotation mark that ends what one begins in this line, found none"
NO_FEATURE = "expected one feature a line, as OpenAddresses writes GeoJSON, found something else"
FEATURE = '{"type": "Feature", "properties": {"number": "1", "street": "Elm St", "postcode": "01001"}}'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "NUMBER;STREET;POSTCODE\n1;Elm St;01001\n", "a.csv:1: expected commas between the columns, found semicolons"),
        ("a.csv", '"NUMBER"\t"STREET"\t"POSTCODE"\n', "a.csv:1: expected commas between the columns, found tabs"),
        ("a.csv", 'NUMBER,"STREET,POSTCODE\n1,Elm St,01001\n', f"a.csv:1: {UNCLOSED}"),
        ("a.csv", "", "a.csv:1: expected the columns STREET and POSTCODE"),
        ("a.geojson", '{"type": "FeatureCollection", "features": [' + FEATURE + "]}\n", f"a.geojson:1: {NO_FEATURE}"),
        ("a.geojson", json.dumps(json.loads(FEATURE), indent=1), f"a.geojson:1: {NO_FEATURE}"),
        ("a.geojson", "[" + FEATURE + "]", f"a.geojson:1: {NO_FEATURE}"),
        ("a.geojson", "number,street\n", f"a.geojson:1: {NO_FEATURE}"),
    ],
)  # fmt: skip
def test_what_is_not_written_as_openaddresses_does_is_told(tmp_path: Path, name: str, text: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        list(read_openaddresses(path))
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("name", "text", "bad", "good"),
    [
        ("a.csv", COLLECTED, [BadRow(1, "expected addresses, found no rows")], []),
        ("a.csv", COLLECTED + "\n\n", [BadRow(1, "expected addresses, found no rows")], []),
        ("a.geojson", "", [BadRow(1, "expected addresses, found no rows")], []),
        ("a.csv", COLLECTED + '1,"Elm St,01001\n2,"Oak St",01001\n', [BadRow(2, UNCLOSED)], ["Oak St"]),
        ("a.csv", COLLECTED + '2,"Oak St",01001\n3,"Elm St,01001', [BadRow(3, UNCLOSED)], ["Oak St"]),
        ("a.csv", COLLECTED + '1,12" Pipe Rd,01001\n', [], ['12" Pipe Rd']),
        ("a.geojson", f"{FEATURE}\n\nnonsense\n{FEATURE}\n", [BadRow(3, NO_FEATURE)], ["Elm St", "Elm St"]),
        ("a.geojson", '{"type": "Feature", "properties": null}\n', [BadRow(1, "zip: expected five digits, found nothing")], []),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_at_its_line_and_spoils_no_other(
    tmp_path: Path, name: str, text: str, bad: list[BadRow], good: list[str]
) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = list(read_openaddresses(path))
    assert [row for row in found if isinstance(row, BadRow)] == bad
    assert [row.street for row in found if isinstance(row, StreetRow)] == good


def test_stretches_of_a_street_are_put_together_as_they_stream_by() -> None:
    rows = [
        street_row(at, {"zip": "01001", "street": name, "low": low, "high": low})
        for at, (name, low) in enumerate(
            [("Main St", "5"), ("Elm St", "7"), ("Main St", "1"), ("Oak St", ""), ("Main St", "9")]
        )
    ]
    found = list(join_nearby((row for row in rows if isinstance(row, StreetRow)), most=3))
    assert [(row.street, row.low, row.high) for row in found] == [
        ("Main St", 1, 5),
        ("Elm St", 7, 7),
        ("Oak St", None, None),
        ("Main St", 9, 9),
    ]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    row = StreetRow(2, "01001", 'The "Old" Rd, N', "Agawam", "MA", 1, 9)
    out = io.StringIO()
    assert write_csv([row], out) == 1
    path = tmp_path / "streets.csv"
    path.write_text(out.getvalue())
    assert list(read_csv(path)) == [row]


# Commands


def test_the_command_loads_and_counts(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "zip,street", "01001,MAIN ST", *(f"{number},X" for number in range(25)))
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'ivr.db'}"}
    stopped = CliRunner().invoke(main, ["streets", "load", str(path)], env=env)
    assert (stopped.exit_code, stopped.output) == (1, 'streets.csv:3: zip: expected five digits, found "0"\n')
    loaded = CliRunner().invoke(main, ["streets", "load", "--skip-bad", str(path)], env=env)
    assert loaded.exit_code == 0
    assert loaded.output.count("expected five digits") == 20
    assert loaded.output.splitlines()[-2:] == ["25 bad rows left out", "streets.csv: 1 rows loaded"]


def test_the_command_converts(tmp_path: Path) -> None:
    path = tmp_path / "tl.dbf"
    path.write_bytes(dbf(RECORDS))
    converted = CliRunner().invoke(main, ["streets", "convert", "tiger", str(path)])
    assert converted.exit_code == 0
    assert converted.stdout.splitlines()[:2] == ["zip,street,city,state,low,high", "01001,Main St,Agawam,MA,101,199"]


@pytest.mark.parametrize(
    ("row", "code", "out", "told"),
    [
        ("101,MARKET ST,94102.0", 0, "94102,MARKET ST,San Francisco,CA,101,101", "1 rows written"),
        (
            "101,MARKET ST,941",
            1,
            "",
            "out.csv:2: zip: there is no ZIP code 00941 to take city and state from\n1 bad rows left out\n0 rows written",
        ),
    ],
)
def test_a_conversion_that_leaves_nothing_has_failed(tmp_path: Path, row: str, code: int, out: str, told: str) -> None:
    path = tmp_path / "out.csv"
    path.write_text(f"NUMBER,STREET,POSTCODE\n{row}\n")
    converted = CliRunner().invoke(main, ["streets", "convert", "openaddresses", str(path)])
    assert (converted.exit_code, converted.stdout.partition("\n")[2].strip()) == (code, out)
    assert converted.stderr.strip() == told
