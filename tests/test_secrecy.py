"""Nothing secret is kept: calls that key canaries, a search of every place, and each mask taken out to see it found."""

from __future__ import annotations

import io
import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from call_scripts import simulator, vocabulary
from databases import Databases
from demo_line import DemoLine, fill_demo, open_demo_line

from ivr import logs
from ivr.cli.record import recorded_call
from ivr.errors import Report
from ivr.flow.call import Call, Done, Keys
from ivr.line import journal, journal_cleaning
from ivr.line.actions import ACTIONS, TransactionalAction, address_building, new_address
from ivr.pages import metrics_folder
from ivr.pages.app import make_app
from ivr.pages.metrics import Metrics
from ivr.payment.cards import Card
from ivr.payment.gateway import TIMEOUT_S, Refused, Token, Unavailable
from ivr.payment.sandbox import Sandbox
from ivr.payment.vault import Vault
from ivr.phone.handset import Waiting
from ivr.qa.explore.secrecy import ELSEWHERE, JOURNAL, SECRET_KINDS, TABLE, Canary, leaks, verdict
from ivr.qa.record import recorder
from ivr.qa.record.pseudonyms import Pseudonyms
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.player import play
from ivr.qa.replay.report import as_json, as_junit
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.writer import write
from ivr.secret import DOT, Secret
from ivr.settings import Settings
from ivr.simulator.holdings import ALL_TABLES, Holding, holdings

CARD, CODE, EXPIRY = "371449635398431", "8365", "1038"
MEMBER, ZIP, BORN, RX = "8642097531", "59718", "03141947", "640927518"
HOUSE, STREET = "86429", "Quillfeather"
CANARIES = (
    Canary("card number", CARD),
    Canary("security code", CODE),
    Canary("card expiry", EXPIRY),
    Canary("member number", MEMBER),
    Canary("ZIP code", ZIP),
    Canary("birth date", BORN),
    Canary("birth date", "1947-03-14"),
    Canary("prescription number", RX),
    Canary("address", HOUSE),
    Canary("address", STREET),
)
ROWS: Mapping[str, Mapping[str, object]] = {
    "UPDATE member SET member_number = :number, birth_date = :born WHERE id = 1": {
        "number": MEMBER, "born": "1947-03-14",
    },
    "UPDATE address SET zip = :zip, street = :street WHERE member_id = 1": {"zip": ZIP, "street": f"{STREET} Road"},
    "UPDATE prescription SET rx_number = :number WHERE rx_number = '7304112'": {"number": RX},
}  # fmt: skip
"""The demo pharmacy's first member becomes the canary."""

IDENTIFY = ("1", "1", f"{MEMBER}#", ZIP)
ORDER = (*IDENTIFY, "3", f"{RX}#", "3", "9", "1", "9", f"{CARD}#", EXPIRY, CODE, "2", "7", "9")
ADDRESS = (*IDENTIFY, "1", "9", "3", "2", "1", f"{RX}#", "01001", f"{HOUSE}#", f"{CARD}#", "1", "777#", "1", "1", "7")
PROOF = (*IDENTIFY, "1", "9", "3", "2", "1", "9999999#", f"{BORN}#", "01001")
CARD_ONLY = (*IDENTIFY, "1", "9", "2", "9", f"{CARD}#", EXPIRY, CODE)
AT_MENUS = ("1", "5454545454545454")
"""A card whose every digit is an option of the main menu, or of one it leads to."""

