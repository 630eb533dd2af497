"""Looks prescriptions up and has the rules judge them; asks prescribers for more refills.

A look-up costs the same few statements however much history there is: one for the prescription with the order it may
be in, and one more only where the finding needs what it brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnExpressionArgument, Executable, bindparam, select
from sqlalchemy.orm import Session

from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.findings import ORDERABLE, RENEWABLE, Finding, FindingKind, OpenOrder, Renewal, Rx, TransferFacts
from ivr.pharmacy.numbers import TRIES, Draw, draw_number
from ivr.pharmacy.rules import Case, Rules, find
from ivr.pharmacy.statements import columns, every, first, insert_new
from ivr.pharmacy.tables import OrderLine, Prescription, RefillOrder, RenewalRequest, Transfer

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


# Built once: a caller's turn waits for these, and building one takes longer than running it.
_OWN = _cases_where(Prescription.rx_number == bindparam("rx_number"), Prescription.member_id == bindparam("member_id"))
_HOPEFUL = _cases_where(
    Prescription.member_id == bindparam("member_id"),
    Prescription.status == "active",
    Prescription.mailable,
    Prescription.refills_left > 0,
    OrderLine.id.is_(None),
)


def assess(session: Session, member_id: int, rx_number: str, today: date, rules: Rules) -> Finding:
    """Return what is found about a prescription number that a member keyed."""
    cases = _cases(session, _OWN, today, rules, rx_number=rx_number, member_id=member_id)
    if not cases:
        return Finding(FindingKind.NOT_FOUND)
    return judge(session, cases[0])


def judge(session: Session, case: Case) -> Finding:
    """Fetch what else this case needs to be judged, judge it, and add the renewal request it may have."""
    rx = case.rx
    if rx.status == "replaced":
        case = replace(case, newer_rx_number=_newest(session, rx))
    if rx.status == "transfer_pending" or rx.first_filled_on is None:
        case = replace(case, transfer=_transfer_of(session, rx, case.rules))
    finding = find(case)
    return replace(finding, renewal=_last_renewal(session, rx.id)) if finding.kind in RENEWABLE else finding


def refillable(session: Session, member_id: int, today: date, rules: Rules) -> tuple[Finding, ...]:
    """Return what the member can refill now, soonest to run out first; what was never filled here counts as run out."""
    cases = _cases(session, _HOPEFUL, today, rules, member_id=member_id)
    if any(case.rx.first_filled_on is None for case in cases):
        known = {transfer.rx_number: transfer for transfer in reversed(_transfers(session, member_id, rules))}
        cases = [replace(case, transfer=known.get(case.rx.rx_number)) for case in cases]
    findings = [finding for case in cases if (finding := find(case)).kind in ORDERABLE]
    return tuple(sorted(findings, key=lambda found: (found.runs_out_on or today, _number(found))))


def locked_cases(session: Session, prescription_ids: Iterable[int], on: date, rules: Rules) -> list[Case]:
    """Take prescriptions for this transaction, always in the same order, and return them as they then stand."""
    wanted = Prescription.id.in_(list(prescription_ids))
    session.execute(select(Prescription.id).where(wanted).order_by(Prescription.id).with_for_update()).all()
    return _cases(session, _cases_where(wanted), on, rules)


def request_renewal(session: Session, prescription_id: int, now: datetime, channel: str, draw: Draw) -> Renewal:
    """Ask the prescriber for more refills, once: a request that stands already is returned as it is."""
    for _ in range(TRIES):
        reference = draw_number(draw)
        values = {
            "prescription_id": prescription_id,
            "channel": channel,
            "status": "requested",
            "requested_at": now,
            "reference": reference,
        }
        if insert_new(session, RenewalRequest, values):
            return Renewal(reference, "requested", now, already=False)
        standing = _last_renewal(session, prescription_id, status="requested")
        if standing:
            return standing
    raise RuntimeError(f"{TRIES} references drawn for a renewal request are all taken")


def latest_transfer(session: Session, member_id: int, rules: Rules) -> TransferFacts | None:
    """Return the transfer the member asked for last."""
    return next(iter(_transfers(session, member_id, rules)), None)


def _cases(session: Session, query: Executable, today: date, rules: Rules, **values: object) -> list[Case]:
    def case(*row: Any) -> Case:
        rx, order = row[: len(_RX)], row[len(_RX) :]
        return Case(Rx(*rx), today, rules, order=OpenOrder(*order) if order[0] is not None else None)

    return list(every(session, query, case, **values))


def _newest(session: Session, rx: Rx) -> str | None:
    """Follow a member's replaced prescriptions to the newest; None where the chain leads nowhere or in a circle."""
    number, seen = rx.replaced_by, {rx.rx_number}
    while number and number not in seen and len(seen) < _CHAIN:
        seen.add(number)
        newer = session.execute(
            select(Prescription.status, Prescription.replaced_by).where(
                Prescription.rx_number == number, Prescription.member_id == rx.member_id
            )
        ).first()
        if newer is None:
            return None
        if newer.status != "replaced":
            return number
        number = newer.replaced_by
    return None


def _transfer_of(session: Session, rx: Rx, rules: Rules) -> TransferFacts | None:
    transfers = _transfers(session, rx.member_id, rules)
    return next((transfer for transfer in transfers if transfer.rx_number == rx.rx_number), None)


def _transfers(session: Session, member_id: int, rules: Rules) -> tuple[TransferFacts, ...]:
    def transfer(requested_on: date, *rest: Any) -> TransferFacts:
        return TransferFacts(requested_on, arrival(requested_on, rules.transfer_business_days), *rest)

    query = (
        select(Transfer.requested_on, Transfer.drug_name, Transfer.from_pharmacy, Transfer.status, Transfer.rx_number)
        .where(Transfer.member_id == member_id)
        .order_by(Transfer.requested_on.desc(), Transfer.id.desc())
    )
    return every(session, query, transfer)


def _last_renewal(session: Session, prescription_id: int, status: str | None = None) -> Renewal | None:
    query = (
        select(RenewalRequest.reference, RenewalRequest.status, RenewalRequest.requested_at)
        .where(RenewalRequest.prescription_id == prescription_id)
        .order_by(RenewalRequest.requested_at.desc(), RenewalRequest.id.desc())
        .limit(1)
    )
    if status:
        query = query.where(RenewalRequest.status == status)
    return first(session, query, Renewal)


def _number(finding: Finding) -> str:
    return finding.prescription.rx_number if finding.prescription else ""
