"""Stored cards: those on file for a member, and those kept for one order alone.

A stored card is the processor's token with what may be spoken of the card; its number is never stored.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, select

from ivr.payment.gateway import Token
from ivr.pharmacy.statements import changed, columns, fetch_all, fetch_one, insert_or_none, update_where
from ivr.pharmacy.tables import UNFINISHED, RefillOrder, SavedCard
from ivr.secret import Secret


class Expiring(Protocol):
    """What has a last month: a stored card, or one that was keyed."""

    @property
    def exp_month(self) -> int: ...  # noqa: D102
    @property
    def exp_year(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SavedCardFacts:
    """What may be spoken of a stored card."""

    id: int
    gateway: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    consented_at: datetime | None
    """When the member said yes to its being kept."""

    last_declined_at: datetime | None
    """When it was declined, if it has not been accepted since."""


@dataclass(frozen=True, slots=True)
class KeptCard(SavedCardFacts):
    """A stored card with the token that charges it."""

    member_id: int
    token: Secret
    only_for_order_id: int | None


_ON_FILE = (
    SavedCard.member_id == bindparam("member"),
    SavedCard.gateway == bindparam("processor"),
    SavedCard.only_for_order_id.is_(None),
)
_LISTED = (
    select(*columns(SavedCard, SavedCardFacts))
    .where(*_ON_FILE)
    .order_by(SavedCard.last_declined_at.is_not(None), SavedCard.id.desc())
)
_EXPIRES = SavedCard.exp_year * 12 + SavedCard.exp_month
_USABLE = _LISTED.where(bindparam("month") <= _EXPIRES)
_EXPIRED = _LISTED.where(bindparam("month") > _EXPIRES)
_BY_ID = select(*columns(SavedCard, KeptCard)).where(SavedCard.id == bindparam("card_id"))
_OF_ORDER = (
    select(*columns(SavedCard, KeptCard))
    .join(RefillOrder, RefillOrder.saved_card_id == SavedCard.id)
    .where(RefillOrder.id == bindparam("order"))
)
_UPDATE_EXPIRY = update_where(SavedCard, *_ON_FILE, SavedCard.token == bindparam("same_token")).returning(SavedCard.id)
_SET_ORDER_CARD = update_where(RefillOrder, RefillOrder.id == bindparam("order"), RefillOrder.status.in_(UNFINISHED))
_NOTE_DECLINED = update_where(
    SavedCard,
    *(SavedCard.member_id == bindparam("member"), SavedCard.gateway == bindparam("processor")),
    SavedCard.token == bindparam("same_token"),
)
_OF_FINISHED_ORDERS = (
    select(RefillOrder.id)
    .join(SavedCard, SavedCard.only_for_order_id == RefillOrder.id)
    .where(SavedCard.only_for_order_id > 0, RefillOrder.status.not_in(UNFINISHED))  # `> 0` has SQLite use the index
    .distinct()
)
_FORGET = delete(SavedCard).where(SavedCard.only_for_order_id == bindparam("order_id"))


def saved_cards(connection: Connection, member_id: int, gateway: str, today: date) -> tuple[SavedCardFacts, ...]:
    """Return the member's cards on file that this processor can charge, valid through `today`'s month.

    The newest comes first, and those that were declined when last used come after all others.
    """
    month = today.year * 12 + today.month
    return fetch_all(connection, _USABLE, SavedCardFacts, member=member_id, processor=gateway, month=month)


def expired_cards(connection: Connection, member_id: int, gateway: str, today: date) -> tuple[SavedCardFacts, ...]:
    """Return the member's expired cards on file, newest first, so that the caller can be told of them."""
    month = today.year * 12 + today.month
    return fetch_all(connection, _EXPIRED, SavedCardFacts, member=member_id, processor=gateway, month=month)


def saved_card(connection: Connection, card_id: int) -> KeptCard | None:
    """Return a stored card with its token, or None when it is gone."""
    return fetch_one(connection, _BY_ID, KeptCard, card_id=card_id)


def usable_card(connection: Connection, card_id: int | None, today: date) -> KeptCard | None:
    """Return the stored card of an order with its token; None when it is gone, or its last month is over."""
    card = saved_card(connection, card_id) if card_id else None
    return card if card and not is_expired(card, today) else None


def is_expired(card: Expiring, on: date) -> bool:
    """Return whether a card's last month is over on a day."""
    return on > valid_through(card)


def valid_through(card: Expiring) -> date:
    """Return the last day on which a card can be charged: that of its last month."""
    return date(card.exp_year, card.exp_month, monthrange(card.exp_year, card.exp_month)[1])


def save_card(
    connection: Connection,
    member_id: int,
    gateway: str,
    card: Token | KeptCard,
    now: datetime,
    only_for_order_id: int | None = None,
) -> int:
    """Store a card and return its id; a token that is on file already keeps its row, which gets the new expiry.

    `now` is when the member said yes to its being kept.
    """
    expiry = {"exp_month": card.exp_month, "exp_year": card.exp_year}
    card_columns = {"brand": str(card.brand), "last4": card.last4, **expiry}
    row = {"member_id": member_id, "gateway": gateway, "token": card.token, "consented_at": now, **card_columns}
    card_id = insert_or_none(connection, SavedCard, {**row, "only_for_order_id": only_for_order_id})
    if card_id is not None:
        return card_id
    same_card = {"member": member_id, "processor": gateway, "same_token": card.token}
    return connection.execute(_UPDATE_EXPIRY, {**same_card, **expiry}).scalar_one()


def forget_order_card(connection: Connection, order_id: int) -> None:
    """Delete the card that was stored for this order alone; the order no longer points at it."""
    connection.execute(_FORGET, {"order_id": order_id})


def finished_with_cards(connection: Connection) -> Sequence[int]:
    """Return the ids of the orders that are finished and still have a card stored for them alone.

    So it is after another program has cancelled or shipped one.
    """
    return connection.scalars(_OF_FINISHED_ORDERS).all()


def use_card(connection: Connection, order_id: int, card_id: int) -> bool:
    """Set the stored card that an unfinished order is charged to; return False when the order is finished."""
    return changed(connection, _SET_ORDER_CARD, order=order_id, saved_card_id=card_id)


def note_declined(connection: Connection, order_id: int, at: datetime | None) -> None:
    """Note that the card of an order was declined, or with None that it was accepted.

    The same card may be kept for other orders of the member, and on file.
    """
    card = fetch_one(connection, _OF_ORDER, KeptCard, order=order_id)
    if card:
        same_card = {"member": card.member_id, "processor": card.gateway, "same_token": card.token}
        connection.execute(_NOTE_DECLINED, {**same_card, "last_declined_at": at})
