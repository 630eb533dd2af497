"""The hours of a person: what the file may say, and when it opens, also on days on which clocks are changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ivr.cli.findings import OVER, check_folders
from ivr.errors import DefinitionError, Report
from ivr.flow.changes import changes
from ivr.hours import (
    ALWAYS,
    DAYS,
    HOURS_FILE,
    US_FEDERAL,
    Hours,
    Opening,
    Span,
    federal_holidays,
    moment,
    read_hours,
)
from ivr.line.actions import SPECS
from ivr.line.review import over
from ivr.line.versions import load, read_files
from ivr.prompts import Catalogues, load_prompts

PROJECT = Path(__file__).parent.parent
ZONES = [ZoneInfo(name) for name in ("America/Los_Angeles", "America/New_York", "America/Phoenix", "America/St_Johns")]
PACIFIC = ZONES[0]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

CURRENT = load(read_files(PROJECT / "flows", PROJECT / "prompts"), SPECS)
WEEK = "\n  ".join(("week:", *(f"{day}: 8:00-20:00" for day in DAYS)))


def hours_of(text: str) -> Hours:
    """Return the hours that a file says; DefinitionError when it has problems."""
    report = Report()
    hours = read_hours({HOURS_FILE: text}, report)
    report.raise_if_any()
    return hours


def on(day: str, hours: str) -> str:
    """Return a file in which one day of the week has other hours."""
    return WEEK.replace(f"{day}: 8:00-20:00", f"{day}: {hours}")


# What the file may say


MISTAKES = {
    "two that overlap": (
        on("tuesday", "8:00-12:00, 11:30-18:00"),
        '3:12: "8:00-12:00" and "11:30-18:00" overlap; write "8:00-18:00" for both',
    ),
    "one that ends before it begins": (
        on("monday", "9:00-12:00, 20:00-8:00"),
        '2:23: "20:00-8:00" ends before it begins; hours past midnight are two: up to 24:00, and from 0:00 on the day after',
    ),
    "one without length": (
        on("monday", "8:00-8:00"),
        '2:11: "8:00-8:00" ends before it begins; hours past midnight are two: up to 24:00, and from 0:00 on the day after',
    ),
    "another clock": (
        on("sunday", "8am-5pm"),
        '8:11: expected hours such as "8:00-20:00", by 24 hours, several between commas, or "closed"; found "8am-5pm"',
    ),
    "an hour that there is not": (
        on("sunday", "8:00-24:30"),
        '8:11: expected hours such as "8:00-20:00", by 24 hours, several between commas, or "closed"; found "8:00-24:30"',
    ),
    "a day that there is not": (
        WEEK.replace("friday", "freitag"),
        '6:3: the week has no "freitag" (did you mean "friday"?)',
    ),
    "never open": (
        WEEK.replace("8:00-20:00", "closed"),
        "1:1: it never opens: every day is closed; without this file it is always open",
    ),
    "holidays of nobody": (
        f"{WEEK}\nholidays: us_federl",
        '9:11: holidays can be "us_federal", found "us_federl" (did you mean "us_federal"?)',
    ),
    "a date that there is not": (
        f"{WEEK}\ndates:\n  2026-02-30: closed",
        '10:3: expected a day that there is, written like 2026-12-24; found "2026-02-30"',
    ),
    "a date in words": (
        f"{WEEK}\ndates:\n  December 24: closed",
        '10:3: expected a day that there is, written like 2026-12-24; found "December 24"',
    ),
    "a date twice": (
        f"{WEEK}\ndates:\n  2026-12-24: closed\n  2026-12-24: 8:00-12:00",
        '11:3: "2026-12-24" stands here twice; the first is on line 10',
    ),
    "no hours": (on("monday", ""), "2:10: hours should be text, found nothing"),
}


@pytest.mark.parametrize(("text", "problems"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_told_at_its_place(text: str, problems: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        hours_of(text)
    assert str(refused.value) == "\n".join(f"flows/{HOURS_FILE}:{line}" for line in problems.split("\n"))


def test_without_the_file_it_is_always_open() -> None:
    assert read_hours({}, Report()) == ALWAYS
    assert ALWAYS.is_open(datetime(2026, 12, 25, 3, tzinfo=UTC), PACIFIC)


def test_a_version_from_before_the_hours_is_always_open() -> None:
    files = CURRENT.files
    without = {name: text for name, text in files.flows.items() if name != HOURS_FILE}
    assert load(type(files)(without, files.prompts), SPECS).flows.hours == ALWAYS


def test_dates_come_before_holidays_and_these_before_the_week() -> None:
    text = f"{on('sunday', 'closed')}\nholidays: us_federal\ndates:\n  2026-12-25: 10:00-12:00\n  2026-12-28: closed"
    hours = hours_of(text)
    assert hours.spans(date(2026, 12, 25)) == (Span(600, 720),)
    assert hours.spans(date(2026, 12, 28)) == ()
    assert hours.spans(date(2026, 11, 26)) == (), "Thanksgiving"
    assert hours.spans(date(2026, 7, 3)) == (), "kept on the Friday before"
    assert hours.spans(date(2026, 11, 27)) == (Span(480, 1200),)
    assert hours.spans(date(2026, 11, 29)) == (), "a Sunday"


def test_new_year_that_is_kept_the_year_before_is_a_holiday() -> None:
    assert date(2027, 12, 31) in federal_holidays(2027, observed=True)
    assert date(2027, 12, 31) not in federal_holidays(2027, observed=False)


# When it opens

spans_of_a_day = some.lists(some.integers(0, 96), unique=True, max_size=6).map(
    lambda quarters: tuple(
        Span(begin * 15, end * 15)
        for begin, end in zip(*[iter(sorted(quarters)[: len(quarters) // 2 * 2])] * 2, strict=True)
    )
)
weeks = some.tuples(*[spans_of_a_day] * 7).filter(any)
CLOCK_CHANGES = [datetime(2026, 3, 8, 10, tzinfo=UTC), datetime(2026, 11, 1, 9, tzinfo=UTC)]
HOLIDAYS = [datetime(2026, 11, 26, 12, tzinfo=UTC), datetime(2027, 12, 31, 20, tzinfo=UTC)]
moments = some.builds(
    lambda near, seconds: near + timedelta(seconds=seconds),
    some.sampled_from([*CLOCK_CHANGES, *HOLIDAYS]),
    some.integers(-40 * 3600, 20 * 3600),
)
some_hours = some.builds(
    Hours,
    weeks,
    some.sampled_from(["", "us_federal"]),
    some.dictionaries(some.dates(date(2026, 3, 6), date(2026, 3, 10)), spans_of_a_day, max_size=2),
)


def by_the_wall(hours: Hours, at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether the clock on the wall shows a time within the hours of its day."""
    wall = at.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    return any(span.begin <= minute < span.end for span in hours.spans(wall.date()))


