"""Looking up prescriptions, judging them by the refusal table (`refusals`), and requesting renewals.

A renewal is a request to the prescriber for a new prescription. A look-up takes the same few statements however long
the history is: one for the prescription with its open order, and another one only if the finding needs more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnExpressionArgument, Connection, Executable, bindparam, exists, func, select

from ivr.keypad import but_for_zeros
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.findings import OpenOrder, Renewal, Rx, TransferFacts
from ivr.pharmacy.members import RX_DIGITS
from ivr.pharmacy.numbers import TRIES, RandomNumber, free_numbers
from ivr.pharmacy.refusals import Case, Finding, FindingKind, first_finding
from ivr.pharmacy.rules import Rules, expires_on
from ivr.pharmacy.statements import columns, fetch_all, fetch_one, insert_or_none
from ivr.pharmacy.tables import (
    OrderLine,
    Prescription,
    PrescriptionStatus,
    RefillOrder,
    RenewalRequest,
    RenewalStatus,
    Transfer,
)

_RX = columns(Prescription, Rx)
_ORDER = columns(RefillOrder, OpenOrder)
_LONGEST_CHAIN = 20
"""How many replaced prescriptions are followed to the newest one."""
LONG_EXPIRED = timedelta(days=180)
"""How long after it expired a prescription is still told of."""


def _cases_where(*where: ColumnExpressionArgument[bool]) -> Executable:
    """Return a query for prescriptions, each with its open order if it has one."""
    return (
        select(*_RX, *_ORDER)
        .select_from(Prescription)
        .outerjoin(OrderLine, (OrderLine.prescription_id == Prescription.id) & OrderLine.open)
        .outerjoin(RefillOrder, RefillOrder.id == OrderLine.order_id)
        .where(*where)
        .order_by(Prescription.id)
    )


_OWN = _cases_where(Prescription.rx_number == bindparam("rx_number"), Prescription.member_id == bindparam("member_id"))
_LIKELY_REFILLABLE = _cases_where(
    Prescription.member_id == bindparam("member_id"),
    Prescription.status == PrescriptionStatus.ACTIVE,
    Prescription.mailable,
    Prescription.refills_left > 0,
    OrderLine.id.is_(None),
)
_WORTH_HEARING = _cases_where(
    Prescription.member_id == bindparam("member_id"),
    Prescription.status.in_(
        (PrescriptionStatus.ACTIVE, PrescriptionStatus.ON_HOLD, PrescriptionStatus.TRANSFER_PENDING)
    ),
)
_BY_KEYED_NUMBER = (
    select(Prescription.rx_number, Prescription.drug_name, Prescription.days_supply)
    .where(
        Prescription.rx_number.in_(bindparam("numbers", expanding=True)),
        Prescription.member_id == bindparam("member_id"),
    )
    .order_by(Prescription.rx_number)
)
_HAS_ANY = select(exists().where(Prescription.member_id == bindparam("member_id")))
_WANTED = Prescription.id.in_(bindparam("prescription_ids", expanding=True))
_LOCKED = select(Prescription.id).where(_WANTED).order_by(Prescription.id).with_for_update()
_BY_ID = _cases_where(_WANTED)
_REPLACEMENT = select(Prescription.status, Prescription.replaced_by).where(
    Prescription.rx_number == bindparam("rx_number"), Prescription.member_id == bindparam("member_id")
)
_TRANSFERS = (
    select(
        Transfer.requested_on,
        Transfer.drug_name,
        Transfer.from_pharmacy,
        Transfer.status,
        Transfer.rx_number,
        Transfer.id,
        Transfer.confirmed_on,
        Transfer.told_at,
    )
    .where(Transfer.member_id == bindparam("member_id"))
    .order_by(Transfer.requested_on.desc(), Transfer.id.desc())
)
_RENEWALS = (
    select(RenewalRequest.reference, RenewalRequest.status, RenewalRequest.requested_at)
    .where(RenewalRequest.prescription_id == bindparam("prescription_id"))
    .order_by(RenewalRequest.requested_at.desc(), RenewalRequest.id.desc())
    .limit(1)
)
_RENEWALS_OF_MEMBER = (
    select(RenewalRequest.prescription_id, RenewalRequest.reference, RenewalRequest.status, RenewalRequest.requested_at)
    .join(Prescription, Prescription.id == RenewalRequest.prescription_id)
    .where(Prescription.member_id == bindparam("member_id"))
    .order_by(RenewalRequest.requested_at, RenewalRequest.id)
)
_RENEWAL_ASKED_FOR = _RENEWALS.where(RenewalRequest.status == RenewalStatus.REQUESTED)


def assess(connection: Connection, member_id: int, rx_number: str, today: date, rules: Rules) -> Finding:
    """Return the finding about a prescription number of this member, NOT_FOUND if the member has none such."""
    cases = _cases(connection, _OWN, today, rules, rx_number=rx_number, member_id=member_id)
    if not cases:
        return Finding(FindingKind.NOT_FOUND)
    return judge(connection, cases[0])


@dataclass(frozen=True, slots=True)
class KeyedRx:
    """A prescription that a keyed number may mean, with what its member can recognise it by."""

    rx_number: str
    drug_name: str
    days_supply: int


def keyed_prescriptions(connection: Connection, member_id: int, keyed: str) -> tuple[KeyedRx, ...]:
    """Return the member's prescriptions whose number was keyed, with or without leading zeros."""
    return fetch_all(
        connection, _BY_KEYED_NUMBER, KeyedRx, member_id=member_id, numbers=but_for_zeros(keyed, *RX_DIGITS)
    )


