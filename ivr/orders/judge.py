"""Judges an order anew on a day: whether all its prescriptions may be filled on it, and what they cost by now.

The rules are those by which it was ordered (`pharmacy.refusals`). What the order itself has taken does not count
against it: its own open lines and their refills.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from ivr.orders.events import HELD_FOR_RULES, Actor, Happened, who_last
from ivr.orders.find import LineFacts, OrderFacts
from ivr.pharmacy.findings import Supply
from ivr.pharmacy.members import is_active
from ivr.pharmacy.prescriptions import cases_of, judge
from ivr.pharmacy.refusals import Case, Finding, FindingKind
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import HeldReason, OrderStatus


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A prescription of an order, with what the rules find about it now."""

    line: LineFacts
    finding: Finding
    supply: Supply | None
    """What was ordered, at its present price; None if it cannot be filled so any more."""

    @property
    def cause(self) -> str | None:
        """Why it cannot be filled now, as it is recorded; None if it can."""
        if self.finding.kind.asks_for != "order":
            return f"rules_{self.finding.kind}"
        return None if self.supply else Happened.SUPPLY_CHANGED


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say about an order now. Lines that the pharmacy's own file has filled already are not judged."""

    member_is_active: bool
    lines: tuple[JudgedLine, ...]
    total_cents: int
    """What is asked for it: what was said, or its present price if that has risen by more than is allowed."""
    asks_price: bool
    """Whether it costs so much more by now that its member has to be asked."""

    @property
    def refused(self) -> tuple[JudgedLine, ...]:
        """The lines that cannot be filled now."""
        return tuple(judged for judged in self.lines if judged.cause)

    @property
    def only_too_soon(self) -> bool:
        """Whether all that keeps it is that some lines are due later."""
        kinds = {judged.finding.kind for judged in self.refused}
        return self.member_is_active and kinds == {FindingKind.TOO_SOON}

    @property
    def may_be_filled(self) -> bool:
        """Whether it may be filled now, at whatever price."""
        return self.member_is_active and not self.refused

    @property
    def causes(self) -> tuple[str, ...]:
        """All that keeps it from being sent and charged now, each once, as it is recorded."""
        member = () if self.member_is_active else (Happened.MEMBER_NOT_ACTIVE,)
        price = (Happened.PRICE_CHANGED,) if self.asks_price else ()
        lines = (judged.cause for judged in self.lines if judged.cause)
        return tuple(dict.fromkeys((*member, *lines, *price)))


def judge_order(connection: Connection, order: OrderFacts, today: date, rules: Rules) -> Judgement:
    """Judge an order as it would be judged if it were ordered today."""
    unfilled = {line.prescription_id: line for line in order.lines if line.filled_on is None}
    cases = cases_of(connection, unfilled, today, rules)
    lines = tuple(_judge_line(connection, order.id, unfilled[case.rx.id], case) for case in cases)
    rise = sum(judged.supply.price_cents - judged.line.price_cents for judged in lines if judged.supply)
    asks_price = rise > rules.price_change_cents
    total = order.total_cents + rise if asks_price else order.total_cents
    return Judgement(is_active(connection, order.member_id), lines, total, asks_price)


def is_held_by_line(connection: Connection, order: OrderFacts) -> bool:
    """Return whether an order is held because the line judged it so on its ship day, and not staff or the website."""
    is_held = order.status is OrderStatus.HELD and order.held_reason is HeldReason.RULES
    return is_held and who_last(connection, order.id, HELD_FOR_RULES) == Actor.LINE


def _judge_line(connection: Connection, order_id: int, line: LineFacts, case: Case) -> JudgedLine:
    finding = judge(connection, _before_ordering(case, order_id, line))
    supply = next((supply for supply in finding.supplies if supply.days == line.days_supply), None)
    return JudgedLine(line, finding, supply)


def _before_ordering(case: Case, order_id: int, line: LineFacts) -> Case:
    """Return a prescription's case as it would be without this order."""
    if case.order is None or case.order.id != order_id:
        return case
    rx = replace(
        case.rx,
        refills_left=case.rx.refills_left + max(0, line.refills - line.refills_short),
        refills_used=max(0, case.rx.refills_used - line.refills),
    )
    return replace(case, rx=rx, order=None)
