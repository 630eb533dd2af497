"""A card processor that moves no money and knows only the test cards that Stripe publishes.

A token is the test token's name, and a reference is made of the request key. Charges are kept in a `Ledger`, which the
workers of a line share (see `ivr.line.sandbox_ledger`), so that all of them agree and an audit can count what was charged.
Any other card number is refused, since it could be a real card's. A token of no test card is one that this processor
does not know, as one of another account is to Stripe.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal, Protocol, TypeVar

from ivr.errors import UnreachableError
from ivr.payment.cards import Card, last4
from ivr.payment.gateway import (
    TIMEOUT_S,
    Authorized,
    Captured,
    NotFound,
    Reason,
    Refused,
    Token,
    Unavailable,
    Voided,
)
from ivr.payment.published_cards import KNOWN_CARDS, OTHER_TOKENS, KnownCard
from ivr.secret import Secret

_BY_NUMBER = {card.number: card for card in KNOWN_CARDS}
_BY_TOKEN = {card.token: card for card in reversed(KNOWN_CARDS)}  # of two numbers with one token, the first

Answer = TypeVar("Answer")
Status = Literal["authorized", "captured", "voided", "declined"]


class Fault(Enum):
    """How the processor fails when a scenario asks for it. Both look the same to the line."""

    SLOW = auto()  # no answer in time, but the request was carried out
    DOWN = auto()  # no answer, and the request was not carried out


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the ledger: an authorization and what became of it; `captured_cents` is the amount taken."""

    request_key: str
    reference: str
    token: str
    amount_cents: int
    status: Status
    refusal: Reason | None = None
    captured_cents: int = 0
    description: str = ""


class Ledger(Protocol):
    """The sandbox's charges. Each method is a transaction of its own; UnreachableError if the ledger is away."""

    def add(self, charge: Charge) -> Charge:
        """Add a charge unless there is one with its request key; return the one that stands."""

    def find(self, reference: str) -> Charge | None:
        """Return the charge with this reference, or None."""

    def move(self, charge: Charge, status: Status, captured_cents: int = 0) -> Charge:
        """Give a charge another status if it still has the one that it is given with; return it as it stands then."""

    def charges(self) -> Iterable[Charge]:
        """Return all charges."""


