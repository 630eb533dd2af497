from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.payment.cards import Brand, Card, NumberProblem, check_number
from ivr.payment.gateway import Authorized, Captured, Gateway, NotFound, Reason, Refused, Token, Unavailable, Voided
from ivr.payment.published_cards import KNOWN_CARDS, OTHER_TOKENS, KnownCard
from ivr.payment.sandbox import Fault, Sandbox
from ivr.payment.sandbox import test_card_of as card_of
from ivr.secret import Secret

VISA = Secret("tok_visa")


def card(number: str) -> Card:
    return Card(Secret(number), 12, 2030, Secret("123"))


def only(operation: str, fault: Fault) -> Callable[[str], Fault | None]:
    return lambda asked: fault if asked == operation else None


def authorized(sandbox: Sandbox, key: str = "call-1/9", amount: int = 2500) -> str:
    answer = sandbox.authorize(VISA, amount, key)
    assert isinstance(answer, Authorized)
    return answer.reference


def test_it_is_a_gateway() -> None:
    gateway: Gateway = Sandbox()
    assert gateway.name == "sandbox"


@pytest.mark.parametrize("known", KNOWN_CARDS, ids=lambda known: known.number[-4:])
def test_a_published_number_gets_its_token_and_its_answer(known: KnownCard) -> None:
    sandbox = Sandbox()
    token = sandbox.tokenize(card(known.number))
    assert token == Token(Secret(known.token), known.brand, known.number[-4:], 12, 2030)
    assert isinstance(token, Token)
    answer = sandbox.authorize(token.token, 2500, "call-1/9")
    assert answer == (Refused(known.refusal) if known.refusal else Authorized(answer.reference))  # type: ignore[union-attr]


@pytest.mark.parametrize("known", KNOWN_CARDS, ids=lambda known: known.number[-4:])
def test_the_published_numbers_are_ones_the_line_takes(known: KnownCard) -> None:
    assert check_number(Secret(known.number)) is known.brand


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        pytest.param("6011981111111113", None, id="Discover, debit"),
        pytest.param("6555900000604105", None, id="BCcard and DinaCard, which ride on Discover"),
        pytest.param("2223003122003222", None, id="Mastercard of the 2 series"),
        pytest.param("5105105105105100", None, id="Mastercard, prepaid"),
        pytest.param("5200828282828210", None, id="Mastercard, debit"),
        pytest.param("4000051230000072", None, id="a health account's card"),
        pytest.param("4000001240000000", None, id="Canada"),
        pytest.param("4000000000000077", None, id="straight to the balance"),
        pytest.param("4000000000006975", Reason.DECLINED, id="too often"),
        pytest.param("4100000000000019", Reason.DECLINED, id="fraud"),
        pytest.param("4000000000000101", Reason.INCORRECT_CODE, id="the code does not fit"),
        pytest.param("4000002760003184", Reason.NEEDS_APPROVAL, id="always asks its holder"),
    ],
)
def test_each_sort_of_published_card_is_known(number: str, refusal: Reason | None) -> None:
    token = Sandbox().tokenize(card(number))
    assert isinstance(token, Token)
    answer = Sandbox().authorize(token.token, 2500, "call-1/9")
    assert (answer.reason if isinstance(answer, Refused) else None) is refusal


@pytest.mark.parametrize(
    "number", ["3056930009020004", "36227206271667", "3566002020360505", "6200000000000005", "6205500000000000004"]
)
def test_published_cards_of_other_brands_are_refused_as_such(number: str) -> None:
    assert check_number(Secret(number)) is NumberProblem.UNSUPPORTED_BRAND


@pytest.mark.parametrize("number", ["4539578763621486", "4012888888881881", "6011000000000004"])
def test_a_number_that_is_no_test_card_is_refused(number: str) -> None:
    assert isinstance(check_number(Secret(number)), Brand)
    assert Sandbox().tokenize(card(number)) == Refused(Reason.TEST_CARDS_ONLY)


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        ("tok_visa", None),
        ("pm_card_visa", None),
        ("tok_discover", None),
        ("tok_chargeDeclined", Reason.DECLINED),
        ("tok_visa_chargeDeclined", Reason.DECLINED),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", Reason.INSUFFICIENT_FUNDS),
        ("tok_chargeDeclinedExpiredCard", Reason.EXPIRED_CARD),
        ("tok_visa_chargeCustomerFailLostCard", Reason.DECLINED),
        ("tok_visa_chargeDeclinedFraudulent", Reason.DECLINED),
        ("tok_visa_debit_chargeDeclinedInsufficientFunds", Reason.INSUFFICIENT_FUNDS),
        ("pm_card_cvcCheckFailElevatedRisk", Reason.INCORRECT_CODE),
        ("pm_card_authenticationRequired", Reason.NEEDS_APPROVAL),
        ("pm_card_amex_threeDSecureNotSupported", None),
        ("pm_card_debit_visaHsaProductCode", None),
        ("pm_card_us", None),
        ("pm_card_visa_debit", None),
        ("pm_card_jcb", Reason.UNKNOWN_REFERENCE),
        ("tok_live_something", Reason.UNKNOWN_REFERENCE),
        ("", Reason.UNKNOWN_REFERENCE),
    ],
)
def test_a_test_token_is_known_in_every_spelling(token: str, refusal: Reason | None) -> None:
    answer = Sandbox().authorize(Secret(token), 2500, "call-1/9")
    assert (answer.reason if isinstance(answer, Refused) else None) is refusal


