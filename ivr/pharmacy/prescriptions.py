"""Looks prescriptions up and has the rules judge them; asks prescribers for more refills.

A look-up costs the same few statements however much history there is: one for the prescription with the order it may
be in, and one more only where the finding needs what it brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnExpressionArgument, Connection, Executable, bindparam, exists, select

from ivr.keypad import but_for_zeros
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.findings import OpenOrder, Renewal, Rx, TransferFacts
from ivr.pharmacy.members import RX_DIGITS
from ivr.pharmacy.numbers import TRIES, RandomNumber, make_number
from ivr.pharmacy.refusals import Case, Finding, FindingKind, find
from ivr.pharmacy.rules import Rules
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
_CHAIN = 20


def _cases_where(*where: ColumnExpressionArgument[bool]) -> Executable:
    """Select prescriptions, each with the open order it may be in."""
    return (
        select(*_RX, *_ORDER)
        .select_from(Prescription)
        .outerjoin(OrderLine, (OrderLine.prescription_id == Prescription.id) & OrderLine.open)
        .outerjoin(RefillOrder, RefillOrder.id == OrderLine.order_id)
        .where(*where)
        .order_by(Prescription.id)
    )


_OWN = _cases_where(Prescription.rx_number == bindparam("rx_number"), Prescription.member_id == bindparam("member_id"))
_HOPEFUL = _cases_where(
    Prescription.member_id == bindparam("member_id"),
    Prescription.status == PrescriptionStatus.ACTIVE,
    Prescription.mailable,
    Prescription.refills_left > 0,
    OrderLine.id.is_(None),
)
_KEYED = (
    select(Prescription.rx_number, Prescription.drug_name, Prescription.days_supply)
    .where(
        Prescription.rx_number.in_(bindparam("numbers", expanding=True)),
        Prescription.member_id == bindparam("member_id"),
    )
    .order_by(Prescription.rx_number)
)
_ANY = select(exists().where(Prescription.member_id == bindparam("member_id")))
_WANTED = Prescription.id.in_(bindparam("prescription_ids", expanding=True))
_LOCKED = select(Prescription.id).where(_WANTED).order_by(Prescription.id).with_for_update()
_BY_ID = _cases_where(_WANTED)
_NEWER = select(Prescription.status, Prescription.replaced_by).where(
    Prescription.rx_number == bindparam("rx_number"), Prescription.member_id == bindparam("member_id")
)
_TRANSFERS = (
    select(Transfer.requested_on, Transfer.drug_name, Transfer.from_pharmacy, Transfer.status, Transfer.rx_number)
    .where(Transfer.member_id == bindparam("member_id"))
    .order_by(Transfer.requested_on.desc(), Transfer.id.desc())
)
_RENEWALS = (
    select(RenewalRequest.reference, RenewalRequest.status, RenewalRequest.requested_at)
    .where(RenewalRequest.prescription_id == bindparam("prescription_id"))
    .order_by(RenewalRequest.requested_at.desc(), RenewalRequest.id.desc())
    .limit(1)
)
_RENEWAL_ASKED_FOR = _RENEWALS.where(RenewalRequest.status == RenewalStatus.REQUESTED)


def assess(connection: Connection, member_id: int, rx_number: str, today: date, rules: Rules) -> Finding:
    """Return what is found about a prescription number that a member keyed."""
    cases = _cases(connection, _OWN, today, rules, rx_number=rx_number, member_id=member_id)
    if not cases:
        return Finding(FindingKind.NOT_FOUND)
    return judge(connection, cases[0])


@dataclass(frozen=True, slots=True)
class KeyedRx:
    """A prescription that a keyed number may mean, with what its holder can recognise it by."""

    rx_number: str
    drug_name: str
    days_supply: int


def keyed_prescriptions(connection: Connection, member_id: int, keyed: str) -> tuple[KeyedRx, ...]:
    """Return the member's prescriptions whose number is what was keyed, but for zeros before it."""
    return fetch_all(connection, _KEYED, KeyedRx, member_id=member_id, numbers=but_for_zeros(keyed, *RX_DIGITS))