class MemoryLedger:
    """The ledger of one process, for tests and the simulator."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}  # by reference
        self._lock = threading.Lock()

    def add(self, charge: Charge) -> Charge:
        """Add a charge unless there is one with its request key; return the one that stands."""
        with self._lock:
            return self._charges.setdefault(charge.reference, charge)

    def find(self, reference: str) -> Charge | None:
        """Return the charge with this reference, or None."""
        return self._charges.get(reference)

    def move(self, charge: Charge, status: Status, captured_cents: int = 0) -> Charge:
        """Give a charge another status if it still has the one that it is given with; return it as it stands then."""
        with self._lock:
            standing = self._charges[charge.reference]
            if standing.status == charge.status:
                standing = replace(standing, status=status, captured_cents=captured_cents)
                self._charges[charge.reference] = standing
            return standing

    def charges(self) -> tuple[Charge, ...]:
        """Return all charges."""
        with self._lock:
            return tuple(self._charges.values())

    def rewind(self, charges: Iterable[Charge]) -> None:
        """Restore an earlier ledger, for a scenario that plays several continuations from one moment."""
        with self._lock:
            self._charges = {charge.reference: charge for charge in charges}


def _no_fault(operation: str) -> Fault | Reason | None:  # noqa: ARG001 - a hook is given the operation
    return None


class Sandbox:
    """The gateway for demonstrations, tests and the simulator.

    `fault` is called before each operation (`tokenize`, `attach`, `authorize`, `capture`, `void`, `look_up`, which
    stands for `retrieve`) and returns how it should fail, or None. A `Reason` declines any card that is charged, and
    means nothing to other operations.
    """

    name = "sandbox"
    live = False

    def __init__(self, fault: Callable[[str], Fault | Reason | None] = _no_fault, ledger: Ledger | None = None) -> None:
        self._fault = fault
        self._ledger = MemoryLedger() if ledger is None else ledger

    @property
    def charges(self) -> Mapping[str, Charge]:
        """All charges, by the authorization's request key."""
        return {charge.request_key: charge for charge in self._ledger.charges()}

    def _answer(self, fault: Fault | Reason | None, work: Callable[[], Answer]) -> Answer | Unavailable:
        """Do what was asked unless the processor or its ledger is down; tell the answer unless it is slow."""
        if fault is Fault.DOWN:
            return Unavailable("fault")
        try:
            answer = work()
        except UnreachableError as error:
            return Unavailable(str(error))
        return Unavailable("fault") if fault is Fault.SLOW else answer

    def tokenize(
        self,
        card: Card,
        timeout_s: float = TIMEOUT_S,  # noqa: ARG002 - answers at once
    ) -> Token | Refused | Unavailable:
        """Return a test card's token. A card that will be declined gets one too, as only charging it fails."""
        return self._answer(self._fault("tokenize"), lambda: _token_for(card))

    def attach(self, token: Token) -> Token | Refused | Unavailable:
        """Return a test card's token as it is, with what is known of the card: it can be charged again anyway."""
        fault = self._fault("attach")
        if isinstance(fault, Reason):  # issuers are asked about a card already when it is attached
            return Refused(fault)
        return self._answer(fault, lambda: _attached(token))

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Answer as the test card does, and write the charge to the ledger, once for each request key."""
        fault = self._fault("authorize")
        card = test_card_of(token)
        if card is None:
            return self._answer(fault, lambda: Refused(Reason.UNKNOWN_REFERENCE))
        refusal = fault if isinstance(fault, Reason) else card.refusal
        status: Status = "declined" if refusal else "authorized"
        charge = Charge(
            request_key, _reference(request_key), card.token, amount_cents, status, refusal, description=description
        )
        return self._answer(fault, lambda: self._authorize(charge))

    def _authorize(self, asked: Charge) -> Authorized | Refused:
        charge = self._ledger.add(asked)
        if (charge.amount_cents, charge.token) != (asked.amount_cents, asked.token):
            return Refused(Reason.KEY_REUSED)
        return _first_answer(charge)

    def capture(
        self,
        reference: str,
        amount_cents: int,
        request_key: str,  # noqa: ARG002 - a reference is captured once, whatever the key
    ) -> Captured | Refused | Unavailable:
        """Take the amount set aside, or less."""
        return self._answer(self._fault("capture"), lambda: self._capture(reference, amount_cents))

    def _capture(self, reference: str, amount_cents: int) -> Captured | Refused:
        charge = self._ledger.find(reference)
        if charge is None or charge.status == "declined":
            return Refused(Reason.UNKNOWN_REFERENCE)
        if charge.status != "voided" and amount_cents > charge.amount_cents:
            return Refused(Reason.BAD_AMOUNT)
        if charge.status == "authorized":
            charge = self._ledger.move(charge, "captured", amount_cents)
        return Refused(Reason.ALREADY_VOIDED) if charge.status == "voided" else Captured(reference)

    def void(
        self,
        reference: str,
        request_key: str,  # noqa: ARG002 - a reference is voided once, whatever the key
    ) -> Voided | Refused | Unavailable:
        """Let go of the amount set aside."""
        return self._answer(self._fault("void"), lambda: self._void(reference))

    def _void(self, reference: str) -> Voided | Refused:
        charge = self._ledger.find(reference)
        if charge is None or charge.status == "declined":
            return Refused(Reason.UNKNOWN_REFERENCE)
        if charge.status == "authorized":
            charge = self._ledger.move(charge, "voided")
        return Refused(Reason.ALREADY_CAPTURED) if charge.status == "captured" else Voided(reference)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Return what became of the authorization with this request key."""
        return self._answer(self._fault("look_up"), lambda: self._retrieve(request_key))

    def _retrieve(self, request_key: str) -> Authorized | Refused | NotFound:
        charge = self._ledger.find(_reference(request_key))
        if charge is None:
            return NotFound()
        return Refused(Reason.ALREADY_VOIDED) if charge.status == "voided" else _first_answer(charge)


def test_card_of(token: Secret) -> KnownCard | None:
    """Return the test card of a token, in any spelling that Stripe has published for it, or None."""
    name = token.reveal().replace("pm_card_", "tok_", 1).replace("tok_visa_charge", "tok_charge", 1)
    return _BY_TOKEN.get(OTHER_TOKENS.get(name, name))


def _token_for(card: Card) -> Token | Refused:
    test_card = _BY_NUMBER.get(card.number.reveal())
    if test_card is None:
        return Refused(Reason.TEST_CARDS_ONLY)
    return Token(Secret(test_card.token), test_card.brand, last4(card.number), card.exp_month, card.exp_year)


def _attached(token: Token) -> Token | Refused:
    card = test_card_of(token.token)
    if card is None:
        return Refused(Reason.UNKNOWN_REFERENCE)
    return replace(token, brand=card.brand, last4=card.number[-4:])


def _reference(request_key: str) -> str:
    return "sandbox_" + hashlib.sha256(request_key.encode()).hexdigest()[:24]


def _first_answer(charge: Charge) -> Authorized | Refused:
    return Refused(charge.refusal) if charge.refusal else Authorized(charge.reference)
