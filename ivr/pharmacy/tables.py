"""The pharmacy's tables, shared with the website, the app and the paper forms desk.

Amounts of money are whole cents, times are time-zone-aware and in UTC, and dates are days at the pharmacy. Partial
unique indexes, which SQLite and PostgreSQL both have, ensure for example that two channels cannot order the same
prescription at the same moment.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ivr.languages import FIRST
from ivr.pharmacy.columns import EnumText, Instant, SecretText, holds, index_where, is_one_of, one_of, unique_where
from ivr.secret import Secret

ADDRESS_KINDS = ("mailing", "shipping")
ENTERED_BY = ("staff", "phone", "web", "app")
CHANNELS = ("phone", "web", "app")


class MemberStatus(StrEnum):
    """The state of a membership."""

    ACTIVE = "active"
    ENDED = "ended"
    DECEASED = "deceased"


class PrescriptionStatus(StrEnum):
    """Whether a prescription can be filled and, if not, why."""

    ACTIVE = "active"
    ON_HOLD = "on_hold"
    DISCONTINUED = "discontinued"
    TRANSFER_PENDING = "transfer_pending"
    REPLACED = "replaced"
    INACTIVE_DRUG = "inactive_drug"


class OrderStatus(StrEnum):
    """The state of an order; `ivr.orders.statuses` defines which states may follow."""

    PENDING = "pending"
    HELD = "held"
    SCHEDULED = "scheduled"
    PLACED = "placed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class HeldReason(StrEnum):
    """What staff have to check before a held order can go on."""

    ADDRESS = "address"
    PAYMENT = "payment"
    """It was declined, or its card is gone."""
    PAYMENT_UNKNOWN = "payment_unknown"
    """The processor never said what became of its payment, so it is never charged anew."""
    STOCK = "stock"
    RULES = "rules"
    """On its ship day one of its prescriptions could no longer be filled."""


class PaymentStatus(StrEnum):
    """The state of a payment; `ivr.orders.statuses` defines which states may follow."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


class RenewalStatus(StrEnum):
    """The prescriber's answer to a renewal request."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"


class TransferStatus(StrEnum):
    """The state of a transfer from another pharmacy."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class CallBackStatus(StrEnum):
    """Whether a person has called back."""

    ASKED = "asked"
    DONE = "done"


UNFINISHED = (OrderStatus.PENDING, OrderStatus.HELD, OrderStatus.SCHEDULED, OrderStatus.PLACED)
"""Orders that have neither shipped nor been cancelled; their lines are open."""
STANDING = (PaymentStatus.PENDING, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)
"""Statuses of payments that are pending or successful; an order has at most one such payment."""

CURRENT_MAILING = "kind = 'mailing' AND verified AND replaced_at IS NULL"
STANDING_PAYMENT = is_one_of("status", STANDING)
AUTHORIZED_PAYMENT = "status = 'authorized'"
UNFINISHED_ORDER = is_one_of("status", UNFINISHED)

_ENUMS: tuple[type[StrEnum], ...] = (
    MemberStatus,
    PrescriptionStatus,
    OrderStatus,
    HeldReason,
    PaymentStatus,
    RenewalStatus,
    TransferStatus,
    CallBackStatus,
)


class Base(DeclarativeBase):
    """The base class of all tables of the pharmacy database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own attribute
        datetime: Instant,
        str: Text,
        Secret: SecretText,
        **{enum: EnumText(enum) for enum in _ENUMS},
    }


class Member(Base):
    """A member of the health plan."""

    __tablename__ = "member"
    __table_args__ = (
        holds("member_number", "length(member_number) BETWEEN 8 AND 10"),
        one_of("status", MemberStatus),
        index_where("ix_member_phone", "phone", where="phone IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_number: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    birth_date: Mapped[date]
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default=FIRST.tag)
    """The tag of one of the languages that callers hear; whoever has another one hears the first."""

    speech_rate: Mapped[int | None] = mapped_column(SmallInteger)
    """How fast the member likes to be spoken to, in percent of the usual; None for the usual."""

    waits: Mapped[int | None] = mapped_column(SmallInteger)
    """How long the member likes to be waited for, in percent of the usual; None for the usual."""

    status: Mapped[MemberStatus] = mapped_column(default=MemberStatus.ACTIVE)
    test: Mapped[bool] = mapped_column(default=False)
    """True for a test member, for test calls on a deployed line: never charged, never shipped to, and reset to the CSV
    files' rows by `ivr pharmacy reset`."""


