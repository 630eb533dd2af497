"""A whole new address by keypad, as a caller goes through it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from demo_line import IDENTIFIED, DemoLine
from hearing import begins, hears, words

from ivr.line.sweep import sweep
from ivr.orders.desk import Outcome
from ivr.orders.hold import release
from ivr.prompts import phrase

PROVED = "7304112#"
"""A prescription number of the member who calls."""


def begin(demo_line: DemoLine, scope: str = "1", proof: str = PROVED, from_number: str = "+15105550123") -> Caller:
    phone, _ = demo_line.call(IDENTIFIED + "1", from_number=from_number)
    heard = phone.press("932" + scope + proof)  # by itself: no key cuts the order's facts short
    return Caller(demo_line, phone, heard.text)


class Caller:
    """Presses keys, one answer at a time, and hears what comes."""

    def __init__(self, demo_line: DemoLine, phone: object, text: str) -> None:
        self.demo_line, self.phone, self.text = demo_line, phone, text

    def press(self, answers: str) -> str:
        for answer in answers.split():
            heard = self.phone.wait() if answer == "…" else self.phone.press(answer)  # type: ignore[attr-defined]
            self.text = heard.text
        return self.text

    @property
    def address(self) -> tuple[object, ...]:
        """The address that was accepted: in the call until the order is placed, and then in the pharmacy."""
        columns = "house_number, street, unit, city, state, zip, kind, verified, keyed"
        chosen: Any = self.demo_line.turns[-1].call.values.get("new_address")
        if chosen:
            return tuple(chosen[column] for column in columns.split(", "))
        return self.demo_line.rows(f"SELECT {columns} FROM address ORDER BY id")[-1]  # noqa: S608

    @property
    def prompts(self) -> list[str]:
        return self.demo_line.last_prompts


def first_line(caller: Caller) -> tuple[object, ...]:
    return caller.address[:6]


AGAWAM = ("Agawam", "MA", "01001")
AT_SPRINGFIELD = dict(
    zip(("house_number", "street", "city", "state", "zip"), ("74", "Springfield Street", *AGAWAM), strict=True)
)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param("01001 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="easy"),
        pytest.param("01001 74# 777# 4 613# 1", ("74", "Springfield Street", "613", *AGAWAM), id="a unit in digits"),
        pytest.param("01001 74# 777# 4 2# 1 1", ("74", "Springfield Street", "2", *AGAWAM), id="a unit of one digit"),
        pytest.param("01001 74# 777# 4 2# 3 1", ("74", "Springfield Street", "B", *AGAWAM), id="a unit of one letter"),
        pytest.param("01001 74# 777# 4 310# 9 1 1", ("74", "Springfield Street", "D10", *AGAWAM), id="a letter first"),
        pytest.param("01001 74# 777# 4 42# 9 5 1", ("74", "Springfield Street", "4B", *AGAWAM), id="a letter last"),
        pytest.param(
            "01001 74# 777# 4 2# 9 71424141# 1 1", ("74", "Springfield Street", "PHGG", *AGAWAM), id="spelled"
        ),
        pytest.param(
            "01001 74# 777# 4 5# 1 4 # # 1", ("74", "Springfield Street", None, *AGAWAM), id="a unit taken out"
        ),
        pytest.param(
            "01001 74# 777# 9 1", ("74", "Springfield Street", None, *AGAWAM), id="a key that has nothing to do"
        ),
        pytest.param("*# 01001 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="star before anything"),
        pytest.param(
            "01007 *# 01001 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="another ZIP by star"
        ),
        pytest.param("01001 7*# 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="the house number anew"),
        pytest.param("01001 74# 77*# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="the letters anew"),
        pytest.param(
            "01001 012# 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="no house begins with zero"
        ),
        pytest.param(
            "01001 # # 1 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="a house number after all"
        ),
        pytest.param("01001 74# 797746# 1", ("74", "Springfield Street", None, *AGAWAM), id="one wrong press"),
        pytest.param("01001 74# 77774# 1", ("74", "Springfield Street", None, *AGAWAM), id="one press doubled"),
        pytest.param("01001 7# 777# 8 2 74# 1", ("74", "Springfield Street", None, *AGAWAM), id="house number mended"),
        pytest.param("01007 74# 777# 3 01001 1", ("74", "Springfield Street", None, *AGAWAM), id="ZIP after no street"),
        pytest.param("01001 74# 777# 8 3 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="street mended"),
        pytest.param(
            "01001 74# 777# 8 1 01095 1",
            ("74", "Springfield Street", None, "Wilbraham", "MA", "01095"),
            id="ZIP mended",
        ),
        pytest.param(
            "01001 74# 777# 8 6 1 22 1", ("74B", "Springfield Street", None, *AGAWAM), id="a letter in the number"
        ),
        pytest.param("01001 1234# 777# 8 6 2 2 1", ("12-34", "Springfield Street", None, *AGAWAM), id="a dash"),
        pytest.param("01001 74# 777# 8 6 3 1", ("74 1/2", "Springfield Street", None, *AGAWAM), id="a half"),
        pytest.param(
            "01001 74# 777# 8 6 2 9 1", ("74", "Springfield Street", None, *AGAWAM), id="a dash that cannot be"
        ),
        pytest.param(
            "01001 74# 777# 8 6 1 11 1", ("74", "Springfield Street", None, *AGAWAM), id="a letter that cannot be"
        ),
        pytest.param("01001 # # 2 12# 1", (None, "PO BOX 12", None, *AGAWAM), id="a P.O. box"),
        pytest.param("01001 … … 2 12# 1", (None, "PO BOX 12", None, *AGAWAM), id="a P.O. box by waiting"),
        pytest.param("01001 # # 3 2# 15# 1", (None, "RR 2 BOX 15", None, *AGAWAM), id="a rural route"),
        pytest.param("01001 # # 4 68# 9# 1", (None, "HC 68 BOX 9", None, *AGAWAM), id="a highway contract"),
        pytest.param(
            "01001 # # 2 12# 8 2 74# 777# 1", ("74", "Springfield Street", None, *AGAWAM), id="a box mended to a house"
        ),
        pytest.param(
            "09012 1 1234# 5678# 1", (None, "PSC 1234 BOX 5678", None, "APO", "AE", "09012"), id="military: PSC"
        ),
        pytest.param(
            "96601 2 2050# 41# 1", (None, "UNIT 2050 BOX 41", None, "FPO", "AP", "96601"), id="military: unit"
        ),
        pytest.param("09012 3 415# 100# 1", (None, "CMR 415 BOX 100", None, "APO", "AE", "09012"), id="military: CMR"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_address_is_keyed_and_kept(demo_line: DemoLine, answers: str, expected: tuple[object, ...]) -> None:
    caller = begin(demo_line)
    caller.press(answers)
    assert first_line(caller) == expected
    assert caller.address[6:8] == ("shipping", True)
    assert caller.prompts[-1] == "card.on_file"


def test_the_order_goes_to_the_new_address_and_the_mailing_address_stays(demo_line: DemoLine) -> None:
    caller = begin(demo_line)
    caller.press("01001 74# 777# 1 1")
    assert hears(caller.text, "order.ship_to", address=AT_SPRINGFIELD)
    caller.press("7")
    ((status, kind, street),) = demo_line.rows(
        "SELECT o.status, a.kind, a.street FROM refill_order o JOIN address a ON a.id = o.ship_to_id "
        "ORDER BY o.id DESC LIMIT 1"
    )
    assert (status, kind, street) == ("placed", "shipping", "Springfield Street")
    assert demo_line.rows("SELECT street, replaced_at FROM address WHERE member_id = 1 AND kind = 'mailing'") == [
        ("Blossom Circle", None)
    ]
    assert demo_line.rows("SELECT * FROM notice") == []


def test_from_now_on_it_replaces_the_mailing_address_and_the_member_is_to_be_told(demo_line: DemoLine) -> None:
    caller = begin(demo_line, scope="2")
    assert hears(caller.press("01001 74# 777# 1"), "address.from_now_on")
    assert hears(caller.press("1"), "order.ship_to_from_now_on", address=AT_SPRINGFIELD)
    assert not demo_line.rows("SELECT 1 FROM address WHERE street = 'Springfield Street'"), "not written yet"
    assert hears(caller.press("7"), "address.changed")
    rows = demo_line.rows(
        "SELECT street, replaced_at FROM address WHERE member_id = 1 AND kind = 'mailing' ORDER BY id"
    )
    assert [(street, replaced is None) for street, replaced in rows] == [
        ("Blossom Circle", False),
        ("Springfield Street", True),
    ]
    assert [row[:3] for row in demo_line.rows('SELECT member_id, kind, "by" FROM notice')] == [
        (1, "address_changed", "text")
    ]


def test_a_member_without_a_telephone_is_told_by_letter(demo_line: DemoLine) -> None:
    demo_line.run("UPDATE member SET phone = NULL WHERE id = 1")
    begin(demo_line, scope="2").press("01001 74# 777# 1 1 7")
    assert demo_line.rows('SELECT "by" FROM notice') == [("letter",)]


def test_an_address_is_written_with_the_order_and_not_before(demo_line: DemoLine) -> None:
    before = demo_line.rows("SELECT count(*) FROM address")
    caller = begin(demo_line, scope="2")
    caller.press("01001 74# 777# 1 1 9")
    assert hears(caller.press("5"), "keep_address.facts")
    assert hears(caller.press("9"), "keep_address.dropped")
    begin(demo_line).press("01001 74# 777# 1")
    assert demo_line.rows("SELECT count(*) FROM address") == before


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param("01001 74# 777# 4 2# 1 1 1 9 5", id="a unit, and no order"),
        pytest.param("01001 # # 3 2# 15# 1 1", id="a rural route"),
        pytest.param("01001 74# 777# 6 4# 8 6 1 22 1 1", id="more letters, a letter in the number"),
        pytest.param("01001 74# 9999# 2 6121# 1 1 1", id="spelled"),
        pytest.param("00000 2 6132# 1 6121# 1 74# 6121# 1 1", id="an unknown ZIP code"),
        pytest.param("11101 74# 356# 8 5 1 1 1", id="another city"),
        pytest.param("09012 1 1234# 5678# 1 1", id="the armed forces"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_no_hang_up_leaves_an_address_behind(demo_line: DemoLine, answers: str) -> None:
    demo_line.run("INSERT INTO street (zip, name, city, state) VALUES ('11101', 'Elm St', 'Long Island City', 'NY')")
    keys, before = answers.split(), demo_line.rows("SELECT * FROM address ORDER BY id")
    for end in range(len(keys) + 1):
        caller = begin(demo_line, scope="2")
        caller.press(" ".join(keys[:end]))
        caller.phone.hang_up()  # type: ignore[attr-defined]
        sweep(demo_line.services, timedelta(days=90))
        assert demo_line.rows("SELECT * FROM address ORDER BY id") == before, keys[:end]


def test_a_new_mailing_address_is_kept_without_an_order_only_by_its_own_key(demo_line: DemoLine) -> None:
    current = "SELECT street FROM address WHERE member_id = 1 AND kind = 'mailing' AND replaced_at IS NULL"
    caller = begin(demo_line, scope="2")
    text = caller.press("01001 74# 777# 1 1 9 5")
    assert hears(text, "keep_address.facts", new_mailing=AT_SPRINGFIELD)
    assert demo_line.rows(current) == [("Blossom Circle",)]
    assert hears(caller.press("6"), "address.changed")
    assert demo_line.rows(current) == [("Springfield Street",)]
    assert [row[:3] for row in demo_line.rows('SELECT member_id, kind, "by" FROM notice')] == [
        (1, "address_changed", "text")
    ]
    assert demo_line.rows("SELECT 1 FROM refill_order WHERE member_id = 1 AND channel = 'phone'") == []


@pytest.mark.parametrize(
    ("meanwhile", "held"),
    [
        pytest.param("UPDATE street SET name = name WHERE zip = '01001'", False, id="nothing has changed"),
        pytest.param(
            "DELETE FROM street WHERE zip = '01001' AND name = 'Springfield Street'", True, id="no such street"
        ),
    ],
)
def test_after_a_drop_the_address_is_judged_anew(demo_line: DemoLine, meanwhile: str, held: bool) -> None:
    begin(demo_line).press("01001 74# 777# 1")
    demo_line.clock.pass_seconds(60)
    demo_line.run(meanwhile)
    phone, heard = demo_line.call(IDENTIFIED + "1")
    assert begins(heard.text, "proof.prove"), "not without the third proof"
    assert hears(phone.press(PROVED).text, "checkout.ship_to", address=AT_SPRINGFIELD)
    assert hears(phone.press("11").text, "order.card_held") is held
    phone.press("7")
    assert demo_line.rows("SELECT street, verified FROM address ORDER BY id DESC LIMIT 1") == [
        ("Springfield Street", not held)
    ]


def test_a_street_that_is_not_known_is_spelled_and_holds_the_order_unpaid(demo_line: DemoLine) -> None:
    caller = begin(demo_line, scope="2")
    text = caller.press("01001 74# 9999# 2 6151338153# 2 017481#")
    assert "M, J, F, T, L. S, T." in text
    text = caller.press("1")
    assert hears(text, "address.unchecked")
    assert hears(caller.press("1"), "address.to_be_checked")
    assert hears(caller.press("1"), "order.card_held")
    assert hears(caller.press("7"), "order.placed_held")
    assert caller.address == (
        *("74", "MJFTL ST", None, *AGAWAM),
        *("mailing", False, "01001 74 9999 6151338153 017481"),
    )
    order = demo_line.rows("SELECT id, status, held_reason FROM refill_order ORDER BY id DESC LIMIT 1")[0]
    assert order[1:] == ("held", "address")
    assert demo_line.rows("SELECT * FROM payment WHERE order_id = :id", id=order[0]) == []
    current = "SELECT street FROM address WHERE member_id = 1 AND kind = 'mailing' AND verified AND replaced_at IS NULL"
    assert demo_line.rows(current) == [("Blossom Circle",)]
    assert demo_line.rows("SELECT * FROM notice") == []


@pytest.mark.parametrize(
    ("scope", "kind_of", "told"), [("1", "shipping", []), ("2", "mailing", [("address_changed",)])]
)
def test_staff_release_it_and_then_it_is_charged(
    demo_line: DemoLine, scope: str, kind_of: str, told: list[tuple[object, ...]]
) -> None:
    begin(demo_line, scope=scope).press("01001 74# 9999# 2 6121# 1 1 1 7")
    number = str(demo_line.rows("SELECT order_number FROM refill_order ORDER BY id DESC LIMIT 1")[0][0])
    assert release(demo_line.services.desk, number) == Outcome(
        True, f"order {number} is released; its card is charged on the day it ships"
    )
    assert not release(demo_line.services.desk, number).done
    sweep(demo_line.services, timedelta(days=90))
    demo_line.clock.pass_seconds(120)
    sweep(demo_line.services, timedelta(days=90))
    state = (
        "SELECT o.status, p.status, a.kind, a.verified FROM refill_order o JOIN payment p ON p.order_id = o.id "
        "JOIN address a ON a.id = o.ship_to_id WHERE o.order_number = :number"
    )
    assert demo_line.rows(state, number=number) == [("placed", "authorized", kind_of, True)]
    assert demo_line.rows("SELECT kind FROM notice") == told
    current = (
        "SELECT count(*) FROM address WHERE member_id = 1 AND kind = 'mailing' AND verified AND replaced_at IS NULL"
    )
    assert demo_line.rows(current) == [(1,)]


@pytest.mark.parametrize(
    ("number", "words"),
    [("1", "there is no order 1"), ("44508893", "order 44508893 is cancelled; only a held order can be released")],
)
def test_only_held_orders_can_be_released(demo_line: DemoLine, number: str, words: str) -> None:
    assert release(demo_line.services.desk, number) == Outcome(False, words)


def test_a_new_card_for_a_held_order_is_kept_for_that_order_only(demo_line: DemoLine) -> None:
    caller = begin(demo_line)
    caller.press("01001 74# 9999# 2 6121# 1 1 9 4242424242424242# 1230 123 2 7")
    order_id, status, card_id = demo_line.rows(
        "SELECT id, status, saved_card_id FROM refill_order ORDER BY id DESC LIMIT 1"
    )[0]
    assert status == "held"
    assert demo_line.rows("SELECT only_for_order_id FROM saved_card WHERE id = :id", id=card_id) == [(order_id,)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
class TestTheWayOut:
    def test_a_zip_without_streets_leads_to_spelling(self, demo_line: DemoLine) -> None:
        demo_line.run("DELETE FROM street WHERE zip = '01001'")
        assert hears(begin(demo_line).press("01001 74#"), "address.no_streets")

    def test_an_unknown_zip_is_taken_with_city_and_state_spelled(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        assert hears(caller.press("00000"), "address.unknown_zip")
        assert hears(caller.press("2"), "spelling.ask", part=phrase("spelling.city"))
        assert hears(caller.press("6132# 1"), "spelling.ask", part=phrase("spelling.state"))
        assert hears(caller.press("9494# 1"), "spelling.no_state")
        assert caller.press("6121# 1").startswith("Me, Massachusetts.")
        caller.press("74# 6121# 1 1")
        assert first_line(caller) == ("74", "MA", None, "ME", "MA", "00000")
        assert not caller.address[7]

    def test_an_unknown_zip_can_be_keyed_again(self, demo_line: DemoLine) -> None:
        assert hears(begin(demo_line).press("00000 1 01001"), "address.house")

    def test_pound_alone_says_what_is_spelled_so_far(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        caller.press("01001 74# 9999# 2")
        assert hears(caller.press("#"), "spelling.nothing")
        assert begins(caller.press("2 6121# 2 #"), "spelling.heard", letters=phrase("spelling.letters", word="M, A"))

    def test_star_and_three_take_a_letter_back(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        heard = caller.press("01001 74# 9999# 2 612122*31#")
        assert begins(heard, "spelling.heard", letters=phrase("spelling.letters", word="M, A, D"))
        assert begins(caller.press("3"), "spelling.heard", letters=phrase("spelling.letters", word="M, A"))
        assert hears(caller.press("4"), "spelling.ask", part=phrase("spelling.street"))

    def test_what_is_no_letter_is_said_and_counted(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        caller.press("01001 74# 9999# 2")
        assert hears(caller.press("615#"), "spelling.unreadable")
        caller.press("615# 615#")
        assert caller.prompts == ["spelling.unreadable", "spelling.heard"], (
            "after three, what there is so far and the ways on"
        )

    def test_nothing_spelled_is_no_street(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        assert hears(caller.press("01001 74# 9999# 2 # 1"), "spelling.empty")

    def test_whoever_came_here_by_mistake_can_go_back(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        caller.press("01001 74# 9999# 2 # 9")
        assert caller.prompts == ["address.zip"]

    def test_a_spelled_street_can_be_mended_in_its_zip(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        caller.press("01001 74# 9999# 2 6121# 1 8 1 01007 1")
        assert first_line(caller) == ("74", "MA", None, "Belchertown", "MA", "01007")

    def test_anything_military_can_be_spelled(self, demo_line: DemoLine) -> None:
        caller = begin(demo_line)
        caller.press("09012 4 827474# 1 1")
        assert first_line(caller) == (None, "USS", None, "APO", "AE", "09012")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
class TestTheChoice:
    def streets(self, demo_line: DemoLine, *names: str, low: int | None = None, high: int | None = None) -> None:
        for name in names:
            demo_line.run(
                "INSERT INTO street (zip, name, city, state, low, high) VALUES ('01001', :name, 'Agawam', 'MA', :low, :high)",
                name=name, low=low, high=high,
            )  # fmt: skip

    def test_three_are_offered_and_more_come_by_five(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", "Maple Ave", "N Maple St", "Maple Ct", "Maplewood Rd")
        caller = begin(demo_line)
        text = caller.press("01001 74# 627#")
        whole = {"house_number": "74", "street": "Maple St", "city": "Agawam", "state": "MA", "zip": "01001"}
        others = [{"house_number": "74", "street": street} for street in ("N Maple St", "Maple Ave")]
        offered = [words("address.option", address=one, key=str(key)) for key, one in enumerate((whole, *others), 1)]
        assert text.startswith(" ".join([*offered, ""]))
        assert hears(text, "address.other_streets")
        assert hears(text, "address.narrow")
        assert "Maplewood Road, Agawam" in caller.press("5")
        assert "Maple Court" in caller.text
        caller.press("2")
        assert first_line(caller)[:2] == ("74", "Maple Ct")

    def test_more_letters_narrow(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", "Maple Ave", "N Maple St", "Maple Ct", "Maplewood Rd")
        caller = begin(demo_line)
        assert "Maplewood Road, Agawam" in caller.press("01001 74# 627# 6 539#")
        assert "Maple Avenue, Agawam" in caller.press("8 3 6275328#")

    def test_more_letters_may_also_be_the_name_anew(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", "Maple Ave", "N Maple St", "Maple Ct", "Maplewood Rd")
        assert "Maplewood Road, Agawam" in begin(demo_line).press("01001 74# 627# 6 6275396#")

    def test_after_those_that_fit_come_those_that_nearly_do(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", "Manle St")
        caller = begin(demo_line)
        assert "Manle" not in caller.press("01001 74# 62753#")
        near = caller.press("5")
        assert begins(near, "address.near")
        assert "Manle" in near
        assert hears(caller.press("5"), "address.no_street")

    def test_a_house_number_beyond_those_known_is_said_and_taken(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", low=1, high=50)
        caller = begin(demo_line)
        assert begins(caller.press("01001 74# 627#"), "address.outside", house={"house_number": "74"})
        caller.press("1")
        assert first_line(caller)[:2] == ("74", "Maple St")
        assert caller.address[7]

    def test_a_street_that_has_the_number_is_offered_before_one_that_has_not(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "Maple St", low=1, high=50)
        self.streets(demo_line, "Maple Ct", low=60, high=90)
        heard = begin(demo_line).press("01001 74# 627#")
        assert heard.index("Maple Court") < heard.index("Maple Street")

    def test_a_numbered_street_is_keyed_in_figures(self, demo_line: DemoLine) -> None:
        self.streets(demo_line, "N 186th St", "Fifth Ave NW")
        assert "North one hundred eighty-sixth Street" in begin(demo_line).press("01001 74# 186#")
        for keyed in ("5#", "58#", "34384#"):
            caller = begin(demo_line, from_number="anonymous")  # or the call before would be gone on with
            assert "Avenue Northwest" in caller.press(f"01001 74# {keyed}")

    def test_a_zip_with_several_cities_takes_its_main_one_unless_changed(self, demo_line: DemoLine) -> None:
        demo_line.run(
            "INSERT INTO street (zip, name, city, state) VALUES ('11101', 'Elm St', 'Long Island City', 'NY')"
        )
        caller = begin(demo_line)
        assert caller.press("11101").startswith("Long Island City, New York.")
        assert hears(caller.press("74# 356# 8 5"), "address.city_option", city="Astoria", key="1")
        assert "Elm Street, Astoria, New York" in caller.press("1")

    def test_a_zip_with_one_city_says_so(self, demo_line: DemoLine) -> None:
        assert hears(begin(demo_line).press("94550 74# 2567# 8 5"), "address.one_city")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
class TestTheThirdProof:
    @pytest.mark.parametrize(
        "proof", [pytest.param("7304112#", id="a prescription of theirs"), pytest.param("BIRTH", id="the birth date")]
    )
    def test_it_is_asked_before_anything_changes(self, demo_line: DemoLine, proof: str) -> None:
        ((born,),) = demo_line.rows("SELECT birth_date FROM member WHERE id = 1")
        year, month, day = str(born).split("-")
        caller = begin(demo_line, proof=proof.replace("BIRTH", f"{month}{day}{year}#"))
        assert begins(caller.text, "address.zip")

    @pytest.mark.parametrize(
        "proof",
        [
            pytest.param("7311236#", id="another member's prescription"),
            pytest.param("9999999#", id="no prescription"),
            pytest.param("01011930#", id="another day"),
            pytest.param("99999999#", id="no day"),
        ],
    )
    def test_what_does_not_match_is_refused_and_three_lead_to_a_person(self, demo_line: DemoLine, proof: str) -> None:
        caller = begin(demo_line, proof=proof)
        assert begins(caller.text, "proof.not_proved")
        caller.press(f"{proof} {proof}")
        assert caller.prompts == ["proof.not_proved", "give_up.goodbye"], "the last says why, too"
        assert demo_line.rows("SELECT * FROM address WHERE entered_by = 'phone' AND member_id = 1") == []

    def test_whoever_keyed_a_prescription_number_is_not_asked_again(self, demo_line: DemoLine) -> None:
        _, heard = demo_line.call(IDENTIFIED + "3" + "7304112#" + "3" + "9" + "2" + "1")
        assert begins(heard.text, "address.zip")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_old_address_can_be_kept_at_every_turning(demo_line: DemoLine) -> None:
    for answers in ("", "01001 74# 9999#", "00000", "01001 74# 777# 8"):
        caller = begin(demo_line, scope="", proof="") if not answers else begin(demo_line)
        assert begins(caller.press(f"{answers} 9"), "checkout.ship_to")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_keys_of_an_address_never_stand_in_the_journal(demo_line: DemoLine) -> None:
    begin(demo_line).press("01001 74# 9999# 2 6121# 1 8 2 75# 4 613# 1")
    events = [str(event) for (event,) in demo_line.rows("SELECT event FROM journal")]
    assert not [event for event in events if any(keys in event for keys in ("01001", "74", "9999", "6121", "613"))]


@pytest.mark.parametrize("card", ["4242424242424242", "371449635398431"])
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_card_keyed_as_a_street_is_kept_nowhere(demo_line: DemoLine, card: str) -> None:
    caller = begin(demo_line)
    caller.press(f"01001 74# {card}#")
    assert caller.prompts == ["address.no_street"]
    assert card not in str(demo_line.turns[-1].call.to_json())
    caller.press("1 777# 1 1 7")
    ((keyed,),) = demo_line.rows("SELECT keyed FROM address WHERE entered_by = 'phone' AND member_id = 1")
    assert keyed == f"01001 74 {'•' * len(card)} 777"


@pytest.mark.parametrize("language", ["1", "2"], ids=["en", "es"])
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_forty_presses_do_no_harm(demo_line: DemoLine, language: str) -> None:
    phone, _ = demo_line.call(IDENTIFIED.replace("1", language, 1) + "193" + "2" + "1" + PROVED + "01001")
    caller = Caller(demo_line, phone, "")
    caller.press("74# " + "7" * 40 + "#")
    assert caller.prompts == ["address.no_street"]
    caller.press("1 777# 8 2 777777777")
    assert caller.prompts[-1] == "address.house"
    assert demo_line.rows("SELECT * FROM address WHERE entered_by = 'phone' AND member_id = 1") == []
