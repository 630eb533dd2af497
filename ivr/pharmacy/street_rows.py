"""Readers of street data for the directory: plain CSV, the Census Bureau's TIGER/Line, and OpenAddresses.

A reader yields a `StreetRow` for each row, or a `BadRow` for one that cannot be used, and leaves it to its user what to
do about that. It keeps only the current row in memory.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from ivr.errors import DataError, did_you_mean
from ivr.pharmacy.places import place_of

WRITTEN_COLUMNS = ("zip", "street", "city", "state", "low", "high")
COLUMNS = (*WRITTEN_COLUMNS, "urbanization")
LONGEST_NAME = 100
HIGHEST_NUMBER = 2**31 - 1
_MOST_DIGITS = 9
"""The most digits of a house number, which then is below `HIGHEST_NUMBER`."""


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A stretch of a street in a ZIP code, with its lowest and highest house number; `line` is its line in the file."""

    line: int
    zip: str
    street: str
    city: str
    state: str
    low: int | None = None
    high: int | None = None
    urbanization: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What identifies the street: ZIP code, name and urbanization."""
        return (self.zip, self.street, self.urbanization)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, its line in the file and the reason."""

    line: int
    reason: str


StreetRows = Iterator[StreetRow | BadRow]
Reader = Callable[[Path, str], StreetRows]


def street_row(line: int, fields: Mapping[str, str]) -> StreetRow | BadRow:
    """Make a row from the texts of its fields; a missing city or state is taken from the ZIP code."""
    code, street, urbanization = (
        fields.get("zip", ""),
        _field_words(fields, "street"),
        _field_words(fields, "urbanization"),
    )
    if not (len(code) == 5 and code.isascii() and code.isdigit()):
        return BadRow(line, f"zip: expected five digits, found {_quote_value(code)}")
    for column, name in (("street", street), ("urbanization", urbanization or "-")):
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return BadRow(
                line, f"{column}: expected a name of at most {LONGEST_NAME} characters, found {_quote_value(name)}"
            )
    city, state = fields.get("city", ""), fields.get("state", "").upper()
    if not (city and state):
        place = place_of(code)
        if place is None:
            return BadRow(line, f"zip: there is no ZIP code {code} to take city and state from")
        city, state = city or place.city, state or place.state
    if len(state) != 2:
        return BadRow(line, f"state: expected two letters, found {_quote_value(state)}")
    low, high = fields.get("low", ""), fields.get("high", "")
    for name, number in (("low", low), ("high", high)):
        if number and not (number.isascii() and number.isdigit() and int(number) <= HIGHEST_NUMBER):
            return BadRow(line, f"{name}: expected a house number, found {_quote_value(number)}")
    row = StreetRow(line, code, street, city, state, urbanization=urbanization or None)
    if not (low and high):
        return row
    lowest, highest = sorted((int(low), int(high)))
    return replace(row, low=lowest, high=highest)


def _field_words(fields: Mapping[str, str], column: str) -> str:
    return " ".join(fields.get(column, "").split())


def _quote_value(value: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in value[:40])
    return f'"{shown}{"…" if len(value) > 40 else ""}"' if value else "nothing"


# Plain CSV -----------------------------------------------------------------------------------------------------------


def read_csv(path: Path, encoding: str = "") -> StreetRows:
    """Read a CSV file with the columns zip and street and, optionally, urbanization, city, state, low and high.

    Raises DataError for other columns or a wrong encoding.
    """
    records = _csv_records(path, encoding)
    names = _column_names(path, records)
    _check_columns(path, names)
    for line, row in records:
        if isinstance(row, BadRow):
            yield row
        elif len(row) == len(names):
            yield street_row(line, dict(zip(names, row, strict=True)))
        else:
            yield BadRow(line, f"expected {len(names)} fields, found {len(row)}")


class _UnclosedError(Exception):
    """A line ends within quotation marks."""