def test_a_test_token_of_the_carriers_is_attached_as_it_is() -> None:
    sandbox = Sandbox()
    told = Token(Secret("pm_card_amex"), Brand.VISA, "0000", 12, 2030)
    attached = sandbox.attach(told)
    assert attached == replace(told, brand=Brand.AMEX, last4="0005")
    assert isinstance(sandbox.authorize(told.token, 2500, "call-1/9"), Authorized)
    assert sandbox.attach(replace(told, token=Secret("pm_1N2b3c"))) == Refused(Reason.UNKNOWN_REFERENCE)


@pytest.mark.parametrize("token", sorted({*(known.token for known in KNOWN_CARDS), *OTHER_TOKENS}))
def test_a_test_token_is_the_same_card_as_a_payment_method(token: str) -> None:
    card = card_of(Secret(token))
    assert card is not None
    assert card_of(Secret(token.replace("tok_", "pm_card_", 1))) == card


def test_the_same_key_never_charges_twice() -> None:
    sandbox = Sandbox()
    assert authorized(sandbox) == authorized(sandbox)
    assert [charge.amount_cents for charge in sandbox.charges.values()] == [2500]


@pytest.mark.parametrize(("token", "amount"), [("tok_visa", 2501), ("tok_amex", 2500)], ids=["amount", "card"])
def test_the_same_key_for_something_else_is_refused(token: str, amount: int) -> None:
    sandbox = Sandbox()
    authorized(sandbox)
    assert sandbox.authorize(Secret(token), amount, "call-1/9") == Refused(Reason.KEY_REUSED)
    assert sandbox.charges["call-1/9"].amount_cents == 2500


def test_what_another_ledger_has_is_not_known() -> None:
    reference = authorized(Sandbox())
    assert Sandbox().capture(reference, 2500, "c1") == Refused(Reason.UNKNOWN_REFERENCE)
    assert Sandbox().void(reference, "v1") == Refused(Reason.UNKNOWN_REFERENCE)


def test_a_capture_takes_what_was_set_aside_or_less_once() -> None:
    sandbox = Sandbox()
    reference = authorized(sandbox)
    assert sandbox.capture(reference, 2501, "c0") == Refused(Reason.BAD_AMOUNT)
    assert sandbox.capture(reference, 2400, "c1") == Captured(reference)
    assert sandbox.capture(reference, 2500, "c2") == Captured(reference)
    assert sandbox.charges["call-1/9"].captured_cents == 2400
    assert sandbox.void(reference, "v1") == Refused(Reason.ALREADY_CAPTURED)


def test_what_was_given_back_is_not_taken() -> None:
    sandbox = Sandbox()
    reference = authorized(sandbox)
    assert sandbox.void(reference, "v1") == sandbox.void(reference, "v2") == Voided(reference)
    assert sandbox.capture(reference, 2500, "c1") == Refused(Reason.ALREADY_VOIDED)
    assert sandbox.retrieve("call-1/9") == Refused(Reason.ALREADY_VOIDED)


def test_a_reference_nobody_gave_is_refused() -> None:
    sandbox = Sandbox()
    assert sandbox.capture("pi_123", 2500, "c1") == Refused(Reason.UNKNOWN_REFERENCE)
    assert sandbox.void("pi_123", "v1") == Refused(Reason.UNKNOWN_REFERENCE)


def test_looking_up_tells_what_became_of_a_key() -> None:
    sandbox = Sandbox()
    reference = authorized(sandbox)
    sandbox.authorize(Secret("tok_chargeDeclined"), 2500, "call-2/9")
    assert sandbox.retrieve("call-1/9") == Authorized(reference)
    assert sandbox.retrieve("call-2/9") == Refused(Reason.DECLINED)
    assert sandbox.retrieve("call-3/9") == NotFound()


@pytest.mark.parametrize(("fault", "happened"), [(Fault.SLOW, True), (Fault.DOWN, False)], ids=["slow", "down"])
def test_a_failed_authorization_may_have_happened_all_the_same(fault: Fault, happened: bool) -> None:
    sandbox = Sandbox(only("authorize", fault))
    assert isinstance(sandbox.authorize(VISA, 2500, "call-1/9"), Unavailable)
    assert isinstance(sandbox.retrieve("call-1/9"), Authorized if happened else NotFound)


@pytest.mark.parametrize(("fault", "happened"), [(Fault.SLOW, True), (Fault.DOWN, False)], ids=["slow", "down"])
@pytest.mark.parametrize(("operation", "status"), [("capture", "captured"), ("void", "voided")])
def test_a_failed_capture_or_void_may_have_happened_all_the_same(
    operation: str, status: str, fault: Fault, happened: bool
) -> None:
    sandbox = Sandbox(only(operation, fault))
    reference = authorized(sandbox)
    answer = sandbox.capture(reference, 2500, "c1") if operation == "capture" else sandbox.void(reference, "v1")
    assert isinstance(answer, Unavailable)
    assert (sandbox.charges["call-1/9"].status == status) is happened


@pytest.mark.parametrize("fault", list(Fault))
def test_a_processor_that_is_away_gives_no_token_and_looks_nothing_up(fault: Fault) -> None:
    sandbox = Sandbox(lambda _: fault)
    assert isinstance(sandbox.tokenize(card("4242424242424242")), Unavailable)
    assert isinstance(sandbox.attach(Token(VISA, Brand.VISA, "4242", 12, 2030)), Unavailable)
    assert isinstance(sandbox.retrieve("call-1/9"), Unavailable)


def test_a_processor_that_declines_charges_no_card_and_does_all_else() -> None:
    sandbox = Sandbox(lambda _: Reason.DECLINED)
    token = sandbox.tokenize(card("4242424242424242"))
    assert isinstance(token, Token)
    assert sandbox.authorize(token.token, 100, "key") == Refused(Reason.DECLINED)
    assert sandbox.retrieve("key") == Refused(Reason.DECLINED)
    assert sandbox.retrieve("another") == NotFound()
