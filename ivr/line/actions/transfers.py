"""Actions for transfers of prescriptions from pharmacies outside the plan: telling of one, and asking for one."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, Phrases
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.service import Context
from ivr.line.values import day
from ivr.pharmacy import transfers
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.prescriptions import transfers_of
from ivr.prompts import PHRASE, phrase
from ivr.prompts.spoken import us_phone

STATES = ("requested", "confirmed", "rejected")

DATES = {"since": "date", "by": "date"}

OVERDUE: Phrases = {"transfer.overdue": DATES}

SAID = {"requested": ("since", "by"), "confirmed": ("since",), "rejected": ("since",)}

PHARMACY = {"pharmacy_phone": "phone"}

COUNTRY_CODE = "1"
"""What callers may key before a number of ten digits; no area code begins with it."""


@action("none", *STATES, on=dict.fromkeys(STATES, DATES), tells=SAID)
def latest_transfer(context: Context, member_id: int) -> Done:
    """Find the member's latest transfer; the outcome is its status. For flows of an earlier release."""
    transfer = next(iter(transfers_of(context.connection, member_id, context.services.rules)), None)
    if transfer is None:
        return done("none")
    return done(transfer.status, since=day(transfer.requested_on), by=day(transfer.by))


@action("taken", "one_more", "impossible", "own", on={"taken": PHARMACY, "one_more": {"begun_phone": OPAQUE}})
def take_pharmacy(context: Context, keyed_pharmacy: Annotated[str, keyed.PHONE]) -> Done:
    """Take the other pharmacy's telephone number; `one_more` digit is on its way after the country's code."""
    if keyed_pharmacy.startswith(COUNTRY_CODE):
        return done("one_more", begun_phone=keyed_pharmacy.removeprefix(COUNTRY_CODE))
    return _pharmacy(context, keyed_pharmacy)


@action("taken", "impossible", "own", on={"taken": PHARMACY})
def take_rest_of_pharmacy(
    context: Context, begun_phone: str, keyed_pharmacy_rest: Annotated[str, keyed.PHONE_REST]
) -> Done:
    """Take the other pharmacy's telephone number once its last digit is keyed."""
    return _pharmacy(context, begun_phone + keyed_pharmacy_rest)


def _pharmacy(context: Context, digits: str) -> Done:
    """Return the outcome for ten digits: nobody's prescription is at the number they call from, or at one of ours."""
    number = us_phone(digits)
    if f"+1{digits}" == context.caller.from_number or context.is_own(f"+1{digits}"):
        return done("own")
    return done("taken", pharmacy_phone=number) if number else done("impossible")


@action(
    *("new", "asked_already", "overdue"),
    on={"new": {**PHARMACY, "their_number": "digits"}, "asked_already": DATES, "overdue": {"transfers": PHRASE}},
    phrases={"transfers": OVERDUE},
    tells={"asked_already": tuple(DATES), "overdue": ("transfers",)},
)
def take_their_number(
    context: Context,
    member_id: int,
    pharmacy_phone: str,
    keyed_their_number: Annotated[str, keyed.THEIR_RX_NUMBER],
) -> Done:
    """Take the prescription's number at the other pharmacy, unless its transfer was asked for already."""
    since = transfers.requested_on(context.connection, member_id, pharmacy_phone, keyed_their_number)
    if since is None:
        return done("new", pharmacy_phone=pharmacy_phone, their_number=keyed_their_number)
    by = _by(context, since)
    if by < context.today:
        return done("overdue", transfers=(phrase("transfer.overdue", since=day(since), by=day(by)),))
    return done("asked_already", since=day(since), by=day(by))


@action("requested", writes={"by": "date"}, facts=("pharmacy_phone", "their_number"), tells={"requested": ("by",)})
def request_transfer(context: Context, member_id: int, pharmacy_phone: str, their_number: str) -> Done:
    """Ask staff to transfer the prescription; only once, however often the caller asks for it."""
    since = transfers.request_transfer(context.connection, member_id, pharmacy_phone, their_number, context.today)
    return done("requested", by=day(_by(context, since)))


def _by(context: Context, since: date) -> date:
    """Return the day on which a transfer should be complete that was asked for on a day."""
    return arrival(since, context.services.rules.transfer_business_days)