SCRIPT = f"""
call: A canary
given:
  member: [{{member_number: '{MEMBER}', first_name: A, last_name: B, birth_date: '1947-03-14'}}]
  address: [{{member_number: '{MEMBER}', house_number: '1', street: Main Street, city: Bozeman, state: MT, zip: '{ZIP}', created_at: -9d}}]
  prescription: [{{rx_number: '{RX}', member_number: '{MEMBER}', drug_name: A, written_on: -99d, refills_left: 3, days_supply: 90, quantity: 9,
                   price_cents: 1500, prescriber_name: D, first_filled_on: -90d, last_filled_on: -90d}}]
steps:
{"".join(f"  - presses: '{keys}'{chr(10)}" for keys in (*IDENTIFY, "3", f"{RX}#", "9", "1", f"{CARD}#", EXPIRY, CODE, "2"))}
  - hears: main.goodbye
"""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the line logs; logging is as it was afterwards."""
    root = logging.getLogger()
    before, level, stream = root.handlers[:], root.level, io.StringIO()
    logs.configure(stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = before, level


@pytest.fixture
def canary(kind: str, databases: Databases) -> Iterator[DemoLine]:
    """Give a line whose first member is the canary."""
    with databases.fresh(kind, fill_demo) as url:
        made = open_demo_line(url)
        for statement, values in ROWS.items():
            made.run(statement, **values)
        yield made
        made.services.database.dispose()


def call(demo_line: DemoLine, keys: Sequence[str]) -> Iterator[Holding]:
    """Make a call, and look at everything after each answer: what is sealed for one turn only is seen too."""
    phone = demo_line.phone(
        from_number=f"+1510555{len(demo_line.turns):04d}"
    )  # or it would be asked to go on with an earlier call
    phone.dial()
    for pressed in keys:
        phone.press(pressed)
        yield from holdings(demo_line.services)
    phone.hang_up()


def send_at_once(demo_line: DemoLine, digits: str) -> None:
    """Send a menu more keys than it asked for, as no carrier should."""
    phone = demo_line.phone()
    waiting = phone.dial().waiting
    assert isinstance(waiting, Waiting)
    phone._wire.ask(waiting.gather.action, "POST", {"Digits": digits})


class TalkativeGateway(Sandbox):
    """A processor that fails with a card in its words."""

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:  # noqa: ARG002
        raise RuntimeError(f"cannot take {card.number.reveal()}")


def fail_talking(demo_line: DemoLine, metrics: Metrics) -> None:
    """Let a turn fail with a card in its words, and somebody log what they should not."""
    broken = demo_line.copy_with(services=metrics.timed(replace(demo_line.services, gateway=TalkativeGateway())))
    phone = broken.copy_with(app=make_app(broken.services, Settings(), metrics)).phone(from_number="+15105550188")
    phone.dial()
    for pressed in CARD_ONLY:
        phone.press(pressed)
    logs.get_logger().info("careless", digits=CODE, zip=ZIP, member_number=MEMBER, birth_date=BORN, street=STREET)
    logs.get_logger().info("careless", what=Keys(Secret(MEMBER)), error=f"[parameters: ('{RX}',)]")


def script_of(demo_line: DemoLine, sid: str) -> str:
    recording = recorded_call(Settings(), demo_line.services.database, sid)
    return write([recorder.record(simulator(), recording, "Recorded")])


def report() -> str:
    """Play a script that fails, so that everything there is to tell is told."""
    (script,) = read_scripts("canary.yaml", SCRIPT, problems := Report(), vocabulary())
    assert problems.problems == []
    played = play(script, simulator(), "en")
    assert not played.passed
    assert "member" not in str(played.problems[0])
    return as_json([played]) + as_junit([played], 1.0)


@contextmanager
def counted(demo_line: DemoLine, log: io.StringIO, scratch: Path) -> Iterator[tuple[DemoLine, Metrics]]:
    """Lend the line with its metrics, which are counted in files as those of a worker are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(metrics_folder.VARIABLE, str(scratch / "counts"))
        metrics_folder.join()
        metrics = Metrics()
        logs.configure(log, watch=metrics.count_event)
        services = metrics.timed(demo_line.services)
        yield demo_line.copy_with(services=services, app=make_app(services, Settings(), metrics)), metrics


def everywhere(demo_line: DemoLine, log: io.StringIO, scratch: Path) -> Iterator[Holding]:
    """Make every call, and yield all that was left behind on the way and in the end."""
    with counted(demo_line, log, scratch) as (line, metrics):
        yield from left_behind(line, metrics, log, scratch)


def left_behind(demo_line: DemoLine, metrics: Metrics, log: io.StringIO, scratch: Path) -> Iterator[Holding]:
    yield from call(demo_line, ORDER)
    yield Holding("script", script_of(demo_line, f"CA{0:032x}"))
    yield from call(demo_line, PROOF)
    send_at_once(demo_line, CARD)
    fail_talking(demo_line, metrics)
    yield from call(demo_line, ADDRESS)
    yield from holdings(demo_line.services)
    yield Holding("report", report())
    yield Holding("log", log.getvalue())
    yield Holding("metric", demo_line.app.test_client().get("/metrics", base_url="http://localhost").text)
    for file in scratch.rglob("*"):
        if file.is_file():
            yield Holding("temporary file", file.read_bytes().decode("latin-1"))


