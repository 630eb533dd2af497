"""Rows for the street directory, read as a stream from what is published: plain CSV, TIGER/Line, OpenAddresses.

A reader yields good rows and, in their place, bad ones with what is wrong with them; what to do about these is for
whoever reads. Nothing is kept in memory but the row at hand.
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

WRITTEN = ("zip", "street", "city", "state", "low", "high")
COLUMNS = (*WRITTEN, "urbanization")
LONGEST_NAME = 100
HIGHEST_NUMBER = 2**31 - 1
_MOST_DIGITS = 9
"""Of a house number, so that it is none above `HIGHEST_NUMBER`."""


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A street of a ZIP code, with the house numbers of one stretch of it; `line` is where it stands in its file."""

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
        """What the street is known by."""
        return (self.zip, self.street, self.urbanization)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why."""

    line: int
    reason: str


StreetRows = Iterator[StreetRow | BadRow]
Reader = Callable[[Path, str], StreetRows]


def street_row(line: int, fields: Mapping[str, str]) -> StreetRow | BadRow:
    """Make a row of its texts; city and state come from the ZIP code where they are left out."""
    code, street, urbanization = fields.get("zip", ""), _name(fields, "street"), _name(fields, "urbanization")
    if not (len(code) == 5 and code.isascii() and code.isdigit()):
        return BadRow(line, f"zip: expected five digits, found {_quote(code)}")
    for column, name in (("street", street), ("urbanization", urbanization or "-")):
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return BadRow(line, f"{column}: expected a name of at most {LONGEST_NAME} characters, found {_quote(name)}")
    city, state = fields.get("city", ""), fields.get("state", "").upper()
    if not (city and state):
        place = place_of(code)
        if place is None:
            return BadRow(line, f"zip: there is no ZIP code {code} to take city and state from")
        city, state = city or place.city, state or place.state
    if len(state) != 2:
        return BadRow(line, f"state: expected two letters, found {_quote(state)}")
    low, high = fields.get("low", ""), fields.get("high", "")
    for name, number in (("low", low), ("high", high)):
        if number and not (number.isascii() and number.isdigit() and int(number) <= HIGHEST_NUMBER):
            return BadRow(line, f"{name}: expected a house number, found {_quote(number)}")
    known = StreetRow(line, code, street, city, state, urbanization=urbanization or None)
    if not (low and high):
        return known
    lowest, highest = sorted((int(low), int(high)))
    return replace(known, low=lowest, high=highest)


def _name(fields: Mapping[str, str], column: str) -> str:
    return " ".join(fields.get(column, "").split())


def _quote(found: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in found[:40])
    return f'"{shown}{"…" if len(found) > 40 else ""}"' if found else "nothing"


# Plain CSV


def read_csv(path: Path, encoding: str = "") -> StreetRows:
    """Read a CSV file with the columns zip and street, and if it has them urbanization, city, state, low and high."""
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
    """A quotation mark is open where its line ends."""


def _csv_records(path: Path, encoding: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Yield the rows of a file, each a line: a quotation mark left open spoils its own line and no other."""
    for number, line in _lines(path, encoding):
        row = _csv_record(number, line.replace("\0", ""))
        if row:
            yield number, row


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with path.open(encoding=encoding or "utf-8-sig", newline="") as lines:
        try:
            yield from enumerate(lines, 1)
        except UnicodeError:
            told = f"is not written in {encoding or 'UTF-8'}; say how with --encoding, such as latin-1"
            raise DataError(f"{path.name}: {told}") from None


def _csv_record(number: int, line: str) -> list[str] | BadRow:
    try:
        return [value.strip() for value in next(csv.reader(_alone(line)))]
    except _UnclosedError:
        return BadRow(number, "expected a quotation mark that ends what one begins in this line, found none")
    except csv.Error as error:
        return BadRow(number, f"not readable as CSV: {error}")


def _alone(line: str) -> Iterator[str]:
    """Lend the CSV reader one line; it asks for another only within quotation marks."""
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


# TIGER/Line


