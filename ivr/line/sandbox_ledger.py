"""The sandbox's ledger as a table: a test processor's books, which all workers share and which outlive each of them.

They are the processor's and not the line's, which never reads them to find out what it has charged. So an audit can
compare the two, and a charge that was asked for twice with two request keys is two rows. Tokens are the names of
published test cards. `ivr forget` and retention do not reach these books, as they do not reach a real processor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

from sqlalchemy import Connection, Engine, bindparam, select, update

from ivr.clock import Clock
from ivr.line.tables import sandbox_charge
from ivr.payment.sandbox import Charge, Status
from ivr.pharmacy.database import answering
from ivr.pharmacy.statements import insert_unless_there
from ivr.pharmacy.tables import Payment, PaymentStatus

LOADED = "loaded"
"""The description of a charge that the sandbox was not asked for."""

_ALL = select(*(sandbox_charge.c[field.name] for field in fields(Charge))).order_by(sandbox_charge.c.created_at)
_FIND = _ALL.where(sandbox_charge.c.reference == bindparam("of"))
_STANDING = _ALL.where(
    (sandbox_charge.c.reference == bindparam("of")) | (sandbox_charge.c.request_key == bindparam("key"))
)
_MOVE = update(sandbox_charge).where(
    sandbox_charge.c.reference == bindparam("of"), sandbox_charge.c.status == bindparam("only_from")
)
_LOADED = select(Payment.request_key, Payment.reference, Payment.amount_cents, Payment.status).where(
    Payment.gateway == "sandbox", Payment.reference.is_not(None)
)

_STATUSES: Mapping[PaymentStatus, Status] = {
    PaymentStatus.AUTHORIZED: "authorized",
    PaymentStatus.CAPTURED: "captured",
    PaymentStatus.VOIDED: "voided",
    PaymentStatus.EXPIRED: "voided",
}


class TableLedger:
    """The ledger of a line's workers; `clock` dates new charges. No method may be called within a transaction."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def add(self, charge: Charge) -> Charge:
        """Add a charge unless there is one with its request key; return the one that stands."""
        with answering(self._database), self._database.begin() as connection:
            insert_unless_there(connection, sandbox_charge, {**asdict(charge), "created_at": self._clock()})
            names = {"of": charge.reference, "key": charge.request_key}
            return Charge(*connection.execute(_STANDING, names).one())

    def find(self, reference: str) -> Charge | None:
        """Return the charge with this reference, or None."""
        with answering(self._database), self._database.begin() as connection:
            row = connection.execute(_FIND, {"of": reference}).first()
        return Charge(*row) if row else None

    def move(self, charge: Charge, status: Status, captured_cents: int = 0) -> Charge:
        """Give a charge another status if it still has the one that it is given with; return it as it stands then."""
        with answering(self._database), self._database.begin() as connection:
            names = {"of": charge.reference, "only_from": charge.status}
            connection.execute(_MOVE, {**names, "status": status, "captured_cents": captured_cents})
            return Charge(*connection.execute(_FIND, {"of": charge.reference}).one())

    def charges(self) -> tuple[Charge, ...]:
        """Return all charges, the oldest first."""
        with answering(self._database), self._database.begin() as connection:
            return tuple(Charge(*row) for row in connection.execute(_ALL))


def loaded_charges(connection: Connection) -> tuple[Charge, ...]:
    """Return the charges behind payments that came into the tables by loading rows, as the demo pharmacy's did.

    The sandbox was never asked for those, and has to be told of them before they can be captured or voided.
    """
    return tuple(
        Charge(key, reference, "", cents, _STATUSES[status], None, cents * (status is PaymentStatus.CAPTURED), LOADED)
        for key, reference, cents, status in connection.execute(_LOADED)
        if reference and status in _STATUSES
    )


def add_loaded(database: Engine, clock: Clock) -> None:
    """Add to the table the charges behind payments that were loaded."""
    ledger = TableLedger(database, clock)
    with answering(database), database.begin() as connection:
        charges = loaded_charges(connection)
    for charge in charges:
        ledger.add(charge)
