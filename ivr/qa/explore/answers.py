"""The keys that explored and random callers try at each question: the pharmacy's own numbers, and wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ivr.flow.parts import Number
from ivr.keypad import letters_to_keys
from ivr.qa.explore.secrecy import Canary, Kind, leaks
from ivr.simulator.scenario import Scenario
from ivr.simulator.world import Found

CARDS = (
    "4242424242424242",
    "4000000000000002",
    "378282246310005",
    "4000000000000341",
    "4242424242424241",  # a digit is wrong
    "424242424242",  # too short for its kind
    "42424242424242424242"[:19],  # too long for its kind
    "3530111333300000",  # of a kind that is not taken
    "5454545454545454",  # well-formed, and unknown to a sandbox
)
EXPIRIES = ("1139", "0125", "1930", "0320")
CODES = ("739", "7394")
UNKNOWN_MEMBER = "99999999"
UNKNOWN_ZIP = "00501"
UNKNOWN_RX = "7000000"
UNKNOWN_ORDER = "99999999"
MILITARY_ZIP = "09012"
PUERTO_RICO = "00926"
MANY_CITIES = ("80005",)
NO_STREETS = "00501"
NO_ZIP = "00000"
OTHER_PHARMACY = "8005550142"
CALLER = "5105550123"
"""The number that scripts call from, which is no pharmacy's."""
TRANSFER_COLUMNS = ("drug_name", "from_pharmacy", "from_phone", "from_rx_number", "requested_on")


class Pharmacy:
    """The numbers that callers can key in, read from a scenario. Each property is read at first use and then kept."""

    def __init__(self, scenario: Scenario) -> None:
        self._rows: Callable[[str], Sequence[Found]] = scenario.table

    def read(self) -> Pharmacy:
        """Read all properties now, so that the scenario may be closed; return itself."""
        _ = self.members, self.births, self.zips, self.prescriptions, self.orders, self.renewals, self.busiest_zip
        return self

    @cached_property
    def members(self) -> tuple[str, ...]:
        """All member numbers of the scenario."""
        return tuple(str(row["member_number"]) for row in self._rows("member"))

    @cached_property
    def births(self) -> tuple[str, ...]:
        """All birth dates, written as 1951-04-22."""
        return tuple(str(row["birth_date"]) for row in self._rows("member"))

    @cached_property
    def zips(self) -> Mapping[str, str]:
        """The ZIP code that identifies each member, by member number: that of the current mailing address."""
        current = (row for row in self._rows("address") if row["kind"] == "mailing" and not row["replaced_at"])
        return {str(row["member_number"]): str(row["zip"]) for row in current}

    @cached_property
    def prescriptions(self) -> Mapping[str, tuple[str, ...]]:
        """Each member's prescription numbers, by member number."""
        return self._by_member("prescription", "rx_number")

    @cached_property
    def orders(self) -> Mapping[str, tuple[str, ...]]:
        """Each member's order numbers, by member number."""
        return self._by_member("refill_order", "order_number")

    @cached_property
    def renewals(self) -> Mapping[str, tuple[str, ...]]:
        """The numbers of each member's renewal requests, by member number."""
        owners = {str(row["rx_number"]): str(row["member_number"]) for row in self._rows("prescription")}
        by_member: dict[str, tuple[str, ...]] = {}
        for row in self._rows("renewal_request"):
            member = owners[str(row["rx_number"])]
            by_member[member] = (*by_member.get(member, ()), str(row["reference"]))
        return by_member

    @cached_property
    def streets(self) -> Mapping[str, tuple[str, ...]]:
        """The street names of each ZIP code, by ZIP code."""
        names_by_zip: dict[str, list[str]] = {}
        for row in self._rows("street"):
            names_by_zip.setdefault(str(row["zip"]), []).append(str(row["street"]))
        return {code: tuple(names) for code, names in names_by_zip.items()}

    @cached_property
    def same_street(self) -> tuple[str, ...]:
        """Two ZIP codes that have one street each, both of the same name; empty when there are none."""
        zip_by_street: dict[str, str] = {}
        for code, streets in self.streets.items():
            if len(streets) == 1:
                if streets[0] in zip_by_street:
                    return zip_by_street[streets[0]], code
                zip_by_street[streets[0]] = code
        return ()

    @cached_property
    def busiest_zip(self) -> str:
        """The ZIP code with the most streets."""
        return max(self.streets, key=lambda code: len(self.streets[code]), default=UNKNOWN_ZIP)

    @cached_property
    def replaced(self) -> Mapping[str, tuple[str, ...]]:
        """A prescription that a newer one replaces, by member number: the last one, for members who have several."""
        rows = [row for row in self._rows("prescription") if row["status"] == "replaced"]
        return {str(row["member_number"]): (str(row["rx_number"]),) for row in rows}

    @cached_property
    def transfers(self) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        """The columns that identify each of a member's transfers, by member number."""
        by_member: dict[str, tuple[Mapping[str, str], ...]] = {}
        for row in self._rows("transfer"):
            identifying = {name: str(row[name]) for name in TRANSFER_COLUMNS}
            by_member[str(row["member_number"])] = (*by_member.get(str(row["member_number"]), ()), identifying)
        return by_member

    def _by_member(self, table: str, column: str) -> Mapping[str, tuple[str, ...]]:
        """Return one column of a table, grouped by member number."""
        by_member: dict[str, tuple[str, ...]] = {}
        for row in self._rows(table):
            member = str(row["member_number"])
            by_member[member] = (*by_member.get(member, ()), str(row[column]))
        return by_member