def read_tiger(path: Path, encoding: str = "") -> StreetRows:
    """Read an address range-feature file of the Census Bureau's TIGER/Line: the .dbf, or the .zip it comes in.

    Each record is a stretch of a street with the house numbers and the ZIP code of its left and its right side.
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
            yield io.BufferedReader(member)  # type: ignore[type-var]


def _dbf_records(file: BinaryIO, path: Path, encoding: str) -> Iterator[dict[str, str]]:
    """Yield the records of a dBASE file: a header, a descriptor of 32 bytes a field, then rows of fixed width."""
    header = file.read(32)
    if len(header) < 32:
        raise DataError(f"{path.name}: is no dBASE file")
    size = int.from_bytes(header[8:10], "little")
    width = int.from_bytes(header[10:12], "little")
    descriptors = file.read(size - 32)
    places: dict[str, tuple[int, int]] = {}
    at = 1
    for start in range(0, len(descriptors) - 31, 32):
        if descriptors[start] == 0x0D:
            break
        name = descriptors[start : start + 11].split(b"\0")[0].decode("ascii", "replace")
        places[name] = (at, at + descriptors[start + 16])
        at += descriptors[start + 16]
    if "FULLNAME" not in places or "ZIPL" not in places:
        raise DataError(f"{path.name}: has no FULLNAME and ZIPL; expected an address range-feature (addrfeat) file")
    while len(row := file.read(width)) == width:
        if row[:1] != b"*":  # a star marks what was deleted
            yield {name: row[start:end].decode(encoding, "replace").strip() for name, (start, end) in places.items()}


# OpenAddresses


def read_openaddresses(path: Path, encoding: str = "") -> StreetRows:
    """Read addresses collected by OpenAddresses: their CSV, or GeoJSON with one feature a line."""
    line = 0
    for line, found in (_features if "json" in path.suffix.lower() else _addresses)(path, encoding):
        yield found if isinstance(found, BadRow) else _collected(line, found)
    if not line:
        yield BadRow(1, "expected addresses, found no rows")


def _collected(line: int, fields: Mapping[str, str]) -> StreetRow | BadRow:
    low, high = house_numbers(fields.get("number", ""))
    code = zip_code(fields.get("postcode", ""))
    return street_row(line, {"zip": code, "street": fields.get("street", ""), "low": low, "high": high})


def _addresses(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    records = _csv_records(path, encoding)
    names = _column_names(path, records)
    if not {"street", "postcode"} <= set(names):
        raise DataError(f"{path.name}:1: expected the columns STREET and POSTCODE")
    for line, row in records:
        yield line, row if isinstance(row, BadRow) else dict(zip(names, row, strict=False))


def _features(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    for number, line in _lines(path, encoding):
        if not line.strip():
            continue
        found = _properties(line)
        if found is None and number == 1:  # a collection, or another kind of file: nor are the others
            raise DataError(f"{path.name}:1: {_NO_FEATURE}")
        yield number, BadRow(number, _NO_FEATURE) if found is None else found


_NO_FEATURE = "expected one feature a line, as OpenAddresses writes GeoJSON, found something else"


def _properties(line: str) -> dict[str, str] | None:
    """Return the properties of a feature as texts; None for a line that is no feature."""
    try:
        properties = json.loads(line)["properties"] or {}
        return {name: str(value or "") for name, value in properties.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


_NUMBER = re.compile(r"([0-9]{3,5}|[0-9]{7,9})(?:\.0*)?")
_ZIP = re.compile(r"(?:[A-Za-z]{2} )?([0-9]{5})(?:[-\s]*|[-\s]?[0-9]{4})")


def zip_code(text: str) -> str:
    """Return the five digits of a ZIP code as collected addresses have it; a text that has none comes back unchanged.

    A column that was taken for numbers has lost its zeros in front, and may have got a point: `1001`, `10011234.0`.
    """
    number = _NUMBER.fullmatch(text)
    code = number[1].zfill(5 if len(number[1]) <= 5 else 9) if number else text
    found = _ZIP.fullmatch(code)
    return found[1] if found else text


_HOUSE = re.compile(r"([0-9]{1,9})[A-Za-z]*(?:(\s*-\s*)([0-9]{1,9})[A-Za-z]*)?(?![0-9A-Za-z])")
_SHORTEST_OF_RANGE = 3
"""Digits from which `101-109` are two houses; `12-34` is one, as numbered in Queens and Hawaii."""


def house_numbers(text: str) -> tuple[str, str]:
    """Return the lowest and the highest house number of a text, by their digits; "" for one without."""
    found = _HOUSE.match(text)
    if found is None:
        return "", ""
    low, joint, high = found.groups()
    if high is None:
        return low, low
    if " " in joint or len(low) == len(high) >= _SHORTEST_OF_RANGE:
        low, high = sorted((low, high), key=int)
        return low, high
    is_one = min(len(low), len(high)) < _SHORTEST_OF_RANGE and len(low + high) <= _MOST_DIGITS
    return (low + high, low + high) if is_one else ("", "")


def house_number(text: str) -> str:
    """Return the digits by which a house number is held in ranges, "" for one without: `12-34` counts as 1234."""
    return house_numbers(text)[0]


READERS: Mapping[str, Reader] = {"csv": read_csv, "tiger": read_tiger, "openaddresses": read_openaddresses}


# Together


def gathered(rows: Iterable[StreetRow], most: int = 50_000) -> Iterator[StreetRow]:
    """Put stretches of the same street together, as far as they come within `most` streets of each other."""
    waiting: dict[tuple[str, str, str | None], StreetRow] = {}
    for row in rows:
        waiting[row.key] = joined(waiting[row.key], row) if row.key in waiting else row
        if len(waiting) >= most:
            yield from waiting.values()
            waiting.clear()
    yield from waiting.values()


def joined(one: StreetRow, other: StreetRow) -> StreetRow:
    """Return two stretches of a street as one; a stretch whose house numbers are not known adds none."""
    lows = [row.low for row in (one, other) if row.low is not None]
    highs = [row.high for row in (one, other) if row.high is not None]
    low, high = (min(lows), max(highs)) if lows and highs else (None, None)
    return replace(one, low=low, high=high)


def write_csv(rows: Iterable[StreetRow], out: TextIO) -> int:
    """Write rows as the CSV that `read_csv` reads; return how many. No public source names urbanizations."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(WRITTEN)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counted for the return
        writer.writerow([row.zip, row.street, row.city, row.state, row.low, row.high])
    return count
