import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ivr import logs
from ivr.secret import MASK, Secret

CANARY = "4000056655665556"


@dataclass
class Shown:
    """Something that shows a card number when printed."""

    number: str = CANARY


def fail(about: str = "", cause: Exception | None = None) -> None:
    raise RuntimeError(f"while charging {CANARY}{about}") from cause


class Unshowable:
    """Something that cannot be printed at all."""

    def __repr__(self) -> str:
        raise RuntimeError(CANARY)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Log lines of one test, and logging as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.LEVELS}
    stream = io.StringIO()
    logs.clear()  # of a call that an earlier test answered in this thread
    logs.configure(stream)
    yield stream
    logs.clear()
    structlog.reset_defaults()
    root.handlers = before
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_fields_level_and_utc_time(stream: io.StringIO) -> None:
    logs.get_logger().info("turn", state="confirm", ms=12)
    (line,) = lines(stream)
    assert datetime.fromisoformat(str(line.pop("timestamp"))).tzinfo == UTC
    assert line == {"event": "turn", "level": "info", "state": "confirm", "ms": 12}


def test_debug_lines_are_left_out(stream: io.StringIO) -> None:
    logs.get_logger().debug("turn")
    assert not stream.getvalue()


def test_a_call_stands_on_every_line_until_cleared(stream: io.StringIO) -> None:
    logs.bind_call("CA123")
    logs.get_logger().info("turn")
    logging.getLogger("library").warning("slow")
    logs.clear()
    logs.get_logger().info("idle")
    assert [line.get("call_id") for line in lines(stream)] == ["CA123", "CA123", None]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2500, 2500),
        (1.5, 1.5),
        ("confirm", "confirm"),
        (Secret("9"), MASK),
        (CANARY, MASK),
        (int(CANARY), MASK),
        ("4000 0566 5566 5556", MASK),
        ("4000-0566-5566-5556", MASK),
        (f"card {CANARY}.", f"card {MASK}."),
        (f"Digits={CANARY}&To=1", f"Digits={MASK}&To=1"),
        ("4000056655665556 1230 123", MASK),
        ("12345678901", "12345678901"),
        ("123456789012", MASK),
        ("2026-03-01T12:30:45.123456Z", "2026-03-01T12:30:45.123456Z"),
        ("2026-03-01 12:30", "2026-03-01 12:30"),
        (datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "2026-03-01T12:30:00+00:00"),
        (CANARY.encode(), MASK),
        ([CANARY, {"zip": "94110", "state": "x"}], [MASK, {"zip": MASK, "state": "x"}]),
        ((Secret("9"), 3), [MASK, 3]),
        ({1: CANARY}, {"1": MASK}),
        (Shown(), f"Shown(number='{MASK}')"),
        (Unshowable(), "<Unshowable>"),
        ("[parameters: ('12345678', 'Ana')]\nnext", f"[parameters: {MASK}\nnext"),
        ("DETAIL:  Key (zip)=(94110) already exists.", f"DETAIL:  {MASK}"),
    ],
)
def test_a_value_is_masked_wherever_it_is_private(value: object, shown: object) -> None:
    assert logs.mask(value) == shown


@pytest.mark.parametrize(
    "name",
    [
        "digits", "Digits", "keys", "card_number", "code", "token", "member_number", "zip", "CallerZip", "first_name",
        "last_name", "drug_name", "from_number", "From", "rx-number", "birth_date",
    ],
)  # fmt: skip
def test_a_private_field_is_hidden_whatever_it_holds(stream: io.StringIO, name: str) -> None:
    logs.get_logger().info("turn", **{name: "73"})
    assert lines(stream)[0][name] == MASK


def test_an_empty_private_field_is_shown_to_be_empty() -> None:
    assert logs.mask_field("zip", None) is None


@given(st.text(), st.text(), st.sampled_from(["", " ", "-"]))
def test_a_card_number_never_survives_in_any_text(before: str, after: str, gap: str) -> None:
    masked = logs.mask(before + gap.join(CANARY) + after)
    assert CANARY not in str(masked).replace(" ", "").replace("-", "")


def test_a_traceback_shows_neither_card_nor_local_variables(stream: io.StringIO) -> None:
    local = "a local variable"
    try:
        fail(" twice", ValueError(CANARY))
    except RuntimeError:
        logs.get_logger().exception("crash")
        logging.getLogger("library").exception("crash")
    ours, theirs = (str(line["exception"]) for line in lines(stream))
    for shown in (ours, theirs):
        assert f"ValueError: {MASK}\n" in shown
        assert f"RuntimeError: while charging {MASK} twice" in shown
        assert CANARY not in shown
        assert local not in shown


def test_lines_of_libraries_are_masked_too(stream: io.StringIO) -> None:
    logging.getLogger("library").warning("refused %s", CANARY)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == (f"refused {MASK}", "warning", "library")


@pytest.mark.parametrize(
    "name", ["sqlalchemy.engine", "ivr.pharmacy.database._Pool", "alembic.runtime", "twilio.http_client", "stripe"]
)
def test_chatty_libraries_are_heard_from_warning_on(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("hello")
    logging.getLogger(name).warning("hello")
    assert [line["level"] for line in lines(stream)] == ["warning"]


def test_a_line_that_cannot_be_made_is_lost_and_not_shown(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own would raise
    logs.configure(stream)
    logging.getLogger("library").warning("%d digits", CANARY)
    assert not stream.getvalue()
    assert CANARY not in capsys.readouterr().err


def test_configuring_again_moves_the_lines(stream: io.StringIO) -> None:
    log, other = logs.get_logger(), io.StringIO()
    log.info("first")
    logs.configure(other)
    log.info("second")
    logging.getLogger("library").warning("third")
    assert [line["event"] for line in lines(stream)] == ["first"]
    assert [line["event"] for line in lines(other)] == ["second", "third"]


def test_whoever_watches_is_told_of_our_events_and_not_of_libraries(stream: io.StringIO) -> None:
    told: list[tuple[str, object]] = []
    logs.configure(stream, watch=lambda event, fields: told.append((event, fields["ms"])))
    logs.get_logger().info("turn", ms=12)
    logs.get_logger().debug("too little to tell", ms=13)
    logging.getLogger("library").warning("theirs")
    assert told == [("turn", 12)]
    assert [line["event"] for line in lines(stream)] == ["turn", "theirs"]


def test_a_terminal_gets_readable_lines(stream: io.StringIO) -> None:
    logs.configure(stream, json=False)
    logs.get_logger().info("turn", state="confirm", digits="73")
    assert "turn" in stream.getvalue()
    assert f"digits={MASK}" in stream.getvalue()
    assert "state=confirm" in stream.getvalue()


def test_a_terminal_traceback_is_masked(stream: io.StringIO) -> None:
    logs.configure(stream, json=False)
    try:
        fail()
    except RuntimeError:
        logs.get_logger().exception("crash")
    assert f"RuntimeError: while charging {MASK}" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_a_call_can_be_told_by_its_id() -> None:
    assert logs.mask("CA" + "1" * 32) == "CA" + "1" * 32
    assert logs.mask("CA" + "1" * 16) != "CA" + "1" * 16
