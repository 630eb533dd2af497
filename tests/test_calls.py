"""Whole calls by telephone: through the web edge and the database, one key at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, DemoLine
from hearing import hears, words

from ivr.line.sweep import sweep
from ivr.phone.handset import Ended, Handset, Heard, Waiting


def placed(demo_line: DemoLine) -> list[tuple[object, ...]]:
    return demo_line.rows(
        "SELECT o.status, o.total_cents, p.status FROM refill_order o LEFT JOIN payment p ON p.order_id = o.id "
        "WHERE o.request_key LIKE 'CA%' ORDER BY o.id, p.id"
    )


def test_everything_on_file_is_refilled_and_paid(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(IDENTIFIED + "1" + "7")
    assert hears(heard.text, "order.placed_now")
    assert placed(demo_line) == [("placed", 3450, "authorized")]
    assert demo_line.rows(
        "SELECT count(*) FROM order_line WHERE open AND order_id = (SELECT max(id) FROM refill_order)"
    ) == [(3,)]
    assert not phone.errors
    assert not phone.warnings


def test_the_same_call_in_spanish(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call("2" + IDENTIFIED[1:] + "1" + "7")
    assert {spoken.language for spoken in heard.words} == {"es-US"}
    assert placed(demo_line) == [("placed", 3450, "authorized")]
    assert not phone.warnings


def test_two_numbers_and_a_new_card(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(IDENTIFIED + "3")
    heard = phone.press("7304112#")
    assert "Metformin" in heard.text, "the number on the bottle lets the medicine be named"
    heard = phone.press("3")
    heard = phone.press("1" + "7304249#")
    heard = phone.press("9" + "1" + "9")
    heard = phone.press("5555555555554444#" + "1230" + "123")
    assert hears(heard.text, "card.keep")
    heard = phone.press("1")
    assert hears(heard.text, "card.mastercard", last4="4444")
    phone.press("7")
    assert [row[0] for row in placed(demo_line)] == ["placed"]
    assert ("mastercard", "4444", None) in demo_line.rows(
        "SELECT brand, last4, only_for_order_id FROM saved_card WHERE member_id = 1"
    )
    assert not phone.warnings


def test_a_card_is_not_kept_unless_asked_for(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "192" + "9" + "5555555555554444#" + "1230" + "123" + "2" + "7")
    assert not phone.errors
    kept = demo_line.rows("SELECT only_for_order_id FROM saved_card WHERE member_id = 1 AND last4 = '4444'")
    assert [row[0] is not None for row in kept] == [True]


def test_a_declined_card_is_followed_by_a_good_one(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(IDENTIFIED + "192" + "9" + "4000000000000002#" + "1230" + "123" + "2" + "7")
    assert hears(heard.text, "payment.declined")
    assert placed(demo_line) == [("pending", 3450, "declined")]
    heard = phone.press("1" + "9" + "4242424242424242#" + "1230" + "123" + "2")
    assert hears(heard.text, "amount.now", total=3450)
    heard = phone.press("7")
    assert hears(heard.text, "order.placed_now")
    assert placed(demo_line) == [("placed", 3450, "declined"), ("placed", 3450, "authorized")]


def test_a_declined_order_can_be_cancelled(demo_line: DemoLine) -> None:
    before = demo_line.rows("SELECT rx_number, refills_left, refills_used FROM prescription ORDER BY id")
    phone, _ = demo_line.call(IDENTIFIED + "192" + "9" + "4000000000000002#" + "1230" + "123" + "2" + "7")
    heard = phone.press("33")
    assert hears(heard.text, "cancel.facts"), "a doubled key cancels nothing"
    assert placed(demo_line) == [("pending", 3450, "declined")]
    heard = phone.press("7")
    assert hears(heard.text, "cancel.cancelled")
    assert demo_line.rows("SELECT rx_number, refills_left, refills_used FROM prescription ORDER BY id") == before


def test_an_unpaid_order_is_taken_over_by_the_next_call(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "192" + "9" + "4000000000000002#" + "1230" + "123" + "2" + "7")[0].hang_up()
    phone, heard = demo_line.call(IDENTIFIED[1:])  # the phone is known: no language is asked for
    assert hears(heard.text, "ways.unpaid")
    phone.press("17")
    phone.press("11")
    heard = phone.press("7")
    assert hears(heard.text, "order.placed_now")
    assert [row[2] for row in placed(demo_line)] == ["declined", "authorized"]


def test_a_dropped_call_can_be_taken_up_from_the_same_number(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "3" + "7304112#" + "3")[0].hang_up()
    demo_line.clock.pass_seconds(10 * 60)
    phone, heard = demo_line.call(IDENTIFIED)
    assert hears(heard.text, "refill.go_on")
    heard = phone.press("1" + "1" + "1")
    assert hears(heard.text, "order.line", days=90)
    phone.press("7")
    assert placed(demo_line) == [("placed", 2550, "authorized")]


@pytest.mark.parametrize(
    ("minutes", "options"),
    [(31, {}), (5, {"from_number": "+15105550199"}), (5, {"from_number": "anonymous"})],
    ids=["too long ago", "from another number", "number withheld"],
)
def test_a_dropped_call_is_nobody_elses(demo_line: DemoLine, minutes: int, options: dict[str, str]) -> None:
    demo_line.call(IDENTIFIED + "3" + "7304112#" + "3", **options if "anonymous" in options.values() else {})[
        0
    ].hang_up()
    demo_line.clock.pass_seconds(minutes * 60)
    _, heard = demo_line.call(IDENTIFIED, **options)
    assert demo_line.last_prompts == ["refill.quick"], heard.text


def test_a_dropped_call_can_be_started_again(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "3" + "7304112#" + "3")[0].hang_up()
    demo_line.call(IDENTIFIED + "2")
    assert demo_line.last_prompts == ["refill.quick"]


def test_nothing_due_asks_for_no_card(demo_line: DemoLine) -> None:
    _, heard = demo_line.call("11" + "41203853#" + "99501" + "1")
    assert hears(heard.text, "order.no_card")


def test_a_prescription_too_soon_is_kept_for_its_day(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(IDENTIFIED + "3" + "7304523#")
    assert hears(heard.text, "prescription.too_soon")
    heard = phone.press("1")
    if hears(heard.text, "prescription.supply"):
        heard = phone.press("1")
    heard = phone.press("9" + "1" + "1")
    assert hears(heard.text, "order.line_later")
    heard = phone.press("7")
    assert hears(heard.text, "order.placed_later")
    assert [row[0] for row in placed(demo_line)] == ["scheduled"]


REFUSALS = [
    # member, ZIP, prescription, prompt that must be heard, a key for what is offered, prompt after it
    ("41200017", "94550", "9999999", "refill.not_found", "1", "refill.number"),
    ("41200017", "94550", "7311236", "refill.not_found", "2", "refill.quick"),
    ("41201798", "31401", "7308359", "prescription.not_mailable", "1", "refill.more"),
    ("41200976", "85301", "7306715", "prescription.transfer_pending", "1", "refill.more"),
    ("41201661", "20002", "7307948", "prescription.on_hold", "1", "refill.more"),
    ("41201661", "20002", "7308085", "prescription.discontinued", "1", "refill.more"),
    ("41201250", "78253", "7307400", "prescription.replaced", "1", "prescription.added"),
    ("41200291", "36109", "7305208", "prescription.already_ordered", "1", "prescription.order_number"),
    ("41200428", "36109", "7305482", "prescription.no_refills_by_law", "7", "prescription.renewal_requested"),
    ("41201935", "70820", "7308633", "prescription.legal_limit", "7", "prescription.renewal_requested"),
    ("41201113", "88240", "7306989", "prescription.expired", "7", "prescription.renewal_requested"),
    ("41200017", "94550", "7304660", "prescription.none_left", "7", "prescription.renewal_requested"),
    ("41200839", "93662", "7306441", "prescription.renewal_asked", "9", "refill.empty"),
    ("41204264", "88240", "7312332", "prescription.renewal_denied", "7", "prescription.renewal_requested"),
    ("41204264", "88240", "7312469", "prescription.renewal_approved", "9", "refill.empty"),
    ("41200565", "36109", "7305756", "prescription.first_fill", "1", "refill.more"),
    ("41202072", "60652", "7309181", "prescription.due_too_late", "7", "prescription.renewal_requested"),
    ("41200017", "94550", "7304523", "prescription.too_soon", "9", "refill.more"),
    ("41200154", "36109", "7304797", "prescription.runs_out", "9", "refill.more"),
]


@pytest.mark.parametrize(
    ("member", "zip_code", "rx", "said", "key", "then"), REFUSALS, ids=[row[3] for row in REFUSALS]
)
def test_every_no_ends_in_a_next(
    demo_line: DemoLine, member: str, zip_code: str, rx: str, said: str, key: str, then: str
) -> None:
    phone, _ = demo_line.call(f"11{member}#{zip_code}3")
    assert hears(phone.press(f"{rx}#").text, said)
    assert hears(phone.press(key).text, then)
    assert not phone.errors


@pytest.mark.parametrize("member", [("41201387", "40212"), ("41201524", "06040")], ids=["deceased", "membership ended"])
def test_a_member_only_a_person_can_help(demo_line: DemoLine, member: tuple[str, str]) -> None:
    _, heard = demo_line.call(f"11{member[0]}#{member[1]}")
    assert hears(heard.text, "identify.ended")
    assert hears(heard.text, "person.nobody")
    assert demo_line.last_prompts[-1] == "main.menu"


WAYS = {
    "language": "",
    "main menu": "1",
    "member number": "11",
    "zip": "11" + "41200017#",
    "how": IDENTIFIED,
    "number": IDENTIFIED + "3",
    "more": IDENTIFIED + "3" + "7304249#",
    "supply": IDENTIFIED + "3" + "7304112#",
    "address": IDENTIFIED + "193",
    "card on file": IDENTIFIED + "192",
    "card number": IDENTIFIED + "1929",
    "expiry": IDENTIFIED + "1929" + "4242424242424242#",
    "code": IDENTIFIED + "1929" + "4242424242424242#" + "1230",
    "keep": IDENTIFIED + "1929" + "4242424242424242#" + "1230" + "123",
    "confirm": IDENTIFIED + "1",
    "declined": IDENTIFIED + "1929" + "4000000000000002#" + "1230" + "123" + "2" + "7",
    "order question": "12" + IDENTIFIED[2:],
    "transfer": "14",
}
WRONG = {"language": "5", "main menu": "6", "how": "8", "more": "8", "supply": "8", "address": "8", "card on file": "8",
         "keep": "8", "confirm": "8", "declined": "8", "order question": "8", "transfer": "8", "member number": "12#",
         "zip": "12,", "number": "12#", "card number": "12#", "expiry": "12,", "code": "1,"}  # fmt: skip


def press(phone: Handset, keys: str) -> Heard:
    """Press keys one by one, a comma for a silence."""
    heard = [phone.wait() if key == "," else phone.press(key) for key in keys]
    return heard[-1]


@pytest.mark.parametrize("question", WAYS)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
def test_three_silences_end_politely(demo_line: DemoLine, question: str) -> None:
    phone, _ = demo_line.call(WAYS[question])
    texts = [phone.wait().text for _ in range(3)]
    assert len(set(texts[:2])) == 2, "the words grow more helpful"
    assert all(texts)
    for _ in range(8):  # a question may give up to another one first, but a silent caller comes to an end
        heard = phone.wait()
        if isinstance(heard.waiting, Ended):
            break
    assert isinstance(heard.waiting, Ended)
    assert demo_line.last_prompts[-1].endswith("goodbye")
    assert not phone.errors


@pytest.mark.parametrize("question", WAYS)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
def test_wrong_keys_are_told_apart_from_silence(demo_line: DemoLine, question: str) -> None:
    phone, _ = demo_line.call(WAYS[question])
    wrong = press(phone, WRONG[question])
    assert demo_line.turns[-1].verb.words[-1].variant == "wrong"
    again = press(phone, WRONG[question])
    assert wrong.text != again.text
    phone.wait()
    said = [speak.variant for speak in demo_line.turns[-1].verb.words if speak.prompt != "order.facts"]
    assert set(said) == {"silence"}, "counted apart"
    assert isinstance(press(phone, WRONG[question]).waiting, Ended | Waiting)
    assert not phone.errors


@pytest.mark.parametrize("question", WAYS)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
def test_a_hang_up_at_any_question_leaves_nothing_half_done(demo_line: DemoLine, question: str) -> None:
    phone, _ = demo_line.call(WAYS[question])
    phone.hang_up()
    assert demo_line.rows("SELECT * FROM card_entry") == []
    assert {row[0] for row in placed(demo_line)} <= {"pending"}
    demo_line.clock.pass_seconds(3600)
    sweep(demo_line.services, timedelta(days=90))
    assert {row[0] for row in placed(demo_line)} <= {"held"}


def test_a_doubled_confirming_key_does_not_cut_off_the_order_number(demo_line: DemoLine) -> None:
    _, heard = demo_line.call(IDENTIFIED + "1" + "77")
    assert hears(heard.text, "order.placed_now")
    assert len(placed(demo_line)) == 1


def test_zero_leads_to_a_person_and_back_to_the_question(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED)
    heard = phone.press("0")
    assert hears(heard.text, "person.nobody")
    assert demo_line.last_prompts[-1] == "refill.quick"


def test_star_repeats_a_menu_and_clears_a_number(demo_line: DemoLine) -> None:
    phone, first = demo_line.call("1")
    assert phone.press("*").text == f"{first.text} {words('help.offer')}"
    phone.press("1")
    phone.press("4120*")
    phone.press("#")
    assert demo_line.last_prompts == ["identify.member_number", "help.offer"]
    phone.press("41200017#" + "94550")
    assert demo_line.last_prompts == ["refill.quick"]


def test_a_habitual_pound_after_the_zip_is_no_wrong_key(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "#")
    assert {speak.variant for speak in demo_line.turns[-1].verb.words} == {"say"}
    assert phone.press("1").text
