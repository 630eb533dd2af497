"""Actions that tell of a member's prescriptions, a few at a time: when each is due, and what is under way."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.call import Done
from ivr.flow.definition import MOST_AT_ONCE, OPAQUE, Phrases
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.service import Context
from ivr.line.values import Identified
from ivr.pharmacy.prescriptions import worth_hearing
from ivr.pharmacy.refusals import Finding
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

PAGE = {"prescriptions": "phrase", "rest_of_prescriptions": "phrase", "prescriptions_heard": OPAQUE}

PHRASES: Mapping[str, Phrases] = {
    "prescriptions": {
        "prescriptions.line": {"what": "phrase", "state": "phrase"},
        "prescriptions.line_of_days": {"what": "phrase", "days": "number", "state": "phrase"},
    },
    "what": speech.LISTED_MEDICINE,
    "state": speech.RX_STATES,
    "order_state": speech.ORDER_STATES,
    "rest_of_prescriptions": {"prescriptions.rest": {"count": "number"}, "prescriptions.from_the_first": {}},
}


@action("some", "none", on={"some": PAGE}, phrases=PHRASES, tells={"some": ("prescriptions",)})
def list_prescriptions(context: Context, member: Identified) -> Done:
    """Tell of the member's first prescriptions, soonest due first."""
    return _tell(context, member, 0)


@action("some", "none", on={"some": PAGE}, phrases=PHRASES, tells={"some": ("prescriptions",)})
def more_prescriptions(context: Context, member: Identified, prescriptions_heard: int) -> Done:
    """Tell of the prescriptions after those that were heard; after the last ones, of the first again."""
    return _tell(context, member, prescriptions_heard)


def _tell(context: Context, member: Identified, after: int) -> Done:
    findings = worth_hearing(context.connection, member.member_id, context.today, context.services.rules)
    if not findings:
        return done("none")
    after = after if after < len(findings) else 0
    heard = after + MOST_AT_ONCE
    rest: Value = ()
    if heard < len(findings):
        rest = phrase("prescriptions.rest", count=len(findings) - heard)
    elif after:
        rest = phrase("prescriptions.from_the_first")
    return done(
        "some",
        prescriptions=tuple(_line(context, member, finding) for finding in findings[after:heard]),
        rest_of_prescriptions=rest,
        prescriptions_heard=heard,
    )


def _line(context: Context, member: Identified, finding: Finding) -> Value:
    rx = finding.prescription
    if rx is None:
        raise TypeError("a finding without a prescription cannot be told")
    what, state = speech.listed_medicine(rx, proved=member.proved), speech.rx_state(finding, context.services)
    if member.proved:
        return phrase("prescriptions.line", what=what, state=state)
    return phrase("prescriptions.line_of_days", what=what, days=rx.last_days_supply or rx.days_supply, state=state)
