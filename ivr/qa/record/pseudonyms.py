"""Turns a real member's rows into those of an invented one, for a script: with pseudonyms and relative dates.

Dates are counted from the call's day. What the call itself wrote is taken out, so that the script begins with the rows
as the call found them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product

from ivr.errors import Place
from ivr.keypad import check_digit
from ivr.simulator.world import LINES, Found, Row

NOWHERE = Place("recorded")
TABLES = (
    "member",
    "address",
    "prescription",
    "refill_order",
    "order_line",
    "saved_card",
    "payment",
    "renewal_request",
    "transfer",
)
NOTED = {
    "address": ("replaced_at",),
    "refill_order": ("told_at",),
    "renewal_request": ("told_at",),
    "transfer": ("told_at",),
    "saved_card": ("last_declined_at",),
}
"""Table -> the moments in it that a call may have noted."""
RX_NUMBERS = ("rx_number", "replaced_by", "new_rx_number", "from_rx_number")
MEMBER = "99000001"
PHONE = "+15105550123"
"""The number that scripts call from; the invented member has it if the real one called from their own telephone."""
ZIPS = ("94550", "94521", "93230", "80005")
CARDS = {"visa": ("tok_visa", "4242"), "mastercard": ("tok_mastercard", "4444"), "amex": ("tok_amex", "0005")}
OTHER_CARD = ("tok_discover", "1117")
DECLINED_CARD = ("tok_chargeDeclined", "0002")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PRIVATE = {
    "first_name": "Pat",
    "last_name": "Example",
    "birth_date": "1950-01-01",
    "house_number": "100",
    "urbanization": "",
    "city": "",
    "state": "",
    "keyed": "",
    "prescriber_name": "Dr. Example",
    "from_pharmacy": "Example Pharmacy",
    "from_phone": "+18005550142",
    "tracking_number": "",
    "reference": "",
    "request_key": "",
    "expected_by": "",
}


@dataclass(slots=True)
class Pseudonyms:
    """Real numbers and names of medicines -> their pseudonyms."""

    numbers: dict[str, str] = field(default_factory=dict)
    drugs: dict[str, str] = field(default_factory=dict)

    def number(self, column: str, real: str) -> str:
        """Return the pseudonym for a number, always the same one, and as long as the real one was."""
        if real not in self.numbers:
            count = len(self.numbers) + 1
            if column in RX_NUMBERS:
                self.numbers[real] = "79" + str(count).zfill(len(real) - 2)
            else:
                body = "79" + str(count).zfill(max(len(real), 8) - 3)
                self.numbers[real] = body + check_digit(body)
        return self.numbers[real]

    def drug(self, real: str) -> str:
        """Return the pseudonym for a medicine's name."""
        return self.drugs.setdefault(real, f"Example medicine {chr(ord('A') + len(self.drugs) % 26)}")


def rows_before_call(rows: Mapping[str, Sequence[Found]], started_at: datetime) -> dict[str, list[dict[str, str]]]:
    """Return a member's rows as they were when a call began, without what was written since.

    Refills that orders have used since are given back. `started_at` is in the pharmacy's time zone, since of a transfer
    only the day is known.
    """
    kept_rows = {table: [_as_text(row) for row in rows.get(table, ())] for table in TABLES}
    placed_since = {row["order_number"] for row in kept_rows["refill_order"] if _since(row["placed_at"], started_at)}
    supplies = {row["rx_number"]: int(row["days_supply"]) for row in kept_rows["prescription"]}
    for line in kept_rows["order_line"]:
        if line["order_number"] in placed_since:
            refills = int(line["days_supply"]) // supplies[line["rx_number"]]
            rx = next(row for row in kept_rows["prescription"] if row["rx_number"] == line["rx_number"])
            rx["refills_left"] = str(int(rx["refills_left"]) + refills)
            rx["refills_used"] = str(int(rx["refills_used"]) - refills)
    for table in ("refill_order", "order_line", "payment", "saved_card"):
        kept_rows[table] = [row for row in kept_rows[table] if row.get("order_number") not in placed_since]
    kept_rows["renewal_request"] = [
        r for r in kept_rows["renewal_request"] if not _since(r["requested_at"], started_at)
    ]
    kept_rows["transfer"] = [
        row
        for row in kept_rows["transfer"]
        if not (row["from_phone"] and date.fromisoformat(row["requested_on"]) >= started_at.date())
    ]
    kept_rows["saved_card"] = [
        row for row in kept_rows["saved_card"] if not _since(row.get("consented_at", ""), started_at)
    ]
    kept_rows["address"] = [row for row in kept_rows["address"] if not _since(row["created_at"], started_at)]
    for table, columns in NOTED.items():
        for row, column in product(kept_rows[table], columns):
            if _since(row[column], started_at):
                row[column] = ""
    return kept_rows


def _as_text(row: Found) -> dict[str, str]:
    return {name: str(value) for name, value in row.items() if name != LINES}


def _since(moment: str, started_at: datetime) -> bool:
    return bool(moment) and datetime.fromisoformat(moment) >= started_at


def pseudonymous_rows(
    rows: Mapping[str, Sequence[Mapping[str, str]]],
    day: date,
    pseudonyms: Pseudonyms,
    *,
    is_own_phone: bool,
    declined: bool,
) -> tuple[Row, ...]:
    """Return the rows of the invented member.

    `is_own_phone` says whether the line took the number that called for the member's own, `declined` whether the cards
    were declined in the call.
    """
    given_rows: list[Row] = []
    for table in TABLES:
        for position, row in enumerate(rows[table]):
            columns = dict(_columns(table, row, position, day, pseudonyms))
            if table == "member":
                columns["phone"] = PHONE if is_own_phone else ""
            if table in ("saved_card", "payment"):
                columns |= _card(table, row, declined=declined)
            given_rows.append(Row(NOWHERE, table, {name: text for name, text in columns.items() if text}))
    return tuple(given_rows)


def _columns(
    table: str, row: Mapping[str, str], position: int, day: date, pseudonyms: Pseudonyms
) -> Iterator[tuple[str, str]]:
    for name, text in row.items():
        if not text:
            continue
        match name:
            case "member_number":
                yield name, MEMBER
            case "order_number":
                yield name, pseudonyms.number(name, text)
            case _ if name in RX_NUMBERS:
                yield name, pseudonyms.number(name, text)
            case "reference" if table == "renewal_request":
                yield name, pseudonyms.number(name, text)
            case "drug_name":
                yield name, pseudonyms.drug(text)
            case "zip":
                yield name, ZIPS[position % len(ZIPS)]
            case "street":
                yield name, "Example Street" if row["house_number"] else "PO Box 100"
            case _ if name in _PRIVATE:
                yield name, _PRIVATE[name]
            case _ if _DATE.match(text):
                yield name, f"{(date.fromisoformat(text[:10]) - day).days:+d}d"
            case _:
                yield name, text


def _card(table: str, row: Mapping[str, str], *, declined: bool) -> dict[str, str]:
    token, last4 = DECLINED_CARD if declined else CARDS.get(row["brand"], OTHER_CARD)
    brand = "visa" if declined else row["brand"] if row["brand"] in CARDS else "discover"
    columns = {"brand": brand, "last4": last4, "gateway": "sandbox"}
    return {**columns, "token": token} if table == "saved_card" else columns