def judge(connection: Connection, case: Case) -> Finding:
    """Return the finding about a case, after fetching the transfer, newer prescription and renewal that it needs."""
    rx = case.rx
    if rx.status is PrescriptionStatus.REPLACED:
        case = replace(case, newer_rx_number=_newest(connection, rx))
    if rx.status is PrescriptionStatus.TRANSFER_PENDING or rx.first_filled_on is None:
        case = replace(case, transfer=_transfer_of(connection, rx, case.rules))
    finding = first_finding(case)
    if finding.kind.asks_for != "renewal":
        return finding
    return replace(finding, renewal=fetch_one(connection, _RENEWALS, Renewal, prescription_id=rx.id))


def refillable(connection: Connection, member_id: int, today: date, rules: Rules) -> tuple[Finding, ...]:
    """Return the findings of prescriptions that can be refilled now, soonest to run out first.

    A prescription that was never filled here counts as running out today.
    """
    cases = _with_transfers(
        connection, member_id, _cases(connection, _LIKELY_REFILLABLE, today, rules, member_id=member_id), rules
    )
    findings = [finding for case in cases if (finding := first_finding(case)).kind.asks_for == "order"]
    return tuple(sorted(findings, key=lambda found: (found.runs_out_on or today, _rx_number(found))))


def worth_hearing(connection: Connection, member_id: int, today: date, rules: Rules) -> tuple[Finding, ...]:
    """Return the findings of a member's prescriptions that may still matter, soonest due first, the expired ones last.

    Those that were replaced or discontinued are left out, and those that expired more than `LONG_EXPIRED` ago.
    """
    cases = _cases(connection, _WORTH_HEARING, today, rules, member_id=member_id)
    cases = [case for case in cases if today - expires_on(case.rx) <= LONG_EXPIRED]
    cases = sorted(cases, key=lambda case: (case.today > case.ends_on, case.due_on, case.rx.rx_number))
    findings = [first_finding(case) for case in _with_transfers(connection, member_id, cases, rules)]
    if not any(finding.kind.asks_for == "renewal" for finding in findings):
        return tuple(findings)
    renewals = {row[0]: Renewal(*row[1:]) for row in connection.execute(_RENEWALS_OF_MEMBER, {"member_id": member_id})}
    return tuple(
        replace(finding, renewal=renewals.get(finding.prescription.id))
        if finding.prescription and finding.kind.asks_for == "renewal"
        else finding
        for finding in findings
    )


def labels(connection: Connection) -> tuple[tuple[str, int], ...]:
    """Return what the medicines' labels say, each with its number of prescriptions, the most frequent first."""
    count = func.count()
    rows = select(Prescription.drug_name, count).group_by(Prescription.drug_name)
    return tuple(
        (label, number) for label, number in connection.execute(rows.order_by(count.desc(), Prescription.drug_name))
    )


