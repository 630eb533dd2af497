"""Scripts on a line elsewhere: what is played, what is skipped and why, and what is never done where cards are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from call_scripts import simulator, vocabulary
from click.testing import CliRunner, Result
from databases import Databases
from demo_line import TODAY, fill_demo, open_demo_line
from test_serve import NOON, running, serve

from ivr.cli import main
from ivr.cli.elsewhere import NobodyThereError, line_at
from ivr.errors import Report
from ivr.pages.app import make_app
from ivr.pharmacy.trials import take_snapshot
from ivr.phone.transport import wsgi_post
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import CONFIRMS
from ivr.qa.replay.remote import Facts, Remote
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Capture, Script
from ivr.settings import Settings
from ivr.simulator.backstage import TestMembers

TestMembers.__test__ = False  # type: ignore[attr-defined]  # no test, whatever pytest makes of its name

IDENTIFY = "{presses: language}, {presses: '1'}, {presses: '41200017#'}, {presses: '94550'}"
ORDER = f"[{IDENTIFY}, {{presses: '1'}}, {{presses: '7'}}, {{hears: order.placed_now}}]"
LOOKS = f"[{IDENTIFY}, {{hears: refill.quick}}]"
KEYED_AHEAD = "[{presses: language}, {presses: '141200017#94550'}, {presses: '17'}, {hears: order.placed_now}]"


def script(steps: str, head: str = "") -> Script:
    report = Report()
    (found,) = read_scripts("calls.yaml", f"call: A call\n{head}\nsteps: {steps}", report, vocabulary())
    assert report.problems == []
    return found


class Elsewhere:
    """A line of which `Remote` knows nothing but its address, its database perhaps, and what it says of itself."""

    def __init__(self, url: str) -> None:
        self.line = open_demo_line(url)
        self.digest = self.line.services.digest

    def remote(
        self,
        *,
        live: bool = False,
        person: bool = False,
        same: bool = True,
        backstage: bool = False,
        writes: bool = False,
        capture: Capture = "keypad",
    ) -> Remote:
        facts = Facts(self.line.clock.now, live, person, same, capture)
        behind = (
            TestMembers(self.line.services.database, self.digest, facts.now, TODAY, live=live) if backstage else None
        )
        services = replace(self.line.services, card_capture=capture)
        post = wsgi_post(make_app(services, Settings()))
        return Remote("http://localhost/voice", post, simulator(), facts, TODAY, vocabulary(), "a run", behind, writes)

    def orders(self) -> int:
        return len(self.line.rows("SELECT * FROM refill_order WHERE request_key LIKE 'CA%'"))


@pytest.fixture
def elsewhere(databases: Databases) -> Iterator[Elsewhere]:
    with databases.fresh("sqlite", fill_demo) as url:
        made = Elsewhere(url)
        yield made
        made.line.services.database.dispose()


def test_with_its_database_a_line_is_as_before_after_each_script(elsewhere: Elsewhere) -> None:
    remote = elsewhere.remote(backstage=True)
    ordering = script(ORDER, "expect: {orders: 1, payments: [{status: authorized, amount_cents: 3450}], journal: '>4'}")
    assert [remote.play(ordering, language).problems for language in ("en", "es", "en")] == [(), (), ()]
    assert elsewhere.orders() == 0


def test_what_rows_do_not_hold_is_told_there_too(elsewhere: Elsewhere) -> None:
    played = elsewhere.remote(backstage=True).play(script(ORDER, "expect: {orders: none}"), "en")
    assert "0 new rows of refill_order should be there" in str(played.problems[0])


def test_rows_can_be_given_to_test_members(elsewhere: Elsewhere) -> None:
    head = "given: {prescription: [{rx_number: '7304112', refills_left: 0}]}"
    remote = elsewhere.remote(backstage=True)
    assert remote.play(script(f"[{IDENTIFY}, {{hears: {{refill.quick: {{ready: 2}}}}}}]", head), "en").passed
    assert remote.play(script(LOOKS), "en").passed
    assert elsewhere.line.rows("SELECT refills_left FROM prescription WHERE rx_number = '7304112'") == [(5,)]


STREETS = "SELECT id, zip, name, urbanization, city, state, low, high FROM street ORDER BY id"
ELM = "given: {street: [{zip: '06040', street: ELM ST, low: '1', high: '99'}, {zip: '06040', street: Adams Street}]}"


def test_streets_are_lent_for_a_play_and_what_is_there_stays_as_it_is(elsewhere: Elsewhere) -> None:
    before = elsewhere.line.rows(STREETS)
    remote = elsewhere.remote(backstage=True)
    lends = f"{ELM}\nexpect: {{rows: {{street: [{{street: ELM ST, low: '1'}}, {{street: Maple Ct, low: '7'}}]}}}}"
    meanwhile = "{meanwhile: {street: [{zip: '06040', street: Maple Ct, low: '7', high: '9'}]}}"
    for _ in range(3):
        assert remote.play(script(f"[{IDENTIFY}, {meanwhile}]", lends), "en").problems == ()
        assert elsewhere.line.rows(STREETS) == before


def test_where_cards_are_real_no_street_is_lent(elsewhere: Elsewhere) -> None:
    played = elsewhere.remote(backstage=True, live=True).play(script(LOOKS, ELM), "en")
    assert played.skipped == "it changes the table street, which is not the test members' alone"


def test_wrong_tries_of_one_script_are_no_other_scripts(elsewhere: Elsewhere) -> None:
    wrong = "{presses: '41200017#'}, {presses: '00501'}, "
    five = script(
        f"[{{presses: language}}, {{presses: '1'}}, {wrong * 2}{{hangs_up: now}}]", "expect: {wrong_tries: 2}"
    )
    remote = elsewhere.remote(backstage=True)
    assert [remote.play(five, "en").problems for _ in range(20)] == [()] * 20
    assert remote.play(script(LOOKS), "en").passed


def given(rows: str) -> Callable[[], Script]:
    return lambda: script(LOOKS, f"given: {{{rows}}}")


SKIPPED_WITH_DATABASE = {
    "time": (lambda: script("[{later: 1d}]"), "only a line in this process does as it says: later"),
    "faults": (lambda: script("[{processor: away}]"), "only a line in this process does as it says: processor"),
    "somebody else's number": (
        lambda: script("[{presses: language}, {presses: '1041200154#36109'}]"),
        "41200154 is not a test member there",
    ),
    "somebody else's row": (
        given("prescription: [{rx_number: '7304797', refills_left: 0}]"),
        "it gives a row of prescription to somebody who is no test member there",
    ),
    "a row that would be taken from somebody": (
        given("prescription: [{rx_number: '7304797', member_number: '41200017'}]"),
        "it gives a row of prescription to somebody who is no test member there",
    ),
    "a street that is there otherwise": (
        given("street: [{zip: '06040', street: Adams Street, low: 1, high: 2}]"),
        "it gives the street Adams Street of 06040 otherwise than it stands there",
    ),
    "the clock": (
        lambda: script(f"[{IDENTIFY}, {{hears: {{refill.quick: {{ready: 3}}}}}}]", "at: 2026-02-20T10:00"),
        "",
    ),
    "a card that has expired since": (
        lambda: script(
            "[{presses: language}, {presses: '1'}, {presses: '41200017#'}, {presses: '94550'}, {presses: '1'}, {presses: '9'}, "
            "{presses: '2'}, {presses: '9'}, {presses: '4242424242424242#'}, {presses: '0226'}, {hears: card.code}]",
            "at: 2026-02-20T10:00",
        ),
        "it holds on 20 February 2026 by the clock, not on the line's own day",
    ),
    "a person": (
        lambda: script("[{presses: language}, {presses: '0'}, {hears: person.connecting}]"),
        "it counts on another person: the line has no number to connect to",
    ),
}


@pytest.mark.parametrize(("made", "why"), SKIPPED_WITH_DATABASE.values(), ids=SKIPPED_WITH_DATABASE.keys())
def test_what_cannot_be_judged_is_skipped_by_name(elsewhere: Elsewhere, made: Callable[[], Script], why: str) -> None:
    elsewhere.line.run("UPDATE member SET test = false WHERE member_number <> '41200017'")
    assert elsewhere.remote(backstage=True).play(made(), "en").skipped == why


SKIPPED_WITHOUT = {
    "rows": (given("prescription: [{rx_number: '7304112', refills_left: 0}]"), "it needs rows of its own"),
    "an order": (lambda: script(ORDER), "it writes to the pharmacy; --writes plays it all the same"),
    "wrong tries": (
        lambda: script("[{presses: language}, {presses: '1'}, {presses: '41200017#'}, {presses: '00501'}]"),
        "its wrong tries would lock out other scripts",
    ),
    "a number that others call from": (
        lambda: script(LOOKS, "from: '+15105550142'"),
        "other calls may come from the number it names",
    ),
    "nothing": (lambda: script(LOOKS), ""),
}


@pytest.mark.parametrize(("made", "why"), SKIPPED_WITHOUT.values(), ids=SKIPPED_WITHOUT.keys())
def test_without_its_database_only_what_leaves_nothing_is_played(
    elsewhere: Elsewhere, made: Callable[[], Script], why: str
) -> None:
    assert elsewhere.remote().play(made(), "en").skipped == why


def test_what_is_asked_to_write_does_so_once_for_a_member(elsewhere: Elsewhere) -> None:
    remote = elsewhere.remote(writes=True)
    first, second = remote.play(script(ORDER), "en"), remote.play(script(LOOKS), "en")
    assert (first.problems, first.unchecked, elsewhere.orders()) == ((), 0, 1)
    assert second.skipped == '"A call" has written to the same member\'s rows'


def live(elsewhere: Elsewhere, steps: str, **facts: Any) -> Played:
    return elsewhere.remote(live=True, **facts).play(script(steps), "en")


@pytest.mark.parametrize("steps", [ORDER, KEYED_AHEAD], ids=["key by key", "keyed ahead"])
def test_where_cards_are_real_nothing_is_confirmed(elsewhere: Elsewhere, steps: str) -> None:
    played = live(elsewhere, steps, backstage=True)
    assert (played.problems, played.note) == ((), CONFIRMS)
    assert elsewhere.orders() == 0


def test_where_cards_are_real_others_than_test_members_are_left_alone(elsewhere: Elsewhere) -> None:
    elsewhere.line.run("UPDATE member SET test = false WHERE member_number = '41200017'")
    assert live(elsewhere, LOOKS, backstage=True).skipped == "41200017 is not a test member there"
    assert "nobody knows whether its member is a test member" in live(elsewhere, LOOKS).skipped
    assert live(elsewhere, "[{presses: language}, {presses: '3'}, {hears: main.new_prescription}]").passed


def test_where_cards_are_real_the_words_have_to_be_known(elsewhere: Elsewhere) -> None:
    assert "answers with other flows or prompts" in live(elsewhere, "[{presses: language}]", same=False).skipped
    assert "answers with other flows or prompts" in live(elsewhere, LOOKS, same=False, backstage=True).skipped


CARD = "{presses: language}, {presses: '1'}, {presses: '41203716#'}, {presses: '20007'}, {presses: '1'}, {presses: '1'}"
PAYS = f"[{CARD}, {{pays: {{card: '4242424242424242', expiry: '1230', code: '123'}}}}, {{hears: card.keep}}]"
KEYS_CARD = f"[{CARD}, {{hears: card.number}}, {{presses: '4242424242424242#'}}, {{presses: '1230'}}, {{presses: '123'}}, {{hears: card.keep}}]"
PAYING_ELSEWHERE = {
    # the steps, how they take a card, how the line takes cards, whether these are real ones, and why it is skipped
    "by the carrier": (PAYS, "pay", "pay", False, ""),
    "by keypad": (KEYS_CARD, "keypad", "keypad", False, ""),
    "no test connector": (PAYS, "pay", "pay", True, "its card is for a test connector, and the line charges real cards"),
    "no carrier": (PAYS, "pay", "keypad", False, "it pays where the carrier takes cards, and the line takes them by keypad"),
    "no keypad": (KEYS_CARD, "keypad", "pay", False, "it keys a card to the line, and there the carrier takes them"),
    "no card at all": (LOOKS, "keypad", "pay", False, ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "own", "there", "live", "why"), PAYING_ELSEWHERE.values(), ids=PAYING_ELSEWHERE.keys()
)
def test_a_card_is_given_as_the_line_there_takes_it(
    elsewhere: Elsewhere, steps: str, own: Capture, there: Capture, live: bool, why: str
) -> None:
    remote = elsewhere.remote(backstage=True, capture=there, live=live)
    one = remote.play(script(steps, f"capture: {own}"), "en")
    assert (one.skipped, one.problems) == (why, ())


def replay(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Settings]]:
    database = f"sqlite:///{folder / 'line.db'}"
    with running(serve(), {"DATABASE_URL": database, "IVR_NOW": NOON}, folder) as server:
        yield server.url, Settings(database_url=database, now=datetime.fromisoformat(f"{NOON}-08:00"))


def test_a_served_line_is_asked_what_it_is_and_holds_again_and_again(tmp_path: Path) -> None:
    scripts = (script(ORDER, "expect: {orders: 1}"), script(LOOKS))
    with served(tmp_path) as (url, settings):
        for _ in range(2):
            remote = line_at(url, settings, simulator(), may_write=False)
            assert (remote.facts.live, remote.facts.has_person, remote.facts.same_version) == (False, False, True)
            assert (remote.today, remote.sees_rows) == (TODAY, True)
            played = [remote.play(one, "en") for one in scripts]
            assert [(one.problems, one.skipped) for one in played] == [((), "")] * 2
            assert all(one.requests >= 5 for one in played)
        only_here = tmp_path / "only_here.yaml"
        only_here.write_text("call: A day\nsteps: [{later: 1d}]")
        nothing = replay(only_here, "--url", url)
        assert (nothing.exit_code, nothing.stderr.splitlines()[-1]) == (
            1,
            "nothing was played: every script was skipped",
        )
        elsewhere = Settings(database_url=f"sqlite:///{tmp_path / 'another.db'}")
        assert not line_at(url, elsewhere, simulator(), may_write=False).sees_rows
        assert not (tmp_path / "another.db").exists()
    with pytest.raises(NobodyThereError, match=f"nobody answers at {url}"):
        line_at(f"{url}/voice", settings, simulator(), may_write=False)


def test_what_is_kept_of_test_members_is_only_theirs(elsewhere: Elsewhere) -> None:
    with elsewhere.line.services.database.connect() as connection:
        kept = take_snapshot(connection, [1])
    assert {row["member_number"] for row in next(iter(kept.rows.values()))} == {"41200017"}
