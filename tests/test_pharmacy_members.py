"""Who is calling, and where their parcels go."""

from __future__ import annotations

from datetime import date

import pytest
from pharmacy_rows import NOW, add_address, add_member, add_rx
from sqlalchemy import Connection

from ivr.pharmacy.addresses import mailing_address
from ivr.pharmacy.members import Preferences, born_on, find_member, is_own_prescription, prefer, preferences


@pytest.mark.parametrize(
    ("number", "zip_code", "found"),
    [
        ("10000001", "80202", True),
        ("10000001", "80203", False),
        ("10000002", "80202", False),
        ("", "", False),
        ("99999999", "00000", False),
    ],
    ids=["both match", "wrong ZIP", "another member's ZIP", "nothing", "nobody"],
)
def test_a_member_is_found_by_number_and_zip_or_not_at_all(
    connection: Connection, number: str, zip_code: str, found: bool
) -> None:
    add_address(connection, add_member(connection))
    add_address(connection, add_member(connection, "10000002"), zip="10001")
    assert (find_member(connection, number, zip_code) is not None) == found


@pytest.mark.parametrize(
    "changes",
    [{"replaced_at": NOW}, {"verified": False, "entered_by": "phone"}, {"kind": "shipping"}],
    ids=["replaced", "not verified", "for one order"],
)
def test_only_the_current_verified_mailing_address_counts(connection: Connection, changes: dict[str, object]) -> None:
    member_id = add_member(connection)
    add_address(connection, member_id, zip="10001")
    add_address(connection, member_id, **changes)
    assert find_member(connection, "10000001", "80202") is None
    address = mailing_address(connection, member_id)
    assert address is not None
    assert address.zip == "10001"


def test_a_member_without_an_address_is_not_found(connection: Connection) -> None:
    member_id = add_member(connection)
    assert find_member(connection, "10000001", "80202") is None
    assert mailing_address(connection, member_id) is None


def test_facts_about_a_member_are_the_few_a_call_needs(connection: Connection) -> None:
    member_id = add_member(connection, language="es", status="ended", phone="+13035550100")
    add_address(connection, member_id)
    member = find_member(connection, "10000001", "80202")
    assert member is not None
    assert (member.id, member.first_name, member.language, member.status) == (member_id, "Ana", "es", "ended")


def test_a_prescription_number_or_the_birth_date_is_the_third_proof(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    add_rx(connection, member_id)
    assert is_own_prescription(connection, member_id, "1234567")
    assert not is_own_prescription(connection, other_id, "1234567")
    assert not is_own_prescription(connection, member_id, "7654321")
    assert born_on(connection, member_id) == date(1950, 3, 14)
    assert born_on(connection, 0) is None


def test_how_a_member_likes_to_be_spoken_to_is_noted_for_nobody_else(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002", language="es", waits=150)
    prefer(connection, member_id, Preferences("es", speech_rate=85))
    assert preferences(connection, member_id) == Preferences("es", 85, None)
    assert preferences(connection, other_id) == Preferences("es", None, 150)
