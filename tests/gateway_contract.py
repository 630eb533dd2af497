"""What holds for every card processor: the cases of its contract, by name. `test_payment_gateways.py` runs each on all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Protocol

from stripe_books import BookedCharge

from ivr.payment.cards import Brand, Card
from ivr.payment.gateway import (
    REQUEST_REASONS,
    Authorized,
    Captured,
    Gateway,
    NotFound,
    Reason,
    Refused,
    Token,
    Unavailable,
    Voided,
)
from ivr.secret import Secret

GOOD, DECLINED_AT_CHARGE, DECLINED = "4242424242424242", "4000000000000341", "4000000000000002"
BRANDS = {
    Brand.VISA: GOOD,
    Brand.MASTERCARD: "5555555555554444",
    Brand.DISCOVER: "6011111111111117",
    Brand.AMEX: "378282246310005",
}


class Processor(Protocol):
    """A processor on trial: its gateway, its books, and a way to make it fail."""

    gateway: Gateway

    def fail(self, operation: str, *, done: bool) -> None:
        """Give no answer to the next request of an operation, which is carried out all the same if `done`."""

    def charges(self, key: str) -> Sequence[BookedCharge]:
        """Return the charges whose request key begins with `key`, as the processor's own books have them."""

    def carriers(self, number: str) -> Token:
        """Return what the carrier tells of a card that it took with `<Pay>`."""


Case = Callable[[Processor, str], None]
"""Runs a case with a request key that no other case uses; fails an assertion if the contract is broken."""
CONTRACT: dict[str, Case] = {}


def case(name: str) -> Callable[[Case], Case]:
    """Enter a case into the contract."""

    def enter(run: Case) -> Case:
        CONTRACT[name] = run
        return run

    return enter


def tokenize(processor: Processor, number: str = GOOD) -> Secret:
    token = processor.gateway.tokenize(Card(Secret(number), 12, 2030, Secret("123")))
    assert isinstance(token, Token), token
    return token.token


def authorize(processor: Processor, key: str, cents: int = 2500) -> str:
    answer = processor.gateway.authorize(tokenize(processor), cents, key, "Order 10018")
    assert isinstance(answer, Authorized), answer
    return answer.reference


def one(key: str, status: str = "authorized", captured: int = 0) -> list[BookedCharge]:
    return [BookedCharge(key, 2500, status, captured)]


# Cards


@case("A card of each brand is exchanged for a token, with what may be spoken of it")
def _(processor: Processor, key: str) -> None:
    for brand, number in BRANDS.items():
        code = "1234" if brand is Brand.AMEX else "123"
        token = processor.gateway.tokenize(Card(Secret(number), 12, 2030, Secret(code)))
        assert isinstance(token, Token)
        assert (token.brand, token.last4, token.exp_month, token.exp_year) == (brand, number[-4:], 12, 2030)
        assert number not in token.token.reveal()
        assert isinstance(processor.gateway.authorize(token.token, 2500, f"{key}/{brand}"), Authorized)


@case("A token is charged more than once")
def _(processor: Processor, key: str) -> None:
    token = tokenize(processor)
    answers = [processor.gateway.authorize(token, 2500, f"{key}/{turn}") for turn in range(2)]
    assert all(isinstance(answer, Authorized) for answer in answers)
    assert answers[0] != answers[1]
    assert len(processor.charges(key)) == 2


@case("A card that its issuer declines is refused by the time it is charged, and nothing is set aside")
def _(processor: Processor, key: str) -> None:
    token = processor.gateway.tokenize(Card(Secret(DECLINED), 12, 2030, Secret("123")))
    answer = processor.gateway.authorize(token.token, 2500, key) if isinstance(token, Token) else token
    assert answer == Refused(Reason.DECLINED)
    assert processor.charges(key) == []


@case("Exchanging a card without an answer moves no money, and can be done again")
def _(processor: Processor, key: str) -> None:
    for done in (True, False):
        processor.fail("tokenize", done=done)
        answer = processor.gateway.tokenize(Card(Secret(GOOD), 12, 2030, Secret("123")))
        assert isinstance(answer, Unavailable)
    authorize(processor, key)
    assert processor.charges(key) == one(key)


# The carrier's tokens


@case("The carrier's token is attached, with what may be spoken of it, and charged more than once")
def _(processor: Processor, key: str) -> None:
    for brand, number in BRANDS.items():
        told = replace(processor.carriers(number), brand=Brand.VISA, last4="0000")
        token = processor.gateway.attach(told)
        assert isinstance(token, Token), token
        assert (token.brand, token.last4, token.exp_month, token.exp_year) == (brand, number[-4:], 12, 2030)
        for turn in range(2):
            assert isinstance(processor.gateway.authorize(token.token, 2500, f"{key}/{brand}/{turn}"), Authorized)
    assert len(processor.charges(key)) == 2 * len(BRANDS)


