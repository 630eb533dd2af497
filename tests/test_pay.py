"""A card that the carrier takes: the TwiML that asks for it, and what the line makes of the carrier's answer."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import pytest
from databases import Databases
from demo_line import VAULT, VERSION, DemoLine
from flask import Flask, request
from sqlalchemy import text
from structlog.testing import capture_logs

from ivr.cli.serve import prepare_pharmacy
from ivr.errors import DefinitionError
from ivr.flow.call import Call, CardStepEnded, Frame
from ivr.flow.interpreter import opening_verb
from ivr.flow.verbs import Pay
from ivr.line.actions import SPECS
from ivr.line.answer import spoken_answer
from ivr.line.build import build_line
from ivr.line.versions import load
from ivr.pages.app import make_app, warn
from ivr.phone.handset import Handset, Heard, Paying
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.web.carrier import event_of
from ivr.web.twiml import Renderer

TO_A_NEW_CARD = "1141203716#20007" + "11"
"""Keys up to the carrier's card step, for a member without a card that can be used."""
CARD = {"PaymentToken": "tok_visa", "PaymentCardType": "visa", "PaymentCardNumber": "xxxx-xxxxxx-x4242"}
TAKEN = {"Result": "success", **CARD, "ExpirationDate": "1230"}


@pytest.fixture
def paying(demo_line: DemoLine) -> DemoLine:
    """Give a line for whose calls the carrier takes the cards."""
    services = replace(demo_line.services, card_capture="pay")
    return demo_line.copy_with(services=services, app=make_app(services, Settings()))


@pytest.fixture
def in_card_step(paying: DemoLine) -> tuple[DemoLine, Handset]:
    """Give a call in which the carrier is taking a card."""
    phone, heard = paying.call(TO_A_NEW_CARD)
    assert isinstance(heard.waiting, Paying)
    return paying, phone


def ends(phone: Handset, fields: Mapping[str, str]) -> Heard:
    return phone.pay_result(**fields)


# What the line asks for


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_step_and_every_error_has_words_of_our_own(language: str) -> None:
    verb = opening_verb(VERSION.flows, Call(language, (Frame("card", "carrier"),)))
    assert isinstance(verb, Pay)
    renderer = Renderer(VAULT, "", None, "payment-method")
    body = ET.fromstring(renderer.answer(spoken_answer("CA1", 1, language, verb, VERSION.catalogues)))  # noqa: S314 - ours
    pay, after = body.find("Pay"), list(body)[-1]
    assert pay is not None
    assert after.tag == "Redirect", "for a carrier that goes on without saying why"
    assert (pay.get("tokenType"), pay.get("chargeAmount"), pay.get("postalCode")) == ("payment-method", None, "false")
    said = {
        (prompt.get("for"), attempt, error, card)
        for prompt in pay
        for attempt in prompt.get("attempt", "1").split()
        for error in prompt.get("errorType", "none").split()
        for card in prompt.get("cardType", "any").split()
        if all(say.text and say.get("language", "").startswith(language) for say in prompt.iter("Say"))
    }
    cards = ("visa", "mastercard", "discover", "amex")
    errors = {
        ("payment-card-number", ("timeout", "invalid-card-number", "invalid-card-type"), ("any",)),
        ("expiration-date", ("timeout", "invalid-date"), ("any",)),
        ("security-code", ("timeout", "invalid-security-code"), cards),
    }
    first = {(step, "1", "none", card) for step, _, brands in errors for card in brands}
    again = {(step, n, e, card) for step, kinds, brands in errors for n in "234" for e in kinds for card in brands}
    assert said == first | again | {("payment-processing", "1", "none", "any")}


# What the carrier answers

RESULTS = {
    "success": "taken",
    "caller-interrupted-with-star": "star",
    "too-many-failed-attempts": "too_many_tries",
    "caller-hung-up": "hung_up",
    "payment-connector-error": "failed",
    "validation-error": "failed",
    "internal-error": "failed",
    "transaction-cancelled": "failed",
    "": "failed",
    "success ": "failed",
    "\0": "failed",
}


@pytest.mark.parametrize(("result", "outcome"), RESULTS.items())
def test_every_result_is_an_outcome(result: str, outcome: str) -> None:
    with Flask("test").test_request_context(method="POST", data={**TAKEN, "Result": result}), capture_logs():
        event = event_of(request)
    assert isinstance(event, CardStepEnded)
    assert event.outcome == outcome
    assert bool(event.card) == (outcome == "taken"), "a token counts with a success alone"