def judge(connection: Connection, case: Case) -> Finding:
    """Fetch what else this case needs to be judged, judge it, and add the renewal request it may have."""
    rx = case.rx
    if rx.status is PrescriptionStatus.REPLACED:
        case = replace(case, newer_rx_number=_newest(connection, rx))
    if rx.status is PrescriptionStatus.TRANSFER_PENDING or rx.first_filled_on is None:
        case = replace(case, transfer=_transfer_of(connection, rx, case.rules))
    finding = find(case)
    if finding.kind.asks_for != "renewal":
        return finding
    return replace(finding, renewal=fetch_one(connection, _RENEWALS, Renewal, prescription_id=rx.id))


def refillable(connection: Connection, member_id: int, today: date, rules: Rules) -> tuple[Finding, ...]:
    """Return what the member can refill now, soonest to run out first; what was never filled here counts as run out."""
    cases = _cases(connection, _HOPEFUL, today, rules, member_id=member_id)
    if any(case.rx.first_filled_on is None for case in cases):
        known = {transfer.rx_number: transfer for transfer in reversed(_transfers(connection, member_id, rules))}
        cases = [replace(case, transfer=known.get(case.rx.rx_number)) for case in cases]
    findings = [finding for case in cases if (finding := find(case)).kind.asks_for == "order"]
    return tuple(sorted(findings, key=lambda found: (found.runs_out_on or today, _number(found))))


def has_prescriptions(connection: Connection, member_id: int) -> bool:
    """Tell whether a member has any prescription, whatever can be done with it."""
    return bool(connection.scalar(_ANY, {"member_id": member_id}))


def locked_cases(connection: Connection, prescription_ids: Iterable[int], on: date, rules: Rules) -> list[Case]:
    """Take prescriptions for this transaction, always in the same order, and return them as they then stand."""
    wanted = {"prescription_ids": list(prescription_ids)}
    connection.execute(_LOCKED, wanted).all()
    return _cases(connection, _BY_ID, on, rules, **wanted)


def request_renewal(
    connection: Connection, prescription_id: int, now: datetime, channel: str, random_number: RandomNumber
) -> Renewal:
    """Ask the prescriber for more refills, once: a request that stands already is returned as it is."""
    for _ in range(TRIES):
        reference = make_number(random_number)
        values = {
            "prescription_id": prescription_id,
            "channel": channel,
            "status": RenewalStatus.REQUESTED,
            "requested_at": now,
            "reference": reference,
        }
        if insert_or_none(connection, RenewalRequest, values):
            return Renewal(reference, RenewalStatus.REQUESTED, now, already=False)
        standing = fetch_one(connection, _RENEWAL_ASKED_FOR, Renewal, prescription_id=prescription_id)
        if standing:
            return standing
    raise RuntimeError(f"{TRIES} references drawn for a renewal request are all taken")


def latest_transfer(connection: Connection, member_id: int, rules: Rules) -> TransferFacts | None:
    """Return the transfer the member asked for last."""
    return next(iter(_transfers(connection, member_id, rules)), None)


def _cases(connection: Connection, query: Executable, today: date, rules: Rules, **values: object) -> list[Case]:
    def case(*row: Any) -> Case:
        rx, order = row[: len(_RX)], row[len(_RX) :]
        return Case(Rx(*rx), today, rules, order=OpenOrder(*order) if order[0] is not None else None)

    return list(fetch_all(connection, query, case, **values))


def _newest(connection: Connection, rx: Rx) -> str | None:
    """Follow a member's replaced prescriptions to the newest; None where the chain leads nowhere or in a circle."""
    number, seen = rx.replaced_by, {rx.rx_number}
    while number and number not in seen and len(seen) < _CHAIN:
        seen.add(number)
        newer = connection.execute(_NEWER, {"rx_number": number, "member_id": rx.member_id}).first()
        if newer is None:
            return None
        if newer.status is not PrescriptionStatus.REPLACED:
            return number
        number = newer.replaced_by
    return None


def _transfer_of(connection: Connection, rx: Rx, rules: Rules) -> TransferFacts | None:
    transfers = _transfers(connection, rx.member_id, rules)
    return next((transfer for transfer in transfers if transfer.rx_number == rx.rx_number), None)


def _transfers(connection: Connection, member_id: int, rules: Rules) -> tuple[TransferFacts, ...]:
    def transfer(requested_on: date, *rest: Any) -> TransferFacts:
        return TransferFacts(requested_on, arrival(requested_on, rules.transfer_business_days), *rest)

    return fetch_all(connection, _TRANSFERS, transfer, member_id=member_id)


def _number(finding: Finding) -> str:
    return finding.prescription.rx_number if finding.prescription else ""
