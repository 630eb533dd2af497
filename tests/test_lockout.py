"""Five wrong identifications lock a number for a while, with the same words; a withheld number locks nobody else out."""

from __future__ import annotations

import pytest
from rehearsal import IDENTIFIED, Rehearsal

from ivr.line import lockout


def fail(rehearsal: Rehearsal, times: int, member: str = "41200017", from_number: str = "+15105550123") -> str:
    """Identify wrongly, at most twice a call, and return what was heard last."""
    text = ""
    for _ in range(times):
        phone, heard = rehearsal.call(f"11{member}#00000", from_number=from_number)
        text = heard.text
        phone.hang_up()
    return text


def is_let_in(rehearsal: Rehearsal, from_number: str = "+15105550123") -> bool:
    phone, _ = rehearsal.call(IDENTIFIED, from_number=from_number)
    prompts = rehearsal.last_prompts
    phone.hang_up()
    return prompts[-1] == "refill.how"


def test_an_unknown_member_and_a_wrong_zip_hear_the_same_words(rehearsal: Rehearsal) -> None:
    assert fail(rehearsal, 1) == fail(rehearsal, 1, member="99999999")


def test_five_failures_lock_the_number_that_calls(rehearsal: Rehearsal) -> None:
    for number in range(4):
        fail(rehearsal, 1, member=f"9999999{number}")
    assert is_let_in(rehearsal)
    before = fail(rehearsal, 1, member="99999998")
    assert not is_let_in(rehearsal)
    assert "I could not find a member" in before
    phone, heard = rehearsal.call(IDENTIFIED)
    assert "I could not find a member" in heard.text, "the same words as for a wrong number"
    assert "person.nobody" in rehearsal.last_prompts, "and a person is offered"
    assert is_let_in(rehearsal, "+15105550177"), "another number is not concerned"
    assert not phone.errors


@pytest.mark.parametrize("member", ["41200017", "99999999"], ids=["known", "unknown"])
def test_five_failures_lock_the_member_number_known_or_not(rehearsal: Rehearsal, member: str) -> None:
    for number in range(5):
        fail(rehearsal, 1, member, from_number=f"+1510555020{number}")
    rehearsal.call(f"11{member}#94550", from_number="+15105550299")
    assert "person.nobody" in rehearsal.last_prompts


def test_a_lock_ends(rehearsal: Rehearsal) -> None:
    fail(rehearsal, 5)
    assert not is_let_in(rehearsal)
    rehearsal.clock.pass_seconds(lockout.LOCKED_FOR.total_seconds() - 600)
    assert not is_let_in(rehearsal)
    rehearsal.clock.pass_seconds(600)
    assert is_let_in(rehearsal)


def test_failures_long_ago_do_not_count(rehearsal: Rehearsal) -> None:
    fail(rehearsal, 4)
    rehearsal.clock.pass_seconds(lockout.COUNTED_FOR.total_seconds() + 60)
    fail(rehearsal, 1)
    assert is_let_in(rehearsal)


@pytest.mark.parametrize("withheld", ["anonymous", "unknown", "", "+anonymous"])
def test_a_withheld_number_is_never_a_key(rehearsal: Rehearsal, withheld: str) -> None:
    for number in range(8):
        fail(rehearsal, 1, member=f"9999999{number}", from_number=withheld)
    assert is_let_in(rehearsal, withheld)


def test_withheld_callers_together_have_a_limit_of_their_own(rehearsal: Rehearsal) -> None:
    rehearsal.run(
        "INSERT INTO lock_out (subject, failures, since) VALUES ('withheld', :failures, :since)",
        failures=lockout.MOST_WITHHELD_FAILURES - 1,
        since=rehearsal.clock.now,
    )
    fail(rehearsal, 1, member="99999999", from_number="anonymous")
    assert not is_let_in(rehearsal, "anonymous")
    assert is_let_in(rehearsal, "+15105550123")


def test_numbers_are_not_written_down_in_clear(rehearsal: Rehearsal) -> None:
    fail(rehearsal, 1)
    rows = str(rehearsal.rows("SELECT subject FROM lock_out"))
    assert "41200017" not in rows
    assert "5105550123" not in rows
