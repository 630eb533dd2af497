"""Loading prescriptions while orders stand: what orders have taken stays taken, and nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from pharmacy_rows import NOW, TODAY, cancel, days, draw_from, place
from sqlalchemy import Connection, Engine, delete, select, text, update

from ivr.orders.events import Actor
from ivr.orders.find import FilledOrder, OrderFacts, filled_orders
from ivr.orders.hold import hold_order, release_order
from ivr.orders.place import OrderRequest, WantedLine
from ivr.orders.ship import ship_order
from ivr.orders.statuses import move_order
from ivr.pharmacy.load import load_folder
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import (
    CHANNELS,
    Address,
    Base,
    Member,
    OrderEvent,
    OrderLine,
    OrderStatus,
    Prescription,
    RefillOrder,
)

OPEN = ("pending", "held", "scheduled", "placed")
MEMBER = "member_number,first_name,last_name,birth_date\n10000001,Ana,Ruiz,1950-03-14\n"
ADDRESS = "member_number,house_number,street,zip\n10000001,74,Springfield Street,01001\n"
HEAD = (
    "rx_number,member_number,drug_name,schedule,written_on,refills_left,refills_used,last_filled_on,"
    "days_supply,max_days_supply,quantity,price_cents,prescriber_name\n"
)
PEOPLE = {"member.csv": MEMBER, "address.csv": ADDRESS}
LAST_FILL = days(-18)


def row(left: int = 3, used: int = 2, last: date | None = LAST_FILL, rx: str = "7000001", **more: object) -> str:
    """Return a line of prescription.csv."""
    schedule, price = more.get("schedule", ""), more.get("price", 1000)
    return f"{rx},10000001,Metformin,{schedule},{days(-90)},{left},{used},{last or ''},30,90,60,{price},Dr. Lee\n"


def load(engine: Engine, folder: Path, *rows: str, today: date = TODAY, **files: str) -> None:
    """Load these prescriptions, and other files by name."""
    for path in folder.glob("*.csv"):
        path.unlink()
    named = {"prescription.csv": HEAD + "".join(rows), **{f"{name}.csv": words for name, words in files.items()}}
    for name, words in named.items():
        (folder / name).write_text(words)
    load_folder(engine, folder, today, timezone=ZoneInfo("America/Los_Angeles"))


@dataclass
class Shop:
    """A member's prescriptions in a database, orders of them, and loads."""

    engine: Engine
    folder: Path
    keys: count[int] = field(default_factory=count)

    def begin(self, *rows: str) -> None:
        with self.engine.begin() as connection:
            for table in (OrderEvent, OrderLine, RefillOrder, Prescription, Address, Member):
                connection.execute(delete(table))
        load(self.engine, self.folder, *rows, member=MEMBER, address=ADDRESS)

    def load(self, *rows: str, **more: Any) -> None:
        load(self.engine, self.folder, *rows, **more)

    def order(self, *wanted: tuple[str, int], **changes: Any) -> OrderFacts | None:
        """Place an order for n refills of each number; None where it was refused."""
        today = changes.pop("today", TODAY)
        rules = Rules(controlled_multiples=True)
        with self.engine.begin() as connection:
            ids = dict(connection.execute(select(Prescription.rx_number, Prescription.id)).all())
            request = OrderRequest(
                member_id=connection.scalars(select(Member.id)).one(),
                lines=tuple(WantedLine(ids[rx], n) for rx, n in wanted or (("7000001", 1),)),
                ship_to_id=connection.scalars(select(Address.id)).one(),
                **{"status": OrderStatus.PLACED, "request_key": f"call-{next(self.keys)}", **changes},
            )
            now = datetime.combine(today, NOW.timetz())
            seed = draw_from(1000 * next(self.keys))
            order = place(connection, request, now=now, today=today, rules=rules, draw=seed)
        return order if isinstance(order, OrderFacts) else None

    def do(self, step: Any, *given: Any) -> bool:
        with self.engine.begin() as connection:
            return bool(step(connection, *given))

    def counts(self, rx: str = "7000001") -> tuple[int, int]:
        """Return what is left and used."""
        found = self.prescription(rx)
        return found.refills_left, found.refills_used

    def prescription(self, rx: str = "7000001") -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(Prescription).where(Prescription.rx_number == rx)).one()

    def filled(self) -> tuple[FilledOrder, ...]:
        with self.engine.connect() as connection:
            return filled_orders(connection)

    def rows(self) -> Mapping[str, object]:
        with self.engine.connect() as connection:
            tables = Base.__subclasses__()
            return {table.__tablename__: connection.execute(select(table.__table__)).all() for table in tables}