TOLD = {
    "postal code 20007 wrong": "postal code • wrong",
    "20007 64004": "• •",
    "no%20connector%20for%204242424242424242": "no connector for •",
    "card ending 4242 exp 12/30 security 987 was declined; token pm_1Leak": "card ending • exp • security • was declined; token •",
    "tok_abc sk_live_abc": "• •",
    "invalid-date": "invalid-date",
}
"""What a carrier may tell of a failure -> what the log has of it."""


@pytest.mark.parametrize(("told", "logged"), TOLD.items())
@pytest.mark.parametrize("field", ["PayErrorCode", "PaymentError", "ConnectorError", "Result"])
def test_a_failure_is_logged_without_anything_of_a_card(field: str, told: str, logged: str) -> None:
    fields = {"Result": "payment-connector-error", field: told}
    with Flask("test").test_request_context(method="POST", data=fields), capture_logs() as lines:
        event_of(request)
    ((line),) = lines
    assert line["event"] == "card_step_failed"
    assert line["result" if field == "Result" else field] == logged


@pytest.mark.parametrize(
    ("field", "logged"), [("PayErrorCode", "64004"), ("PaymentError", "•"), ("ConnectorError", "•"), ("Result", "•")]
)
def test_five_digits_are_logged_only_where_they_are_the_carriers_error_number(field: str, logged: str) -> None:
    fields = {"Result": "failed", field: "64004"}
    with Flask("test").test_request_context(method="POST", data=fields), capture_logs() as lines:
        event_of(request)
    assert lines[0]["result" if field == "Result" else field] == logged


ODD_CARDS: dict[str, Mapping[str, str]] = {
    "no token": {"PaymentToken": ""},
    "no last digits": {"PaymentCardNumber": "xxxx-xxxxxx-x"},
    "no card number": {"PaymentCardNumber": ""},
    "no expiry": {"ExpirationDate": ""},
    "an expiry that is no month": {"ExpirationDate": "1330"},
    "an expiry that is past": {"ExpirationDate": "0120"},
    "a token of another processor": {"PaymentToken": "pm_1Nxyz"},
    "a brand that is not taken": {"PaymentCardType": "jcb"},
    "a brand of the future": {"PaymentCardType": "\u00e9"},
}


@pytest.mark.parametrize("odd", ODD_CARDS.values(), ids=ODD_CARDS)
def test_an_odd_card_leads_to_other_ways_to_pay(in_card_step: tuple[DemoLine, Handset], odd: Mapping[str, str]) -> None:
    line, phone = in_card_step
    with capture_logs():
        ends(phone, {**TAKEN, **odd})
    assert line.last_prompts[0] in ("card.unavailable", "card.refused")
    assert line.last_prompts[-1] == "card.other_card"


def test_a_card_that_was_taken_goes_on_and_its_token_stands_nowhere_in_clear(
    in_card_step: tuple[DemoLine, Handset],
) -> None:
    line, phone = in_card_step
    ends(phone, {**TAKEN, "ExpirationDate": "0939", "UnknownField": "more to come"})
    assert line.last_prompts == ["card.keep"]
    written = str(line.rows("SELECT * FROM call")) + str(line.rows("SELECT * FROM journal"))
    assert "tok_visa" not in written
    assert "0939" not in written


def test_a_field_with_two_values_is_refused(in_card_step: tuple[DemoLine, Handset]) -> None:
    line, phone = in_card_step
    waiting = phone._waiting
    assert isinstance(waiting, Paying)
    form = {"CallSid": phone.call_sid, **TAKEN, "PaymentToken": ["tok_visa", "tok_mastercard"]}
    with capture_logs():
        assert line.app.test_client().post(waiting.pay.action, data=form).status_code == 400
    assert line.last_prompts[-1] == "card.carrier"


def test_what_came_of_a_card_step_is_no_answer_to_a_question(paying: DemoLine) -> None:
    phone, _ = paying.call("1")
    question = paying.last_prompts
    phone._go(phone._waiting.gather.action, "POST", TAKEN)  # type: ignore[union-attr]  # it waits at a menu
    assert paying.last_prompts == question
    assert paying.turns[-1].verb.words[-1].variant == "say", "nothing was counted"


def test_a_caller_who_hung_up_in_the_card_step_is_not_answered_with_an_outcome(
    in_card_step: tuple[DemoLine, Handset],
) -> None:
    line, phone = in_card_step
    phone.hang_up()
    assert line.rows("SELECT ending FROM call") == [("caller_hung_up",)]
    assert line.last_prompts == ["card.carrier"]


def test_the_keypad_takes_the_card_unless_a_setting_says_otherwise(demo_line: DemoLine) -> None:
    demo_line.call(TO_A_NEW_CARD)
    assert demo_line.last_prompts[-1] == "card.number"


