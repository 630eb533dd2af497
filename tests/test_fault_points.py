"""Every point of ordering, paying, cancelling and shipping is killed once, and the books are right afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from databases import Databases
from fault_points import Host, KilledError, Moment, Point
from money_audit import audit_books
from pharmacy_rows import NOW, add_address, add_member, add_rx, days
from sqlalchemy import Connection, Engine, inspect, text

from ivr.orders.cancel import cancel
from ivr.orders.cards import save_card
from ivr.orders.desk import Desk, Outcome
from ivr.orders.hold import release
from ivr.orders.ship import ship
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.pharmacy.database import upgrade
from ivr.phone.handset import Handset
from ivr.secret import Secret

REFILLS = {"7304112": (3, 2), "7304249": (3, 2), "7304523": (3, 2)}
"""Prescription -> its refills left and used before the first call."""
CANARIES = (GOOD, DECLINED) = ("5105105105105100", "4000000000009995")
"""The card numbers that callers key, of which no part may lie in any row."""
PART_OF_CARD = 12
"""How many digits of a card in a row are too many anywhere."""


def fill(engine: Engine) -> None:
    """Write a pharmacy with one member: two prescriptions that are due, one that is not yet, and a card on file."""
    upgrade(engine)
    with engine.begin() as connection:
        member = add_member(connection, "41200017")
        add_address(connection, member, zip="94550", city="Livermore", state="CA")
        for number in REFILLS:
            filled = days(-4) if number == "7304523" else days(-18)
            add_rx(connection, member, number, last_filled_on=filled, max_days_supply=30)
        visa = Token(Secret("tok_visa"), Brand.VISA, "4242", 12, 2030)
        save_card(connection, member, "sandbox", visa, NOW)


IDENTIFIED = {
    "main.language": "1",
    "identify.member_number": "41200017#",
    "identify.zip": "94550",
}
ORDERING = {**IDENTIFIED, "main.menu": "1", "refill.quick": "1", "checkout.confirm": "7"}
NEW_CARD = {
    "checkout.change": "2",
    "card.on_file": "9",
    "card.number": f"{GOOD}#",
    "card.expiry": "1230",
    "card.code": "123",
    "card.keep": "2",
}
LATER = {
    **ORDERING,
    "refill.quick": "3",
    "refill.number": "7304523#",
    "prescription.too_soon": "1",
    "refill.more": "9",
    "checkout.ship_to": "1",
    "card.on_file": "1",
}
CANCELLING = {**IDENTIFIED, "main.menu": "2", "cancel.confirm": "7"} | dict.fromkeys(
    ("ways.placed", "ways.scheduled", "ways.unpaid"), "3"
)

ASKING = {**IDENTIFIED, "main.menu": "2"}
MOVING = {**ASKING, "ways.scheduled": "2", "ways.ship_day": "320#", "ways.confirm_day": "7"}
SENDING_NOW = {**ASKING, "ways.due": "1", "ways.confirm_day": "7"}
READDRESSING = {
    **ASKING,
    "ways.held_address": "1",
    "address.scope": "2",
    "proof.prove": "7304112#",
    "address.zip": "94550",
    "address.house": "12#",
    "address.street": "625#",
    "address.offer": "1",
    "ways.confirm_address": "7",
}
AGREEING = {**ASKING, "ways.can_be_filled": "1", "ways.confirm_held": "7"}

Prepare = Callable[[Host], Handset | None]
Go = Callable[[Host, Handset | None], None]


def calls(answers: Mapping[str, str], until: str = "") -> Callable[[Host], Handset]:
    """Return what makes a call up to a question."""

    def prepare(host: Host) -> Handset:
        phone, heard = host.dial()
        host.answer(phone, heard, answers, until)
        assert not until or until in host.line.last_prompts, host.line.last_prompts
        return phone

    return prepare


def answers(given: Mapping[str, str]) -> Go:
    """Return what goes on with the call."""

    def go(host: Host, phone: Handset | None) -> None:
        assert phone is not None
        heard = phone.press(next(given[prompt] for prompt in reversed(host.line.last_prompts) if prompt in given))
        host.answer(phone, heard, given)

    return go


def then(*parts: Callable[[Host], object]) -> Prepare:
    """Return what does several things one after another, and makes no call that goes on."""

    def prepare(host: Host) -> None:
        for part in parts:
            part(host)

    return prepare


def passes(**span: float) -> Callable[[Host], None]:
    """Return what lets time pass in which nobody sweeps."""
    return lambda host: host.line.clock.pass_seconds(timedelta(**span).total_seconds())


def number(host: Host) -> str:
    """Return the number of the only order."""
    ((found,),) = host.line.rows("SELECT order_number FROM refill_order")
    return str(found)


def staff(work: Callable[[Desk, str], Outcome]) -> Go:
    """Return what staff do with the order."""

    def go(host: Host, _: Handset | None) -> None:
        order = number(host)
        host.desk(lambda desk: work(desk, order))

    return go


def sweeps(*parts: str) -> Go:
    """Return what sweeps the orders."""
    return lambda host, _: host.sweep(*parts)


def hangs_up(_: Host, phone: Handset | None) -> None:
    """Hang up, which has the line finish what the call began."""
    assert phone is not None
    phone.hang_up()


def holds_for_stock(host: Host) -> None:
    """Hold the order, as staff do at a shelf that is empty."""
    host.line.run("UPDATE refill_order SET status = 'held', held_reason = 'stock'")


def in_vain(host: Host) -> None:
    """Order while the processor is down, and hang up."""
    host.sandbox.is_down = True
    calls(ORDERING, "payment.slow")(host)
    host.sandbox.is_down = False


CHOOSING_CARD = {**ORDERING, **NEW_CARD, "checkout.confirm": "9"}
CARD_DECLINED = {**NEW_CARD, "card.number": f"{DECLINED}#"}
TAKING_OVER = {**IDENTIFIED, "main.menu": "1", "ways.under_way": "1"}
placed, scheduled = calls(ORDERING), calls(LATER)


def declined(host: Host) -> Handset:
    """Come to the confirming key with a card that will be declined."""
    phone = calls({**ORDERING, **CARD_DECLINED, "checkout.confirm": "9"}, "card.keep")(host)
    phone.press("2")
    return phone


def unpaid(host: Host) -> Handset:
    """Order with a card that is declined, and leave it at that."""
    phone = declined(host)
    phone.press("7")
    return phone


def another_card(host: Host) -> Handset:
    """Come to the confirming key with another card after that."""
    phone = unpaid(host)
    host.answer(phone, phone.press("1"), NEW_CARD)
    return phone


def at_the_carrier(host: Host) -> Handset:
    """Come to where the carrier takes a new card."""
    host.card_capture = "pay"
    host.start()
    return calls({**CHOOSING_CARD, "card.before_carrier": "1"})(host)


def pays(host: Host, phone: Handset | None) -> None:
    """Key a card for the carrier, again if it is asked for again, and order."""
    assert phone is not None
    heard = phone.pay(GOOD, "1230", "123")
    host.answer(phone, heard, {"card.keep": "2", "checkout.confirm": "7"}, card=GOOD)


def taking_over(host: Host) -> Handset:
    """Come to the confirming key for an order that an earlier call could not pay."""
    in_vain(host)
    return calls({**TAKING_OVER, "payment.confirm": ""}, "payment.confirm")(host)


def paid_unheard(host: Host) -> None:
    """Have the processor set the amount aside in a request whose answer never came."""
    in_vain(host)
    ((cents, key),) = host.line.rows("SELECT amount_cents, request_key FROM payment")
    host.sandbox.authorize(Secret("tok_visa"), int(str(cents)), str(key), f"Order {number(host)}")


def holds_for_address(host: Host) -> None:
    """Hold the order, as when its address was spelled, in a ZIP code of which a street is known."""
    street = "INSERT INTO street (zip, city, state, name) VALUES ('94550', 'Livermore', 'CA', 'OAK ST')"
    for statement in ("UPDATE refill_order SET status = 'held', held_reason = 'address'", street):
        host.line.run(statement)


def cancelled_elsewhere(host: Host) -> None:
    """Cancel the order as the website does, which does not speak to the processor for orders of others."""
    for statement in (
        "UPDATE refill_order SET status = 'cancelled', cancelled_by = 'web'",
        "UPDATE prescription SET refills_left = refills_left + 1, refills_used = refills_used - 1 WHERE id IN"
        " (SELECT prescription_id FROM order_line)",
        "UPDATE order_line SET open = false",
    ):
        host.line.run(statement)


def costs_more(host: Host) -> None:
    """Raise the price of the prescriptions by more than their member need not be asked about."""
    host.line.run("UPDATE prescription SET price_cents = price_cents + 500")


def moved(host: Host) -> None:
    """Schedule an order, and move it to a later day than it is due."""
    scheduled(host)
    calls(MOVING)(host)


def placing(host: Host) -> Handset:
    """Order, and be cut off before the processor is asked."""
    phone = calls(ORDERING, "checkout.confirm")(host)
    host.cut_off_after = 1
    with suppress(KilledError):
        phone.press("7")
    host.cut_off_after = None
    return phone


PLACING = "turn known_phone order_event order_line payment prescription refill_order settlement"
PLACING_NEW_CARD = "turn known_phone order_event order_line payment prescription refill_order saved_card settlement"
PAID = "turn order_event payment refill_order saved_card settlement"
PAID_UNATTENDED = "order_event payment refill_order saved_card settlement"
CANCELLED = "order_event order_line prescription refill_order saved_card settlement"
SHIPPED = "order_event order_line prescription refill_order saved_card settlement"


@dataclass(frozen=True)
class Path:
    """What is done up to a moment, what is done then with a kill at each point, and what each step of that is.

    `steps` are the transactions that write, by the tables they write, and the requests to the processor, with a name
    for each. `comes_to` is what the order is once all is done, however often it was asked again. `leaves` are the
    problems that the audit is to find then, since only staff can end them.
    """

    prepare: Prepare
    go: Go
    steps: tuple[tuple[str, str], ...]
    comes_to: str = "placed"
    leaves: frozenset[str] = frozenset()


PATHS: Mapping[str, Path] = {
    "an order, with a new card": Path(
        calls(CHOOSING_CARD, "card.number"),
        answers({**NEW_CARD, "checkout.confirm": "7"}),
        (
            ("turn card_entry", "the card's number is kept"),
            ("turn card_entry", "its expiry is kept"),
            ("call", "the turn is taken for the exchange"),
            ("ask tokenize", "the card is exchanged for a token"),
            ("turn card_entry", "the token is kept, the digits are deleted"),
            ("turn", "the order is said back"),
            (PLACING_NEW_CARD, "the order is placed"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "an order, with a card that the carrier takes": Path(
        at_the_carrier,
        pays,
        (
            ("call", "the turn is taken for the attachment"),
            ("ask attach", "the token is made fit to be used again"),
            ("turn card_entry", "the token is kept"),
            ("turn", "the order is said back"),
            (PLACING_NEW_CARD, "the order is placed"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "an order, with the card on file": Path(
        calls(ORDERING, "checkout.confirm"),
        answers({"checkout.confirm": "7"}),
        (
            (PLACING, "the order is placed"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "an order for a later day": Path(
        calls(LATER, "checkout.confirm"),
        answers({"checkout.confirm": "7"}),
        (("turn known_phone order_event order_line prescription refill_order", "the order is scheduled"),),
        "scheduled",
    ),
    "an order whose card is declined": Path(
        declined,
        answers({"checkout.confirm": "7"}),
        (
            (PLACING_NEW_CARD, "the order is placed"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the card is declined"),
            ("turn order_event payment saved_card settlement", "the decline is recorded"),
        ),
        "cancelled",
    ),
    "another card after a decline": Path(
        another_card,
        answers({"payment.confirm": "7"}),
        (
            ("turn payment refill_order saved_card settlement", "the new payment is begun"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "a payment that the caller's next call finishes": Path(
        taking_over,
        answers({"payment.confirm": "7"}),
        (
            ("turn", "the caller says yes"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "a payment that is finished as the caller hangs up": Path(
        placing,
        hangs_up,
        (
            ("call card_entry", "the end of the call is noted"),
            ("settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID_UNATTENDED, "the payment is recorded"),
        ),
    ),
    "a payment that the sweep finishes": Path(
        then(in_vain, passes(minutes=2)),
        sweeps(),
        (
            ("settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID_UNATTENDED, "the payment is recorded"),
        ),
    ),
    "a declined order that is held": Path(
        then(unpaid, passes(minutes=31)),
        sweeps("orders_held"),
        (("order_event refill_order settlement", "the order is held"),),
        "cancelled",
    ),
    "an unpaid order that is given up": Path(
        then(unpaid, passes(minutes=31), Host.sweep, passes(days=4)),
        sweeps("orders_cancelled"),
        ((CANCELLED, "the order is cancelled"),),
        "cancelled",
    ),
    "a scheduled order on its day": Path(
        then(scheduled, passes(days=14)),
        sweeps(),
        (
            ("payment refill_order settlement", "its payment is begun"),
            ("settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID_UNATTENDED, "the payment is recorded"),
        ),
    ),
    "a scheduled order that costs more on its day": Path(
        then(scheduled, costs_more, passes(days=14)),
        sweeps(),
        (("order_event refill_order settlement", "the order is held"),),
        "held",
    ),
    "a caller agrees to the new price": Path(
        lambda host: (
            then(scheduled, costs_more, passes(days=14), Host.sweep)(host),
            calls(AGREEING, "ways.confirm_held")(host),
        )[1],
        answers(AGREEING),
        (
            ("turn order_event order_line payment refill_order settlement", "the payment is begun at the new price"),
            ("call settlement", "the payment is claimed"),
            ("ask authorize", "the amount is set aside"),
            (PAID, "the payment is recorded"),
        ),
    ),
    "a payment that is a day old, and was made": Path(
        then(paid_unheard, passes(hours=21)),
        sweeps(),
        (
            ("settlement", "the payment is claimed"),
            ("ask retrieve", "what became of it is asked"),
            (PAID_UNATTENDED, "the payment is recorded"),
        ),
    ),
    "a payment that is a day old, of which the processor knows nothing": Path(
        then(in_vain, passes(hours=21)),
        sweeps(),
        (
            ("settlement", "the payment is claimed"),
            ("ask retrieve", "what became of it is asked"),
            ("order_event refill_order settlement", "the order is held"),
        ),
        "held",
        frozenset({"left pending", "payment unknown"}),
    ),
    "a caller moves a scheduled order": Path(
        lambda host: (scheduled(host), calls(MOVING, "ways.confirm_day")(host))[1],
        answers(MOVING),
        (("turn order_event refill_order settlement", "the day is changed"),),
        "scheduled",
    ),
    "a caller has an order sent now": Path(
        lambda host: (then(moved, passes(days=14))(host), calls(SENDING_NOW, "ways.confirm_day")(host))[1],
        answers(SENDING_NOW),
        (("turn order_event refill_order settlement", "the day is changed to today"),),
    ),
    "a caller gives another address": Path(
        lambda host: (
            then(placed, holds_for_address)(host),
            calls(READDRESSING, "ways.confirm_address")(host),
        )[1],
        answers(READDRESSING),
        (("turn address notice order_event refill_order", "the address is given, and the order released"),),
    ),
    "a caller cancels a placed order": Path(
        lambda host: (placed(host), calls(CANCELLING, "cancel.confirm")(host))[1],
        answers({"cancel.confirm": "7"}),
        (
            (f"turn {CANCELLED}", "the order is cancelled"),
            ("call", "the turn is taken for the void"),
            ("ask void", "the amount is let go"),
            ("turn order_event payment", "the void is recorded"),
        ),
        "cancelled",
    ),
    "a caller cancels a scheduled order": Path(
        lambda host: (scheduled(host), calls(CANCELLING, "cancel.confirm")(host))[1],
        answers({"cancel.confirm": "7"}),
        ((f"turn {CANCELLED}", "the order is cancelled"),),
        "cancelled",
    ),
    "staff cancel a placed order": Path(
        then(placed),
        staff(cancel),
        (
            (CANCELLED, "the order is cancelled"),
            ("ask void", "the amount is let go"),
            ("order_event payment", "the void is recorded"),
        ),
        "cancelled",
    ),
    "the website cancels a placed order": Path(
        then(placed, cancelled_elsewhere),
        sweeps(),
        (("ask void", "the amount is let go"), ("order_event payment", "the void is recorded")),
        "cancelled",
    ),
    "staff release a held order": Path(
        then(placed, holds_for_stock),
        staff(release),
        (("order_event refill_order", "the order is released"),),
    ),
    "staff ship an order": Path(
        then(placed),
        staff(ship),
        (
            ("settlement", "the capture is claimed"),
            ("ask capture", "the amount is taken"),
            ("payment", "the capture is recorded"),
            (SHIPPED, "the order is shipped"),
        ),
        "shipped",
    ),
    "staff ship an order whose authorization is old": Path(
        then(placed, passes(days=6)),
        staff(ship),
        (
            ("settlement", "the renewal is claimed"),
            ("ask void", "the old amount is let go"),
            ("payment settlement", "the void is recorded, and a new payment begun"),
            ("settlement", "the new payment is claimed"),
            ("ask authorize", "the amount is set aside anew"),
            ("payment refill_order saved_card settlement", "the new payment is recorded"),
            ("settlement", "the capture is claimed"),
            ("ask capture", "the amount is taken"),
            ("payment", "the capture is recorded"),
            (SHIPPED, "the order is shipped"),
        ),
        "shipped",
    ),
}
"""Every path through orders and their money."""


CARRIERS = ("again", "hangs_up", "fallback", "hangs_up")


def places_of(signature: str) -> tuple[str, ...]:
    """Return where one can die at a step: around a transaction, or around asking the processor."""
    return ("before", "answered") if signature.startswith("ask ") else ("before", "within", "after")


def points_of(path: Path, steps: list[str]) -> Iterator[tuple[Point, str]]:
    """Yield each point of a path that was gone without a fault, and its name."""
    named = iter(path.steps)
    for at, signature in enumerate(steps):
        if not signature:
            continue  # it only reads: to die of it is to die of what came before
        name = next(named)[1]
        places = places_of(signature)
        yield from ((Point(at, where), f"{name}, {where}") for where in places)


@pytest.fixture(params=PATHS)
def name(request: pytest.FixtureRequest) -> str:
    """Name a path."""
    return str(request.param)


def test_whoever_dies_at_any_point_leaves_the_books_right(kind: str, databases: Databases, name: str) -> None:
    path = PATHS[name]
    with databases.fresh(kind, fill) as url:
        host = Host(url)
        phone = path.prepare(host)
        moment = Moment(host)
        try:
            steps = gone_once(path, host, moment, phone)
            assert [step for step in steps if step] == [signature for signature, _ in path.steps]
            problems = [
                f"{point}, {carrier}: {problem}"
                for nth, (at, point) in enumerate(points_of(path, steps))
                for carrier in carriers(kind, nth)
                for problem in killed(path, host, moment, phone, at, carrier)
            ]
        finally:
            moment.close()
            host.line.services.database.dispose()
    assert not problems, "\n".join(problems)


def carriers(kind: str, nth: int) -> tuple[str, ...]:
    """Return what follows a death: on SQLite a retry, in two ways by turns, and none; on PostgreSQL, slower, one of them."""
    return (("again", "fallback")[nth % 2], "hangs_up") if kind == "sqlite" else (CARRIERS[nth % len(CARRIERS)],)


def gone_once(path: Path, host: Host, moment: Moment, phone: Handset | None) -> list[str]:
    """Go a path without a fault; return its steps."""
    moment.back(host)
    path.go(host, phone.fork() if phone else None)
    steps = [*host.watch.steps]
    assert found(path, host, asked_again=True) == []
    return steps


def killed(path: Path, host: Host, moment: Moment, phone: Handset | None, point: Point, carrier: str) -> list[str]:
    """Go a path and die at a point; return what is wrong in the end."""
    moment.back(host)
    host.carrier, host.watch.kills_at = carrier, point
    with suppress(KilledError):
        path.go(host, phone.fork() if phone else None)
    if host.watch.kills_at is not None:
        return ["nobody came there"]
    return found(path, host, asked_again=carrier != "hangs_up" or phone is None)


def found(path: Path, host: Host, *, asked_again: bool) -> list[str]:
    """Let everything come to its end; return what is wrong then."""
    before = host.line.rows("SELECT order_number FROM refill_order")
    host.settle()
    problems = [problem for problem in audited(host) if problem.partition(":")[0] not in path.leaves]
    after = host.line.rows("SELECT order_number, status FROM refill_order")
    if [number for number, _ in after] != [number for (number,) in before]:
        problems.append(f"of the orders {before} there are {after}")
    if asked_again and [status for _, status in after] != [path.comes_to]:
        problems.append(f"the order came to {after}, not to {path.comes_to}")
    return problems


# What finds it


def charged_twice(host: Host) -> None:
    """Have the processor set an amount aside for the order once more, under another key."""
    host.sandbox.authorize(Secret("tok_visa"), 2000, "another key", f"Order {number(host)}")


PLANTED: Mapping[str, tuple[Callable[[Host], None], str]] = {
    "a second charge": (charged_twice, "charged twice: order "),
    "a cent": (
        lambda host: host.line.run("UPDATE refill_order SET total_cents = total_cents + 1"),
        "charged another amount: order ",
    ),
    "digits of a card": (
        lambda host: host.line.run("UPDATE refill_order SET cancel_reason = 'paid by 510510510510'"),
        "digits of a card lie in refill_order",
    ),
}
"""Damage -> what does it, and what is found. The others are planted in `test_faults_audit`."""


@pytest.fixture
def paid(databases: Databases) -> Iterator[Host]:
    """Give a line with one order that is placed and paid for."""
    with databases.fresh("sqlite", fill) as url:
        host = Host(url)
        placed(host)
        yield host
        host.line.services.database.dispose()


@pytest.mark.parametrize("what", PLANTED)
def test_the_audit_finds_what_is_planted(paid: Host, what: str) -> None:
    assert audited(paid) == []
    plant, complaint = PLANTED[what]
    plant(paid)
    assert any(complaint in problem for problem in audited(paid)), audited(paid)


def audited(host: Host) -> list[str]:
    """Return what the audit finds now, and whether digits of a card lie anywhere."""
    with host.line.services.database.connect() as connection:
        problems = audit_books(connection, host.sandbox.books, REFILLS)
        tables = {table for table, content in all_rows(connection) if any(part in content for part in PARTS_OF_CARDS)}
    return [f"{problem.kind}: {problem.about}" for problem in problems] + [
        f"digits of a card lie in {table}" for table in sorted(tables)
    ]


PARTS_OF_CARDS = frozenset(
    number[at : at + PART_OF_CARD] for number in CANARIES for at in range(len(number) - PART_OF_CARD + 1)
)


def all_rows(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the table and the content of every row, but for versions and streets, which hold nothing of callers."""
    for table in inspect(connection).get_table_names():
        if table not in ("version", "street"):
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608
                yield table, " ".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)