@pytest.fixture
def shop(database: Engine, tmp_path: Path) -> Shop:
    shop = Shop(database, tmp_path)
    shop.begin(row())
    return shop


def placed(shop: Shop, *wanted: tuple[str, int], **changes: Any) -> OrderFacts:
    order = shop.order(*wanted, **changes)
    assert order is not None
    return order


# What open orders have taken


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", OPEN)
def test_an_open_orders_refills_stay_taken(shop: Shop, status: str, channel: str) -> None:
    changes: dict[str, Any] = {"status": status, "channel": channel}
    changes |= {"held_reason": "stock"} if status == "held" else {}
    changes |= {"ship_on": days(9)} if status == "scheduled" else {}
    order = placed(shop, ("7000001", 2), **changes)
    assert shop.counts() == (1, 4)
    shop.load(row())
    assert (shop.counts(), shop.filled()) == ((1, 4), ())
    assert shop.do(cancel, order.id)
    assert shop.counts() == (3, 2)


def test_a_cancelled_orders_refills_do_not(shop: Shop) -> None:
    order = placed(shop)
    shop.do(cancel, order.id)
    shop.load(row(left=4))
    assert shop.counts() == (4, 2)


def test_the_rest_of_the_row_is_the_files(shop: Shop) -> None:
    placed(shop)
    shop.load(row(left=5, used=1, price=1300))
    assert (shop.counts(), shop.prescription().price_cents) == ((4, 2), 1300)


def test_a_file_that_happens_to_say_what_stands_is_older_all_the_same(shop: Shop) -> None:
    placed(shop)
    head = HEAD.replace("last_filled_on,", "last_filled_on,first_filled_on,days_supplied,")
    line = row(left=2, used=3).replace(f"{LAST_FILL},", f"{LAST_FILL},{days(-78)},90,")
    (shop.folder / "prescription.csv").write_text(head + line)
    load_folder(shop.engine, shop.folder, TODAY)
    assert shop.counts() == (1, 4)


def test_a_file_without_refills_used_leaves_those_that_were_counted(shop: Shop) -> None:
    placed(shop)
    head, line = HEAD.replace("refills_used,", ""), row().replace(",3,2,", ",3,")
    (shop.folder / "prescription.csv").write_text(head + line)
    load_folder(shop.engine, shop.folder, TODAY)
    assert shop.counts() == (2, 3)


def test_a_controlled_drugs_refills_count_toward_the_legal_limit(shop: Shop) -> None:
    whole = row(left=3, used=4, last=days(-25), schedule=4)
    shop.begin(whole)
    placed(shop)
    shop.load(whole)
    assert shop.counts() == (2, 5)


def test_a_supply_that_changed_counts_as_cancelling_would_give_it_back(shop: Shop) -> None:
    order = placed(shop, ("7000001", 3))
    shop.load(row(left=6).replace(",30,90,", ",45,90,"))
    assert shop.counts() == (4, 4)
    shop.do(cancel, order.id)
    assert shop.counts() == (6, 2)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_what_the_file_has_not_left_is_neither_owed_nor_given_back(shop: Shop, left: int) -> None:
    order = placed(shop, ("7000001", 3))
    shop.load(row(left=left))
    shop.load(row(left=left))
    assert shop.counts() == (0, 5)
    shop.do(cancel, order.id)
    assert shop.counts() == (left, 2)


