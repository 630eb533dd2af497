"""Every card processor keeps the contract: the sandbox with each of its ledgers, and Stripe.

Stripe is localstripe in a process of its own, behind a proxy that keeps replies by idempotency key and adds what it lacks
(see stripe_proxy.py and stripe_books.py). What is charged is counted in the processor's books, not in ours.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from databases import Databases
from gateway_contract import CONTRACT, Processor
from stripe_books import KEY, BookedCharge
from stripe_proxy import Failing, StripeProxy, charges_in, stripe_proxy

from ivr.line.sandbox_ledger import TableLedger
from ivr.payment.cards import Brand
from ivr.payment.gateway import Authorized, Gateway, Reason, Refused, Token, Unavailable, Voided
from ivr.payment.published_cards import KNOWN_CARDS
from ivr.payment.sandbox import Fault, Ledger, MemoryLedger, Sandbox
from ivr.payment.stripe import StripeGateway
from ivr.pharmacy.database import open_database
from ivr.secret import Secret

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class SandboxOnTrial:
    """The sandbox with a ledger."""

    def __init__(self, ledger: Ledger, sandbox: type[Sandbox] = Sandbox) -> None:
        self._failing: dict[str, list[Fault]] = defaultdict(list)
        self._ledger = ledger
        self.gateway: Gateway = sandbox(
            lambda operation: self._failing[operation].pop() if self._failing[operation] else None, ledger
        )

    def fail(self, operation: str, *, done: bool) -> None:
        self._failing[operation].append(Fault.SLOW if done else Fault.DOWN)

    def charges(self, key: str) -> Sequence[BookedCharge]:
        return [
            BookedCharge(charge.request_key, charge.amount_cents, charge.status, charge.captured_cents)
            for charge in self._ledger.charges()
            if charge.request_key.startswith(key) and charge.status != "declined"
        ]

    def carriers(self, number: str) -> Token:
        name = next(card.token for card in KNOWN_CARDS if card.number == number)
        return Token(Secret(name.replace("tok_", "pm_card_")), Brand.VISA, number[-4:], 12, 2030)


class StripeOnTrial:
    """Stripe's gateway, asking through the proxy; the carrier's connector makes payment methods, or tokens."""

    def __init__(self, proxy: StripeProxy, *, tokens: bool) -> None:
        self._proxy, self._tokens = proxy, tokens
        self.gateway: Gateway = StripeGateway(Secret(KEY), proxy.url)

    def fail(self, operation: str, *, done: bool) -> None:
        if operation == "attach" and done:
            operation = "keep"  # the second request of the two, which attaches the card to a customer
        self._proxy.fail(operation, Failing.LOST if done else Failing.DROPPED)

    def charges(self, key: str) -> Sequence[BookedCharge]:
        return charges_in(self._proxy, key)

    def carriers(self, number: str) -> Token:
        stripe = self._proxy.stripe
        token = stripe.carriers_token(number) if self._tokens else stripe.carriers_method(number)
        return Token(Secret(token), Brand.VISA, number[-4:], 12, 2030)


@pytest.fixture(scope="module")
def proxy() -> Iterator[StripeProxy]:
    with stripe_proxy() as started:
        yield started


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql", "stripe", "stripe with tokens"])
def processor(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Processor]:
    match request.param:
        case "memory":
            yield SandboxOnTrial(MemoryLedger())
        case "stripe" | "stripe with tokens":
            tokens = request.param == "stripe with tokens"
            yield StripeOnTrial(request.getfixturevalue("proxy"), tokens=tokens)
        case kind:
            if kind == "postgresql" and databases.missing:
                pytest.skip(databases.missing)
            with databases.fresh(kind) as url:
                database = open_database(url, durable=False)
                yield SandboxOnTrial(TableLedger(database, lambda: NOW))
                database.dispose()


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_is_kept(processor: Processor, name: str, request: pytest.FixtureRequest) -> None:
    CONTRACT[name](processor, f"{request.node.callspec.id}:")


def test_a_wrong_key_of_ours_is_not_the_callers_fault(proxy: StripeProxy) -> None:
    gateway = StripeGateway(Secret("wrong"), proxy.url)
    assert gateway.authorize(Secret("pm_card_visa"), 2500, "key") == Unavailable("AuthenticationError 401")


# That the contract finds what breaks it


class Forgetful(Sandbox):
    """Takes every request for a new one."""

    def authorize(self, token: Secret, amount_cents: int, request_key: str, description: str = "") -> Any:
        return super().authorize(token, amount_cents, f"{request_key} {secrets.token_hex(4)}", description)


class OffByACent(Sandbox):
    """Sets a cent too much aside."""

    def authorize(self, token: Secret, amount_cents: int, request_key: str, description: str = "") -> Any:
        return super().authorize(token, amount_cents + 1, request_key, description)


class Greedy(Sandbox):
    """Says that it let go of an amount, and takes it."""

    def void(self, reference: str, request_key: str) -> Any:
        self.capture(reference, 2500, request_key)
        return Voided(reference)


class Blaming(Sandbox):
    """Tells a fault of ours as a decline."""

    def authorize(self, token: Secret, amount_cents: int, request_key: str, description: str = "") -> Any:
        answer = super().authorize(token, amount_cents, request_key, description)
        return Refused(Reason.DECLINED) if answer == Refused(Reason.KEY_REUSED) else answer


BREAKS = {
    Forgetful: "Asked again with the same key, the first answer is given and nothing is charged",
    OffByACent: "An amount is set aside, as asked for and once",
    Greedy: "What was let go of is let go of, however often it is asked for, and not taken",
    Blaming: "The same key for another amount or card is a fault of ours, and charges nothing",
}


@pytest.mark.parametrize("broken", BREAKS)
def test_the_contract_finds_what_breaks_it(broken: type[Sandbox]) -> None:
    processor = SandboxOnTrial(MemoryLedger(), broken)
    with pytest.raises(AssertionError):
        CONTRACT[BREAKS[broken]](processor, "key")


def test_the_books_show_a_charge_that_was_made_twice(proxy: StripeProxy) -> None:
    processor = StripeOnTrial(proxy, tokens=False)
    for _ in range(2):
        proxy.forget()
        assert isinstance(processor.gateway.authorize(Secret("pm_card_visa"), 2500, "twice"), Authorized)
    assert processor.charges("twice") == [BookedCharge("twice", 2500, "authorized")] * 2
