"""Edits taken while calls go on: published, refused, followed, rolled back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from databases import KINDS, Databases
from demo_line import IDENTIFIED, NOON, PROJECT, DemoLine, fill_demo, open_demo_line
from hearing import hears, source
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from ivr.errors import DefinitionError, UnreachableError
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.build import build_line
from ivr.line.publications import Publication
from ivr.line.publishing import Watcher, open_versions, publish, roll_back, whoami
from ivr.line.versions import Files, Folders, Versions
from ivr.pages.app import make_app
from ivr.phone.handset import Handset
from ivr.phone.transport import Form, Headers, Reply, wsgi_post
from ivr.settings import Settings

GOODBYE, FAREWELL = source("main.goodbye"), "goodbye: Farewell."


@dataclass
class Desk:
    """A staff member's folders, and a line whose worker watches them."""

    folders: Folders
    demo_line: DemoLine
    watcher: Watcher

    @property
    def hash(self) -> str:
        return self.demo_line.services.versions.current.hash

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file and let the worker look twice."""
        path = self.folders.flows.parent / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.look()

    def look(self) -> None:
        self.watcher.look()
        self.watcher.look()

    def published(self) -> list[tuple[str, str]]:
        with self.demo_line.services.database.connect() as connection:
            return [(publication.hash, publication.how) for publication in publications.history(connection, 20)]


def worker(desk: Desk, *, asked: bool = False) -> Desk:
    """Start another worker on the same folders and database, or the same one again."""
    database = desk.demo_line.services.database
    line = replace(desk.demo_line.services, versions=open_versions(database, desk.folders, SPECS))
    watcher = Watcher(line, desk.folders, asked=asked)
    watcher.begin()
    demo_line = desk.demo_line.copy_with(services=line, app=make_app(line, Settings()))
    return Desk(desk.folders, demo_line, watcher)


@dataclass
class Network:
    """The way from a telephone to a worker, which can be another one at every turn of a call."""

    desk: Desk

    def __call__(self, url: str, form: Form | None, headers: Headers) -> Reply:
        return wsgi_post(self.desk.demo_line.app)(url, form, headers)


def begin_call(desk: Desk) -> tuple[Network, Handset]:
    """Call, choose English, and hear about new prescriptions."""
    network = Network(desk)
    phone = Handset(network, "http://localhost/voice", "+15105550123", "+18002457979", "CA" + "b" * 32)
    phone.dial()
    phone.press("1")
    phone.press("3")
    return network, phone


BOTH = pytest.mark.parametrize("desk", KINDS, indirect=True)


@pytest.fixture
def desk(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Desk]:
    """Lend a desk, on SQLite unless a test asks for both databases."""
    kind = getattr(request, "param", "sqlite")
    if kind == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    folders = Folders(tmp_path / "flows", tmp_path / "prompts")
    shutil.copytree(PROJECT / "flows", folders.flows)
    shutil.copytree(PROJECT / "prompts", folders.prompts)
    with databases.fresh(kind, fill_demo) as url:
        demo_line = open_demo_line(url)
        watcher = Watcher(demo_line.services, folders)
        watcher.begin()
        yield Desk(folders, demo_line, watcher)
        demo_line.services.database.dispose()


def farewell(desk: Desk) -> str:
    """Call, and hear how the line says goodbye."""
    _, heard = desk.demo_line.call("139")
    return heard.text


@BOTH
def test_a_good_edit_answers_the_next_call(desk: Desk) -> None:
    assert hears(farewell(desk), "main.goodbye")
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    assert farewell(desk).endswith("Farewell.")
    assert [how for _, how in desk.published()] == ["edit", "start"]


def test_a_file_is_taken_only_when_it_has_stood_still(desk: Desk) -> None:
    before, path = desk.hash, desk.folders.prompts / "en" / "main.yaml"
    whole = path.read_text()
    for part in (whole[:400], whole[:900]):  # a save that takes its time
        path.write_text(part)
        desk.watcher.look()
    path.write_text(whole.replace(GOODBYE, FAREWELL))
    desk.watcher.look()
    assert desk.hash == before
    assert desk.demo_line.services.versions.refused is None
    desk.watcher.look()
    assert desk.hash != before


def test_a_bad_edit_is_refused_and_told_and_the_line_goes_on(desk: Desk) -> None:
    before = desk.hash
    with capture_logs() as told:
        desk.edit("flows/main.yaml", "1: refill", "1: refil")
    refused = desk.demo_line.services.versions.refused
    assert refused is not None
    message = 'state "menu" goes to "refil", which does not exist (did you mean "refill"?)'
    assert message in [problem.message for problem in refused.problems]
    assert [entry["event"] for entry in told] == ["edit_refused"]
    assert any(problem.endswith(message) for problem in told[0]["problems"])
    assert desk.hash == before
    assert hears(farewell(desk), "main.goodbye")


def test_a_refusal_is_told_once_and_gone_when_mended(desk: Desk) -> None:
    before = desk.hash
    desk.edit("flows/main.yaml", "1: refill", "1: refil")
    with capture_logs() as told:
        desk.look()
    assert told == []
    desk.edit("flows/main.yaml", "1: refil", "1: refill")
    assert desk.demo_line.services.versions.refused is None
    assert desk.hash == before


def test_a_file_that_is_not_text_is_refused(desk: Desk) -> None:
    (desk.folders.prompts / "en" / "extra.yaml").write_bytes(b"caf\xe9: hello")
    desk.look()
    refused = desk.demo_line.services.versions.refused
    assert refused is not None
    assert "not UTF-8" in str(refused.problems[0])


ODD_FILES = {
    "line ends of another kind": (
        "prompts/en/main.yaml",
        'goodbye: "Thank you.\u2028 Goodbye."\nlast: Added: this'.encode(),
    ),
    "a word processor's file": ("prompts/en/main.yaml", b"PK\x03\x04\0\0"),
    "another encoding": ("flows/main.yaml", "flow: main".encode("utf-16")),
    "nothing": ("flows/line.yaml", b""),
    "half a letter": ("prompts/es/main.yaml", "goodbye: Adiós".encode()[:-2]),
    "another ending": ("flows/extra.yaml.txt", b"flow: extra"),
    "a merge": ("flows/main.yaml", b"<<<<<<< HEAD\nflow: main\n=======\nflow: man\n>>>>>>> other\n"),
}


@pytest.mark.parametrize(("file", "content"), ODD_FILES.values(), ids=ODD_FILES)
def test_whatever_is_put_there_is_refused_as_an_edit(desk: Desk, file: str, content: bytes) -> None:
    before = desk.hash
    (desk.folders.flows.parent / file).write_bytes(content)
    with capture_logs() as told:
        desk.look()
    assert [entry["event"] for entry in told] == ["edit_refused"]
    assert desk.hash == before


def test_a_file_that_becomes_a_link_to_nowhere_is_refused_as_an_edit(desk: Desk) -> None:
    path = desk.folders.prompts / "en" / "main.yaml"
    path.unlink()
    path.symlink_to("/nowhere/main.yaml")
    with capture_logs() as told:
        desk.look()
    assert [entry["event"] for entry in told] == ["edit_refused"]


def test_what_editors_put_beside_the_files_is_no_edit(desk: Desk) -> None:
    before, published = desk.hash, desk.published()
    for name in ("._main.yaml", "~$main.yaml", ".main.yaml.swp", "main.yaml~", "4913", ".DS_Store"):
        (desk.folders.prompts / "en" / name).write_bytes(b"\0")
    with capture_logs() as told:
        desk.look()
    assert (told, desk.hash, desk.published()) == ([], before, published)


def test_a_call_keeps_its_version_to_its_end(desk: Desk) -> None:
    phone, _ = desk.demo_line.call("13")
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    assert hears(phone.press("9").text, "main.goodbye")
    assert farewell(desk).endswith("Farewell.")


def test_a_call_that_has_to_wait_is_told_so_in_its_own_version(desk: Desk) -> None:
    phone, _ = desk.demo_line.call("13")
    desk.edit("prompts/en/away.yaml", source("away.one_moment"), "one_moment: Hold the line.")
    desk.demo_line.run("UPDATE call SET acting_until = :until", until="2026-03-02 20:00:50.000000")
    assert hears(phone.press("9").text, "away.one_moment")


@BOTH
def test_a_call_keeps_its_version_on_another_worker_and_after_a_restart(desk: Desk) -> None:
    network, phone = begin_call(desk)
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    network.desk = worker(desk)
    assert network.desk.hash == desk.hash
    assert hears(phone.press("9").text, "main.goodbye")


def test_a_call_keeps_its_version_when_it_is_rolled_back(desk: Desk) -> None:
    first = desk.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    phone, _ = desk.demo_line.call("13")
    roll_back(desk.demo_line.services, desk.folders, first)
    desk.look()
    assert hears(farewell(desk), "main.goodbye")
    assert phone.press("9").text.endswith("Farewell.")


def test_a_version_that_actions_have_outgrown_still_serves_its_calls(desk: Desk) -> None:
    network, phone = begin_call(desk)
    first = desk.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    outgrown = {**SPECS, "count_refillable": replace(SPECS["count_refillable"], outcomes={"other": {}})}
    versions = Versions(desk.demo_line.services.versions.current, outgrown)
    line = replace(desk.demo_line.services, versions=versions)
    with line.database.connect() as connection:
        assert versions.get(connection, first).hash == first
    demo_line = desk.demo_line.copy_with(services=line, app=make_app(line, Settings()))
    network.desk = Desk(desk.folders, demo_line, desk.watcher)
    assert hears(phone.press("9").text, "main.goodbye")


@BOTH
def test_an_edit_reaches_every_worker_and_is_published_once(desk: Desk) -> None:
    other = worker(desk)
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    other.look()
    assert other.hash == desk.hash
    assert [how for _, how in desk.published()] == ["edit", "start"]


def test_what_another_worker_publishes_is_followed(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Folders(tmp_path / "b" / "flows", tmp_path / "b" / "prompts")
    shutil.copytree(desk.folders.flows, elsewhere.flows)
    shutil.copytree(desk.folders.prompts, elsewhere.prompts)
    other = worker(replace(desk, folders=elsewhere))
    other.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    desk.watcher.look()
    assert desk.hash == other.hash
    desk.look()
    other.look()
    assert [how for _, how in desk.published()] == ["edit", "start"]  # folders that differ do not argue


@BOTH
def test_a_rollback_reaches_every_worker_and_is_not_undone_by_a_restart(desk: Desk) -> None:
    first = desk.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    edited = desk.hash
    publication = roll_back(desk.demo_line.services, desk.folders, first)
    assert publication is not None
    assert (publication.hash, publication.passes_over, publication.by) == (first, edited, whoami())
    desk.look()
    restarted = worker(desk)
    assert desk.hash == restarted.hash == first
    assert draft(restarted) == edited
    assert restarted.demo_line.services.versions.passed_over
    assert [how for _, how in desk.published()] == ["rollback", "edit", "start"]


def test_an_edit_after_a_rollback_is_published(desk: Desk) -> None:
    first = desk.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    roll_back(desk.demo_line.services, desk.folders, first)
    desk.look()
    desk.edit("prompts/en/main.yaml", FAREWELL, "goodbye: Take care.")
    assert farewell(desk).endswith("Take care.")
    assert not desk.demo_line.services.versions.passed_over


def test_a_worker_starts_on_the_last_good_version_while_a_bad_edit_lies_there(desk: Desk) -> None:
    before = desk.hash
    desk.edit("flows/main.yaml", "1: refill", "1: refil")
    restarted = worker(desk)
    assert restarted.hash == before
    assert restarted.demo_line.services.versions.refused is not None
    assert hears(farewell(restarted), "main.goodbye")


def test_a_line_does_not_begin_with_a_bad_version(databases: Databases, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "prompts").mkdir()
    with databases.fresh("sqlite", fill_demo) as url:
        database = open_demo_line(url).services.database
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM publication")
        with pytest.raises(DefinitionError):
            open_versions(database, Folders(tmp_path / "flows", tmp_path / "prompts"), SPECS)
        database.dispose()


def test_a_version_of_another_release_is_not_taken_and_told_once(desk: Desk) -> None:
    older = dict(SPECS)
    del older["count_refillable"]
    before = desk.hash
    line = replace(desk.demo_line.services, versions=Versions(desk.demo_line.services.versions.current, older))
    behind = Watcher(line, desk.folders)
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    with capture_logs() as told:
        behind.look()
        behind.look()
    assert line.versions.current.hash == before
    assert [entry["event"] for entry in told] == ["version_not_taken"]


def test_an_unknown_version_cannot_be_rolled_back_to(desk: Desk) -> None:
    assert roll_back(desk.demo_line.services, desk.folders, "0" * 16) is None
    assert len(desk.published()) == 1


def test_two_files_saved_one_after_the_other_are_published_when_they_fit(desk: Desk) -> None:
    before = desk.hash
    desk.edit("flows/main.yaml", "hang_up: main.goodbye", "hang_up: main.farewell")
    refused = desk.demo_line.services.versions.refused
    assert refused is not None
    assert "main.farewell" in str(refused.problems[0])
    assert desk.hash == before
    for language in ("en", "es"):
        desk.edit(f"prompts/{language}/main.yaml", "\ngoodbye:", "\nfarewell:")
    assert desk.demo_line.services.versions.refused is None
    assert desk.hash != before
    assert [how for _, how in desk.published()] == ["edit", "start"]


def test_a_start_does_not_bring_back_what_was_replaced(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Folders(tmp_path / "b" / "flows", tmp_path / "b" / "prompts")
    shutil.copytree(desk.folders.flows, elsewhere.flows)
    shutil.copytree(desk.folders.prompts, elsewhere.prompts)
    first = desk.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    with capture_logs() as told:
        behind = worker(replace(desk, folders=elsewhere))
    assert [entry["event"] for entry in told] == ["folders_passed_over"]
    assert behind.hash == desk.hash
    assert (draft(behind), behind.demo_line.services.versions.passed_over) == (first, True)
    assert [how for _, how in desk.published()] == ["edit", "start"]
    behind.edit("prompts/en/main.yaml", GOODBYE, "goodbye: Take care.")
    assert farewell(behind).endswith("Take care.")


def test_a_worker_that_looks_late_does_not_bring_back_an_edit(desk: Desk, tmp_path: Path) -> None:
    """Another worker published it, and a third one something newer, before this one looked."""
    late = worker(desk)
    elsewhere = Folders(tmp_path / "b" / "flows", tmp_path / "b" / "prompts")
    shutil.copytree(desk.folders.flows, elsewhere.flows)
    shutil.copytree(desk.folders.prompts, elsewhere.prompts)
    third = worker(replace(desk, folders=elsewhere))
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    third.edit("prompts/en/main.yaml", GOODBYE, "goodbye: Take care.")
    late.look()
    assert late.hash == third.hash
    assert [how for _, how in desk.published()] == ["edit", "edit", "start"]
    late.edit("prompts/en/main.yaml", FAREWELL, GOODBYE)  # what somebody saves again is published again
    assert farewell(late) == farewell(worker(desk))
    assert [how for _, how in desk.published()] == ["edit", "edit", "edit", "start"]


# Where publishing is asked for


@pytest.fixture
def asking(desk: Desk) -> Desk:
    """Lend a desk whose saves are drafts."""
    return worker(desk, asked=True)


def draft(desk: Desk) -> str:
    found = desk.demo_line.services.versions.draft
    return found.hash if found else ""


@BOTH
def test_a_save_is_a_draft_until_it_is_asked_for(desk: Desk) -> None:
    asking = worker(desk, asked=True)
    with capture_logs() as told:
        asking.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
        asking.look()
    assert [entry["event"] for entry in told] == ["draft_kept"]
    assert told[0]["version"] == draft(asking)
    assert hears(farewell(asking), "main.goodbye")
    other = worker(asking, asked=True)
    assert (other.hash, draft(other)) == (asking.hash, draft(asking))
    assert publish(asking.demo_line.services, asking.folders, draft(asking), replaced_id=1, by="staff")
    assert farewell(asking).endswith("Farewell.")
    other.watcher.look()
    assert (other.hash, draft(other), draft(asking)) == (asking.hash, "", "")
    assert [how for _, how in desk.published()] == ["publish", "start"]


def test_a_bad_draft_is_told_and_a_mended_one_kept(asking: Desk) -> None:
    asking.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    with capture_logs() as told:
        asking.edit("flows/main.yaml", "1: refill", "1: refil")
    assert [entry["event"] for entry in told] == ["edit_refused"]
    assert (asking.demo_line.services.versions.refused is None, draft(asking)) == (False, "")
    asking.edit("flows/main.yaml", "1: refil", "1: refill")
    assert (asking.demo_line.services.versions.refused is None, draft(asking) != "") == (True, True)


def test_a_draft_that_is_taken_back_is_none(asking: Desk) -> None:
    asking.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    asking.edit("prompts/en/main.yaml", FAREWELL, GOODBYE)
    assert draft(asking) == ""


@pytest.mark.parametrize("late", ["the files", "the publication"])
def test_only_what_was_looked_at_is_published(asking: Desk, late: str) -> None:
    asking.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    seen = draft(asking)
    if late == "the files":
        asking.edit("prompts/en/main.yaml", FAREWELL, "goodbye: Take care.")
    else:
        assert publish(asking.demo_line.services, asking.folders, seen, replaced_id=1, by="somebody else")
    assert not publish(asking.demo_line.services, asking.folders, seen, replaced_id=1, by="staff")
    assert len(asking.published()) == (1 if late == "the files" else 2)


@BOTH
def test_of_many_who_publish_at_once_one_does(desk: Desk) -> None:
    files = desk.demo_line.services.versions.current.files
    drafts = [Files({**files.flows, "note.yaml": str(number)}, files.prompts) for number in range(6)]
    database, ready = desk.demo_line.services.database, Barrier(len(drafts))

    def ask(draft: Files) -> bool:
        ready.wait()
        with database.begin() as connection:
            return publications.replace(connection, draft, Publication(draft.hash, NOON, "x", "publish"), replaced_id=1)

    with ThreadPoolExecutor(len(drafts)) as people:
        done = list(people.map(ask, drafts))
    assert done.count(True) == 1
    assert len(desk.published()) == 2


def test_a_start_answers_with_what_is_published_however_bad_the_files_are(asking: Desk) -> None:
    before = asking.hash
    asking.edit("flows/main.yaml", "1: refill", "1: refil")
    restarted = worker(asking, asked=True)
    assert restarted.hash == before
    assert restarted.demo_line.services.versions.refused is not None
    assert hears(farewell(restarted), "main.goodbye")


def test_a_rollback_leaves_a_draft_that_can_be_published_again(asking: Desk) -> None:
    first = asking.hash
    asking.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    edited = draft(asking)
    publish(asking.demo_line.services, asking.folders, edited, replaced_id=1, by="staff")
    roll_back(asking.demo_line.services, asking.folders, first)
    asking.look()
    assert (asking.hash, draft(asking)) == (first, edited)
    assert publish(asking.demo_line.services, asking.folders, edited, replaced_id=3, by="staff")
    assert asking.hash == edited


def publish_what_cannot_be_used(desk: Desk) -> str:
    """Publish what a release before could use; it knew nothing of a name that the files of this one have."""
    older = dict(desk.demo_line.services.versions.current.files.flows)
    older["main.yaml"] = older["main.yaml"].replace("1: refill", "1: refil")
    files = Files(older, desk.demo_line.services.versions.current.files.prompts)
    with desk.demo_line.services.database.begin() as connection:
        publications.record(connection, files, Publication(files.hash, NOON, "the release before", "start"))
    return files.hash


@BOTH
@pytest.mark.parametrize("was_published", [True, False])
def test_an_upgrade_that_cannot_use_what_is_published_publishes_nothing(desk: Desk, was_published: bool) -> None:
    """It goes on with what was published before that or, where that is nothing, begins with the files."""
    asking = worker(desk, asked=True)
    if not was_published:
        desk.demo_line.run("DELETE FROM publication")
        desk.demo_line.run("DELETE FROM version")
    newest = publish_what_cannot_be_used(asking)
    before = asking.published()
    with capture_logs() as told:
        upgraded = worker(asking, asked=True)
    assert [entry["event"] for entry in told] == ["version_not_taken"]
    assert (upgraded.published(), upgraded.hash) == (before, desk.hash)
    not_taken = upgraded.demo_line.services.versions.not_taken
    assert not_taken
    assert not_taken.hash == newest
    assert hears(farewell(upgraded), "main.goodbye")
    with desk.demo_line.services.database.connect() as connection:  # so that its calls can go on on other workers
        assert publications.stored(connection, upgraded.hash)


@BOTH
def test_calls_are_counted_by_version(desk: Desk) -> None:
    first = desk.hash
    desk.demo_line.call("13")
    desk.demo_line.call("139")
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    desk.demo_line.call(IDENTIFIED)
    with desk.demo_line.services.database.connect() as connection:
        now = desk.demo_line.clock()
        assert publications.calls(connection, now) == {
            first: publications.Calls(in_progress=1, all=2),
            desk.hash: publications.Calls(in_progress=1, all=1),
        }
        assert publications.calls(connection, now + timedelta(hours=2))[first].in_progress == 0


def test_versions_in_memory_are_few_and_old_ones_are_found_again(desk: Desk) -> None:
    first = desk.hash
    for number in range(9):
        old = GOODBYE if number == 0 else f"goodbye: Farewell {number - 1}."
        desk.edit("prompts/en/main.yaml", old, f"goodbye: Farewell {number}.")
    versions = desk.demo_line.services.versions
    assert len(versions._in_memory) <= 8
    with desk.demo_line.services.database.connect() as connection:
        assert versions.get(connection, first).hash == first


def test_a_database_that_goes_away_while_a_worker_begins_is_told_as_away(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(publications, "history", gone)
    with databases.fresh("sqlite", fill_demo) as url, pytest.raises(UnreachableError, match="closed the connection"):
        build_line(Settings(database_url=url))