def test_a_later_file_that_has_enough_again_makes_it_good(shop: Shop) -> None:
    order = placed(shop, ("7000001", 3))
    shop.load(row(left=1))
    shop.load(row(left=7))
    assert shop.counts() == (4, 5)
    shop.do(cancel, order.id)
    assert shop.counts() == (7, 2)


# What the file counts as filled


@pytest.mark.parametrize(("last", "is_filled"), [(days(-1), False), (TODAY, True), (days(2), True)])
def test_a_fill_on_the_orders_day_or_later_is_the_orders(shop: Shop, last: date, is_filled: bool) -> None:
    order = placed(shop)
    shop.load(row(left=2, used=3, last=last))
    assert shop.counts() == ((2, 3) if is_filled else (1, 4))
    assert shop.filled() == ((FilledOrder(order.order_number, OrderStatus.PLACED, 1, 1),) if is_filled else ())


def test_the_orders_day_is_a_day_where_the_pharmacy_is(shop: Shop) -> None:
    order = placed(shop)
    with shop.engine.begin() as connection:
        evening = datetime(2026, 3, 3, 5, tzinfo=UTC)  # nine in the evening of the day before, in California
        connection.execute(update(RefillOrder).values(placed_at=evening))
    shop.load(row(left=2, used=3, last=TODAY))
    assert [found.order_number for found in shop.filled()] == [order.order_number]


def test_the_day_of_an_order_kept_for_later_is_the_one_it_ships_on(shop: Shop) -> None:
    """Kept for later right after a fill: that fill is not its own."""
    shop.load(row(last=days(-1)))
    placed(shop, today=days(15))
    with shop.engine.begin() as connection:
        values = {"status": "scheduled", "placed_at": NOW, "ship_on": days(15)}
        connection.execute(update(RefillOrder).values(values))
    shop.load(row(last=days(1)), today=days(2))
    assert (shop.counts(), shop.filled()) == ((2, 3), ())
    shop.load(row(left=2, used=3, last=days(15)), today=days(16))
    assert (shop.counts(), len(shop.filled())) == ((2, 3), 1)


def test_shipping_a_filled_order_counts_nothing_again(shop: Shop) -> None:
    order = placed(shop)
    shop.load(row(left=2, used=3, last=days(1)))
    before = shop.prescription()
    assert shop.do(ship_order, order.id, NOW, days(2))
    assert shop.prescription() == before
    assert (before.last_filled_on, before.days_supplied, shop.filled()) == (days(1), 120, ())


def test_cancelling_a_filled_order_gives_nothing_back(shop: Shop) -> None:
    order = placed(shop)
    shop.load(row(left=2, used=3, last=days(1)))
    assert shop.do(cancel, order.id)
    assert shop.counts() == (2, 3)


def test_a_fill_that_the_file_takes_back_is_taken_back(shop: Shop) -> None:
    order = placed(shop)
    shop.load(row(left=2, used=3, last=days(1)))
    shop.load(row())
    assert (shop.counts(), shop.filled()) == ((2, 3), ())
    shop.do(cancel, order.id)
    assert shop.counts() == (3, 2)


def test_a_filled_order_stays_filled_when_its_day_moves(shop: Shop) -> None:
    order = placed(shop)
    for step in (1, 2):
        shop.load(row(left=2, used=3, last=days(1)))
        assert shop.counts() == (2, 3), step
        shop.do(hold_order, order.id, "payment", NOW, Actor.LINE)
        with shop.engine.begin() as connection:
            release_order(connection, order.id, days(5), Rules(), NOW, Actor.STAFF, paid=False)
    assert [(found.status, found.filled) for found in shop.filled()] == [("scheduled", 1)]


