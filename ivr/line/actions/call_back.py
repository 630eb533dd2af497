"""Actions that tell when a person can be had, and that ask for a call-back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, Items, Phrases
from ivr.hours import LONGEST, NOON, Opening, moment
from ivr.line import hand_over
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.service import Context
from ivr.line.values import OfferedTime, day
from ivr.pharmacy import call_backs
from ivr.pharmacy.call_backs import AskedCall, BestTime
from ivr.prompts import PHRASE, phrase
from ivr.prompts.spoken import Value, phone_keyed

_FROM_TO = {"begins": "time", "ends": "time", "zone": "time_zone"}
OPENS: Phrases = {
    "person.opens_today": _FROM_TO,
    "person.opens_tomorrow": _FROM_TO,
    "person.opens_on": {"day": "date", **_FROM_TO},
    "person.opens_for_long": {"day": "date", "begins": "time", "zone": "time_zone"},
}
TIMES: Phrases = {
    "call_back.soon": {},
    "call_back.opening": {"day": "date", "begins": "time"},
    "call_back.morning": {"day": "date"},
    "call_back.afternoon": {"day": "date"},
}
IN_ZONE: Phrases = {"call_back.in_zone": {"zone": "time_zone"}}
ASKED_FOR: Phrases = {"call_back.soon": {}, "call_back.between": {"day": "date", **_FROM_TO}}
SOON = phrase("call_back.soon")
MOST_TIMES = 3


@action("opens", on={"opens": {"opens": PHRASE}}, phrases={"opens": OPENS}, tells={"opens": ("opens",)})
def next_opening(context: Context) -> Done:
    """Find when a person can be had next."""
    return done("opens", opens=_opens(context))


def _opens(context: Context) -> Value:
    opening = context.services.hours.soonest(context.now, context.services.timezone)
    begins, ends = _local(context, opening.begin), _local(context, opening.end)
    times = {"begins": f"{begins:%H:%M}", "zone": _zone(context)}
    if opening.end - opening.begin == LONGEST:
        return phrase("person.opens_for_long", day=day(begins.date()), **times)
    times["ends"] = f"{ends:%H:%M}"
    days_ahead = (begins.date() - context.today).days
    if days_ahead > 1:
        return phrase("person.opens_on", day=day(begins.date()), **times)
    return phrase("person.opens_tomorrow" if days_ahead else "person.opens_today", **times)


@action("known", "unknown", on={"known": {"chosen_phone": "phone"}}, tells={"known": ("chosen_phone",)})
def own_phone(context: Context) -> Done:
    """Find the number that the caller calls from, if it is known and can be called back."""
    phone = _own_phone(context)
    return done("known", chosen_phone=phone) if phone else done("unknown")


def _own_phone(context: Context) -> str:
    """Return the number that the caller calls from; "" if it is not known, or cannot be called back."""
    number = context.caller.from_number
    if context.caller.withheld or not number.startswith("+1") or context.is_own(number):
        return ""
    return phone_keyed(number.removeprefix("+1"))[1]


@action("dialable", "too_short", "abroad", "impossible", on={"dialable": {"chosen_phone": "phone"}})
def take_phone(context: Context, keyed_phone: Annotated[str, keyed.ANY_PHONE]) -> Done:
    """Take the keyed telephone number, if the line can dial it and it is not one of ours."""
    kind, phone = phone_keyed(keyed_phone)
    if context.is_own(phone):
        return done("impossible")
    return done(kind, chosen_phone=phone) if kind == "dialable" else done(kind)


@action(
    *("offered", "already_asked", "overdue"),
    writes={"times": "list", "zone": "time_zone"},
    on={"already_asked": {"asked_for": PHRASE}},
    items={"times": Items({"when": PHRASE}, MOST_TIMES)},
    phrases={"when": TIMES, "asked_for": ASKED_FOR},
    tells={"already_asked": ("asked_for",)},
)
def offer_times(context: Context, chosen_phone: str, member_id: int | None = None) -> Done:
    """List the best times to be called back at, and find when the caller is to be called back already."""
    times = tuple(
        OfferedTime(when, chosen_phone, time.begin.isoformat(), time.end.isoformat()) for when, time in _times(context)
    )
    asked = call_backs.asked_call_back(context.connection, chosen_phone, member_id)
    offered = {"times": times, "zone": _zone(context)}
    if asked is None or not _is_theirs(context, chosen_phone, member_id):
        return done("offered", **offered)
    if asked.best_to <= context.now:
        return done("overdue", **offered)
    return done("already_asked", **offered, asked_for=_asked_for(context, asked))


def _is_theirs(context: Context, phone: str, member_id: int | None) -> bool:
    """Tell whether a call-back at a phone is the caller's own affair: a stranger learns nothing of whoever has it."""
    return member_id is not None or phone == _own_phone(context)


