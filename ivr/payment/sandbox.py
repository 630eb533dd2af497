"""A processor that moves no money and knows only the test cards that Stripe publishes.

Answers follow from the request alone (a token is the test token's name, a reference comes from the request key), so
any number of worker processes agree without sharing anything. Each process also keeps a ledger of what it was asked,
for looking up and for tests. A real card's number is refused: it has no business here.
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
    """How the processor fails when a scenario asks for it; to the one asking, both look the same."""

    SLOW = auto()  # no answer in time, and yet it happened
    DOWN = auto()  # no answer, and it did not happen


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the ledger: an authorization and what became of it; captured_cents is what was taken in the end."""

    request_key: str
    reference: str
    token: str
    amount_cents: int
    status: Status
    refusal: Reason | None = None
    captured_cents: int = 0


def _no_fault(operation: str) -> Fault | Reason | None:  # noqa: ARG001  # the hook's form
    return None


class Sandbox:
    """The gateway for demonstrations, tests and the simulator.

    `fault` is asked before each operation (`tokenize`, `authorize`, `capture`, `void`, `look_up`) whether it should fail; a reason declines
    whatever card is charged.
    """

    name = "sandbox"
    live = False

    def __init__(self, fault: Callable[[str], Fault | Reason | None] = _no_fault) -> None:
        self._fault = fault
        self._charges: dict[str, Charge] = {}  # by reference
        self._lock = threading.Lock()

    @property
    def charges(self) -> Mapping[str, Charge]:
        """The ledger of this process, by the request key of the authorization."""
        with self._lock:
            return {charge.request_key: charge for charge in self._charges.values()}

    def rewind(self, charges: Iterable[Charge]) -> None:
        """Go back to an earlier ledger, for a scenario that tries several ways on from one moment."""
        with self._lock:
            self._charges = {charge.reference: charge for charge in charges}

    def _unheard(self, operation: str) -> Fault | None:
        """Return why nobody hears of an operation, if nobody does: only a charge is ever declined."""
        fault = self._fault(operation)
        return fault if isinstance(fault, Fault) else None

    def _heard(self, operation: str, work: Callable[[], Answer]) -> Answer | Unavailable:
        """Do what changes the ledger, unless the processor is down, and answer, unless it is slow."""
        fault = self._unheard(operation)
        if fault is Fault.DOWN:
            return Unavailable("fault")
        with self._lock:
            answer = work()
        return Unavailable("fault") if fault else answer

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:  # noqa: ARG002
        """Give a test card's token; a card that will be declined gets one too, as the charge is what fails."""
        if self._unheard("tokenize"):
            return Unavailable("fault")
        known = _BY_NUMBER.get(card.number.reveal())
        if known is None:
            return Refused(Reason.TEST_CARDS_ONLY)
        return Token(Secret(known.token), known.brand, last4(card.number), card.exp_month, card.exp_year)

    def authorize(
        self,
        token: Secret,
        amount_cents: int,
        request_key: str,
        description: str = "",  # noqa: ARG002
    ) -> Authorized | Refused | Unavailable:
        """Answer as the test card does, and write it in the ledger once a key."""
        fault = self._fault("authorize")
        if fault is Fault.DOWN:
            return Unavailable("fault")
        card = known_card(token)
        if card is None:
            return Refused(Reason.TEST_CARDS_ONLY)
        refusal = fault if isinstance(fault, Reason) else card.refusal
        status: Status = "declined" if refusal else "authorized"
        asked = Charge(request_key, _reference(request_key), card.token, amount_cents, status, refusal)
        with self._lock:
            charge = self._charges.setdefault(asked.reference, asked)
        if fault is Fault.SLOW:
            return Unavailable("fault")
        if (charge.amount_cents, charge.token) != (amount_cents, card.token):
            return Refused(Reason.KEY_REUSED)
        return _first_answer(charge)

    def capture(
        self,
        reference: str,
        amount_cents: int,
        request_key: str,  # noqa: ARG002  # a reference is captured once, whatever the key
    ) -> Captured | Refused | Unavailable:
        """Take what was set aside, by this process or another one."""
        return self._heard("capture", lambda: self._capture(reference, amount_cents))

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
        request_key: str,  # noqa: ARG002
    ) -> Voided | Refused | Unavailable:
        """Give back what was set aside, by this process or another one."""
        return self._heard("void", lambda: self._void(reference))

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
        """Look in this process's ledger."""
        if self._unheard("look_up"):
            return Unavailable("fault")
        charge = self._charges.get(_reference(request_key))
        if charge is None:
            return NotFound()
        return Refused(Reason.ALREADY_VOIDED) if charge.status == "voided" else _first_answer(charge)


def known_card(token: Secret) -> KnownCard | None:
    """Find the test card behind a token, in any of the spellings Stripe has published for it."""
    name = token.reveal().replace("pm_card_", "tok_", 1).replace("tok_visa_charge", "tok_charge", 1)
    return _BY_TOKEN.get(name)


def _reference(request_key: str) -> str:
    return "sandbox_" + hashlib.sha256(request_key.encode()).hexdigest()[:24]


def _first_answer(charge: Charge) -> Authorized | Refused:
    return Refused(charge.refusal) if charge.refusal else Authorized(charge.reference)