class Address(Base):
    """An address of a member. A changed address is a new row; the old one gets `replaced_at` and old orders keep it."""

    __tablename__ = "address"
    __table_args__ = (
        one_of("kind", ADDRESS_KINDS),
        one_of("entered_by", ENTERED_BY),
        holds("zip", "length(zip) = 5"),
        holds("state", "length(state) = 2"),
        unique_where("uq_address_current_mailing", "member_id", where=CURRENT_MAILING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    kind: Mapped[str] = mapped_column(default="mailing")
    house_number: Mapped[str | None]
    street: Mapped[str]
    unit: Mapped[str | None]
    city: Mapped[str]
    state: Mapped[str]
    zip: Mapped[str]
    entered_by: Mapped[str] = mapped_column(default="staff")
    verified: Mapped[bool] = mapped_column(default=True)
    keyed: Mapped[str | None]
    replaced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    urbanization: Mapped[str | None]


class Prescription(Base):
    """A prescription. `quantity` and `price_cents` are for one refill of `days_supply` days.

    `replaced_by` is the number of the prescription that replaced it.
    """

    __tablename__ = "prescription"
    __table_args__ = (
        holds("rx_number", "length(rx_number) BETWEEN 7 AND 12"),
        one_of("status", PrescriptionStatus),
        holds("schedule", "schedule BETWEEN 2 AND 5"),
        holds("refills", "refills_left >= 0 AND refills_used >= 0"),
        holds("supply", "days_supply > 0 AND max_days_supply >= days_supply AND quantity > 0"),
        holds("supplied", "days_supplied >= 0 AND last_days_supply > 0"),
        holds("price_cents", "price_cents >= 0"),
        holds("filled", "(first_filled_on IS NULL) = (last_filled_on IS NULL)"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rx_number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    drug_name: Mapped[str]
    otc: Mapped[bool] = mapped_column(default=False)
    status: Mapped[PrescriptionStatus] = mapped_column(default=PrescriptionStatus.ACTIVE)
    replaced_by: Mapped[str | None]
    schedule: Mapped[int | None] = mapped_column(SmallInteger)
    written_on: Mapped[date]
    expires_on: Mapped[date | None]
    refills_left: Mapped[int] = mapped_column(default=0)
    refills_used: Mapped[int] = mapped_column(default=0)
    first_filled_on: Mapped[date | None]
    last_filled_on: Mapped[date | None]
    last_days_supply: Mapped[int | None]
    days_supplied: Mapped[int] = mapped_column(default=0)
    days_supply: Mapped[int]
    max_days_supply: Mapped[int]
    quantity: Mapped[int]
    price_cents: Mapped[int]
    mailable: Mapped[bool] = mapped_column(default=True)
    prescriber_name: Mapped[str]


class RefillOrder(Base):
    """An order of one member; `channel` says where it was placed."""

    __tablename__ = "refill_order"
    __table_args__ = (
        one_of("channel", CHANNELS),
        one_of("status", OrderStatus),
        one_of("held_reason", HeldReason),
        holds("total_cents", "total_cents >= 0"),
        holds("ship_on", "status <> 'scheduled' OR ship_on IS NOT NULL"),
        Index("ix_refill_order_member_id", "member_id", "placed_at"),
        index_where("ix_refill_order_unfinished", "status", "ship_on", where=UNFINISHED_ORDER),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    channel: Mapped[str]
    status: Mapped[OrderStatus]
    ship_to_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    total_cents: Mapped[int]
    placed_at: Mapped[datetime]
    ship_on: Mapped[date | None]
    expected_by: Mapped[date | None]
    tracking_number: Mapped[str | None]
    held_reason: Mapped[HeldReason | None]
    stock_expected_on: Mapped[date | None]
    shipped_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    """One of CHANNELS for the member, `staff`, or `line` for an order that was not paid in time."""

    cancel_reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    """When the member was told, on a call, what became of the order."""

    saved_card_id: Mapped[int | None] = mapped_column(
        ForeignKey("saved_card.id", ondelete="SET NULL", use_alter=True), index=True
    )
    request_key: Mapped[str] = mapped_column(unique=True)


class OrderLine(Base):
    """One prescription in an order. It is open until the order ships or is cancelled; a prescription has one open line.

    Loading files sets two columns (see `load_refills`): `filled_on` is the day on which the pharmacy's own file says it
    was filled, so that the file's numbers include its refills; `refills_short` is how many of its refills the file had
    no longer left.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "prescription_id"),
        holds("supply", "days_supply > 0 AND quantity > 0 AND price_cents >= 0"),
        unique_where("uq_order_line_open", "prescription_id", where="open"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("refill_order.id"))
    prescription_id: Mapped[int] = mapped_column(ForeignKey("prescription.id"), index=True)
    days_supply: Mapped[int]
    quantity: Mapped[int]
    price_cents: Mapped[int]
    open: Mapped[bool] = mapped_column(default=True)
    filled_on: Mapped[date | None]
    refills_short: Mapped[int] = mapped_column(default=0, server_default="0")


class Payment(Base):
    """A payment for an order; an order has at most one that is pending, authorized or captured."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("status", PaymentStatus),
        holds("amount_cents", "amount_cents >= 0"),
        unique_where("uq_payment_standing", "order_id", where=STANDING_PAYMENT),
        index_where("ix_payment_authorized", "order_id", where=AUTHORIZED_PAYMENT),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("refill_order.id"), index=True)
    gateway: Mapped[str]
    reference: Mapped[str | None]
    brand: Mapped[str]
    last4: Mapped[str]
    amount_cents: Mapped[int]
    status: Mapped[PaymentStatus]
    decline_reason: Mapped[str | None]
    request_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class SavedCard(Base):
    """A card, by the payment processor's token: on file for the member, or kept for one order only."""

    __tablename__ = "saved_card"
    __table_args__ = (
        holds("last4", "length(last4) = 4"),
        holds("exp_month", "exp_month BETWEEN 1 AND 12"),
        unique_where("uq_saved_card_on_file", "member_id", "gateway", "token", where="only_for_order_id IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    gateway: Mapped[str]
    token: Mapped[Secret]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int] = mapped_column(SmallInteger)
    exp_year: Mapped[int] = mapped_column(SmallInteger)
    only_for_order_id: Mapped[int | None] = mapped_column(ForeignKey("refill_order.id"), index=True)
    consented_at: Mapped[datetime | None]
    """When the member said yes to its being kept."""

    last_declined_at: Mapped[datetime | None]


class RenewalRequest(Base):
    """A request to the prescriber for more refills; a prescription has at most one that is open."""

    __tablename__ = "renewal_request"
    __table_args__ = (
        one_of("channel", CHANNELS),
        one_of("status", RenewalStatus),
        unique_where("uq_renewal_request_open", "prescription_id", where="status = 'requested'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    prescription_id: Mapped[int] = mapped_column(ForeignKey("prescription.id"), index=True)
    channel: Mapped[str]
    status: Mapped[RenewalStatus] = mapped_column(default=RenewalStatus.REQUESTED)
    requested_at: Mapped[datetime]
    reference: Mapped[str] = mapped_column(unique=True)
    answered_at: Mapped[datetime | None]
    new_rx_number: Mapped[str | None]
    told_at: Mapped[datetime | None]
    """When the member was told the answer, on a call."""


class Transfer(Base):
    """A transfer of a prescription from a pharmacy outside the plan; `rx_number` is set once it has a row here.

    One that was asked for by telephone has the pharmacy's telephone number (E.164) and the prescription's number there;
    staff add the names.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        one_of("status", TransferStatus),
        UniqueConstraint("member_id", "drug_name", "requested_on"),
        unique_where(
            "uq_transfer_requested", "member_id", "from_phone", "from_rx_number", where="status = 'requested'"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    drug_name: Mapped[str | None]
    from_pharmacy: Mapped[str | None]
    from_phone: Mapped[str | None]
    from_rx_number: Mapped[str | None]
    status: Mapped[TransferStatus] = mapped_column(default=TransferStatus.REQUESTED)
    requested_on: Mapped[date]
    rx_number: Mapped[str | None]
    confirmed_on: Mapped[date | None]
    told_at: Mapped[datetime | None]
    """When the member was told, on a call, that it is confirmed or rejected."""


class OrderEvent(Base):
    """What happened to an order, for the next call, for texts and for staff; `by` is as in `RefillOrder.cancelled_by`."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("refill_order.id"), index=True)
    what: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


class CallBack(Base):
    """A member, or a caller who was not identified, wants a person to call them, best between two moments.

    `reason` is the question that the caller was at, by its name in the flow. Of those that are asked, a phone
    has at most one for each member, and one for callers who were not identified.
    """

    __tablename__ = "call_back"
    __table_args__ = (
        one_of("status", CallBackStatus),
        unique_where("uq_call_back_member", "phone", "member_id", where="status = 'asked'"),
        unique_where("uq_call_back_unidentified", "phone", where="status = 'asked' AND member_id IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    phone: Mapped[str]
    language: Mapped[str]
    best_from: Mapped[datetime]
    best_to: Mapped[datetime]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    status: Mapped[CallBackStatus] = mapped_column(default=CallBackStatus.ASKED)


class Street(Base):
    """A street of a ZIP code, with its lowest and highest known house number.

    `urbanization` is set in Puerto Rico only, where a ZIP code may have several streets of one name. The unique index
    begins with the ZIP code, which look-ups are by.
    """

    __tablename__ = "street"
    __table_args__ = (
        holds("zip", "length(zip) = 5"),
        Index("uq_street_zip", "zip", "name", text("coalesce(urbanization, '')"), unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    zip: Mapped[str]
    name: Mapped[str]
    urbanization: Mapped[str | None]
    city: Mapped[str]
    state: Mapped[str]
    low: Mapped[int | None]
    high: Mapped[int | None]
