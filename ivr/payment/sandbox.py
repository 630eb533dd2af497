"""A card processor that moves no money and knows only the test cards that Stripe publishes.

Answers depend on the request alone (a token is the test token's name, a reference is made of the request key), so any
number of worker processes agree without sharing anything. Each process also keeps a ledger of its charges, for
`retrieve` and for tests. Any other card number is refused, since it could be a real card's.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal, TypeVar

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
from ivr.payment.published_cards import KNOWN_CARDS, KnownCard
from ivr.secret import Secret

_BY_NUMBER = {card.number: card for card in KNOWN_CARDS}
_BY_TOKEN = {card.token: card for card in reversed(KNOWN_CARDS)}  # of two numbers with one token, the first

_REFERENCE = re.compile(r"sandbox_[0-9a-f]{24}")

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


def _no_fault(operation: str) -> Fault | Reason | None:  # noqa: ARG001 - a hook is given the operation
    return None


class Sandbox:
    """The gateway for demonstrations, tests and the simulator.

    `fault` is called before each operation (`tokenize`, `authorize`, `capture`, `void`, `look_up`, which stands for
    `retrieve`) and returns how it should fail, or None. A `Reason` declines any card that is charged.
    """

    name = "sandbox"
    live = False

    def __init__(self, fault: Callable[[str], Fault | Reason | None] = _no_fault) -> None:
        self._fault = fault
        self._charges: dict[str, Charge] = {}  # by reference
        self._lock = threading.Lock()

    @property
    def charges(self) -> Mapping[str, Charge]:
        """The ledger of this process, by the authorization's request key."""
        with self._lock:
            return {charge.request_key: charge for charge in self._charges.values()}

    def rewind(self, charges: Iterable[Charge]) -> None:
        """Restore an earlier ledger, for a scenario that plays several continuations from one moment."""
        with self._lock:
            self._charges = {charge.reference: charge for charge in charges}

    def _fault_in(self, operation: str) -> Fault | None:
        """Return the fault of an operation, if any; a `Reason` is ignored, as only charges can be declined."""
        fault = self._fault(operation)
        return fault if isinstance(fault, Fault) else None

    def _answer_unless_faulty(self, operation: str, work: Callable[[], Answer]) -> Answer | Unavailable:
        """Run `work` on the ledger unless the processor is down, and return its answer unless the processor is slow."""
        fault = self._fault_in(operation)
        if fault is Fault.DOWN:
            return Unavailable("fault")
        with self._lock:
            answer = work()
        return Unavailable("fault") if fault else answer

    def tokenize(
        self,
        card: Card,
        timeout_s: float = TIMEOUT_S,  # noqa: ARG002 - answers at once
    ) -> Token | Refused | Unavailable:
        """Return a test card's token. A card that will be declined gets one too, as only charging it fails."""
        if self._fault_in("tokenize"):
            return Unavailable("fault")
        test_card = _BY_NUMBER.get(card.number.reveal())
        if test_card is None:
            return Refused(Reason.TEST_CARDS_ONLY)
        return Token(Secret(test_card.token), test_card.brand, last4(card.number), card.exp_month, card.exp_year)

    def authorize(
        self,
        token: Secret,
        amount_cents: int,
        request_key: str,
        description: str = "",  # noqa: ARG002 - there are no pages to show it on
    ) -> Authorized | Refused | Unavailable:
        """Answer as the test card does, and write the charge to the ledger, once for each request key."""
        fault = self._fault("authorize")
        if fault is Fault.DOWN:
            return Unavailable("fault")
        card = test_card_of(token)
        if card is None:
            return Refused(Reason.TEST_CARDS_ONLY)
        refusal = fault if isinstance(fault, Reason) else card.refusal
        status: Status = "declined" if refusal else "authorized"
        new_charge = Charge(request_key, _reference(request_key), card.token, amount_cents, status, refusal)
        with self._lock:
            charge = self._charges.setdefault(new_charge.reference, new_charge)
        if fault is Fault.SLOW:
            return Unavailable("fault")
        if (charge.amount_cents, charge.token) != (amount_cents, card.token):
            return Refused(Reason.KEY_REUSED)
        return _first_answer(charge)

    def capture(
        self,
        reference: str,
        amount_cents: int,
        request_key: str,  # noqa: ARG002 - a reference is captured once, whatever the key
    ) -> Captured | Refused | Unavailable:
        """Take an amount that this process or another one set aside."""
        return self._answer_unless_faulty("capture", lambda: self._capture(reference, amount_cents))

    def _capture(self, reference: str, amount_cents: int) -> Captured | Refused:
        charge = self._charges.get(reference)
        if charge is None:  # authorized by another process, or never
            return Captured(reference) if _REFERENCE.fullmatch(reference) else Refused(Reason.UNKNOWN_REFERENCE)
        if charge.status == "voided":
            return Refused(Reason.ALREADY_VOIDED)
        if charge.status == "declined":
            return Refused(Reason.UNKNOWN_REFERENCE)
        if amount_cents > charge.amount_cents:
            return Refused(Reason.BAD_AMOUNT)
        if charge.status == "authorized":
            self._charges[reference] = replace(charge, status="captured", captured_cents=amount_cents)
        return Captured(reference)

    def void(
        self,
        reference: str,
        request_key: str,  # noqa: ARG002 - a reference is voided once, whatever the key
    ) -> Voided | Refused | Unavailable:
        """Let go of an amount that this process or another one set aside."""
        return self._answer_unless_faulty("void", lambda: self._void(reference))

    def _void(self, reference: str) -> Voided | Refused:
        charge = self._charges.get(reference)
        if charge is None:
            return Voided(reference) if _REFERENCE.fullmatch(reference) else Refused(Reason.UNKNOWN_REFERENCE)
        if charge.status == "captured":
            return Refused(Reason.ALREADY_CAPTURED)
        if charge.status == "declined":
            return Refused(Reason.UNKNOWN_REFERENCE)
        self._charges[reference] = replace(charge, status="voided")
        return Voided(reference)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Return what became of the authorization with this request key, according to this process's ledger."""
        if self._fault_in("look_up"):
            return Unavailable("fault")
        charge = self._charges.get(_reference(request_key))
        if charge is None:
            return NotFound()
        return Refused(Reason.ALREADY_VOIDED) if charge.status == "voided" else _first_answer(charge)


def test_card_of(token: Secret) -> KnownCard | None:
    """Return the test card of a token, in any spelling that Stripe has published for it, or None."""
    name = token.reveal().replace("pm_card_", "tok_", 1).replace("tok_visa_charge", "tok_charge", 1)
    return _BY_TOKEN.get(name)


def _reference(request_key: str) -> str:
    return "sandbox_" + hashlib.sha256(request_key.encode()).hexdigest()[:24]


def _first_answer(charge: Charge) -> Authorized | Refused:
    return Refused(charge.refusal) if charge.refusal else Authorized(charge.reference)
