"""The one door for guesses: what is counted, whom it locks, for how long; the call scripts in `lockout.yaml` hear it."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from demo_line import IDENTIFIED, NOON, VERSION, DemoLine
from hearing import hears
from sqlalchemy import Connection
from structlog.testing import capture_logs

from ivr.flow.call import Event, Keys, Started
from ivr.line import lockout
from ivr.line.actions.proof import birth_date
from ivr.line.lockout import Judged, guess, remember_phone
from ivr.line.service import Caller, Context, Services
from ivr.line.sweep import sweep
from ivr.line.turn import take_turn
from ivr.secret import Secret

HOME, MEMBER = "+19255550142", "41200017"
TOGETHER = 60


def stranger(number: int) -> str:
    return f"+1510555{number:04d}"


def context(line: Services, connection: Connection, phone: str, now: datetime, sid: str = "CA1") -> Context:
    return Context(line, connection, now, Caller(sid, phone, "+18002457979"), 4, {})


def tried(
    demo_line: DemoLine, phone: str, *, right: bool = False, member: str = MEMBER, after: timedelta = timedelta()
) -> Judged[bool]:
    """Make one guess in a turn of its own."""
    with demo_line.services.database.begin() as connection:
        return guess(context(demo_line.services, connection, phone, NOON + after), member, lambda: right)


def wrong(demo_line: DemoLine, *phones: str, member: str = MEMBER, after: timedelta = timedelta()) -> None:
    for phone in phones:
        assert not tried(demo_line, phone, member=member, after=after).locked


def orders(demo_line: DemoLine, phone: str, member_id: int = 1) -> None:
    with demo_line.services.database.begin() as connection:
        remember_phone(context(demo_line.services, connection, phone, NOON), member_id)


class TestPhone:
    def test_five_wrong_tries_lock_it_for_everything(self, demo_line: DemoLine) -> None:
        for number in range(5):
            assert tried(demo_line, HOME, right=True, member=f"{number}").answer, "no success resets a count"
            wrong(demo_line, HOME, member=f"9999999{number}")
        assert tried(demo_line, HOME, right=True) == Judged(None, locked=True, under_attack=False)
        assert tried(demo_line, stranger(1), right=True).answer, "another phone is not concerned"

    def test_a_try_counts_for_a_day(self, demo_line: DemoLine) -> None:
        for hour in range(5):
            wrong(demo_line, HOME, after=timedelta(hours=hour))
        almost = timedelta(days=1) - timedelta(seconds=1)
        assert tried(demo_line, HOME, right=True, after=almost).locked
        wrong(demo_line, HOME, after=timedelta(days=1))
        assert tried(demo_line, HOME, right=True, after=timedelta(days=1)).locked, "four others count still"
        assert not tried(demo_line, HOME, after=timedelta(days=1, hours=1)).locked

    def test_what_is_refused_unjudged_does_not_make_the_lock_longer(self, demo_line: DemoLine) -> None:
        wrong(demo_line, *[HOME] * 5)
        assert tried(demo_line, HOME, after=timedelta(hours=23)).locked
        assert tried(demo_line, HOME, right=True, after=timedelta(days=1)).answer

    def test_one_that_ordered_is_not_free_of_it(self, demo_line: DemoLine) -> None:
        orders(demo_line, HOME)
        wrong(demo_line, *[HOME] * 5)
        assert tried(demo_line, HOME, right=True).locked

    def test_each_call_of_a_withheld_number_is_one_of_its_own(self, demo_line: DemoLine) -> None:
        with demo_line.services.database.begin() as connection:
            for sid in ("CA1", "CA2"):
                call = context(demo_line.services, connection, "anonymous", NOON, sid)
                assert [guess(call, MEMBER, lambda: False).locked for _ in range(6)] == [*[False] * 5, True]


@pytest.mark.parametrize("member", [MEMBER, "99999999"], ids=["known", "unknown"])
class TestMember:
    TEN = tuple(stranger(number) for number in (*[1] * 4, *[2] * 4, *[3] * 2))

    def test_ten_tries_from_three_phones_lock_it(self, demo_line: DemoLine, member: str) -> None:
        wrong(demo_line, *self.TEN[:-1], member=member)
        assert tried(demo_line, stranger(9), right=True, member=member).answer
        wrong(demo_line, self.TEN[-1], member=member)
        assert tried(demo_line, stranger(9), right=True, member=member).locked
        assert tried(demo_line, stranger(9), right=True, member="41200154").answer, "another member is not concerned"
        later = timedelta(days=1)
        assert tried(demo_line, stranger(9), right=True, member=member, after=later).answer

    def test_two_phones_do_not(self, demo_line: DemoLine, member: str) -> None:
        wrong(demo_line, *[stranger(1), stranger(2)] * 5, member=member)
        assert tried(demo_line, stranger(9), right=True, member=member).answer


def test_a_phone_that_ordered_for_a_member_is_free_of_that_members_lock_alone(demo_line: DemoLine) -> None:
    orders(demo_line, HOME)
    for member in (MEMBER, "41200154"):
        wrong(demo_line, *(stranger(int(member) % 100 + number % 3) for number in range(10)), member=member)
    assert tried(demo_line, HOME, right=True).answer
    assert tried(demo_line, HOME, right=True, member="41200154").locked


def test_a_withheld_number_is_not_remembered(demo_line: DemoLine) -> None:
    orders(demo_line, "anonymous")
    orders(demo_line, "+266696687")
    assert demo_line.rows("SELECT * FROM known_phone") == []


class TestAttack:
    def strangers(self, demo_line: DemoLine, times: int, after: timedelta = timedelta()) -> None:
        for number in range(times):
            phone = stranger(number + 100 * int(after.total_seconds()))
            wrong(demo_line, phone, member=f"{50000000 + number}", after=after)

    def test_it_begins_above_thirty_in_a_minute_and_refuses_nobody(self, demo_line: DemoLine) -> None:
        orders(demo_line, HOME)
        self.strangers(demo_line, 30)
        assert tried(demo_line, stranger(999), right=True) == Judged(True, locked=False, under_attack=False)
        self.strangers(demo_line, 1, timedelta(seconds=59))
        at = timedelta(seconds=59)
        assert tried(demo_line, stranger(999), right=True, after=at) == Judged(True, locked=False, under_attack=True)
        assert tried(demo_line, HOME, right=True, after=at) == Judged(True, locked=False, under_attack=False)
        assert tried(demo_line, HOME, right=True, member="41200154", after=at).under_attack, "not for this member"
        assert not tried(demo_line, stranger(999), right=True, after=timedelta(minutes=1)).under_attack

    def test_one_log_line_a_minute_tells_of_it(self, demo_line: DemoLine) -> None:
        with capture_logs() as logged:
            for second in (0, 20, 59, 60):
                self.strangers(demo_line, 40, timedelta(seconds=second))
        first = {"event": "guessing_attack", "log_level": "warning", "wrong_tries": 31, "phones": 31, "members": 31}
        assert logged == [first, {**first, "wrong_tries": 81, "phones": 81, "members": 40}]


class TestTogether:
    """Turns fired at the same moment, each in a transaction of its own."""

    def at_once(self, line: Services, callers: list[tuple[Caller, str]]) -> Counter[bool]:
        """Have every caller guess wrongly about a member; count who was judged."""
        start = Barrier(len(callers))

        def turn(one: tuple[Caller, str]) -> bool:
            start.wait()
            with line.database.begin() as connection:
                asked = Context(line, connection, NOON, one[0], 4, {})
                return not guess(asked, one[1], lambda: False).locked

        with ThreadPoolExecutor(len(callers)) as pool:
            return Counter(pool.map(turn, callers))

    @pytest.mark.parametrize("run", range(10))
    def test_five_of_sixty_from_one_phone_are_judged(self, demo_line: DemoLine, run: int) -> None:
        callers = [(Caller(f"CA{n}", stranger(run), ""), f"{41200000 + n % 7}") for n in range(TOGETHER)]
        assert self.at_once(demo_line.services, callers) == {True: 5, False: TOGETHER - 5}
        assert demo_line.rows("SELECT count(*) FROM wrong_try") == [(5,)]

    def test_ten_of_sixty_about_one_member_are_judged(self, demo_line: DemoLine) -> None:
        callers = [(Caller(f"CA{n}", stranger(n), ""), MEMBER) for n in range(TOGETHER)]
        assert self.at_once(demo_line.services, callers) == {True: 10, False: TOGETHER - 10}

    def test_sixty_from_many_phones_about_many_members_do_not_wait_for_each_other(self, demo_line: DemoLine) -> None:
        callers = [(Caller(f"CA{n}", stranger(n % 12), ""), f"{41200000 + n % 11}") for n in range(TOGETHER)]
        assert self.at_once(demo_line.services, callers) == {True: TOGETHER}

    def test_five_of_sixty_calls_at_the_zip_question_are_judged(self, demo_line: DemoLine) -> None:
        line, start = demo_line.services, Barrier(TOGETHER)
        callers = [Caller(f"CA{n:032x}", HOME, "+18002457979") for n in range(TOGETHER)]
        events: tuple[Event, ...] = (Started(), *(Keys(Secret(keys)) for keys in ("1", f"{MEMBER}#")))
        for caller in callers:
            for turn, event in enumerate(events):
                take_turn(line, caller, turn, event, str)

        def guess_zip(caller: Caller) -> None:
            start.wait()
            take_turn(line, caller, len(events), Keys(Secret("00000")), str)

        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(guess_zip, callers))
        found = [
            trace_step.branch
            for turn in demo_line.turns
            for trace_step in turn.trace
            if trace_step.state == "find_member"
        ]
        assert Counter(found) == {"no_match": 5, "locked": TOGETHER - 5}


@pytest.mark.parametrize("seed", range(5))
def test_however_guesses_are_spread_no_more_are_judged(demo_line: DemoLine, seed: int) -> None:
    """Held against the rules written down once more, as simply as can be."""
    chance, now = random.Random(seed), NOON  # noqa: S311
    made: list[tuple[datetime, str, str]] = []
    orders(demo_line, stranger(0))
    for _ in range(150):
        now += timedelta(minutes=chance.choice((0, 1, 30, 300)))
        phone, right = stranger(chance.randrange(5)), chance.random() < 0.2
        recent = [(who, about) for at, who, about in made if now - at < timedelta(days=1)]
        member = chance.choice((MEMBER, "99999999"))
        about = [who for who, whom in recent if whom == member]
        free = phone == stranger(0) and member == MEMBER
        member_locked = len(about) >= 10 and len(set(about)) >= 3 and not free
        locked = [who for who, _ in recent].count(phone) >= 5 or member_locked
        assert tried(demo_line, phone, right=right, member=member, after=now - NOON).locked == locked
        if not (locked or right):
            made.append((now, phone, member))
    assert made


def test_the_sweep_drops_what_no_longer_counts(demo_line: DemoLine) -> None:
    demo_line.clock.now = NOON
    wrong(demo_line, HOME)
    demo_line.clock.pass_seconds(lockout.COUNTS_FOR.total_seconds() - 1)
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows("SELECT count(*) FROM wrong_try") == [(1,)]
    assert demo_line.rows("SELECT * FROM lock_out") == []
    demo_line.clock.pass_seconds(1)
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows("SELECT * FROM wrong_try") == []


def test_the_sweep_leaves_a_row_alone_that_is_taken(demo_line: DemoLine) -> None:
    wrong(demo_line, HOME)
    later = NOON + timedelta(hours=2)

    def sweeping() -> None:
        assert not sweep(replace(demo_line.services, clock=lambda: later), timedelta(days=90)).failed

    with ThreadPoolExecutor(1) as pool, demo_line.services.database.begin() as connection:
        guess(context(demo_line.services, connection, HOME, later), "99999999", lambda: False)
        swept = pool.submit(sweeping)
        if connection.dialect.name == "postgresql":
            swept.result(timeout=4)
    swept.result()
    assert len(demo_line.rows("SELECT * FROM lock_out")) >= 2


def test_numbers_are_not_written_down_in_clear(demo_line: DemoLine) -> None:
    orders(demo_line, HOME)
    wrong(demo_line, HOME)
    rows = str(demo_line.rows("SELECT * FROM lock_out, wrong_try, known_phone"))
    assert rows != "[]"
    assert MEMBER not in rows
    assert HOME[1:] not in rows


def test_an_unknown_member_and_a_wrong_zip_hear_the_same_words(demo_line: DemoLine) -> None:
    heard = [demo_line.call(f"11{member}#00000")[1].text for member in (MEMBER, "99999999")]
    assert heard[0] == heard[1]


def test_however_many_numbers_are_keyed_in_one_call_five_are_judged(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "3")
    for number in range(12):
        assert hears(phone.press(f"{8000000 + number}#").text, "refill.not_found")
        phone.press("9" + "1" + "3")  # on without it, the list of the empty order, another number
    assert hears(phone.press("7304112#").text, "refill.not_found")
    assert demo_line.rows("SELECT count(*) FROM wrong_try") == [(5,)]


WITHHELD: dict[str, bool] = {
    "+15105550123": False,
    "+18002457979": False,
    "+525512345678": False,
    "+442079460958": False,
    "+266696687": True,  # ANONYMOUS
    "+7378742833": True,  # RESTRICTED
    "+2562533": True,  # BLOCKED
    "+8656696": True,  # UNKNOWN
    "+86282452253": True,  # UNAVAILABLE, as long as a number of Chengdu
    "+7748283": True,  # PRIVATE
    "": True,
    "+": True,
    "anonymous": True,
    "Anonymous": True,
    "unknown": True,
    "restricted": True,
    "+anonymous": True,
    "client:alice": True,
    "sip:bob@example.com": True,
    "15105550123": True,
    "+1510555": True,
    "+1800FLOWERS": True,
    "+15105550123;ext=5": True,
    "+151055501234567": True,
    "+０１２３４５６７８９": True,  # noqa: RUF001
}


@pytest.mark.parametrize("number", WITHHELD)
def test_numbers_that_tell_nobody_apart(number: str) -> None:
    assert Caller("CA1", number, "").withheld == WITHHELD[number]


@pytest.mark.parametrize(
    ("keyed", "meant"),
    [
        ("04221951", date(1951, 4, 22)),
        ("22041951", date(1951, 4, 22)),
        ("25071950", date(1950, 7, 25)),
        ("05041950", date(1950, 5, 4)),
        ("12121950", date(1950, 12, 12)),
        ("13121950", date(1950, 12, 13)),
        ("29022000", date(2000, 2, 29)),
        ("29021999", None),
        ("31041950", None),
        ("13131950", None),
        ("00121950", None),
        ("12001950", None),
        ("01010000", None),
        ("7304112", None),
        ("730411200", None),
        ("19510422", None),
    ],
)
def test_birth_dates(keyed: str, meant: date | None) -> None:
    assert birth_date(keyed) == meant


SPOKEN_DIGITS = {
    *("order_number", "reference", "tracking", "their_number"),  # which prove nothing here
    *("ending", "last4"),  # three digits of a prescription number, four of a card
    *("key", "unit"),
    "rx_state",  # a sentence
}


def test_no_number_that_proves_is_spoken_but_for_its_end() -> None:
    spoken = {
        part.name
        for catalogue in VERSION.catalogues.by_language.values()
        for prompt in catalogue.prompts.values()
        for words in (prompt.say, *prompt.silence, *prompt.wrong)
        for parts in words.forms.values()
        for part in parts
        if not isinstance(part, str) and (part.kind == "digits" or "rx" in part.name)
    }
    assert spoken <= SPOKEN_DIGITS