def test_a_token_is_a_secret() -> None:
    event = CardStepEnded("taken", {"carrier_token": Secret("tok_visa")})
    assert "tok_visa" not in repr(event)


# What staff may get wrong


def offers(key: str) -> Callable[[str], str]:
    """Return what adds an offer of a key to a line of words."""
    return lambda line: f"{line} For help, press {key}."


def without_its_end(line: str) -> str:
    """Return a line of words without its last sentence."""
    return re.sub(r"(?<=\.) [^.]*\.$", "", line)


SLIPS: Mapping[str, tuple[str, Callable[[str], str], str]] = {
    "zero is offered": ("86:7", offers("zero"), 'speaks of the key "zero", which does nothing in a card step'),
    "pound is asked for": ("81:8", offers("pound"), 'speaks of the key "pound", which does nothing in a card step'),
    "star is not told in the last help": ("84:7", without_its_end, 'never says that "star" ends the card step'),
    "star is not told before": ("79:10", without_its_end, 'never says that "star" ends the card step'),
}
"""Slip -> the place in the English words, what changes their line, and what is told."""


@pytest.mark.parametrize(("place", "slip", "told"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_the_words_of_a_card_step_is_told(place: str, slip: Callable[[str], str], told: str) -> None:
    files, number = VERSION.files, int(place.partition(":")[0]) - 1
    lines = files.prompts["en/card.yaml"].split("\n")
    lines[number] = slip(lines[number])
    edited = replace(files, prompts={**files.prompts, "en/card.yaml": "\n".join(lines)})
    with pytest.raises(DefinitionError) as refused:
        load(edited, SPECS)
    assert [str(problem) for problem in refused.value.problems] == [f"prompts/en/card.yaml:{place}: {told}"]


FLOW_SLIPS = {
    "an outcome is missing": ("      star: stopped\n", "", 'outcomes lacks "star"'),
    "a step is missing": ("      brand: card.unsupported\n", "", 'steps lacks "brand"'),
    "a step is misspelt": (
        "      expiry: card.carrier_expiry\n",
        "      expiri: card.carrier_expiry\n",
        "did you mean",
    ),
    "a prompt is misspelt": ("      code: card.carrier_code\n", "      code: card.carrier_cod\n", "did you mean"),
    "two steps have one prompt": (
        "      code_on_front: card.carrier_code_on_front\n",
        "      code_on_front: card.carrier_code\n",
        '"code_on_front" and "code" both name the prompt "card.carrier_code"',
    ),
    "an outcome is made up": ("      star: stopped\n", "      star: stopped\n      declined: other\n", "declined"),
}


@pytest.mark.parametrize(("lines", "others", "told"), FLOW_SLIPS.values(), ids=FLOW_SLIPS)
def test_a_slip_in_a_card_step_is_told_at_its_place(lines: str, others: str, told: str) -> None:
    files = VERSION.files
    page = files.flows["card.yaml"]
    assert page.count(lines) == 1
    with pytest.raises(DefinitionError) as refused:
        load(replace(files, flows={**files.flows, "card.yaml": page.replace(lines, others)}), SPECS)
    problems = [str(problem) for problem in refused.value.problems]
    assert any(told in problem for problem in problems), problems
    assert all(problem.startswith(("flows/card.yaml:", "prompts/")) for problem in problems), problems


def test_a_card_that_no_action_takes_in_its_turn_is_told() -> None:
    files = VERSION.files
    page = files.flows["card.yaml"].replace("      taken: attach\n", "      taken: keep\n")
    with pytest.raises(DefinitionError) as refused:
        load(replace(files, flows={**files.flows, "card.yaml": page}), SPECS)
    told = 'the card data keyed at "carrier" is lost, for no action takes it in the same turn'
    assert [told in str(problem) for problem in refused.value.problems].count(True) == 1


# A line that charges real cards


@pytest.mark.parametrize(("capture", "told"), [("keypad", ["card_data_scope"]), ("pay", [])])
def test_a_live_line_that_hears_digits_says_so_at_start(capture: Literal["keypad", "pay"], told: list[str]) -> None:
    live = Settings(gateway="stripe", stripe_api_key=Secret("sk_live_x"), card_capture=capture)
    with capture_logs() as logged:
        warn(live)
    assert [line["event"] for line in logged] == told


def test_a_live_line_gets_no_demo_members(databases: Databases) -> None:
    with databases.fresh("sqlite") as url:
        live = Settings(database_url=url, gateway="stripe", stripe_api_key=Secret("sk_live_x"))
        line = build_line(live)
        assert prepare_pharmacy(line) is None
        with line.database.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM member")).scalar_one() == 0
        line.database.dispose()