def test_nothing_secret_is_kept(
    canary: DemoLine, log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = list(everywhere(canary, log, tmp_path))
    assert set(leaks(found, CANARIES)) == set()
    here = {holding.place for holding in found}
    assert here >= {*ELSEWHERE, *JOURNAL}
    (metric,) = (holding.text for holding in found if holding.place == "metric")
    assert 'ivr_turn_seconds_count{outcome="apology"} 1.0' in metric, "the turn that failed was counted"
    seen = {canary.kind for canary in CANARIES for one in found if one.opened and canary.text in one.text}
    assert {"card number", "member number", "prescription number", "address"} <= seen, "the canaries were there"
    ((keyed,),) = canary.rows("SELECT keyed FROM address WHERE entered_by = 'phone' AND member_id = 1")
    assert keyed == f"01001 {HOUSE} {DOT * len(CARD)} 777"
    assert "turn_failed" in log.getvalue()


def test_before_a_call_no_canary_is_anywhere(kind: str, databases: Databases) -> None:
    with databases.fresh(kind, fill_demo) as url:
        made = open_demo_line(url)
        assert list(leaks((replace(one, place="nowhere") for one in holdings(made.services, skip=())), CANARIES)) == []
        made.services.database.dispose()


def test_the_table_names_places_that_there_are() -> None:
    columns = {f"{table.name}.{column.name}" for table in ALL_TABLES for column in table.columns}
    assert set(TABLE) <= columns | set(ELSEWHERE)
    assert {kind for kinds in TABLE.values() for kind in kinds} <= set(SECRET_KINDS)
    assert verdict("journal.event", "security code") == verdict("a new column", "ZIP code") == "never"


# Each mask is taken out, and what it hid is found.

Patch = Callable[[pytest.MonkeyPatch], None]


def journal_of_asks(patch: pytest.MonkeyPatch) -> None:
    real = journal.mask

    def unmasked(keys: str, trail: Any, shown: str, *, is_menu: bool, pause: timedelta) -> Any:
        masked, way, after = real(keys, trail, shown, is_menu=is_menu, pause=pause)
        return (masked if is_menu else keys), way, after

    patch.setattr(journal, "mask", unmasked)


def journal_by_the_state_reached(patch: pytest.MonkeyPatch) -> None:
    real = journal.mask

    def by_state(keys: str, trail: Any, shown: str, *, is_menu: bool, pause: timedelta) -> Any:
        masked, way, after = real(keys, trail, shown, is_menu=is_menu, pause=pause)
        is_at_the_processor = any(trace_step.state == "exchange" for trace_step in trail)
        return (keys if is_at_the_processor else masked), way, after

    patch.setattr(journal, "mask", by_state)


def journal_of_keys_beyond_a_menus_one(patch: pytest.MonkeyPatch) -> None:
    real = journal.mask

    def unmasked(keys: str, trail: Any, shown: str, *, is_menu: bool, pause: timedelta) -> Any:
        masked, way, after = real(keys, trail, shown, is_menu=is_menu, pause=pause)
        return (masked[:1] + keys[1:] if is_menu else masked), way, after

    patch.setattr(journal, "mask", unmasked)


def logs_of_card_like(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(logs, "_CARD_LIKE", re.compile("$^"))


def logs_of_fields(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(logs, "HIDDEN_FIELDS", frozenset())


def logs_of_database_values(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(logs, "_DATABASE_VALUES", re.compile("$^(x)"))


def secrets_that_show_themselves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Secret, "__repr__", Secret.reveal)


def unsealed(beginning: bytes) -> Patch:
    """Leave in clear what begins so: a call's state, a reply, a card."""

    def take_out(patch: pytest.MonkeyPatch) -> None:
        seal, unseal = Vault.seal, Vault.open
        patch.setattr(
            Vault, "seal", lambda vault, data, now: data if data.startswith(beginning) else seal(vault, data, now)
        )
        patch.setattr(
            Vault,
            "open",
            lambda vault, data, age, now: data if data.startswith(beginning) else unseal(vault, data, age, now),
        )

    return take_out


def card_data_in_the_state(patch: pytest.MonkeyPatch) -> None:
    real = Call.to_json

    def kept(state: Call) -> dict[str, Any]:
        return {**real(state), "held": {name: secret.reveal() for name, secret in state.transient_secrets.items()}}

    patch.setattr(Call, "to_json", kept)


def answers_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = ACTIONS["check_third_proof"]
    assert isinstance(real, TransactionalAction)

    def remembers(context: Any, values: Any) -> Done:
        return replace(real.run(context, values), forgets=())

    patch.setitem(ACTIONS, "check_third_proof", replace(real, run=remembers))


def cards_in_addresses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(address_building, "without_cards", lambda keys: keys)


def cards_in_the_letters_of_a_street(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(new_address, "without_cards", lambda keys: keys)


def labels_of_metrics(patch: pytest.MonkeyPatch) -> None:
    real = Metrics.count_event

    def talkative(metrics: Metrics, event: str, fields: Mapping[str, Any]) -> None:
        real(metrics, f"{event} {fields.get('zip', '')}", fields)

    patch.setattr(Metrics, "count_event", talkative)


def pseudonyms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pseudonyms, "number", lambda _self, _column, real: real)


def transcripts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SimulatedCaller, "_shown", lambda _self, keys: keys)


MASKS: Mapping[str, tuple[Patch, str]] = {
    "numbers in the journal": (journal_of_asks, "member number in journal.event, where it must not lie"),
    "numbers by the question asked": (
        journal_by_the_state_reached, "security code in journal.event, where it must not lie"
    ),
    "keys beyond a menu's one": (
        journal_of_keys_beyond_a_menus_one, "card number in journal.event, where it must not lie"
    ),
    "card-like digits in the log": (logs_of_card_like, "card number in log, where it must not lie"),
    "private fields of the log": (logs_of_fields, "birth date in log, where it must not lie"),
    "a driver's values in the log": (logs_of_database_values, "prescription number in log, where it must not lie"),
    "secrets hide themselves": (secrets_that_show_themselves, "member number in log, where it must not lie"),
    "the seal of the call's state": (
        unsealed(b'{"shape'), "member number in call.sealed_state, where it must be sealed"
    ),
    "the seal of replies": (unsealed(b"<?xml"), "address in call.sealed_reply, where it must be sealed"),
    "the seal of cards": (unsealed(b'["'), "card number in card_entry.sealed_card, where it must be sealed"),
    "card data stays out of the state": (
        card_data_in_the_state, "security code in call.sealed_state under its seal, where it must not lie"
    ),
    "answers are forgotten": (
        answers_forgotten, "birth date in call.sealed_state under its seal, where it must not lie"
    ),
    "cards among an address's keys": (cards_in_addresses, "card number in address.keyed, where it must not lie"),
    "cards among a street's letters": (
        cards_in_the_letters_of_a_street,
        "card number in call.sealed_state under its seal, where it must not lie",
    ),
    "labels of metrics": (labels_of_metrics, "ZIP code in metric, where it must not lie"),
    "the files that workers count in": (labels_of_metrics, "ZIP code in temporary file, where it must not lie"),
    "pseudonyms of a script": (pseudonyms, "prescription number in script, where it must not lie"),
    "dots of a transcript": (transcripts, "card number in report, where it must not lie"),
}  # fmt: skip


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_mask_that_is_taken_out_is_missed(
    canary: DemoLine, log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mask: str
) -> None:
    take_out, said = MASKS[mask]
    take_out(monkeypatch)
    assert any(leak == said for leak in leaks(everywhere(canary, log, tmp_path), CANARIES))


# A card keyed at menus, one digit a turn

AT_MENUS_CARD = Canary("card number", AT_MENUS[1])


def at_menus(demo_line: DemoLine) -> set[str]:
    demo_line.call("".join(AT_MENUS))
    return set(leaks(holdings(demo_line.services), [AT_MENUS_CARD]))


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_card_at_menus_is_found_without_its_masks(canary: DemoLine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert at_menus(canary) == set()
    canary.run("DELETE FROM journal")
    with monkeypatch.context() as patch:
        patch.setattr(journal, "MOST_SHOWN", 99)
        assert {f"card number in {place}, where it must not lie" for place in JOURNAL[:2]} == at_menus(canary)
    canary.run("DELETE FROM journal")
    with monkeypatch.context() as patch:
        patch.setattr(journal, "replace", lambda trace_step, branch: trace_step)  # noqa: ARG005
        patch.setattr(journal, "NUMBER_GOES_ON", timedelta(seconds=-1))
        assert at_menus(canary) == {"card number in journal.trail, where it must not lie"}
    assert journal_cleaning.clean_journal(canary.services.database, anew=True).rows > 0
    assert set(leaks(holdings(canary.services), [AT_MENUS_CARD])) == set(), "cleaned"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_card_at_menus_comes_into_a_script_without_its_masks(
    canary: DemoLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "NUMBER_GOES_ON", timedelta(seconds=-1))
    at_menus(canary)
    with pytest.raises(recorder.RecordError, match="could be a card's number"):
        script_of(canary, f"CA{0:032x}")
    monkeypatch.setattr(recorder, "_holds_a_card", lambda _: False)
    script = Holding(
        "script", "".join(line for line in script_of(canary, f"CA{0:032x}").splitlines() if "presses" in line)
    )
    assert list(leaks([script], [AT_MENUS_CARD])) == ["card number in script, where it must not lie"]