def _asked_for(context: Context, asked: AskedCall) -> Value:
    if asked.best_from <= asked.asked_at:
        return SOON
    begins, ends = _local(context, asked.best_from), _local(context, asked.best_to)
    times = {"begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}", "zone": _zone(context)}
    return phrase("call_back.between", day=day(begins.date()), **times)


def _times(context: Context) -> Iterator[tuple[Value, Opening]]:
    """Yield the times that are offered: as soon as somebody can, and the two halves of the next day with hours."""
    hours, zone = context.services.hours, context.services.timezone
    if is_open := hours.open_now(context.now, zone):
        yield SOON, is_open
        on = hours.next_open_day(context.today)
    else:
        opening = hours.next_opening(context.now, zone)
        begins = _local(context, opening.begin)
        on = begins.date()
        yield phrase("call_back.opening", day=day(on), begins=f"{begins:%H:%M}"), opening
    spans, noon = hours.spans(on), moment(on, NOON, zone)
    first, last = max(moment(on, spans[0].begin, zone), context.now), moment(on, spans[-1].end, zone)
    if first < noon:
        yield phrase("call_back.morning", day=day(on)), Opening(first, min(noon, last))
    if last > noon:
        yield phrase("call_back.afternoon", day=day(on)), Opening(max(first, noon), last)


def _zone(context: Context) -> str:
    """Return the name of the pharmacy's time zone: callers are in all of the country's."""
    return context.services.timezone.key


def _local(context: Context, at: datetime) -> datetime:
    return at.astimezone(context.services.timezone)


@action(
    *("said", "gone"),
    writes={"phone": "phone", "best_time": PHRASE, "best_from": OPAQUE, "best_to": OPAQUE},
    phrases={"best_time": {**TIMES, **IN_ZONE}},
)
def say_call_back(context: Context, time_choice: OfferedTime) -> Done:
    """Put together the facts of a call-back, for the caller to confirm, unless its time is `gone` meanwhile."""
    times = {"best_from": time_choice.best_from, "best_to": time_choice.best_to}
    outcome = "said" if _has_somebody(context, _best(**times)) else "gone"
    zone = () if time_choice.when == SOON else (phrase("call_back.in_zone", zone=_zone(context)),)
    return done(outcome, phone=time_choice.phone, best_time=(time_choice.when, *zone), **times)


@action("asked", "gone", facts=("phone", "best_time"))
def ask_call_back(context: Context, phone: str, best_from: str, best_to: str, member_id: int | None = None) -> Done:
    """Ask staff to call back, unless the time that was said is `gone`.

    A stranger who asks for a phone that is to be called back already hears nothing of that, and changes nothing.
    """
    best = _best(best_from, best_to)
    if not _has_somebody(context, best):
        return done("gone")
    asked = call_backs.asked_call_back(context.connection, phone, member_id)
    if asked is None or asked.best_to <= context.now or _is_theirs(context, phone, member_id):
        call_backs.ask_call_back(
            context.connection,
            member_id=member_id,
            phone=phone,
            language=context.language,
            best=best,
            reason=hand_over.last_state(context.connection, context.caller.sid),
            now=context.now,
        )
    return done("asked")


def _best(best_from: str, best_to: str) -> BestTime:
    return BestTime(*(datetime.fromisoformat(text).astimezone(UTC) for text in (best_from, best_to)))


def _has_somebody(context: Context, best: BestTime) -> bool:
    """Tell whether a best time is not over, and somebody is there in it by the hours as they are now."""
    hours, zone = context.services.hours, context.services.timezone
    return hours.soonest(max(best.best_from, context.now), zone).begin < best.best_to