def _csv_records(path: Path, encoding: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Yield the rows of a file with their line numbers.

    Each line is parsed by itself, so that a missing quotation mark makes only its own line a bad row.
    """
    for number, line in _lines(path, encoding):
        row = _csv_record(number, line.replace("\0", ""))
        if row:
            yield number, row


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with path.open(encoding=encoding or "utf-8-sig", newline="") as lines:
        try:
            yield from enumerate(lines, 1)
        except UnicodeError:
            reason = f"is not written in {encoding or 'UTF-8'}; say how with --encoding, such as latin-1"
            raise DataError(f"{path.name}: {reason}") from None


def _csv_record(number: int, line: str) -> list[str] | BadRow:
    try:
        return [value.strip() for value in next(csv.reader(_only_line(line)))]
    except _UnclosedError:
        return BadRow(number, "expected a quotation mark that ends what one begins in this line, found none")
    except csv.Error as error:
        return BadRow(number, f"not readable as CSV: {error}")


def _only_line(line: str) -> Iterator[str]:
    """Yield one line to the CSV reader; it asks for a second one only if a quotation mark is open."""
    yield line
    raise _UnclosedError


def _column_names(path: Path, records: Iterator[tuple[int, list[str] | BadRow]]) -> list[str]:
    line, row = next(records, (1, list[str]()))
    if isinstance(row, BadRow):
        raise DataError(f"{path.name}:{line}: {row.reason}")
    if len(row) == 1 and (other := re.search(r"[;\t|]", row[0])):
        raise DataError(f"{path.name}:{line}: expected commas between the columns, found {_SEPARATORS[other[0]]}")
    return [name.lower() for name in row]


_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def _check_columns(path: Path, names: list[str]) -> None:
    for name in names:
        if name not in COLUMNS:
            raise DataError(f'{path.name}:1: there is no column "{name}"{did_you_mean(name, COLUMNS)}')
    for name in ("zip", "street"):
        if names.count(name) != 1:
            raise DataError(f"{path.name}:1: expected one column {name}, found {names.count(name) or 'none'}")


# TIGER/Line ----------------------------------------------------------------------------------------------------------


def read_tiger(path: Path, encoding: str = "") -> StreetRows:
    """Read an address range-feature (addrfeat) file of TIGER/Line: the .dbf, or the .zip that it comes in.

    Each record is a stretch of a street, with the house numbers and ZIP code of its left and of its right side.
    """
    with _open_dbf(path) as file:
        for line, record in enumerate(_dbf_records(file, path, encoding or "utf-8"), 1):
            for side in "LR":
                code, street = record.get(f"ZIP{side}", ""), record["FULLNAME"]
                if code and street:
                    low, high = (house_number(record.get(f"{side}{end}HN", "")) for end in ("FROM", "TO"))
                    yield street_row(line, {"zip": code, "street": street, "low": low, "high": high})


@contextmanager
def _open_dbf(path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".dbf")]
        if len(names) != 1:
            raise DataError(f"{path.name}: expected one .dbf file in it, found {len(names)}")
        with archive.open(names[0]) as member:
            yield io.BufferedReader(member)  # type: ignore[type-var] # typeshed wants a RawIOBase; ZipExtFile is as good


def _dbf_records(file: BinaryIO, path: Path, encoding: str) -> Iterator[dict[str, str]]:
    """Yield the records of a dBASE file: a header, 32 bytes for each field, then rows of fixed width."""
    header = file.read(32)
    if len(header) < 32:
        raise DataError(f"{path.name}: is no dBASE file")
    size = int.from_bytes(header[8:10], "little")
    width = int.from_bytes(header[10:12], "little")
    descriptors = file.read(size - 32)
    spans: dict[str, tuple[int, int]] = {}
    offset = 1
    for start in range(0, len(descriptors) - 31, 32):
        if descriptors[start] == 0x0D:
            break
        name = descriptors[start : start + 11].split(b"\0")[0].decode("ascii", "replace")
        spans[name] = (offset, offset + descriptors[start + 16])
        offset += descriptors[start + 16]
    if "FULLNAME" not in spans or "ZIPL" not in spans:
        raise DataError(f"{path.name}: has no FULLNAME and ZIPL; expected an address range-feature (addrfeat) file")
    while len(row := file.read(width)) == width:
        if row[:1] != b"*":  # a star marks a deleted record
            yield {name: row[start:end].decode(encoding, "replace").strip() for name, (start, end) in spans.items()}


# OpenAddresses -------------------------------------------------------------------------------------------------------


def read_openaddresses(path: Path, encoding: str = "") -> StreetRows:
    """Read a file of OpenAddresses: CSV, or GeoJSON with one feature per line."""
    line = 0
    for line, fields in (_geojson_fields if "json" in path.suffix.lower() else _csv_fields)(path, encoding):
        yield fields if isinstance(fields, BadRow) else _address_row(line, fields)
    if not line:
        yield BadRow(1, "expected addresses, found no rows")


def _address_row(line: int, fields: Mapping[str, str]) -> StreetRow | BadRow:
    low, high = house_numbers(fields.get("number", ""))
    code = zip_code(fields.get("postcode", ""))
    return street_row(line, {"zip": code, "street": fields.get("street", ""), "low": low, "high": high})


def _csv_fields(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    records = _csv_records(path, encoding)
    names = _column_names(path, records)
    if not {"street", "postcode"} <= set(names):
        raise DataError(f"{path.name}:1: expected the columns STREET and POSTCODE")
    for line, row in records:
        yield line, row if isinstance(row, BadRow) else dict(zip(names, row, strict=False))


def _geojson_fields(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    for number, line in _lines(path, encoding):
        if not line.strip():
            continue
        properties = _properties(line)
        if properties is None and number == 1:  # the whole file is something else, such as one collection
            raise DataError(f"{path.name}:1: {_NO_FEATURE}")
        yield number, BadRow(number, _NO_FEATURE) if properties is None else properties


_NO_FEATURE = "expected one feature a line, as OpenAddresses writes GeoJSON, found something else"


def _properties(line: str) -> dict[str, str] | None:
    """Return the properties of a feature as texts, or None if the line is not a feature."""
    try:
        properties = json.loads(line)["properties"] or {}
        return {name: str(value or "") for name, value in properties.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


_NUMBER = re.compile(r"([0-9]{3,5}|[0-9]{7,9})(?:\.0*)?")
_ZIP = re.compile(r"(?:[A-Za-z]{2} )?([0-9]{5})(?:[-\s]*|[-\s]?[0-9]{4})")


def zip_code(text: str) -> str:
    """Return the five digits of a ZIP code in the forms that OpenAddresses has; other text is returned unchanged.

    A column that some program read as numbers has lost its leading zeros, and may have a decimal point: `1001`,
    `10011234.0`.
    """
    number = _NUMBER.fullmatch(text)
    code = number[1].zfill(5 if len(number[1]) <= 5 else 9) if number else text
    match = _ZIP.fullmatch(code)
    return match[1] if match else text


_HOUSE = re.compile(r"([0-9]{1,9})[A-Za-z]*(?:(\s*-\s*)([0-9]{1,9})[A-Za-z]*)?(?![0-9A-Za-z])")
_SHORTEST_OF_RANGE = 3
"""Digits from which a dash is between two houses, `101-109`; `12-34` is one house, as numbered in Queens and Hawaii."""


def house_numbers(text: str) -> tuple[str, str]:
    """Return the digits of the lowest and the highest house number in a text; both are "" if there is none."""
    match = _HOUSE.match(text)
    if match is None:
        return "", ""
    low, joint, high = match.groups()
    if high is None:
        return low, low
    if " " in joint or len(low) == len(high) >= _SHORTEST_OF_RANGE:
        low, high = sorted((low, high), key=int)
        return low, high
    is_one = min(len(low), len(high)) < _SHORTEST_OF_RANGE and len(low + high) <= _MOST_DIGITS
    return (low + high, low + high) if is_one else ("", "")


def house_number(text: str) -> str:
    """Return the digits of the (lowest) house number in a text, or "" if there is none: `12-34` is 1234."""
    return house_numbers(text)[0]


READERS: Mapping[str, Reader] = {"csv": read_csv, "tiger": read_tiger, "openaddresses": read_openaddresses}


# Joining and writing -------------------------------------------------------------------------------------------------


def join_nearby(rows: Iterable[StreetRow], most: int = 50_000) -> Iterator[StreetRow]:
    """Join stretches of the same street that come within `most` different streets of each other."""
    waiting: dict[tuple[str, str, str | None], StreetRow] = {}
    for row in rows:
        waiting[row.key] = join_stretches(waiting[row.key], row) if row.key in waiting else row
        if len(waiting) >= most:
            yield from waiting.values()
            waiting.clear()
    yield from waiting.values()


def join_stretches(first: StreetRow, second: StreetRow) -> StreetRow:
    """Join two stretches of a street into one; a stretch without known house numbers changes nothing."""
    lows = [row.low for row in (first, second) if row.low is not None]
    highs = [row.high for row in (first, second) if row.high is not None]
    low, high = (min(lows), max(highs)) if lows and highs else (None, None)
    return replace(first, low=low, high=high)


def write_csv(rows: Iterable[StreetRow], out: TextIO) -> int:
    """Write rows as CSV that `read_csv` can read; return how many. No public source names urbanizations."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(WRITTEN_COLUMNS)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counted for the return
        writer.writerow([row.zip, row.street, row.city, row.state, row.low, row.high])
    return count
