"""What the line asks of a card processor, and the answers it can get.

Every answer is a value. `Unavailable` means nobody knows whether it happened: ask again with the same request key,
which never charges twice, or look the key up later. Amounts are cents of a US dollar; a request takes at most
`TIMEOUT_S` seconds unless told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ivr.payment.cards import Brand, Card
from ivr.secret import Secret

TIMEOUT_S = 4.0


class Reason(StrEnum):
    """Why a processor said no."""

    # about the card: another one may do
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CODE = "incorrect_code"
    INCORRECT_NUMBER = "incorrect_number"
    UNSUPPORTED_CARD = "unsupported_card"
    NEEDS_APPROVAL = "needs_approval"  # the issuer wants its customer on a screen, which a telephone is not
    PROCESSING_ERROR = "processing_error"  # it did not happen, and trying later may do
    TEST_CARDS_ONLY = "test_cards_only"  # what could be a real card was given to the sandbox
    # about the request: a person has to look
    KEY_REUSED = "key_reused"  # for another amount or card than it was first used for
    BAD_AMOUNT = "bad_amount"  # too small for the processor, or more than was authorized
    UNKNOWN_REFERENCE = "unknown_reference"
    ALREADY_CAPTURED = "already_captured"
    ALREADY_VOIDED = "already_voided"  # by us, or by the processor when the authorization ran out
    BAD_REQUEST = "bad_request"


REQUEST_REASONS = frozenset(
    {
        Reason.KEY_REUSED,
        Reason.BAD_AMOUNT,
        Reason.UNKNOWN_REFERENCE,
        Reason.ALREADY_CAPTURED,
        Reason.ALREADY_VOIDED,
        Reason.BAD_REQUEST,
    }
)
"""What is wrong with a request of ours, whatever the card: no caller is told of it as of a declined card."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the processor gives for a card: it can be charged with this, also later and more than once."""

    token: Secret
    brand: Brand
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Authorized:
    """The amount is set aside on the card under this reference."""

    reference: str


@dataclass(frozen=True, slots=True)
class Captured:
    """The amount, or part of it, has been taken."""

    reference: str


@dataclass(frozen=True, slots=True)
class Voided:
    """The amount set aside has been given back."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The processor answered no, and nothing was charged."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, or none that says whether it happened; `why` is for the log."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The processor has never heard of this request key."""


class Gateway(Protocol):
    """A card processor. A request key makes a request once and for all: repeated, it gets the first answer."""

    @property
    def name(self) -> str:
        """The name kept with payments and saved cards, which only this processor can use."""

    @property
    def live(self) -> bool:
        """Whether what it charges is real money."""

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:
        """Exchange a card for a token; may be asked again freely, as it moves no money."""

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Set an amount aside on the card; the description is for the processor's own pages, never a medicine's name."""

    def capture(self, reference: str, amount_cents: int, request_key: str) -> Captured | Refused | Unavailable:
        """Take what was set aside, or less; what was captured before stays captured and is no refusal."""

    def void(self, reference: str, request_key: str) -> Voided | Refused | Unavailable:
        """Give back what was set aside; what was given back before is no refusal."""

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Ask what became of an authorization, without ever making one."""