def test_an_order_may_be_filled_in_part(shop: Shop) -> None:
    shop.begin(row(), row(rx="7000002"))
    order = placed(shop, ("7000001", 1), ("7000002", 1))
    shop.load(row(left=2, used=3, last=TODAY), row(rx="7000002"))
    assert shop.filled() == (FilledOrder(order.order_number, OrderStatus.PLACED, 1, 2),)
    assert shop.do(ship_order, order.id, NOW, days(1))
    assert (shop.counts("7000001"), shop.counts("7000002")) == ((2, 3), (2, 3))
    assert [shop.prescription(rx).last_filled_on for rx in ("7000001", "7000002")] == [TODAY, days(1)]


# Orders that have shipped


@pytest.mark.parametrize("arrives", [False, True], ids=["shipped", "delivered"])
def test_a_fill_that_shipped_here_stays_counted_until_the_file_tells_of_it(shop: Shop, arrives: bool) -> None:
    order = placed(shop, ("7000001", 2))
    shop.do(ship_order, order.id, NOW, days(1))
    assert not arrives or shop.do(move_order, order.id, OrderStatus.DELIVERED, NOW, Actor.STAFF)
    before = shop.prescription()
    shop.load(row(), today=days(2))
    assert shop.prescription() == before
    assert (before.refills_left, before.refills_used, before.days_supplied) == (1, 4, 150)
    shop.load(row(left=1, used=4, last=days(1)), today=days(3))
    assert (shop.counts(), shop.prescription().last_filled_on) == ((1, 4), days(1))


def test_the_file_has_the_say_about_a_fill_of_long_ago(shop: Shop) -> None:
    order = placed(shop)
    shop.do(ship_order, order.id, NOW, days(1))
    shop.load(row(), today=days(9))
    assert (shop.counts(), shop.prescription().last_filled_on) == ((3, 2), LAST_FILL)


def test_of_two_orders_in_turn_each_counts_where_the_file_does_not_know_it(shop: Shop) -> None:
    shop.begin(row(left=9))
    first = placed(shop, ("7000001", 1))
    shop.do(ship_order, first.id, NOW, TODAY)
    placed(shop, ("7000001", 3), today=days(30))
    assert shop.counts() == (5, 6)
    shop.load(row(left=8, used=3, last=TODAY), today=days(30))
    assert shop.counts() == (5, 6)


def test_a_first_fill_that_shipped_here_stays_the_first(shop: Shop) -> None:
    order = placed(shop)
    with shop.engine.begin() as connection:
        never = {"first_filled_on": None, "last_filled_on": None, "last_days_supply": None, "days_supplied": 0}
        connection.execute(update(Prescription).values(never))
    shop.do(ship_order, order.id, NOW, TODAY)
    before = shop.prescription()
    shop.load(row(last=None), today=days(1))
    assert shop.prescription() == before
    assert (before.first_filled_on, before.days_supplied, shop.counts()) == (TODAY, 30, (2, 3))


# Orders that the files tell of


def test_a_file_that_names_an_order_counts_its_refills(shop: Shop) -> None:
    order = placed(shop, ("7000001", 2))
    orders = f"order_number,member_number,status,total_cents\n{order.order_number},10000001,placed,2000\n"
    lines = f"order_number,rx_number,days_supply\n{order.order_number},7000001,60\n"
    for files in ({"refill_order": orders, "order_line": lines}, {"order_line": lines}, {"refill_order": orders}):
        shop.load(row(left=1, used=4), **files)
        assert shop.counts() == (1, 4)
    shop.do(cancel, order.id)
    assert shop.counts() == (3, 2)


def test_an_order_that_came_by_a_load_is_known_to_later_files(shop: Shop) -> None:
    orders = "order_number,member_number,status,total_cents\n40817363,10000001,placed,1000\n"
    lines = "order_number,rx_number\n40817363,7000001\n"
    shop.load(row(left=2, used=3), refill_order=orders, order_line=lines)
    shop.load(row(left=2, used=3))
    assert shop.counts() == (2, 3)
    shop.load(row(left=2, used=3, last=days(1)), today=days(1))
    assert (shop.counts(), [order.order_number for order in shop.filled()]) == ((2, 3), ["40817363"])


