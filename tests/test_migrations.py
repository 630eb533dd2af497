"""What the newest release may do to the tables while workers of the one before run on: add to them.

Only a migration whose file is named `NNNN_contract_….py` may do more. It waits for the release after the one that has
stopped using what it takes away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from databases import Databases
from demo_line import IDENTIFIED, DemoLine
from hearing import hears
from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from structlog.testing import capture_logs

from ivr.errors import SettingError, UnreachableError
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.migrate import MIGRATIONS, revisions
from ivr.pharmacy.schema import misfits

LAST_FREE = "0013"
"""The last migration made before this was held."""

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")

Shape = dict[str, dict[str, Any]]
"""The tables -> their columns, keys, checks and indexes, by name."""


def configuration(connection: Connection, folders: list[Path]) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, folders)))
    return config


def shape(connection: Connection) -> Shape:
    found = inspect(connection)
    return {
        table: {
            **{f"column {column['name']}": column for column in found.get_columns(table)},
            **{f"index {index['name']}": readable(index) for index in found.get_indexes(table)},
            **{f"check {check['name']}": check for check in found.get_check_constraints(table)},
            **{f"unique {unique['name']}": unique for unique in found.get_unique_constraints(table)},
            **{f"foreign key {key['name']}": key for key in found.get_foreign_keys(table)},
            "primary key": found.get_pk_constraint(table),
        }
        for table in found.get_table_names()
    }


def readable(index: ReflectedIndex) -> dict[str, object]:
    """Return an index with the condition of a partial one as text, which can be compared."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def more_than_added(before: Shape, after: Shape) -> Iterator[str]:
    """Yield what a worker that knows the tables as they were before might trip over."""
    for table, parts in before.items():
        if table not in after:
            yield f"table {table} is gone"
            continue
        for name in parts:
            if repr(after[table].get(name)) != repr(parts[name]):
                yield f"{table}: {name} is gone or changed"
        for name in after[table].keys() - parts.keys():
            if not is_harmless(name, after[table][name]):
                yield f"{table}: {name} is new"


def is_harmless(name: str, part: Any) -> bool:
    """Return whether rows of a release that does not know of a new part are taken as before."""
    if name.startswith("column "):
        return bool(part["nullable"] or part["default"] is not None)
    return name.startswith("index ") and not part["unique"]


def faults(url: str, folders: list[Path]) -> list[str]:
    """Run all migrations one after another; return what those that may only add do more."""
    found: list[str] = []
    engine = open_database(url, durable=False)
    with engine.begin() as connection:
        config = configuration(connection, folders)
        command.upgrade(config, LAST_FREE)
        before = shape(connection)
        for script in reversed(list(ScriptDirectory.from_config(config).iterate_revisions("head", LAST_FREE))):
            command.upgrade(config, script.revision)
            after, name = shape(connection), Path(script.path).name
            if "_contract_" not in name:
                found += [f"{name}: {fault}" for fault in more_than_added(before, after)]
            before = after
    engine.dispose()
    return found


ADDS = """
    op.create_table("mood", sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.Text, nullable=False))
    op.add_column("notice", sa.Column("mood", sa.Text))
    op.add_column("notice", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_notice_mood", "notice", ["mood"])
"""
DOES_MORE = """
    op.drop_column("notice", "by")
    op.drop_table("street_load")
    op.drop_index("ix_notice_sent_at", "notice")
    op.create_index("uq_notice_kind", "notice", ["member_id", "kind"], unique=True)
"""
DOES_MORE_AGAIN = """
    op.rename_table("journal", "diary")
    op.alter_column("known_phone", "phone", new_column_name="digest")
"""


def plant(folder: Path, name: str, revision: str, before: str, operations: str) -> None:
    head = f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision, down_revision = "{revision}", "{before}"\n'
    (folder / f"{name}.py").write_text(f"{head}\n\ndef upgrade():\n{operations}", encoding="utf-8")


def test_migrations_only_add_and_one_that_does_more_is_found_unless_its_name_says_so(
    kind: str, databases: Databases, tmp_path: Path
) -> None:
    plant(tmp_path, "9001_adds", "9001", revisions()[-1], ADDS)
    plant(tmp_path, "9002_does_more", "9002", "9001", DOES_MORE)
    plant(tmp_path, "9003_contract_journal", "9003", "9002", DOES_MORE_AGAIN)
    with databases.bare(kind) as url:
        assert sorted(faults(url, [MIGRATIONS / "versions", tmp_path])) == [
            "9002_does_more.py: notice: column by is gone or changed",
            "9002_does_more.py: notice: index ix_notice_sent_at is gone or changed",
            "9002_does_more.py: notice: index uq_notice_kind is new",
            "9002_does_more.py: table street_load is gone",
        ]


