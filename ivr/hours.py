"""When a person can be had: the hours of each day of the week, holidays, and dates with hours of their own.

Hours are times of the clock on the wall in a time zone that is handed in, also on the days on which clocks are changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from ivr.errors import Place, Report, did_you_mean
from ivr.yaml_reader import MapOf, Node, Record, Text, read
from ivr.yaml_reader import field as yaml_field

HOURS_FILE = "hours.yaml"
"""The file, in the folder of the flows, that says when a person can be had; without it one always can."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = "closed"
US_FEDERAL = "us_federal"
"""The holidays of the United States' government, also the working days on which they are kept."""
LOOKED_AHEAD = 4 * 366
"""How many days are looked through for the next opening, though one of the first seven has it mostly."""

MINUTES_A_DAY = 24 * 60
NOON = 12 * 60
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
LONGEST = ONE_DAY
"""How long an opening is looked at: one that lasts longer is told of without its end."""

_SPAN = re.compile(r"(\d{1,2}):(\d\d) ?(?:-|to) ?(\d{1,2}):(\d\d)")
_SPANS = Text(
    f'Hours such as 8:00-20:00, several between commas; or "{CLOSED}".',
    rf"{CLOSED}|{_SPAN.pattern}(, *{_SPAN.pattern})*",
)

HOURS = Record(
    "hours",
    {
        "week": yaml_field(
            Record("week", {day: yaml_field(_SPANS) for day in DAYS}, "The hours of each day of the week.")
        ),
        "holidays": yaml_field(Text("Holidays on which it is closed.", US_FEDERAL), required=False),
        "dates": yaml_field(
            MapOf(_SPANS, "[0-9]{4}-[0-9]{2}-[0-9]{2}", "The hours of single dates, also of holidays."), required=False
        ),
    },
    "When a person can be had.",
)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Hours without a break within one day: from one minute of the day up to another."""

    begin: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.begin)}-{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Opening:
    """A time for which a person can be had without a break."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """When a person can be had. `week` begins with Monday; spans of a day are in order and do not overlap."""

    week: tuple[tuple[Span, ...], ...]
    holidays: str = ""
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    places: Mapping[date, Place] = field(default_factory=dict, compare=False)
    """Where each of the dates stands in the file."""

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the hours of a day."""
        if day in self.dates:
            return self.dates[day]
        return () if self.holidays and day in federal_holidays(day.year, observed=True) else self.week[day.weekday()]

    def in_words(self) -> dict[str, str]:
        """Return what callers could notice of them: a day, or the holidays -> what the file says of it."""
        days = dict(zip(DAYS, self.week, strict=True))
        of_dates = {str(day): spans for day, spans in sorted(self.dates.items())}
        holidays = {"holidays": self.holidays} if self.holidays else {}
        return {
            **{day: ", ".join(map(str, spans)) or CLOSED for day, spans in (days | of_dates).items()},
            **holidays,
        }

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether a person can be had at a moment."""
        return self._span_at(at.astimezone(zone)) is not None

    def open_now(self, at: datetime, zone: ZoneInfo) -> Opening | None:
        """Return the time from a moment up to the closing, through midnight and at most `LONGEST`; None if closed."""
        if not self.is_open(at, zone):
            return None
        end = at
        while end < at + LONGEST and self.is_open(end, zone):
            end = self._end_of_span(end, zone)
        return Opening(at, min(end, at + LONGEST))

    def soonest(self, at: datetime, zone: ZoneInfo) -> Opening:
        """Return the time that is open at a moment or, when it is closed, the next opening."""
        return self.open_now(at, zone) or self.next_opening(at, zone)

    def next_opening(self, at: datetime, zone: ZoneInfo) -> Opening:
        """Return the first time after a moment at which it opens anew.

        Raises LookupError when it does not: it is never closed, or closed for years by its dates.
        """
        for day in _days_from(at.astimezone(zone).date()):
            for begin in self._possible_openings(day, zone):
                if (
                    begin > at
                    and not self.is_open(begin - ONE_MINUTE, zone)
                    and (opening := self.open_now(begin, zone))
                ):
                    return opening
        raise LookupError("it never opens")

    def next_open_day(self, after: date) -> date:
        """Return the first day after another one on which it opens; LookupError when there is none."""
        for day in _days_from(after + ONE_DAY):
            if self.spans(day):
                return day
        raise LookupError("it never opens")

    def _end_of_span(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return when the span of an open moment ends, midnight at the latest."""
        local = at.astimezone(zone)
        span, day = self._span_at(local), local.date()
        if span and not _clocks_change(day, zone):
            return moment(day, span.end, zone)
        closed = (minute for minute in _minutes(day, zone) if minute > at and not self.is_open(minute, zone))
        return next(closed, moment(day, MINUTES_A_DAY, zone))

    def _span_at(self, local: datetime) -> Span | None:
        minute = local.hour * 60 + local.minute
        return next((span for span in self.spans(local.date()) if span.begin <= minute < span.end), None)

    def _possible_openings(self, day: date, zone: ZoneInfo) -> Iterable[datetime]:
        """Return the moments at which it may open on a day: any minute of one on which clocks are changed."""
        return (
            _minutes(day, zone)
            if _clocks_change(day, zone)
            else [moment(day, span.begin, zone) for span in self.spans(day)]
        )