def test_a_new_prescription_is_as_its_file_says(shop: Shop) -> None:
    placed(shop)
    shop.load(row(), row(left=5, used=1, rx="7000002"), row(left=4, used=1, rx="7000002"))
    assert (shop.counts("7000001"), shop.counts("7000002")) == ((2, 3), (4, 1))


@pytest.mark.parametrize(("first", "second"), [(9, 3), (3, 9), (8, 9)])
def test_a_number_that_comes_twice_has_its_later_row(shop: Shop, first: int, second: int) -> None:
    others = [row(rx=f"8{number:06}") for number in range(1000)]  # so that the two are read in different batches
    shop.load(row(left=first), *others, row(left=second))
    assert shop.counts() == (second, 2)


def test_many_are_counted_in_turn(shop: Shop) -> None:
    numbers = [f"8{number:06}" for number in range(2100)]
    shop.load(*(row(rx=rx) for rx in numbers))
    placed(shop, (numbers[0], 1), (numbers[-1], 2))
    shop.load(*(row(left=4, rx=rx) for rx in reversed(numbers)))
    assert [shop.counts(rx) for rx in (numbers[0], numbers[1], numbers[-1])] == [(3, 3), (4, 2), (2, 4)]


# At the same moment


def test_an_order_placed_while_a_load_waits_is_not_lost(kind: str, shop: Shop) -> None:
    with ThreadPoolExecutor(1) as pool, Connection(shop.engine) as caller:
        caller.execute(text("UPDATE prescription SET refills_left = refills_left - 1, refills_used = refills_used + 1"))
        loading = pool.submit(lambda: shop.load(row(price=1300)))
        if kind == "postgresql":
            wait_for_a_lock(shop, loading)
        caller.execute(
            text(
                "INSERT INTO refill_order (order_number, member_id, channel, status, ship_to_id, total_cents, placed_at,"
                " request_key) SELECT '75569095', member_id, 'web', 'placed', address.id, 0, '2026-03-02', 'web-1'"
                " FROM address"
            )
        )
        caller.execute(
            text(
                "INSERT INTO order_line (order_id, prescription_id, days_supply, quantity, price_cents, open)"
                " SELECT refill_order.id, prescription.id, 30, 60, 1000, true FROM refill_order, prescription"
            )
        )
        caller.commit()
        loading.result()
    assert (shop.counts(), shop.prescription().price_cents) == ((2, 3), 1300)


def test_a_load_takes_prescriptions_in_the_order_of_their_ids(kind: str, shop: Shop) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    shop.begin(row(), row(rx="7000002"))
    lock = "SELECT id FROM prescription WHERE rx_number = :rx FOR UPDATE NOWAIT"
    with ThreadPoolExecutor(1) as pool, Connection(shop.engine) as caller:
        caller.execute(text(lock), {"rx": "7000001"})
        loading = pool.submit(lambda: shop.load(row(rx="7000002", left=9), row(left=9)))
        wait_for_a_lock(shop, loading)
        caller.execute(text(lock), {"rx": "7000002"})  # the load, which read it first, has not taken it
        caller.commit()
        loading.result()
    assert (shop.counts("7000001"), shop.counts("7000002")) == ((9, 2), (9, 2))


def test_a_load_leaves_rows_that_it_does_not_change_to_callers(kind: str, shop: Shop) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    shop.begin(row(), row(rx="7000002"))
    with ThreadPoolExecutor(1) as pool, Connection(shop.engine) as caller:
        caller.execute(text("SELECT id FROM prescription WHERE rx_number = '7000002' FOR UPDATE"))
        pool.submit(lambda: shop.load(row(left=9), row(rx="7000002"))).result(timeout=20)
    assert shop.counts() == (9, 2)