@case("The carrier's token is attached once, however often it is asked for")
def _(processor: Processor, key: str) -> None:
    told = processor.carriers(GOOD)
    answers = [processor.gateway.attach(told) for _ in range(3)]
    assert isinstance(answers[0], Token)
    assert answers == [answers[0]] * 3
    assert processor.charges(key) == []


@case("Attaching without an answer moves no money, and can be done again")
def _(processor: Processor, key: str) -> None:
    told = processor.carriers(GOOD)
    for done in (True, False):
        processor.fail("attach", done=done)
        assert isinstance(processor.gateway.attach(told), Unavailable)
    token = processor.gateway.attach(told)
    assert isinstance(token, Token)
    assert isinstance(processor.gateway.authorize(token.token, 2500, key), Authorized)
    assert processor.charges(key) == one(key)


@case("A card of the carrier's that its issuer declines is refused by the time it is charged")
def _(processor: Processor, key: str) -> None:
    token = processor.gateway.attach(processor.carriers(DECLINED))
    answer = processor.gateway.authorize(token.token, 2500, key) if isinstance(token, Token) else token
    assert answer == Refused(Reason.DECLINED)


@case("A token that nobody made is refused")
def _(processor: Processor, key: str) -> None:
    told = replace(processor.carriers(GOOD), token=Secret("pm_nobodys"))
    for answer in (processor.gateway.attach(told), processor.gateway.authorize(told.token, 2500, key)):
        assert isinstance(answer, Refused)
        assert answer.reason in REQUEST_REASONS, "no card is blamed for it"
    assert processor.charges(key) == []


@case("The carrier's token can be charged as it is, once")
def _(processor: Processor, key: str) -> None:
    token = processor.carriers(GOOD).token
    answers = [processor.gateway.authorize(token, 2500, key) for _ in range(2)]
    assert isinstance(answers[0], Authorized)
    assert answers[0] == answers[1]
    assert processor.charges(key) == one(key)


# Setting an amount aside


@case("An amount is set aside, as asked for and once")
def _(processor: Processor, key: str) -> None:
    authorize(processor, key)
    assert processor.charges(key) == one(key)


@case("Asked again with the same key, the first answer is given and nothing is charged")
def _(processor: Processor, key: str) -> None:
    token = tokenize(processor)
    answers = [processor.gateway.authorize(token, 2500, key, "Order 10018") for _ in range(3)]
    assert isinstance(answers[0], Authorized)
    assert answers == [answers[0]] * 3
    assert processor.charges(key) == one(key)


@case("Asked by several at once with the same key, it is charged once")
def _(processor: Processor, key: str) -> None:
    token, ready = tokenize(processor), Barrier(4)

    def ask(_: int) -> object:
        ready.wait()
        return processor.gateway.authorize(token, 2500, key)

    with ThreadPoolExecutor(4) as workers:
        answers = set(workers.map(ask, range(4)))
    authorized = {answer for answer in answers if isinstance(answer, Authorized)}
    assert len(authorized) == 1
    assert all(isinstance(answer, Unavailable) for answer in answers - authorized)
    assert processor.charges(key) == one(key)


@case("The same key for another amount or card is a fault of ours, and charges nothing")
def _(processor: Processor, key: str) -> None:
    token, other = tokenize(processor), tokenize(processor, BRANDS[Brand.MASTERCARD])
    assert isinstance(processor.gateway.authorize(token, 2500, key), Authorized)
    assert processor.gateway.authorize(token, 2501, key) == Refused(Reason.KEY_REUSED)
    assert processor.gateway.authorize(other, 2500, key) == Refused(Reason.KEY_REUSED)
    assert processor.charges(key) == one(key)


@case("Two keys are two charges, and the books show both")
def _(processor: Processor, key: str) -> None:
    for turn in range(2):
        authorize(processor, f"{key}/{turn}")
    assert sorted(charge.request_key for charge in processor.charges(key)) == [f"{key}/0", f"{key}/1"]


@case("Not answered and not done, nothing is charged until it is asked again, and then once")
def _(processor: Processor, key: str) -> None:
    token = tokenize(processor)
    processor.fail("authorize", done=False)
    assert isinstance(processor.gateway.authorize(token, 2500, key), Unavailable)
    assert processor.charges(key) == []
    assert isinstance(processor.gateway.authorize(token, 2500, key), Authorized)
    assert processor.charges(key) == one(key)


@case("Done but not answered, asking again gives the first answer and charges nothing")
def _(processor: Processor, key: str) -> None:
    token = tokenize(processor)
    for _ in range(2):
        processor.fail("authorize", done=True)
        assert isinstance(processor.gateway.authorize(token, 2500, key), Unavailable)
        assert processor.charges(key) == one(key)
    answer = processor.gateway.authorize(token, 2500, key)
    assert isinstance(answer, Authorized)
    assert processor.gateway.retrieve(key) == answer
    assert processor.charges(key) == one(key)


