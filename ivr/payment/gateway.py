"""The interface to card processors: what the line asks of one, and the answers it can get.

Every answer is a value. `Unavailable` means that nobody knows whether the request was carried out: send it again with
the same request key, which never charges twice, or `retrieve` the key later. Amounts are in US cents. A request takes
at most `TIMEOUT_S` seconds unless told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from ivr.payment.cards import Brand, Card
from ivr.secret import Secret

TIMEOUT_S = 4.0
SHOWN_AFTER = timedelta(hours=1)
"""How far behind a processor may be in what it shows: that it shows no younger payment proves nothing."""


class Reason(StrEnum):
    """Why a processor refused a request."""

    # about the card: another one may work
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CODE = "incorrect_code"
    INCORRECT_NUMBER = "incorrect_number"
    UNSUPPORTED_CARD = "unsupported_card"
    NEEDS_APPROVAL = "needs_approval"  # the issuer wants its customer on a screen, which a telephone is not
    PROCESSING_ERROR = "processing_error"  # nothing was charged, and trying later may work
    TEST_CARDS_ONLY = "test_cards_only"  # the sandbox was given what could be a real card
    # about the request: a person has to look into it
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
"""The reasons that are about our request, whatever the card. Callers are not told that their card was declined."""


@dataclass(frozen=True, slots=True)
class Token:
    """The processor's token for a card, with which it can be charged, also later and more than once."""

    token: Secret
    brand: Brand
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Authorized:
    """The amount is set aside on the card; `reference` is the processor's id for it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Captured:
    """The amount, or part of it, has been taken."""

    reference: str


@dataclass(frozen=True, slots=True)
class Voided:
    """The amount is no longer set aside."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The processor refused, and nothing was charged."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, or none that says whether the request was carried out; `why` is for the log."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The processor knows no request with this key."""


class Gateway(Protocol):
    """A card processor. A request that is repeated with the same request key gets the first answer."""

    @property
    def name(self) -> str:
        """The name stored with payments and cards, which only this processor can use."""

    @property
    def live(self) -> bool:
        """Whether it charges real money."""

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:
        """Exchange a card for a token. It can be repeated freely, as it moves no money."""

    def attach(self, token: Token) -> Token | Refused | Unavailable:
        """Make the carrier's token one that can be charged later and more than once; return it as the processor knows it.

        A card that its issuer never accepts is refused. It can be repeated freely, as it moves no money.
        """

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Set an amount aside on the card.

        The description is shown on the processor's own pages, so it must never name a medicine.
        """

    def capture(self, reference: str, amount_cents: int, request_key: str) -> Captured | Refused | Unavailable:
        """Take the amount set aside, or less. An authorization that was captured before counts as captured."""

    def void(self, reference: str, request_key: str) -> Voided | Refused | Unavailable:
        """Let go of the amount set aside. An authorization that was voided before counts as voided."""

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Return what became of the authorization with this request key, without ever making one."""
