"""What is said fits what the carrier takes, however much of it there is: nothing is lost, and nothing is moved."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from demo_line import IDENTIFIED, VAULT, VERSION, DemoLine
from hypothesis import given
from hypothesis import strategies as st
from pharmacy_rows import add_rx
from sqlalchemy import text

from ivr.flow.verbs import Gather, Speak
from ivr.line.answer import Answer, as_spoken
from ivr.prompts import phrase
from ivr.prompts.spoken import Value
from ivr.web.twiml import MOST_LETTERS, Renderer, speakable

MOST_BYTES = 64 * 1024
MANY = 300


def says(body: str) -> list[str]:
    """Return the words of an answer, a text for each <Say>."""
    return [say.text or "" for say in ET.fromstring(body).iter("Say")]  # noqa: S314 - our own answer


def answered(language: str, prompt: str, **values: Value) -> str:
    words = as_spoken(VERSION.catalogues, (Speak(prompt, language, values),))
    gather = Gather((), most=1, pound_ends=False, next_key=4, extra_wait=2)
    return Renderer(VAULT, "", None).answer(Answer("CA1", 1, language, gather, words))


def read_back(language: str, lines: int, drug: str) -> str:
    what = phrase("medicine.named", drug=drug)
    line = phrase("order.line", what=what, days=90)
    to = {"house_number": "1", "street": "MAIN ST", "unit": None, "city": "DENVER", "state": "CO", "zip": "80202"}
    rest: dict[str, Value] = {"ship_to": phrase("order.ship_to", address=to), "amounts": (), "paying": ()}
    return answered(language, "order.facts", lines=(line,) * lines, supply_notes=(), **rest)


def test_keys_from_before_the_end_of_facts_are_taken_by_a_question_of_their_own(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "1")
    assert demo_line.last_prompts[-1] == "checkout.confirm"
    facts, early, question, *_ = ET.fromstring(phone.retry().body)  # noqa: S314 - our own answer
    assert (facts.tag, early.tag, question.tag) == ("Say", "Gather", "Gather")
    assert {name: early.get(name) for name in ("input", "timeout", "finishOnKey", "numDigits", "actionOnEmptyResult")} == {
        "input": "dtmf", "timeout": "1", "finishOnKey": "", "numDigits": None, "actionOnEmptyResult": None
    }  # fmt: skip
    assert early.get("action") == f"{question.get('action')}&early=1"
    assert not list(early)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("lines", "verbs"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (MANY, MANY // 5)])
def test_a_long_order_is_said_back_five_prescriptions_at_a_time(language: str, lines: int, verbs: int) -> None:
    drug = "HYDROCHLOROTHIAZIDE AND TRIAMTERENE 37.5 MG-25 MG EXTENDED RELEASE ORAL CAPSULES"
    spoken = VERSION.catalogues.by_language[language].medicine(drug)
    body = read_back(language, lines, drug)
    found = says(body)
    assert len(found) == verbs
    assert [said.count(spoken) for said in found] == [5] * (lines // 5) + [lines % 5] * bool(lines % 5)
    assert len(body.encode()) < MOST_BYTES
    one = says(read_back(language, 1, "X"))[0]
    assert " ".join(found).endswith(one[one.index("Denver") :])


@pytest.mark.parametrize("drug", ["A" * 5000, "A. " * 3000, "A & B, " * 2000, "<" * 4097], ids=lambda drug: drug[:7])
def test_no_value_is_too_long_to_be_said(drug: str) -> None:
    found = says(read_back("en", 7, drug))
    assert max(map(len, found)) <= MOST_LETTERS
    assert "".join(found).replace(" ", "").count(drug.replace(" ", "").strip(",")) == 7


LONG = st.lists(st.text("aZé. ?!,", max_size=1500), max_size=12).map(lambda parts: " ".join(" ".join(parts).split()))


@given(LONG)
def test_words_are_split_without_loss(words: str) -> None:
    found = speakable(words)
    assert max(map(len, found)) <= MOST_LETTERS
    assert " ".join(found).replace(" ", "") == words.replace(" ", "")
    if max(map(len, words.split()), default=0) <= MOST_LETTERS:
        assert " ".join(found) == words


def test_words_are_split_at_sentences() -> None:
    sentence = "Lisinopril, ninety days. "
    found = speakable((sentence * 200).strip())
    assert all(part.endswith("days.") for part in found)
    assert len(found) == 2


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(("language", "seven"), [("1", "press seven"), ("2", "oprima siete")])
def test_three_hundred_prescriptions_are_ordered(demo_line: DemoLine, language: str, seven: str) -> None:
    with demo_line.services.database.begin() as connection:
        member_id = connection.scalar(text("SELECT id FROM member WHERE member_number = '41200017'"))
        for number in range(MANY):
            add_rx(connection, int(member_id or 0), f"9{number:06d}")
    phone, heard = demo_line.call(language + IDENTIFIED[1:] + "1")
    assert seven in heard.text
    assert max(len(said.text) for said in heard.words) <= MOST_LETTERS
    phone.press("7")
    assert not phone.errors
    lines = "SELECT count(*) FROM order_line l JOIN refill_order o ON o.id = l.order_id WHERE o.request_key LIKE 'CA%'"
    assert int(str(demo_line.rows(lines)[0][0])) > MANY
