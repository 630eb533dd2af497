"""Whatever is sent, the line does not break: no 500, no traceback, and no page for a carrier that wants TwiML."""

from __future__ import annotations

from random import Random

import pytest
from demo_line import DemoLine, with_settings
from hearing import hears
from hostile import send

from ivr.secret import Secret
from ivr.settings import Settings

OPEN = Settings(unsigned=True, person_number="+15105550199", staff_password=Secret("a password of staff"))


@pytest.mark.parametrize("settings", [Settings(), OPEN], ids=["local", "open"])
def test_hostile_requests_break_nothing(demo_line: DemoLine, settings: Settings) -> None:
    app = with_settings(demo_line, settings).app
    assert list(send(app, Random(7979), 300)) == []  # noqa: S311  (nothing secret)


@pytest.mark.parametrize("number", ["\x00", "+1510555\x000123", "+15105550123\x1b", "\u2028"])
def test_a_number_nobody_can_have_is_a_withheld_one(demo_line: DemoLine, number: str) -> None:
    phone = demo_line.phone(from_number=number)
    assert hears(phone.dial().text, "main.language")
    assert demo_line.rows("SELECT from_number FROM call") == [("",)]
    assert not phone.errors