@dataclass(frozen=True, slots=True)
class Keyed:
    """What an explored caller has keyed so far; later answers depend on it."""

    member: str = ""
    zip: str = ""
    card: str = ""
    letters: str = ""
    earlier: str = ""
    """For a second call: the member and the state in which the first call was hung up, as "41200123 at refill.how"."""
    again: tuple[tuple[str, str], ...] = ()
    """The state whose action earlier calls ran again and again, then the states that ran its flow."""

    def with_answer(self, name: str, digits: str) -> Keyed:
        """Return a copy with the field `name` set to `digits`; the same object when `name` is ""."""
        return replace(self, **{name: digits}) if name else self  # type: ignore[arg-type]  # names of text fields only


def canaries(pharmacy: Pharmacy, scenario: Scenario) -> tuple[Canary, ...]:
    """Return the secret values that callers key here, to be looked for afterwards in all that the line stores.

    Values that the scenario holds before any call, at a place where they may not lie, are left out: they look like
    something else there.
    """
    numbers = sorted({number for own in pharmacy.prescriptions.values() for number in own})
    texts: Mapping[Kind, Iterable[str]] = {
        "card number": CARDS,
        "security code": CODES,
        "card expiry": EXPIRIES[:1],
        "member number": pharmacy.members,
        "ZIP code": sorted(set(pharmacy.zips.values())),
        "birth date": (form for born in pharmacy.births for form in (born, f"{born[5:7]}{born[8:]}{born[:4]}")),
        "prescription number": numbers,
    }
    before = tuple(scenario.holdings())
    all_canaries = (Canary(kind, text) for kind, its_texts in texts.items() for text in its_texts)
    return tuple(canary for canary in all_canaries if not any(leaks(before, [canary])))


def answers(number: Number, pharmacy: Pharmacy, keyed: Keyed) -> Iterator[str]:
    """Yield the keys of possible answers to a question for a number, likely answers first."""
    answers_of = _ANSWERS_BY_VALUE.get(number.save)
    end = "#" if number.low != number.high else ""
    for digits in answers_of(pharmacy, keyed) if answers_of else _arbitrary_numbers(number):
        if number.low <= len(digits) <= number.high:
            yield digits + end