def openings_between(hours: Hours, after: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every whole minute within a time at which it opens anew, found by looking at each."""
    minute = after.replace(second=0, microsecond=0) + MINUTE
    found = []
    was_open = by_the_wall(hours, minute - MINUTE, zone)
    while minute <= until:
        is_open = by_the_wall(hours, minute, zone)
        if is_open and not was_open:
            found.append(minute)
        was_open, minute = is_open, minute + MINUTE
    return found


@given(some_hours, moments, some.sampled_from(ZONES))
def test_it_is_open_by_the_clock_on_the_wall(hours: Hours, at: datetime, zone: ZoneInfo) -> None:
    assert hours.is_open(at, zone) == by_the_wall(hours, at, zone)
    assert (hours.open_now(at, zone) is not None) == by_the_wall(hours, at, zone)


@given(some_hours, moments, some.sampled_from(ZONES))
@settings(max_examples=40, deadline=None)
def test_the_next_opening_is_one_and_none_is_skipped(hours: Hours, at: datetime, zone: ZoneInfo) -> None:
    try:
        opening = hours.next_opening(at, zone)
    except LookupError:  # one that is always open never opens
        assert openings_between(hours, at, at + 9 * DAY, zone) == []
        return
    assert opening.begin > at
    assert hours.is_open(opening.begin, zone)
    assert not hours.is_open(opening.begin - MINUTE, zone)
    assert openings_between(hours, at, min(opening.begin, at + 9 * DAY), zone) in ([opening.begin], [])
    minutes = (opening.end - opening.begin) // MINUTE
    assert minutes > 0
    assert all(hours.is_open(opening.begin + MINUTE * minute, zone) for minute in range(minutes))


@given(weeks, moments, some.sampled_from(ZONES))
def test_the_next_day_with_hours_is_the_first(week: tuple[tuple[Span, ...], ...], at: datetime, zone: ZoneInfo) -> None:
    hours, today = Hours(week), at.astimezone(zone).date()
    day = hours.next_open_day(today)
    assert hours.spans(day)
    assert not any(hours.spans(today + DAY * days) for days in range(1, (day - today).days))


def test_hours_on_a_day_that_is_an_hour_shorter_or_longer() -> None:
    hours = Hours(((Span(90, 150), Span(480, 1200)),) * 7)  # 1:30 to 2:30, and 8 to 8
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    first = hours.next_opening(moment(spring, 0, PACIFIC), PACIFIC)
    assert (first.begin, first.end - first.begin) == (datetime(2026, 3, 8, 9, 30, tzinfo=UTC), timedelta(minutes=30))
    assert hours.next_opening(first.begin, PACIFIC).begin.astimezone(PACIFIC).time() == time(8)
    once = hours.next_opening(moment(autumn, 0, PACIFIC), PACIFIC)
    again = hours.next_opening(once.begin, PACIFIC)
    assert (once.begin, once.end) == (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 1, 9, tzinfo=UTC))
    assert (again.begin, again.end) == (
        datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 10, 30, tzinfo=UTC),
    )


def test_an_opening_goes_on_through_midnight_and_into_hours_that_adjoin() -> None:
    hours = Hours(((Span(480, 720), Span(720, 1080), Span(1200, 1440)), (Span(0, 240),), *[()] * 5))
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    day_time = hours.next_opening(moment(monday, 0, PACIFIC), PACIFIC)
    assert (day_time.begin, day_time.end) == (moment(monday, 480, PACIFIC), moment(monday, 1080, PACIFIC))
    night = hours.next_opening(day_time.end, PACIFIC)
    assert (night.begin, night.end) == (moment(monday, 1200, PACIFIC), moment(tuesday, 240, PACIFIC))


@pytest.mark.parametrize("hours", [ALWAYS, Hours(ALWAYS.week, US_FEDERAL)])
def test_what_is_always_open_is_soonest_open_now_and_for_a_day(hours: Hours) -> None:
    at = datetime(2026, 3, 3, 7, 58, 50, tzinfo=UTC)  # just before midnight
    assert hours.soonest(at, PACIFIC) == Opening(at, at + DAY)


def test_a_second_before_closing_it_is_open() -> None:
    hours = hours_of(WEEK)
    closing = moment(date(2026, 3, 2), 1200, PACIFIC)
    assert hours.is_open(closing - timedelta(seconds=1), PACIFIC)
    assert not hours.is_open(closing, PACIFIC)


# Notices, and what is over


def notice(days: str = "from: 2026-12-21\n  until: 2026-12-25", say: str = "We are closed.") -> str:
    return f"holidays:\n  {days}\n  say: {say}\n"


NOTICES = {"en": notice(), "es": notice(say="Está cerrado.")}


def catalogues_with(notices: Mapping[str, str]) -> Catalogues:
    """Return the catalogues of prompts that are nothing but notices; DefinitionError when these have problems."""
    files = {f"{language}/notices.yaml": text for language, text in notices.items()}
    for language in notices:
        path = f"{language}/catalogue.yaml"
        files[path] = (PROJECT / "prompts" / path).read_text(encoding="utf-8")
    report = Report()
    catalogues = load_prompts(files, report)
    report.raise_if_any()
    return catalogues


def edition(hours: str = WEEK, notices: Mapping[str, str] = NOTICES) -> Any:
    """Return a version of the line whose hours and notices are these."""
    line = SimpleNamespace(hours=hours_of(hours), flows={}, line=CURRENT.flows.line)
    return SimpleNamespace(flows=line, catalogues=catalogues_with(notices))


NOTICE_MISTAKES = {
    "in one language only": (
        {"es": "# nada\n"},
        'es/notices.yaml:1:1: lacks "holidays", which prompts/en/notices.yaml:1 has',
    ),
    "another one in one language": (
        {"es": NOTICES["es"].replace("holidays", "feriados")},
        'en/notices.yaml:1:1: lacks "feriados", which prompts/es/notices.yaml:1 has\n'
        'es/notices.yaml:1:1: lacks "holidays", which prompts/en/notices.yaml:1 has',
    ),
    "other days in one language": (
        {"es": NOTICES["es"].replace("12-25", "12-26")},
        'es/notices.yaml:1:1: "notices.holidays" is told from 2026-12-21 until 2026-12-26 here, '
        "from 2026-12-21 until 2026-12-25 in prompts/en/notices.yaml:1",
    ),
    "over before it begins": (
        {"en": notice("from: 2026-12-25\n  until: 2026-12-21")},
        "en/notices.yaml:3:10: 2026-12-21 is before 2026-12-25, when the notice begins",
    ),
    "a day that there is not": (
        {"en": notice("from: 2026-12-32\n  until: 2026-12-25")},
        'en/notices.yaml:2:9: expected a day that there is, written like 2026-12-24; found "2026-12-32"',
    ),
    "without its end": (
        {"en": notice("from: 2026-12-21")},
        'en/notices.yaml:2:3: the notice "notices.holidays" lacks "until"',
    ),
    "with a value": (
        {"en": notice(say="'You owe {total:money}.'")},
        'en/notices.yaml:4:8: the notice "notices.holidays" is said as it stands: it has no values and asks nothing',
    ),
}


@pytest.mark.parametrize(("notices", "problems"), NOTICE_MISTAKES.values(), ids=NOTICE_MISTAKES)
def test_each_mistake_in_a_notice_is_told(notices: Mapping[str, str], problems: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        catalogues_with({**NOTICES, **notices})
    assert str(refused.value) == "\n".join(f"prompts/{line}" for line in problems.split("\n"))


def test_a_notice_is_told_on_its_days() -> None:
    by_language = catalogues_with(NOTICES).by_language
    for language, words in (("en", "We are closed."), ("es", "Está cerrado.")):
        told = {day: by_language[language].notices_on(date(2026, 12, day)) for day in (20, 21, 25, 26)}
        assert told == {20: "", 21: words, 25: words, 26: ""}


def test_dates_that_are_over_are_told() -> None:
    line = edition(f"{WEEK}\ndates:\n  2026-12-24: closed\n  2026-12-26: closed")
    told = [f"{place}: {message}" for place, message in over(line.flows, line.catalogues, date(2026, 12, 26))]
    assert told == [
        f"flows/{HOURS_FILE}:10:3: 2026-12-24 is over; take it out",
        'prompts/en/notices.yaml:1:1: the notice "notices.holidays" is over since 2026-12-25; take it out',
        'prompts/es/notices.yaml:1:1: the notice "notices.holidays" is over since 2026-12-25; take it out',
    ]
    assert not [*over(line.flows, line.catalogues, date(2026, 12, 24))]


def test_dates_that_are_over_are_a_warning_and_keep_nobody_from_publishing(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "flows", tmp_path / "flows")
    with (tmp_path / "flows" / HOURS_FILE).open("a", encoding="utf-8") as file:
        file.write("dates:\n  2026-12-24: closed\n")
    found = check_folders(tmp_path / "flows", PROJECT / "prompts", today=date(2026, 12, 25)).findings
    assert [(finding.rule, finding.is_error) for finding in found] == [(OVER, False)]
    assert load(read_files(tmp_path / "flows", PROJECT / "prompts"), SPECS).flows.hours.dates


# What changes before it is published


def test_changes_of_hours_are_told() -> None:
    before = f"{WEEK}\ndates: {{2026-12-24: closed}}"
    after = f"{on('monday', 'closed')}\nholidays: us_federal\ndates: {{2026-12-24: '8:00-12:00, 13:00-15:00'}}"
    assert changes(edition(before), edition(after)) == (
        "hours, monday: closed now, was 8:00-20:00",
        "hours, 2026-12-24: 8:00-12:00, 13:00-15:00 now, was closed",
        "hours, holidays: us_federal now, was nothing",
    )


def test_changes_of_notices_are_told() -> None:
    nothing = edition(notices=dict.fromkeys(NOTICES, "# nothing\n"))
    added = "1 prompt new: notices.holidays"
    assert changes(nothing, edition()) == (f"en: {added}", f"es: {added}")
    longer = {language: text.replace("12-25", "12-26") for language, text in NOTICES.items()}
    moved = "notices.holidays: told from 2026-12-21 until 2026-12-26 now, was from 2026-12-21 until 2026-12-25"
    assert changes(edition(), edition(notices=longer)) == (f"en: {moved}", f"es: {moved}")
