"""The commands, as a person types them: what they print, and with what exit code. 1: problems found, 2: wrong usage."""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner, Result
from databases import KINDS, Databases
from demo_line import PROJECT, fill_demo
from rich.console import Console
from sqlalchemy import make_url

from ivr.cli import main
from ivr.cli.serve import start_card
from ivr.pharmacy.demo import DEMO_FOLDER, DemoCard, DemoPrescription
from ivr.pharmacy.refusals import FindingKind

NOON = "2026-03-02T12:00"
AWAY = "postgresql://ivr:hush@127.0.0.1:9/pharmacy"
"""A database that does not answer: nothing listens there."""


@pytest.fixture(autouse=True)
def own_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Give each command an empty folder and no settings, and take its log away afterwards."""
    for name in [name for name in os.environ if re.match("IVR_|TWILIO_|STRIPE_|DATABASE_URL", name)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handlers, config = logging.getLogger().handlers[:], structlog.get_config()
    yield
    logging.getLogger().handlers = handlers
    structlog.configure(**config)


@pytest.fixture
def pharmacy(databases: Databases) -> Iterator[str]:
    """Lend the URL of a demo pharmacy of its own."""
    with databases.fresh("sqlite", fill_demo) as url:
        yield url


def ivr(command: str, typed: str = "", **settings: str) -> Result:
    return CliRunner().invoke(main, command.split(), input=typed, env=settings)


def told(result: Result) -> tuple[int, str]:
    """Return the exit code and what stands on stderr."""
    return result.exit_code, result.stderr.strip()


# Every command


def every_command() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, context: click.Context) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner, click.Context(inner, info_name=name, parent=context))
        else:
            found[context.command_path.removeprefix("ivr ")] = command

    walk(main, click.Context(main, info_name="ivr"))
    return found


@pytest.mark.parametrize("name", every_command())
def test_a_command_says_what_it_does_with_an_example(name: str) -> None:
    result = ivr(f"{name} --help")
    assert result.exit_code == 0
    example = " ".join(result.stdout.partition("Example")[2].split())
    assert f"ivr {name.split()[0]}" in example, "its help has no example"


@pytest.mark.parametrize("name", every_command())
def test_an_unknown_option_is_wrong_usage(name: str) -> None:
    code, words = told(ivr(f"{name} --no-such-option"))
    assert code == 2
    assert "No such option" in words


def test_an_unknown_command_is_wrong_usage() -> None:
    code, words = told(ivr("anwser"))
    assert (code, "No such command 'anwser'" in words) == (2, True)


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"\w+, version \d+\.\d+\.\d+\n", ivr("--version").stdout)


# Mistakes in the settings


@pytest.mark.parametrize(
    "command", ["serve", "sweep", "check", "db upgrade", "dial", "pharmacy orders", "pharmacy ship 1"]
)
def test_all_wrong_settings_are_told_at_once(command: str) -> None:
    code, words = told(ivr(command, IVR_TIMEZONE="Mars", IVR_RETENTION_DAYS="0", IVR_GATWAY="stripe"))
    assert code == 1
    assert words.splitlines() == [
        'IVR_GATWAY: there is no such setting (did you mean "IVR_GATEWAY"?)',
        "IVR_TIMEZONE: expected an IANA time zone such as America/Los_Angeles, found 'Mars'",
        "IVR_RETENTION_DAYS: expected days from 1 to 3650, found '0'",
    ]


@pytest.mark.parametrize("command", ["sweep", "db upgrade", "pharmacy orders", f"pharmacy load {DEMO_FOLDER}"])
def test_a_database_that_is_away_is_told_in_one_line(command: str) -> None:
    code, words = told(ivr(command, DATABASE_URL=AWAY))
    assert code == 1
    assert re.fullmatch(r"the database pharmacy on 127\.0\.0\.1:9 does not answer: .*refused", words)
    assert "hush" not in words


OF_DATABASE = (
    "db upgrade", "sweep", "versions", "rollback 3f2a", f"pharmacy load {DEMO_FOLDER}", "pharmacy demo",
    "pharmacy reset --test", "pharmacy labels", "pharmacy orders", "pharmacy transfers", "pharmacy ship 1",
    "pharmacy cancel 1", "pharmacy release 1", f"streets load {DEMO_FOLDER}/street.csv",
)  # fmt: skip
"""Commands that open the database."""


@pytest.mark.parametrize("command", OF_DATABASE)
@pytest.mark.parametrize("url", ["postgresql://u:hush@[::1", "sqlite:///letter.db"], ids=["no URL", "no database"])
def test_every_command_tells_in_one_line_of_a_database_that_cannot_be_used(command: str, url: str) -> None:
    Path("letter.db").write_text("Dear pharmacist, please find enclosed no database at all, but this friendly letter.")
    code, words = told(ivr(command, DATABASE_URL=url))
    assert (code, words.count("\n"), "hush" in words) == (1, 0, False)
    assert "DATABASE_URL: expected" in words or "letter.db cannot be used: file is not a database" in words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "DATABASE_URL: expected .*, found a database in memory, which no two workers share: .*"),
        ("sqlite:///:memory:", "DATABASE_URL: expected .*, found a database in memory, which no two workers share: .*"),
        ("sqlite:///file:x.db?mode=ro&uri=true", r"DATABASE_URL: expected .*, found a \? or a # after the file: .*"),
        ("sqlite:////no/such/dir/x.db", "DATABASE_URL: there is no folder /no/such/dir"),
        ("sqlite:///.", "DATABASE_URL: expected a file, found the folder .*"),
        ("postgresql://u:hush@127.0.0.1:99999/x", "DATABASE_URL: expected .*, found a port that is no number from .*"),
        ("postgresql://u:hush@nosuch.invalid/x", "the database x on nosuch.invalid does not answer: .*"),
        ("postgresql://u:hush@127.0.0.1:9,127.0.0.1:7/x", "the database x on 127.0.0.1,127.0.0.1 does not answer: .*"),
    ],
)  # fmt: skip
def test_a_database_url_that_cannot_be_used_is_told_in_one_line(url: str, words: str) -> None:
    code, found = told(ivr("db upgrade", DATABASE_URL=url))
    assert code == 1
    assert re.fullmatch(words, found)


def test_a_server_that_refuses_is_told_in_one_line(databases: Databases) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.bare("postgresql") as url:
        for changed in (make_url(url).set(database="no_such"), make_url(url).set(username="no_such", password="hush")):
            wrong = changed.render_as_string(hide_password=False)
            code, words = told(ivr("db upgrade", DATABASE_URL=wrong))
            assert code == 1
            assert re.fullmatch("DATABASE_URL: the database .* cannot be used: .*no_such.*", words)
            assert "hush" not in words


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["pharmacy orders", "pharmacy labels"])
def test_a_database_without_tables_is_told_with_what_makes_them(command: str, kind: str, databases: Databases) -> None:
    if kind == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    with databases.bare(kind) as url:
        code, words = told(ivr(command, DATABASE_URL=url))
    assert code == 1
    assert re.fullmatch(r"the database .* lacks tables of this release; ivr db upgrade makes them", words)


@pytest.mark.parametrize("command", ["serve", "sweep", "db upgrade", "pharmacy orders"])
def test_a_database_in_no_folder_is_told(command: str) -> None:
    assert told(ivr(command, DATABASE_URL="sqlite:////nowhere/ivr.db")) == (
        1,
        "DATABASE_URL: there is no folder /nowhere",
    )


# Starting the line


@pytest.mark.parametrize(
    ("options", "settings", "words"),
    [
        (
            "--host 0.0.0.0",
            {},
            "TWILIO_AUTH_TOKEN: expected the carrier account's token, since 0.0.0.0 can be reached from elsewhere; "
            "found none (IVR_UNSIGNED=1 goes without)",
        ),
        (
            "",
            {"TWILIO_AUTH_TOKEN": "token"},
            "IVR_SECRET_KEY: expected a key, since this line can be reached from elsewhere; found none",
        ),
        (
            "",
            {"IVR_GATEWAY": "stripe"},
            "STRIPE_API_KEY: expected the processor's key with IVR_GATEWAY=stripe, found none",
        ),
        (
            "",
            {"IVR_GATEWAY": "stripe", "STRIPE_API_KEY": "sk_live_1", "IVR_CARD_CAPTURE": "keypad", "IVR_NOW": NOON},
            "IVR_NOW: expected to be unset with a live processor key, found a time",
        ),
        (
            "",
            {"STRIPE_API_KEY": "rk_live_1"},
            "IVR_GATEWAY: expected stripe, or sandbox by name, with a live STRIPE_API_KEY, found none",
        ),
        (
            "",
            {"IVR_STAFF_PASSWORD": "hunter2hunt"},
            "IVR_STAFF_PASSWORD: expected a password of at least 12 letters, found something else, not shown here",
        ),
    ],
    ids=[
        "no token",
        "no key",
        "no processor key",
        "a standing clock and real money",
        "a live key and the sandbox unsaid",
        "a short staff password",
    ],
)
def test_the_line_does_not_start_when_it_could_do_harm(options: str, settings: dict[str, str], words: str) -> None:
    assert told(ivr(f"serve {options}", **settings)) == (1, words)


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """Copy flows and prompts, put three slips in three files, and return the settings that name the copies."""
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    slips = {
        "flows/main.yaml": ("1: refill\n", "1: refil\n"),
        "flows/person.yaml": ("transfer: person.connecting", "transfer: person.conecting"),
        "prompts/en/person.yaml": ("nobody:", "nobdy:"),
    }
    for file, (right, wrong) in slips.items():
        path = tmp_path / file
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    return {"IVR_FLOWS": str(tmp_path / "flows"), "IVR_PROMPTS": str(tmp_path / "prompts")}


@pytest.mark.parametrize("command", ["serve", "check"])
def test_every_slip_in_flows_and_prompts_is_told_at_once(command: str, broken: dict[str, str]) -> None:
    result = ivr(command, **broken)
    words = result.stdout + result.stderr
    assert result.exit_code == 1
    for place in (
        r"flows/main\.yaml:\d+:\d+: .*refil",
        r"flows/person\.yaml:\d+:\d+: .*person\.conecting.*did you mean",
        r"prompts/en/person\.yaml:\d+:\d+: .*nobody",
    ):
        assert re.search(place, words), words
    assert "Traceback" not in words


def test_what_lies_in_the_project_has_no_problems() -> None:
    result = ivr("check")
    assert result.exit_code == 0, result.output
    assert "no problems" in result.stdout


def test_the_start_card_says_what_to_dial_and_whom_to_be() -> None:
    out = io.StringIO()
    card = DemoCard(
        "41200017", "94550", "Margaret Ellison", (DemoPrescription("7304523", "Levothyroxine", FindingKind.TOO_SOON),)
    )
    Console(file=out, width=120).print(start_card("http://127.0.0.1:8000", card))
    for words in (
        "ivr dial --url http://127.0.0.1:8000",
        "Margaret Ellison",
        "41200017, then #",
        "94550",
        "7304523  Levothyroxine (too soon)",
    ):
        assert words in out.getvalue()


def test_a_line_with_members_of_its_own_says_what_to_dial() -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(start_card("http://127.0.0.1:8000", None))
    assert "To call it: ivr dial --url http://127.0.0.1:8000" in out.getvalue()


# Calling it


def test_dialling_a_line_that_is_not_there_fails() -> None:
    result = ivr("dial --url http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no answer: [Errno 111] Connection refused" in result.stdout
    assert "the carrier ended the call" in result.stdout


# The database and the pharmacy


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        result = ivr("db upgrade", DATABASE_URL=f"sqlite:///{tmp_path}/ivr.db")
        assert (result.exit_code, result.stdout) == (0, "the database is up to date\n")


def test_loading_says_how_many_rows_each_table_got(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "member.csv").write_text(
        "member_number,first_name,last_name,birth_date,language,status\n41999999,Ann,Lee,1950-02-03,en,active\n"
    )
    for _ in range(2):
        result = ivr(f"pharmacy load {folder}")
        assert (result.exit_code, result.stdout) == (0, "member: 1 rows\n")


def test_a_bad_row_is_named_and_nothing_of_the_load_is_kept(tmp_path: Path) -> None:
    folder, database = tmp_path / "rows", f"sqlite:///{tmp_path}/ivr.db"
    shutil.copytree(DEMO_FOLDER, folder)
    with (folder / "member.csv").open("a", encoding="utf-8") as members:
        members.write("41999999,Ann,Lee,1950-02-03,,en,gone\n")
    bad_line = len((folder / "member.csv").read_text(encoding="utf-8").splitlines())
    code, words = told(ivr(f"pharmacy load {folder}", DATABASE_URL=database))
    wrong = 'column status: expected one of active, ended, deceased, found "gone"'
    assert (code, words) == (1, f"member.csv:{bad_line}: {wrong}")
    assert "44098721" not in ivr("pharmacy orders", DATABASE_URL=database).stdout


def test_an_order_that_the_file_counts_as_filled_is_listed(pharmacy: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": pharmacy, "IVR_NOW": NOON}
    folder = tmp_path / "rows"
    folder.mkdir()
    text = (DEMO_FOLDER / "prescription.csv").read_text(encoding="utf-8")
    text = text.replace(
        "7311099,41203305,FLUTICASONE PROP 50 MCG NASAL SPRAY,true,active,,,-52d,,3,2,-47d,-17d",
        "7311099,41203305,FLUTICASONE PROP 50 MCG NASAL SPRAY,true,active,,,-52d,,3,2,-47d,0d",
    )
    text = text.replace(
        "7310551,41202894,HYDROXYCHLOROQUINE SULFATE 200 MG TAB,false,active,,,-84d,,1,1,-78d,-78d",
        "7310551,41202894,HYDROXYCHLOROQUINE SULFATE 200 MG TAB,false,active,,,-84d,,1,1,-78d,-1d",
    )
    (folder / "prescription.csv").write_text(text, encoding="utf-8")
    listed = [
        "to be shipped: order 42458042, filled by the file; it is held, and once it is placed: ivr pharmacy ship 42458042",
        "to be shipped: order 44098721, filled by the file; ivr pharmacy ship 44098721",
    ]
    for _ in range(2):
        result = ivr(f"pharmacy load {folder}", **settings)
        assert (result.exit_code, result.stdout.splitlines()[1:]) == (0, listed)
    assert ivr("pharmacy ship 44098721", **settings).exit_code == 0
    assert ivr(f"pharmacy load {folder}", **settings).stdout.splitlines()[1:] == listed[:1]


# The demo pharmacy


def test_the_demo_is_loaded_where_it_is_asked_for() -> None:
    for _ in range(2):
        result = ivr("pharmacy demo")
        assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "member: 39 rows")


def test_the_demo_is_never_loaded_beside_other_members(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "member.csv").write_text("member_number,first_name,last_name,birth_date\n51999999,Ann,Lee,1950-02-03\n")
    ivr(f"pharmacy load {folder}")
    words = "the demo pharmacy was not loaded: the database has members of its own, whom it would stand beside"
    assert told(ivr("pharmacy demo")) == (1, words)
    assert "44098721" not in ivr("pharmacy orders").stdout


def test_the_demo_is_not_loaded_where_real_money_moves(tmp_path: Path) -> None:
    code, words = told(ivr("pharmacy demo", IVR_GATEWAY="stripe", STRIPE_API_KEY="sk_live_1"))
    assert (code, words) == (
        1,
        "STRIPE_API_KEY: expected a test key for the demo pharmacy, found one that moves real money",
    )
    assert not (tmp_path / "ivr.db").exists()


def test_a_folder_that_is_not_there_is_wrong_usage() -> None:
    code, words = told(ivr("pharmacy load /nowhere"))
    assert (code, words.splitlines()[-1]) == (
        2,
        "Error: Invalid value for 'FOLDER': Directory '/nowhere' does not exist.",
    )


def test_the_latest_orders_are_shown(pharmacy: str) -> None:
    result = ivr("pharmacy orders --most 1", DATABASE_URL=pharmacy, IVR_NOW=NOON)
    shown = [cell.strip() for cell in result.stdout.splitlines()[3].split("│")]
    assert (result.exit_code, shown[1], shown[3:7]) == (0, "44098721", ["app", "placed", "7311099 30 days", "$18.00"])


def test_the_waiting_transfers_are_shown(pharmacy: str) -> None:
    result = ivr("pharmacy transfers", DATABASE_URL=pharmacy, IVR_NOW=NOON)
    lines = result.stdout.splitlines()[3:-1]
    assert (result.exit_code, len(lines), lines[0].split("│")[1].strip()) == (0, 1, "41200976")


@pytest.mark.parametrize("command", ["ship", "cancel"])
@pytest.mark.parametrize("order", ["1", "99999999", "no-number"])
def test_an_order_nobody_placed_is_told(command: str, order: str, pharmacy: str) -> None:
    result = ivr(f"pharmacy {command} {order}", DATABASE_URL=pharmacy)
    assert told(result) == (1, f"there is no order {order}")


def test_an_order_is_shipped_once(pharmacy: str) -> None:
    settings = {"DATABASE_URL": pharmacy, "IVR_NOW": NOON}
    placed = "44098721"
    first = ivr(f"pharmacy ship {placed} --tracking 9400100000000000000000", **settings)
    again = ivr(f"pharmacy ship {placed}", **settings)
    assert (first.exit_code, first.stdout) == (0, f"order {placed} is shipped\n")
    assert told(again) == (1, f"order {placed} is shipped; only a placed order can be shipped")
    assert told(ivr(f"pharmacy cancel {placed}", **settings)) == (
        1,
        f"order {placed} is shipped and cannot be cancelled",
    )


def test_an_order_is_cancelled_and_its_payment_voided(pharmacy: str) -> None:
    settings = {"DATABASE_URL": pharmacy, "IVR_NOW": NOON}
    result = ivr("pharmacy cancel 44098721", **settings)
    assert (result.exit_code, result.stdout) == (0, "order 44098721 is cancelled and its payment voided\n")


def test_a_sweep_finishes_what_was_left_and_then_finds_nothing(pharmacy: str) -> None:
    settings = {"DATABASE_URL": pharmacy, "IVR_NOW": "2026-03-02T13:00"}
    first, second = (ivr("sweep", **settings) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == "0 scheduled orders started, 1 payments finished, 0 cancelled\n"
    assert second.stdout == "0 scheduled orders started, 0 payments finished, 0 cancelled\n"