def has_prescriptions(connection: Connection, member_id: int) -> bool:
    """Return whether a member has any prescription, refillable or not."""
    return bool(connection.scalar(_HAS_ANY, {"member_id": member_id}))


def locked_cases(connection: Connection, prescription_ids: Iterable[int], on: date, rules: Rules) -> list[Case]:
    """Lock prescriptions for this transaction, in ascending order of their ids, and return their current cases."""
    ids = list(prescription_ids)
    connection.execute(_LOCKED, {"prescription_ids": ids}).all()
    return cases_of(connection, ids, on, rules)


def cases_of(connection: Connection, prescription_ids: Iterable[int], on: date, rules: Rules) -> list[Case]:
    """Return the cases of prescriptions on a day, without their transfers and newer prescriptions."""
    return _cases(connection, _BY_ID, on, rules, prescription_ids=list(prescription_ids))


def request_renewal(
    connection: Connection, prescription_id: int, now: datetime, channel: str, random_number: RandomNumber
) -> Renewal:
    """Add a request to the prescriber for more refills, or return the one that is open already.

    Raises RuntimeError if all `TRIES` references drawn are taken.
    """
    for reference in free_numbers(connection, random_number):
        values = {
            "prescription_id": prescription_id,
            "channel": channel,
            "status": RenewalStatus.REQUESTED,
            "requested_at": now,
            "reference": reference,
        }
        if insert_or_none(connection, RenewalRequest, values):
            return Renewal(reference, RenewalStatus.REQUESTED, now, already=False)
        existing = fetch_one(connection, _RENEWAL_ASKED_FOR, Renewal, prescription_id=prescription_id)
        if existing:
            return existing
    raise RuntimeError(f"{TRIES} references drawn for a renewal request are all taken")


def transfers_of(connection: Connection, member_id: int, rules: Rules) -> tuple[TransferFacts, ...]:
    """Return the transfers that a member asked for, newest first."""

    def transfer(requested_on: date, *columns: Any) -> TransferFacts:
        return TransferFacts(requested_on, arrival(requested_on, rules.transfer_business_days), *columns)

    return fetch_all(connection, _TRANSFERS, transfer, member_id=member_id)


def _cases(connection: Connection, query: Executable, today: date, rules: Rules, **values: object) -> list[Case]:
    def case(*row: Any) -> Case:
        rx, order = row[: len(_RX)], row[len(_RX) :]
        return Case(Rx(*rx), today, rules, order=OpenOrder(*order) if order[0] is not None else None)

    return list(fetch_all(connection, query, case, **values))


def _newest(connection: Connection, rx: Rx) -> str | None:
    """Return the number of the newest prescription in a chain of replaced ones.

    Return None if the chain ends at an unknown number, runs in a circle or is longer than `_LONGEST_CHAIN`.
    """
    number, seen = rx.replaced_by, {rx.rx_number}
    while number and number not in seen and len(seen) < _LONGEST_CHAIN:
        seen.add(number)
        newer = connection.execute(_REPLACEMENT, {"rx_number": number, "member_id": rx.member_id}).first()
        if newer is None:
            return None
        if newer.status is not PrescriptionStatus.REPLACED:
            return number
        number = newer.replaced_by
    return None


def _transfer_of(connection: Connection, rx: Rx, rules: Rules) -> TransferFacts | None:
    transfers = transfers_of(connection, rx.member_id, rules)
    return next((transfer for transfer in transfers if transfer.rx_number == rx.rx_number), None)


def _with_transfers(connection: Connection, member_id: int, cases: list[Case], rules: Rules) -> list[Case]:
    """Return the cases with their transfers, which are fetched if any of them was never filled here."""
    if all(case.rx.first_filled_on for case in cases):
        return cases
    transfers = {transfer.rx_number: transfer for transfer in reversed(transfers_of(connection, member_id, rules))}
    return [replace(case, transfer=transfers.get(case.rx.rx_number)) for case in cases]


def _rx_number(finding: Finding) -> str:
    return finding.prescription.rx_number if finding.prescription else ""