ALWAYS = Hours(((Span(0, MINUTES_A_DAY),),) * len(DAYS))
"""The hours where no file says any."""


def moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the moment of a minute of a day by the clock on the wall."""
    days, minutes = divmod(minute, MINUTES_A_DAY)
    return datetime.combine(day + ONE_DAY * days, time(*divmod(minutes, 60)), zone).astimezone(UTC)


def _days_from(day: date) -> Iterator[date]:
    return (day + ONE_DAY * number for number in range(LOOKED_AHEAD))


def _clocks_change(day: date, zone: ZoneInfo) -> bool:
    return moment(day, MINUTES_A_DAY, zone) - moment(day, 0, zone) != ONE_DAY


def _minutes(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield every minute of a day."""
    midnight, end = moment(day, 0, zone), moment(day, MINUTES_A_DAY, zone)
    return (midnight + ONE_MINUTE * minute for minute in range((end - midnight) // ONE_MINUTE))


@lru_cache(maxsize=64)
def federal_holidays(year: int, *, observed: bool) -> frozenset[date]:
    """Return the days of a year that are federal holidays; with `observed` also those on which offices keep them."""
    from holidays import country_holidays  # slow to import (a tenth of `ivr check`), and most commands need no date

    return frozenset(country_holidays("US", years=year, observed=observed))


def read_hours(files: Mapping[str, str | None], report: Report, root: str = "flows") -> Hours:
    """Return the hours that the files of a version say; problems are added to the report."""
    text = files.get(HOURS_FILE)
    node = read(f"{root}/{HOURS_FILE}", text, report) if text is not None else None
    if node is None:
        return ALWAYS
    fields = node.shaped(report, "the hours", HOURS)
    before = len(report.problems)
    week_shape = HOURS.fields["week"].shape
    week = fields["week"].shaped(report, "the week", week_shape) if "week" in fields else {}  # type: ignore[arg-type]
    of_days = tuple(_read_spans(week[day], report) if day in week else () for day in DAYS)
    dates, places = _read_dates(fields.get("dates"), report)
    if len(report.problems) == before and "week" in fields and not any(of_days):
        report.add(node.key_place("week"), "it never opens: every day is closed; without this file it is always open")
    return Hours(of_days, _read_holidays(fields.get("holidays"), report), dates, places)


def _read_holidays(node: Node | None, report: Report) -> str:
    rule = node.text(report, "holidays") if node else ""
    if node and rule and rule != US_FEDERAL:
        report.add(node.place, f'holidays can be "{US_FEDERAL}", found "{rule}"{did_you_mean(rule, [US_FEDERAL])}')
    return rule or ""


def _read_dates(node: Node | None, report: Report) -> tuple[dict[date, tuple[Span, ...]], dict[date, Place]]:
    """Return the hours of single dates, and where each of these stands."""
    dates, places = {}, {}
    for written, hours in (node.mapping(report, "dates") if node else {}).items():
        place = node.key_place(written) if node else hours.place
        day = read_day(written, place, report)
        spans = _read_spans(hours, report)
        if day:
            dates[day], places[day] = spans, place
    return dates, places


def read_day(written: str, place: Place, report: Report) -> date | None:
    """Return a day that is written as 2026-12-24; report anything else and return None."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        with suppress(ValueError):
            return date.fromisoformat(written)
    report.add(place, f'expected a day that there is, written like 2026-12-24; found "{written}"')
    return None


def _read_spans(node: Node, report: Report) -> tuple[Span, ...]:
    """Return the hours of a day, in order; report what is none, ends before it begins, or overlaps."""
    text = node.text(report, "hours")
    if text is None or text == CLOSED:
        return ()
    spans: list[Span] = []
    for piece in (piece.strip() for piece in text.split(",")):
        match = _SPAN.fullmatch(piece)
        hours = [int(figures) for figures in match.groups()] if match else [99] * 4
        span = Span(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])
        if max(hours[1], hours[3]) > 59 or max(span.begin, span.end) > MINUTES_A_DAY:
            expected = f'hours such as "8:00-20:00", by 24 hours, several between commas, or "{CLOSED}"'
            report.add(node.within(piece), f'expected {expected}; found "{piece}"')
        elif span.end <= span.begin:
            advice = "hours past midnight are two: up to 24:00, and from 0:00 on the day after"
            report.add(node.within(piece), f'"{piece}" ends before it begins; {advice}')
        else:
            spans.append(span)
    for first, second in pairwise(sorted(spans)):
        if second.begin < first.end:
            both = Span(first.begin, max(first.end, second.end))
            report.add(node.place, f'"{first}" and "{second}" overlap; write "{both}" for both')
    return tuple(sorted(spans))


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"
