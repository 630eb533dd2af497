"""A person with hours, as calls meet one: connected or not, call-backs, and the note for whoever takes a call over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from demo_line import IDENTIFIED, NOON, VERSION, DemoLine, with_settings
from hearing import hears, words
from pharmacy_rows import NOW, add_member
from sqlalchemy import Connection, insert

from ivr.cli import main
from ivr.flow.call import Call, Dialled, Done, Frame, Keys
from ivr.flow.interpreter import advance
from ivr.hours import ALWAYS, HOURS_FILE, US_FEDERAL, Hours, Span
from ivr.line import hand_over, tables
from ivr.line.actions import SPECS
from ivr.line.versions import Files, Version, load
from ivr.pharmacy.call_backs import (
    AskedCall,
    BestTime,
    WantedCall,
    ask_call_back,
    asked_call_back,
    finish_call_back,
    wanted_calls,
)
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.web.carrier import event_of

STAFFED = Settings(person_number="+15105550199")
NEVER_ON_MONDAYS = Hours(((), *ALWAYS.week[1:]))
BEST = BestTime(NOW, NOW + timedelta(hours=2))
PHONE = "+19255550142"


@pytest.fixture
def staffed(demo_line: DemoLine) -> DemoLine:
    """Give a line with a number that 0 leads to, on a Monday at noon."""
    return with_settings(demo_line, STAFFED)


def publish(line: DemoLine, **changes: Mapping[str, str]) -> Version:
    """Have new calls answered by a version with other files: `flows` or `prompts`, path -> text."""
    files = Files(
        {**VERSION.files.flows, **changes.get("flows", {})}, {**VERSION.files.prompts, **changes.get("prompts", {})}
    )
    version = load(files, SPECS)
    line.services.versions.take(version)
    return version


CLOSED_TODAY = {HOURS_FILE: VERSION.files.flows[HOURS_FILE].replace("monday: 8:00-20:00", "monday: closed")}
STORM = {
    "en/notices.yaml": "storm:\n  from: 2026-03-01\n  until: 2026-03-02\n  say: The storm delays the mail.\n",
    "es/notices.yaml": "storm:\n  from: 2026-03-01\n  until: 2026-03-02\n  say: La tormenta retrasa el correo.\n",
}


# A call in progress


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_call_in_progress_has_the_hours_that_are_published_meanwhile(staffed: DemoLine) -> None:
    phone, _ = staffed.call(IDENTIFIED)
    phone.wait()
    assert "person.offer" not in staffed.prompts
    phone.wait()
    assert staffed.last_prompts[-1] == "person.offer"
    publish(staffed, flows=CLOSED_TODAY)
    phone.press("*")
    heard = phone.press("0")
    assert (heard.dialled, staffed.last_prompts) == ((), ["person.closed"])
    staffed.services.versions.take(VERSION)
    assert phone.press("20").dialled == ("+15105550199",)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_call_in_progress_hears_the_notices_that_are_published_meanwhile(staffed: DemoLine) -> None:
    phone, _ = staffed.call()
    publish(staffed, prompts=STORM)
    assert "The storm delays the mail." in phone.press("1").text
    _, heard = staffed.call("2")
    assert "La tormenta retrasa el correo." in heard.text
    late, _ = staffed.call()
    staffed.services.versions.take(VERSION)
    assert "storm" not in late.press("1").text


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_star_repeats_a_notice_that_is_taken_back_meanwhile(staffed: DemoLine) -> None:
    publish(staffed, prompts=STORM)
    phone, _ = staffed.call("1")
    staffed.services.versions.take(VERSION)
    assert "The storm delays the mail." in phone.press("*").text


# What becomes of being connected


@pytest.mark.parametrize(
    ("status", "prompts"),
    [
        ("busy", ["person.busy"]),
        ("no-answer", ["person.no_answer"]),
        ("failed", ["person.no_answer"]),
        ("canceled", ["person.no_answer"]),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_busy_and_unanswered_are_told_apart(staffed: DemoLine, status: str, prompts: list[str]) -> None:
    with staffed.app.test_request_context("/voice", method="POST", data={"DialCallStatus": status}) as context:
        assert event_of(context.request) == Dialled("busy" if status == "busy" else "no_answer")
    if status != "canceled":
        phone, _ = staffed.call(IDENTIFIED, answers=status)
        phone.press("0")
        assert staffed.last_prompts == prompts


def test_a_flow_from_before_the_hours_knows_two_outcomes() -> None:
    flows = VERSION.flows
    connect = flows.state("person", "connect")
    nobody = connect.outcomes["nobody"]
    older = replace(connect, outcomes={"nobody": nobody, "no_answer": nobody})
    person = flows.flows["person"]
    states = {**person.states, "connect": older}
    old = replace(flows, flows={**flows.flows, "person": replace(person, states=states)})
    asked = advance(old, Call("en", (Frame("main", "menu"),)), Keys(Secret("0"))).call
    connecting = advance(old, asked, Done("none")).call  # no address that was to be kept
    for event, label in ((Dialled("closed"), "nobody"), (Dialled("busy"), "no_answer")):
        step = advance(old, connecting, event)
        assert step.trace[0].branch == label
        assert step.call.top.flow == "main"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_nobody_is_dialled_out_of_hours_when_the_line_itself_fails(staffed: DemoLine) -> None:
    form = {"CallSid": "CA" + "f" * 32, "From": PHONE, "To": "+18002457979", "ErrorCode": "11750"}
    assert b"<Dial" in staffed.app.test_client().post("/voice/fallback", data=form).data
    publish(staffed, flows=CLOSED_TODAY)
    reply = staffed.app.test_client().post("/voice/fallback?language=en", data=form)
    assert b"<Dial" not in reply.data
    assert hears(reply.text, "away.call_again")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_without_a_number_nobody_is_to_be_had_at_any_hour(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED)
    assert words("person.nobody") in phone.press("0").text
    assert demo_line.rows("SELECT * FROM hand_over") == []


# The note for whoever takes a call over


def test_a_call_that_is_connected_leaves_a_note(staffed: DemoLine) -> None:
    phone, _ = staffed.call(IDENTIFIED)
    phone.press("0")
    noted = staffed.rows("SELECT member_id, state, reason, order_number, seen_at, seen_by FROM hand_over")
    assert noted == [(1, "refill.quick", "asked", None, None, None)]


def test_a_note_names_the_order_and_what_led_to_a_person(staffed: DemoLine) -> None:
    phone, _ = staffed.call(IDENTIFIED + "1117")
    number = staffed.rows("SELECT order_number FROM refill_order WHERE request_key <> '' ORDER BY id DESC LIMIT 1")
    phone.press("0")
    assert staffed.rows("SELECT reason, order_number FROM hand_over") == [("asked", *number[0])]


def test_a_card_that_is_being_keyed_is_in_no_note(staffed: DemoLine) -> None:
    phone, _ = staffed.call("11" + "41203579#" + "06040")
    phone.press("119")  # another card
    phone.press("4242424242424242#")
    phone.press("0#")
    [(row,)] = [(" ".join(map(str, row)),) for row in staffed.rows("SELECT * FROM hand_over")]
    assert "4242" not in row


def test_a_call_that_only_tries_again_leaves_one_note(staffed: DemoLine) -> None:
    phone, _ = staffed.call(IDENTIFIED, answers="busy")
    phone.press("0")
    phone.press("3")
    phone.press("0")
    phone.press("2")
    assert len(staffed.rows("SELECT * FROM hand_over")) == 1
    phone.press("*")
    phone.press("0")
    assert len(staffed.rows("SELECT * FROM hand_over")) == 2


def test_notes_are_listed_newest_first_and_marked_as_seen(connection: Connection) -> None:
    member_id = add_member(connection)
    for number, member in enumerate((None, member_id)):
        row = {"call_sid": f"CA{number}", "member_id": member, "state": "refill.how", "reason": hand_over.ASKED}
        connection.execute(insert(tables.hand_over).values(**row, noted_at=NOW + timedelta(minutes=number)))
    newer, older = hand_over.newest(connection, 5)
    assert (newer.call_sid, newer.member_number, older.member_number) == ("CA1", "10000001", None)
    assert hand_over.mark_seen(connection, newer.id, "Ana", NOW)
    assert not hand_over.mark_seen(connection, newer.id + 9, "Ana", NOW)
    [again] = hand_over.newest(connection, 1)
    assert (again.seen_by, again.seen_at) == ("Ana", NOW)
    assert hand_over.last_state(connection, "CA1") == "refill.how"
    assert hand_over.last_state(connection, "CA9") == ""


# Call-backs


def ask(connection: Connection, phone: str = PHONE, best: BestTime = BEST, member_id: int | None = None) -> None:
    ask_call_back(connection, member_id=member_id, phone=phone, language="es", best=best, reason="main.menu", now=NOW)


def test_each_member_of_a_phone_has_one_call_back_at_a_time(connection: Connection) -> None:
    later = BestTime(NOW + timedelta(hours=4), NOW + timedelta(hours=5))
    for member_id in (None, add_member(connection)):
        assert asked_call_back(connection, PHONE, member_id) is None
        ask(connection, member_id=member_id)
        ask(connection, best=later, member_id=member_id)
        assert asked_call_back(connection, PHONE, member_id) == AskedCall(later.best_from, later.best_to, NOW)
    both = wanted_calls(connection)
    assert [wanted.member_number for wanted in both] == [None, "10000001"]
    for wanted in both:
        assert finish_call_back(connection, wanted.id)
        assert not finish_call_back(connection, wanted.id)
    assert (asked_call_back(connection, PHONE, None), wanted_calls(connection)) == (None, ())
    ask(connection)
    assert asked_call_back(connection, PHONE, None)


def test_call_backs_are_listed_as_they_are_to_be_made(connection: Connection) -> None:
    later = BestTime(NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    ask(connection, best=later, member_id=add_member(connection))
    ask(connection, "+15105550123")
    listed = [(call.phone, call.member_number, call.language) for call in wanted_calls(connection)]
    assert listed == [("+15105550123", None, "es"), (PHONE, "10000001", "es")]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_staff_see_call_backs_and_notes_and_note_what_is_done(
    demo_line: DemoLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_line.database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("IVR_NOW", NOON.isoformat())
    with demo_line.database.begin() as connection:
        ask(connection, member_id=1)
        row = {"call_sid": "CA1", "member_id": 1, "state": "refill.how", "reason": "asked", "noted_at": NOW}
        connection.execute(insert(tables.hand_over).values(row))

    def ivr(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments)
        return f"{result.exit_code} {result.output}"

    assert PHONE in ivr("pharmacy", "call-backs")
    assert ivr("pharmacy", "call-backs", "done", "1") == "0 call-back 1 is done\n"
    assert ivr("pharmacy", "call-backs", "done", "1") == "1 no call-back 1 is asked for\n"
    assert PHONE not in ivr("pharmacy", "call-backs")
    assert "refill.how" in ivr("hand-overs")
    assert ivr("hand-overs", "--seen-by", "Ana", "1") == "0 note 1 was seen by Ana\n"
    assert ivr("hand-overs", "--seen-by", "Ana", "2") == "1 there is no note 2\n"
    assert "Ana" in ivr("hand-overs", "--most", "1")


# Times that are offered


@pytest.mark.parametrize(
    ("week", "offered"),
    [
        (ALWAYS.week, ["soon", "morning", "afternoon"]),
        (((Span(0, 1440),), (Span(780, 900),), *[()] * 5), ["soon", "afternoon"]),
        (((Span(0, 1440),), (Span(480, 720),), *[()] * 5), ["soon", "morning"]),
        (((Span(840, 900),), *[()] * 6), ["opening", "afternoon"]),
        (((Span(480, 600), Span(840, 900)), *[()] * 6), ["opening", "afternoon"]),
        (((), (), (Span(480, 700),), *[()] * 4), ["opening", "morning"]),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_only_times_at_which_somebody_is_there_are_offered(
    staffed: DemoLine, week: tuple[tuple[Span, ...], ...], offered: list[str]
) -> None:
    with_hours(staffed, Hours(week))
    phone, _ = staffed.call("1", answers="busy")
    phone.press("0")
    phone.press("1")
    phone.press("1")
    options = staffed.turns[-1].verb.words[-1].values["options"]
    assert isinstance(options, tuple)
    named = [option["values"]["when"]["prompt"] for option in options]  # type: ignore[index,call-overload]
    assert named == [f"call_back.{name}" for name in offered]


MINUTE = timedelta(minutes=1)
LATE = datetime(2026, 3, 3, 7, 58, 50, tzinfo=UTC)
"""Just before midnight at the pharmacy."""


@pytest.mark.parametrize("hours", [ALWAYS, Hours(ALWAYS.week, US_FEDERAL)])
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_midnight_goes_by_while_somebody_is_there_all_night(staffed: DemoLine, hours: Hours) -> None:
    staffed.clock.now = LATE
    with_hours(staffed, hours)
    phone, _ = staffed.call("1", answers="busy")
    phone.press("0")
    for key in "111":
        phone.press(key)
    staffed.clock.pass_seconds(120)
    phone.press("7")
    assert staffed.last_prompts == ["call_back.asked", "call_back.go_on"]
    [wanted] = wanted_calls_of(staffed)
    assert LATE < wanted.best_from < LATE + MINUTE


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_day_that_is_closed_meanwhile_is_not_confirmed(staffed: DemoLine) -> None:
    with_hours(staffed, Hours(((), (Span(480, 1200),), (Span(540, 1200),), *[()] * 4)))
    phone, _ = staffed.call("1")
    phone.press("0")
    for key in "112":
        phone.press(key)
    with_hours(staffed, Hours(((), (), (Span(540, 1200),), *[()] * 4)))
    phone.press("7")
    assert staffed.last_prompts == ["call_back.gone", "call_back.when"]
    assert wanted_calls_of(staffed) == ()


@pytest.mark.parametrize(
    ("week", "said", "begins", "ends"),
    [
        (((), (Span(480, 720), Span(720, 1200)), *[()] * 5), "tomorrow", "08:00", "20:00"),
        (((), (Span(1200, 1440),), (Span(0, 240),), *[()] * 4), "tomorrow", "20:00", "04:00"),
        (((), *[(Span(0, 1440),)] * 6), "for_long", "00:00", None),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_hours_that_adjoin_are_told_as_one(
    staffed: DemoLine, week: tuple[tuple[Span, ...], ...], said: str, begins: str, ends: str | None
) -> None:
    with_hours(staffed, Hours(week))
    phone, _ = staffed.call("1")
    phone.press("0")
    opens: Any = staffed.turns[-1].verb.words[0].values["opens"]
    assert opens["prompt"] == f"person.opens_{said}"
    assert (opens["values"]["begins"], opens["values"].get("ends")) == (begins, ends)


def with_hours(line: DemoLine, hours: Hours) -> None:
    """Have the line's person be there at these hours."""
    line.services.versions.take(replace(VERSION, flows=replace(VERSION.flows, hours=hours), hash=f"{hours}"))


def wanted_calls_of(line: DemoLine) -> tuple[WantedCall, ...]:
    with line.database.begin() as connection:
        return wanted_calls(connection)