# A worker of the release before

NEWER = "UPDATE alembic_version SET version_num = '9999'"


def test_a_worker_runs_on_with_tables_that_a_newer_release_added_to(demo_line: DemoLine) -> None:
    for statement in (
        "CREATE TABLE mood (id INTEGER PRIMARY KEY, word TEXT NOT NULL)",
        "ALTER TABLE journal ADD COLUMN mood TEXT",
        "ALTER TABLE call ADD COLUMN tries INTEGER NOT NULL DEFAULT 0",
        NEWER,
    ):
        demo_line.run(statement)
    with capture_logs() as logged:
        upgrade(demo_line.services.database)
    assert [(entry["event"], entry["database_change"]) for entry in logged] == [("schema_newer", "9999")]
    phone, heard = demo_line.call(IDENTIFIED + "17")
    assert hears(heard.text, "payment.placing")
    assert phone.errors == []


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (["ALTER TABLE journal RENAME TO diary"], "there is no table journal"),
        (["ALTER TABLE journal DROP COLUMN said"], "journal has no column said"),
        (["ALTER TABLE member RENAME COLUMN phone TO telephone"], "member has no column phone"),
        (
            [
                "ALTER TABLE journal_cleaning RENAME TO before",
                "CREATE TABLE journal_cleaning (through INT, done INT, vacuumed INT, mood TEXT NOT NULL)",
            ],
            "journal_cleaning.mood has to be filled",
        ),
    ],
    ids=["no table", "no column", "no column of the pharmacy's", "one that has to be filled"],
)
def test_what_a_newer_release_took_away_is_told(connection: Connection, statements: list[str], problem: str) -> None:
    for statement in statements:
        connection.execute(text(statement))
    assert [*misfits(connection)] == [problem]


def test_a_database_of_a_newer_release_that_does_not_fit_is_told_in_one_line(databases: Databases) -> None:
    with databases.fresh("sqlite") as url:
        engine = open_database(url)
        run(engine, "ALTER TABLE journal RENAME TO diary", NEWER)
        with pytest.raises(SettingError) as caught:
            upgrade(engine)
        engine.dispose()
    assert re.fullmatch(
        r"DATABASE_URL: the database \S+ has tables of a newer release \(database change 9999; this release knows those "
        r"up to \d{4}\) that this one cannot use: there is no table journal; run that release, or a later one",
        str(caught.value),
    )


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (["CREATE TABLE member (id INTEGER)"], "it has a table member that no migration of this line made"),
        (["CREATE TABLE call (id INTEGER)"], "it has a table call that no migration of this line made"),
        (
            ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0001')"],
            "its migrations are at 0001, and it has no table member",
        ),
        (
            ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('ae10')"],
            "its migrations are at ae10, and it has no table member",
        ),
    ],
    ids=["a table of the pharmacy's", "one of the line's", "numbers like ours", "other numbers"],
)
def test_another_programs_database_is_told_and_left_alone(
    databases: Databases, statements: list[str], why: str
) -> None:
    with databases.bare("sqlite") as url:
        engine = open_database(url)
        run(engine, *statements)
        with pytest.raises(SettingError) as caught:
            upgrade(engine)
        assert len(inspect(engine).get_table_names()) == 1
        engine.dispose()
    assert str(caught.value).endswith(f" is another program's: {why}")


def test_tables_of_others_beside_ours_are_no_matter(databases: Databases) -> None:
    with databases.bare("sqlite") as url:
        engine = open_database(url)
        run(engine, "CREATE TABLE newsletter (id INTEGER)")
        upgrade(engine)
        engine.dispose()


def test_whoever_may_not_make_tables_is_told_and_a_standby_is_away(databases: Databases) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.bare("postgresql") as url:
        with pytest.raises(
            SettingError, match=r"permission denied for .*; let the owner of its tables run ivr db upgrade"
        ):
            upgrade_with(url, "role=pg_read_all_stats")
        with pytest.raises(UnreachableError) as caught:
            upgrade_with(url, "default_transaction_read_only=on")
    assert caught.value.code == "25006"


def upgrade_with(url: str, option: str) -> None:
    """Migrate as somebody for whom the server has this setting."""
    limited = make_url(url).update_query_dict({"options": f"-c {option}"})
    engine = open_database(limited.render_as_string(hide_password=False))
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def test_a_database_that_keeps_bytes_and_not_letters_is_told(databases: Databases) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.bare("postgresql") as url:
        made = make_url(url)
        server = made.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {made.database}")
            connection.execute(f"CREATE DATABASE {made.database} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
        with pytest.raises(SettingError, match=f"the database {made.database} on .* has the encoding SQL_ASCII"):
            upgrade(open_database(url))
