"""Payment rows and cards on file: what is owed and by which token; talking to the processor is another room's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, exists, or_, select, text
from sqlalchemy.orm import Session

from ivr.pharmacy.statements import change, changed, columns, every, first, insert_new
from ivr.pharmacy.tables import AUTHORIZED_PAYMENT, Payment, RefillOrder, SavedCard
from ivr.secret import Secret

STANDING = ("pending", "authorized", "captured")
BECOMES = {
    "pending": ("authorized", "captured", "declined", "failed", "voided", "expired"),
    "authorized": ("captured", "voided", "expired"),
}
"""What a payment may become; what is not listed here is final."""


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment's row; `reference` is the processor's name for it."""

    id: int
    order_id: int
    gateway: str
    reference: str | None
    brand: str
    last4: str
    amount_cents: int
    status: str
    request_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SavedCardFacts:
    """A card on file, as much as may be spoken of it."""

    id: int
    gateway: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card with the token that charges it."""

    id: int
    member_id: int
    gateway: str
    token: Secret
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    only_for_order_id: int | None


_PAYMENT = columns(Payment, PaymentFacts)
_CARD = columns(SavedCard, SavedCardFacts)
_KEPT = columns(SavedCard, KeptCard)
_AUTHORIZED = text(AUTHORIZED_PAYMENT)  # worded as in the index, or SQLite would not see that the index serves


def begin_payment(
    session: Session,
    order_id: int,
    *,
    gateway: str,
    brand: str,
    last4: str,
    amount_cents: int,
    request_key: str,
    now: datetime,
) -> PaymentFacts:
    """Write a pending payment and return it, or the one that stands in its way.

    A repeated request key returns its own row, whatever became of it; another key, while the order has a payment that
    is pending or made, returns that one. So the caller compares keys to know whether the processor is to be asked.
    """
    insert_new(
        session,
        Payment,
        {
            "order_id": order_id,
            "gateway": gateway,
            "brand": brand,
            "last4": last4,
            "amount_cents": amount_cents,
            "status": "pending",
            "request_key": request_key,
            "created_at": now,
        },
    )
    standing = (Payment.order_id == order_id) & Payment.status.in_(STANDING)
    same_request = Payment.request_key == request_key
    query = select(*_PAYMENT).where(or_(same_request, standing)).order_by(same_request.desc()).limit(1)
    payment = first(session, query, PaymentFacts)
    if payment is None:
        raise LookupError(f"the payment for order {order_id} was neither written nor found")
    return payment


def record_payment(session: Session, payment_id: int, status: str, reference: str | None) -> bool:
    """Write what became of a payment; False when it is in a state that does not lead there."""
    before = [state for state, after in BECOMES.items() if status in after]
    values: dict[str, object] = {"status": status} if reference is None else {"status": status, "reference": reference}
    fits = change(Payment, Payment.id == payment_id, Payment.status.in_(before))
    return changed(session, Payment, fits.values(**values))


def payment_for(session: Session, order_id: int) -> PaymentFacts | None:
    """Return the order's payment that is pending or made, else its last attempt."""
    query = (
        select(*_PAYMENT)
        .where(Payment.order_id == order_id)
        .order_by(Payment.status.in_(STANDING).desc(), Payment.id.desc())
        .limit(1)
    )
    return first(session, query, PaymentFacts)


def authorized_in_vain(session: Session, gateway: str, channel: str) -> tuple[PaymentFacts, ...]:
    """Return what a processor has still set aside on cards for a channel's orders that were cancelled."""
    cancelled = exists().where(
        RefillOrder.id == Payment.order_id, RefillOrder.status == "cancelled", RefillOrder.channel == channel
    )
    query = select(*_PAYMENT).where(_AUTHORIZED, Payment.gateway == gateway, cancelled)
    return every(session, query.order_by(Payment.id), PaymentFacts)


def saved_cards(session: Session, member_id: int, gateway: str, today: date) -> tuple[SavedCardFacts, ...]:
    """Return the member's cards on file that this processor can charge, newest first; valid through their month."""
    usable = (
        select(*_CARD)
        .where(
            SavedCard.member_id == member_id,
            SavedCard.gateway == gateway,
            SavedCard.only_for_order_id.is_(None),
            SavedCard.exp_year * 12 + SavedCard.exp_month >= today.year * 12 + today.month,
        )
        .order_by(SavedCard.id.desc())
    )
    return every(session, usable, SavedCardFacts)


def saved_card(session: Session, card_id: int) -> KeptCard | None:
    """Return a kept card with its token, to be charged."""
    return first(session, select(*_KEPT).where(SavedCard.id == card_id), KeptCard)


def save_card(
    session: Session,
    member_id: int,
    *,
    gateway: str,
    token: Secret,
    brand: str,
    last4: str,
    exp_month: int,
    exp_year: int,
    only_for_order_id: int | None = None,
) -> int:
    """Keep a card and return its id; a token that is on file already keeps its row and gets the new expiry."""
    expiry = {"exp_month": exp_month, "exp_year": exp_year}
    card = {"member_id": member_id, "gateway": gateway, "token": token, "brand": brand, "last4": last4, **expiry}
    card_id = insert_new(session, SavedCard, {**card, "only_for_order_id": only_for_order_id})
    if card_id is not None:
        return card_id
    on_file = (
        SavedCard.member_id == member_id,
        SavedCard.gateway == gateway,
        SavedCard.token == token,
        SavedCard.only_for_order_id.is_(None),
    )
    return session.scalars(change(SavedCard, *on_file).values(**expiry).returning(SavedCard.id)).one()


def forget_order_card(session: Session, order_id: int) -> None:
    """Delete the card that was kept for this order only; the order no longer points at it."""
    session.execute(
        delete(SavedCard).where(SavedCard.only_for_order_id == order_id).execution_options(synchronize_session=False)
    )