def wait_for_a_lock(shop: Shop, loading: Any) -> None:
    with Connection(shop.engine) as watcher:
        while not watcher.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert not loading.done()


# Whatever is done in whatever order


@dataclass
class Book:
    """The pharmacy's own book, which fills orders at its own pace, and what it wrote into files so far."""

    left: int = 12
    used: int = 2
    last: date = LAST_FILL
    files: list[tuple[date, str]] = field(default_factory=list)

    def fill(self, n: int, today: date) -> None:
        self.left, self.used, self.last = self.left - n, self.used + n, today

    def write(self, today: date) -> None:
        self.files.append((today, row(self.left, self.used, self.last)))


@dataclass
class Story:
    """Orders, fills and loads day by day; an order is open, shipped, filled in the book, or several of these."""

    shop: Shop
    book: Book = field(default_factory=Book)
    today: date = TODAY
    order: OrderFacts | None = None
    n: int = 0
    taken: int = 0
    is_open: bool = False
    is_filled: bool = True

    def place(self, n: int) -> None:
        """Order n refills, once the last order is over in both books and a refill is due."""
        if self.is_open or not self.is_filled:
            return
        self.order = self.shop.order(("7000001", n), today=self.today)
        if self.order:
            self.n, self.taken, self.is_open, self.is_filled = n, self.taken + n, True, False

    def cancel(self) -> None:
        if self.order and self.is_open and not self.is_filled and self.shop.do(cancel, self.order.id):
            self.taken, self.is_open, self.is_filled = self.taken - self.n, False, True

    def ship(self) -> None:
        if self.order and self.is_open and self.shop.do(ship_order, self.order.id, NOW, self.today):
            self.is_open = False

    def fill(self) -> None:
        if not self.is_filled:
            self.book.fill(self.n, self.today)
            self.is_filled = True

    def load(self, age: int = 1) -> None:
        """Load the newest file but `age` - 1, unless it is too old; then once more, which changes nothing."""
        if age == 1:
            self.book.write(self.today)
        fresh = [words for day, words in self.book.files if day >= self.today - timedelta(days=2)]
        if len(fresh) >= age:
            self.shop.load(fresh[-age], today=self.today)
            before = self.shop.rows()
            self.shop.load(fresh[-age], today=self.today)
            assert self.shop.rows() == before

    def pass_days(self, length: int) -> None:
        """Let time pass; what has shipped is in the pharmacy's book the next day."""
        if not self.is_open:
            self.fill()
        if length > 1:
            self.load()
        self.today += timedelta(days=length)


STEPS: dict[str, Callable[[Story], None]] = {
    "place 1": lambda story: story.place(1),
    "place 3": lambda story: story.place(3),
    "cancel": Story.cancel,
    "ship": Story.ship,
    "fill": Story.fill,
    "load": Story.load,
    "load an older file": lambda story: story.load(2),
    "a day": lambda story: story.pass_days(1),
    "a month": lambda story: story.pass_days(30),
}


@given(steps=some.lists(some.sampled_from(sorted(STEPS)), min_size=1, max_size=14))
@example(steps=["place 1", "load", "fill", "load", "ship", "load an older file"])
@example(steps=["place 3", "ship", "load", "a month", "place 1", "load", "a day", "cancel", "load"])
@example(steps=["load", "place 1", "fill", "load", "load an older file", "cancel", "ship", "load"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_each_refill_is_counted_once_whatever_is_done_in_whatever_order(shop: Shop, steps: list[str]) -> None:
    """Both books together: an order's refills are used from placing on, unless it is cancelled, and never twice."""
    shop.begin(row(12, 2))
    story = Story(shop)
    for step in steps:
        STEPS[step](story)
        assert shop.counts() == (12 - story.taken, 2 + story.taken), step
    story.ship()
    story.fill()
    story.load()
    assert shop.counts() == (story.book.left, story.book.used)
    assert shop.prescription().last_filled_on == story.book.last
    assert shop.filled() == ()