def _arbitrary_numbers(number: Number) -> Iterator[str]:
    """Yield numbers of fitting length for a question whose value is not in the table of answers."""
    for digit in "29513":
        yield digit * number.low
    if number.high > number.low:
        yield "1" * number.high


_ANSWERS_BY_VALUE: Mapping[str, Callable[[Pharmacy, Keyed], Sequence[str]]] = {
    "member_number": lambda pharmacy, keyed: (
        (keyed.earlier.split()[0],) if keyed.earlier else (*pharmacy.members, UNKNOWN_MEMBER)
    ),
    "zip": lambda pharmacy, keyed: (pharmacy.zips.get(keyed.member, UNKNOWN_ZIP), UNKNOWN_ZIP),
    "keyed_number": lambda pharmacy, keyed: (
        *(own := pharmacy.prescriptions.get(keyed.member, ())),
        *(f"0{number}" for number in own[:1]),
        UNKNOWN_RX,
    ),
    "keyed_order": lambda pharmacy, keyed: (
        *pharmacy.orders.get(keyed.member, ()),
        *pharmacy.renewals.get(keyed.member, ()),
        UNKNOWN_ORDER,
    ),
    "keyed_day": lambda _pharmacy, _keyed: ("0320", "0302", "0228", "0431", "1231"),
    "keyed_pharmacy": lambda pharmacy, keyed: (
        *(transfer["from_phone"].removeprefix("+1") for transfer in pharmacy.transfers.get(keyed.member, ())),
        OTHER_PHARMACY,
        f"1{OTHER_PHARMACY[:-1]}",
        f"1{CALLER[:-1]}",
        CALLER,
        UNKNOWN_RX * 2,
    ),
    "keyed_pharmacy_rest": lambda _pharmacy, _keyed: (OTHER_PHARMACY[-1], CALLER[-1]),
    "keyed_their_number": lambda pharmacy, keyed: (
        *(transfer["from_rx_number"] for transfer in pharmacy.transfers.get(keyed.member, ())),
        UNKNOWN_RX,
    ),
    "card_number": lambda _pharmacy, _keyed: CARDS,
    "card_expiry": lambda _pharmacy, _keyed: EXPIRIES,
    "card_expiry_rest": lambda _pharmacy, _keyed: ("39", "19", "99"),
    "card_code": lambda _pharmacy, _keyed: CODES,
    "keyed_phone": lambda _pharmacy, _keyed: ("9255550142", "5550142", "01144207946", "1115550142"),
    "keyed_proof": lambda pharmacy, keyed: (*pharmacy.prescriptions.get(keyed.member, ())[:1], UNKNOWN_RX),
    "keyed_zip": lambda pharmacy, _: (
        pharmacy.busiest_zip,
        *MANY_CITIES,
        *pharmacy.same_street,
        MILITARY_ZIP,
        PUERTO_RICO,
        NO_STREETS,
        NO_ZIP,
    ),
    "keyed_house": lambda _pharmacy, _keyed: ("118", "0118", "*", "1*2"),
    "keyed_street": lambda pharmacy, keyed: _street_keys(pharmacy, keyed),
    "keyed_unit": lambda _pharmacy, _keyed: ("4", "12"),
    "keyed_letter": lambda _pharmacy, _keyed: ("21", "11"),
    "keyed_dash": lambda _pharmacy, _keyed: ("1", "9"),
    "keyed_letters": lambda _pharmacy, _keyed: ("2131", "2321", "21*", "**", "21" * 20, "1199"),
}


def _street_keys(pharmacy: Pharmacy, keyed: Keyed) -> Sequence[str]:
    """Return the keys of a street's first letters: for streets of the ZIP code, for many at once, and for none."""
    names = pharmacy.streets.get(keyed.zip, ())
    keys = [letters_to_keys(name)[:4] for name in names[:2]]
    return (*keys, *(keys[0][:1] if keys else "",), "99999999")