@case("A declined charge stays declined for its key, and another key charges another card")
def _(processor: Processor, key: str) -> None:
    token = tokenize(processor, DECLINED_AT_CHARGE)
    processor.fail("authorize", done=True)
    assert isinstance(processor.gateway.authorize(token, 2500, key), Unavailable)
    for _ in range(2):
        assert processor.gateway.authorize(token, 2500, key) == Refused(Reason.DECLINED)
    assert processor.gateway.retrieve(key) == Refused(Reason.DECLINED)
    authorize(processor, f"{key}/2")
    assert processor.charges(key) == one(f"{key}/2")


# Finding out


@case("What was set aside is found by its key, and a key that was never used is not")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    authorize(processor, f"{key}/other")
    assert processor.gateway.retrieve(key) == Authorized(reference)
    assert processor.gateway.retrieve(f"{key}/never") == NotFound()
    assert len(processor.charges(key)) == 2


@case("Finding out without an answer tells nothing")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    processor.fail("look_up", done=False)
    assert isinstance(processor.gateway.retrieve(key), Unavailable)
    assert processor.gateway.retrieve(key) == Authorized(reference)


# Taking it


@case("What was set aside is taken once, however often it is asked for")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    for turn in (1, 1, 2):
        assert processor.gateway.capture(reference, 2500, f"{key}/{turn}") == Captured(reference)
    assert processor.charges(key) == one(key, "captured", 2500)
    assert processor.gateway.void(reference, f"{key}/3") == Refused(Reason.ALREADY_CAPTURED)
    assert processor.charges(key) == one(key, "captured", 2500)


@case("Less than was set aside can be taken, and then no more")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    assert processor.gateway.capture(reference, 2400, f"{key}/1") == Captured(reference)
    assert processor.gateway.capture(reference, 2500, f"{key}/2") == Captured(reference)
    assert processor.charges(key) == one(key, "captured", 2400)


@case("More than was set aside is not taken")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    assert processor.gateway.capture(reference, 2501, f"{key}/1") == Refused(Reason.BAD_AMOUNT)
    assert processor.charges(key) == one(key)
    assert processor.gateway.capture(reference, 2500, f"{key}/2") == Captured(reference)


@case("Taken or not, without an answer it is taken once when it is asked again")
def _(processor: Processor, key: str) -> None:
    for done in (True, False):
        reference = authorize(processor, f"{key}/{done}")
        processor.fail("capture", done=done)
        assert isinstance(processor.gateway.capture(reference, 2500, f"{key}/{done}"), Unavailable)
        assert processor.gateway.capture(reference, 2500, f"{key}/{done}") == Captured(reference)
        assert processor.charges(f"{key}/{done}") == one(f"{key}/{done}", "captured", 2500)


# Letting go of it


@case("What was let go of is let go of, however often it is asked for, and not taken")
def _(processor: Processor, key: str) -> None:
    reference = authorize(processor, key)
    for turn in (1, 1, 2):
        assert processor.gateway.void(reference, f"{key}/{turn}") == Voided(reference)
    assert processor.gateway.capture(reference, 2500, f"{key}/3") == Refused(Reason.ALREADY_VOIDED)
    assert processor.gateway.retrieve(key) == Refused(Reason.ALREADY_VOIDED)
    assert processor.charges(key) == one(key, "voided")


@case("Let go of or not, without an answer it is let go of when it is asked again")
def _(processor: Processor, key: str) -> None:
    for done in (True, False):
        reference = authorize(processor, f"{key}/{done}")
        processor.fail("void", done=done)
        assert isinstance(processor.gateway.void(reference, f"{key}/{done}"), Unavailable)
        assert processor.gateway.void(reference, f"{key}/{done}") == Voided(reference)
        assert processor.charges(f"{key}/{done}") == one(f"{key}/{done}", "voided")


@case("Taken and let go of at once, one of the two counts and both are told so")
def _(processor: Processor, key: str) -> None:
    reference, ready = authorize(processor, key), Barrier(2)

    def capture() -> object:
        ready.wait()
        return processor.gateway.capture(reference, 2500, f"{key}/capture")

    def void() -> object:
        ready.wait()
        return processor.gateway.void(reference, f"{key}/void")

    with ThreadPoolExecutor(2) as workers:
        captured, voided = workers.submit(capture), workers.submit(void)
    [charge] = processor.charges(key)
    if charge.status == "captured":
        assert (captured.result(), voided.result()) == (Captured(reference), Refused(Reason.ALREADY_CAPTURED))
    else:
        assert (captured.result(), voided.result()) == (Refused(Reason.ALREADY_VOIDED), Voided(reference))


@case("A reference that nobody gave is refused")
def _(processor: Processor, key: str) -> None:
    for reference in ("pi_nothing", "sandbox_0123456789abcdef01234567"):
        assert processor.gateway.capture(reference, 2500, f"{key}/{reference}") == Refused(Reason.UNKNOWN_REFERENCE)
        assert processor.gateway.void(reference, f"{key}/{reference}") == Refused(Reason.UNKNOWN_REFERENCE)
    assert processor.charges(key) == []
