"""Whatever is sent, the line does not break: no 500, no traceback, and no page for a carrier that wants TwiML."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from demo_line import DemoLine, with_settings
from flask import request
from hearing import hears
from hostile import digests, send

from ivr.secret import Secret
from ivr.settings import Settings

OPEN = Settings(unsigned=True, person_number="+15105550199", staff_password=Secret("a password of staff"))
SIGNED = Settings(twilio_auth_tokens=(Secret("unknown to strangers"),), staff_password=OPEN.staff_password)


@pytest.mark.parametrize("settings", [Settings(), OPEN], ids=["local", "open"])
def test_hostile_requests_break_nothing(demo_line: DemoLine, settings: Settings) -> None:
    app = with_settings(demo_line, settings).app
    answers = send(app, Random(7979), 300)  # noqa: S311  (nothing secret)
    assert [fault for answered in answers for fault in answered.faults] == []


def test_what_is_not_signed_writes_nothing(demo_line: DemoLine) -> None:
    app = with_settings(demo_line, SIGNED).app
    before = digests(demo_line.database)
    answers = send(app, Random(7979), 150)  # noqa: S311  (nothing secret)
    assert [fault for answered in answers for fault in answered.faults] == []
    assert _written(demo_line, before) <= {"staff_guess"}  # a wrong staff password is counted


def test_a_failing_view_and_a_written_row_would_be_found(demo_line: DemoLine) -> None:
    app = with_settings(demo_line, SIGNED).app
    before = digests(demo_line.database)

    def fail() -> None:
        demo_line.run("UPDATE member SET first_name = 'Eve'")
        raise RuntimeError(request.path)

    app.before_request(fail)
    found = [fault for answered in send(app, Random(7979), 20) for fault in answered.faults]  # noqa: S311
    assert any("500" in fault for fault in found)
    assert any("RuntimeError" in fault for fault in found)
    assert _written(demo_line, before) == {"member"}


def _written(demo_line: DemoLine, before: Mapping[str, int]) -> set[str]:
    now = digests(demo_line.database)
    return {name for name in now if now[name] != before[name]}


@pytest.mark.parametrize("number", ["\x00", "+1510555\x000123", "+15105550123\x1b", "\u2028"])
def test_a_number_nobody_can_have_is_a_withheld_one(demo_line: DemoLine, number: str) -> None:
    phone = demo_line.phone(from_number=number)
    assert hears(phone.dial().text, "main.language")
    assert demo_line.rows("SELECT from_number FROM call") == [("",)]
    assert not phone.errors
