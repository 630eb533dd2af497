"""The staff pages: who may see them, and what they show of words, flows, edits and versions."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from databases import Databases
from demo_line import PROJECT, VERSION, DemoLine, fill_demo, open_demo_line
from flask.testing import FlaskClient
from hearing import catalogues, source, words
from markupsafe import escape
from sounds import voice, wav
from werkzeug.test import TestResponse

from ivr.errors import Place, Problem
from ivr.line.actions import SPECS
from ivr.line.publishing import Watcher, open_versions, origin, roll_back, whoami
from ivr.line.versions import Folders, NotTaken
from ivr.pages.app import make_app
from ivr.secret import Secret
from ivr.settings import Settings

PASSWORD = "größer als 3"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@dataclass
class Desk:
    """A staff member's folders and browser, and the line whose worker watches the folders."""

    folders: Folders
    demo_line: DemoLine
    watcher: Watcher
    browser: FlaskClient

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folders.flows.parent / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.watcher.look()
        self.watcher.look()

    def page(self, path: str) -> str:
        response = self.browser.get(f"/studio{path}")
        assert response.status_code == 200, path
        return words_of(response)


class _Words(HTMLParser):
    """Collects what a page says, the links it has and the ids that links may lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and (href := found.get("href")):
            self.links.append(href)
        if identity := found.get("id"):
            self.ids.append(identity)


def parsed(response: TestResponse) -> _Words:
    parser = _Words()
    parser.feed(response.text)
    return parser


def words_of(response: TestResponse) -> str:
    return " ".join("".join(parsed(response).words).split())


GOODBYE, FAREWELL = source("main.goodbye"), "goodbye: Farewell."


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Desk]:
    folders = Folders(tmp_path / "flows", tmp_path / "prompts")
    shutil.copytree(PROJECT / "flows", folders.flows)
    shutil.copytree(PROJECT / "prompts", folders.prompts)
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line = open_demo_line(url)
        watcher = Watcher(demo_line.services, folders)
        watcher.begin()
        yield Desk(folders, demo_line, watcher, demo_line.app.test_client())
        demo_line.services.database.dispose()


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"staff:{password}".encode()).decode()}


# Who may see them


@pytest.mark.parametrize(
    ("password", "headers", "environment", "status"),
    [
        (None, {}, {}, 200),
        (None, {}, ELSEWHERE, 403),
        (None, {"X-Forwarded-For": "203.0.113.9"}, {}, 403),
        (None, {"Host": "line.example"}, {}, 403),
        (None, basic(""), ELSEWHERE, 403),
        (PASSWORD, {}, {}, 200),
        (PASSWORD, {}, ELSEWHERE, 401),
        (PASSWORD, basic("wrong"), ELSEWHERE, 401),
        (PASSWORD, basic(""), ELSEWHERE, 401),
        (PASSWORD, {"Authorization": "Bearer x"}, ELSEWHERE, 401),
        (PASSWORD, {"Authorization": "Basic %%%"}, ELSEWHERE, 401),
        (PASSWORD, basic(PASSWORD), ELSEWHERE, 200),
    ],
    ids=[
        "this machine",
        "elsewhere without a password set",
        "through a proxy",
        "under another name",
        "an empty password where none is set",
        "this machine although there is a password",
        "no password given",
        "a wrong password",
        "an empty password",
        "another kind of credentials",
        "credentials that cannot be read",
        "the password",
    ],
)
@pytest.mark.parametrize("path", ["", "/words/main", "/static/studio.css"])
def test_only_staff_see_the_pages(
    desk: Desk,
    password: str | None,
    headers: dict[str, str],
    environment: dict[str, str],
    status: int,
    path: str,
) -> None:
    app = make_app(desk.demo_line.services, Settings(staff_password=Secret(password) if password else None))
    with app.test_client().get(f"/studio{path}", headers=headers, environ_overrides=environment) as response:
        assert response.status_code == status
        assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing(desk: Desk) -> None:
    response = desk.browser.get("/studio/words/refill")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert "<script" not in response.text
    assert " style=" not in response.text


PROXIED = {"Host": "127.0.0.1:8000"}
"""What a proxy with its defaults hands on: from this machine, to this machine, and not a word of anybody else."""


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (Settings(), 200),
        (Settings(twilio_auth_tokens=(Secret("token"),)), 403),
        (Settings(twilio_auth_tokens=(Secret("token"),), staff_password=Secret(PASSWORD)), 401),
        (Settings(public_url="https://line.example"), 403),
        (Settings(unsigned=True), 403),
        (Settings(unsigned=True, staff_password=Secret(PASSWORD)), 401),
    ],
    ids=["nobody else", "a token", "a token and a password", "a public URL", "unsigned", "unsigned with a password"],
)
@pytest.mark.parametrize("path", ["", "/words/main", "/versions", "/static/studio.css"])
def test_where_others_reach_the_line_no_request_is_local(
    desk: Desk, settings: Settings, status: int, path: str
) -> None:
    client = make_app(desk.demo_line.services, settings).test_client()
    with client.get(f"/studio{path}", headers=PROXIED) as response:
        assert response.status_code == status
    if settings.staff_password:
        with client.get(f"/studio{path}", headers={**PROXIED, **basic(PASSWORD)}) as response:
            assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/words/nowhere", "/flows/nowhere", "/versions/999", "/nowhere", "/words/\x00", "/flows/..%2f"),
        *(f"/versions/{number}" for number in (0, -1, 2**31 - 1, 2**31, 2**63, "9" * 5000, "٣", "1e3", "%00")),
    ],
    ids=lambda path: path[:30],
)
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    assert desk.browser.get(f"/studio{path}").status_code == 404


def test_nothing_can_be_changed_here(desk: Desk) -> None:
    assert desk.browser.post("/studio").status_code == 405
    assert desk.browser.post("/studio/words/main").status_code == 405


# What they show


def test_every_prompt_stands_side_by_side_in_both_languages(desk: Desk) -> None:
    for subject in {name.partition(".")[0] for name in VERSION.catalogues.names}:
        page = parsed(desk.browser.get(f"/studio/words/{subject}"))
        assert {name for name in VERSION.catalogues.names if name.startswith(f"{subject}.")} <= set(page.ids)
    page_words = desk.page("/words/main")
    assert words("main.goodbye") in page_words
    assert words("main.goodbye", "es") in page_words


def test_values_are_shown_and_how_they_may_sound(desk: Desk) -> None:
    page = desk.page("/words/prescription")
    written = catalogues().by_language["en"].prompts["prescription.added"].say.written
    assert written.replace("[", "").replace("]", "") in page
    assert words("prescription.added", days=30, price=2450) in page


def test_plural_forms_stand_apart(desk: Desk) -> None:
    page = desk.page("/words/refill")
    assert "first time (ready: one)" in page
    assert "first time (ready: other)" in page


def test_a_prompt_tells_where_it_is_heard_and_the_way_there(desk: Desk) -> None:
    page = desk.page("/words/main")
    assert "main.begin unknown → main.language 1 → main.menu 3 → main.new_prescription" in page


def test_every_link_leads_somewhere(desk: Desk) -> None:
    pages: dict[str, _Words] = {}
    waiting = ["/studio"]
    links: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        response = desk.browser.get(path)
        assert response.status_code == 200, path
        pages[path] = parsed(response)
        for link in pages[path].links:
            target = link if link.startswith("/") else f"{path}{link}"
            links.add(target)
            waiting.append(target.partition("#")[0])
    for link in links:
        page, _, anchor = link.partition("#")
        assert not anchor or anchor in pages[page].ids, link
    assert len(pages) > len(VERSION.flows.flows)


def test_a_page_has_each_id_once(desk: Desk) -> None:
    for path in ("", "/words/main", "/flows/main", "/find?q=press"):
        ids = parsed(desk.browser.get(f"/studio{path}")).ids
        assert sorted(set(ids)) == sorted(ids), path


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (words("main.goodbye", "es").lower().replace(" ", "  "), "1 prompt says this. main.goodbye"),
        ("main.goodbye", "1 prompt says this. main.goodbye"),
        ("<b>nothing</b>", "No prompt says this."),
        ("", "Type some words"),
    ],
)
def test_words_are_found_in_any_language(desk: Desk, asked: str, told: str) -> None:
    response = desk.browser.get("/studio/find", query_string={"q": asked})
    assert told in words_of(response)
    assert "<b>nothing" not in response.text


def test_a_flow_lists_its_states_and_where_each_answer_leads(desk: Desk) -> None:
    page = desk.page("/flows/checkout")
    assert "the caller's yes" in page
    assert "key 7" in page


# Edits


def test_a_good_edit_is_shown_as_published(desk: Desk) -> None:
    assert "What lies in the folders is what callers hear" in desk.page("")
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    assert "Farewell." in desk.page("/words/main")
    changed = desk.page("/versions/2")
    assert 'Farewell." now, was "' in changed
    assert "Published by an edit" in changed


def test_problems_stand_beside_the_line_that_has_them(desk: Desk) -> None:
    desk.edit("prompts/es/main.yaml", source("main.goodbye", "es"), "goodbye: Gracias por {llamar}.")
    home = desk.page("")
    assert "The files cannot be published" in home
    assert "prompts/es/main.yaml:" in home
    page = desk.browser.get("/studio/words/main").text
    article = page[
        page.index('<article id="main.goodbye"') : page.index("</article>", page.index('<article id="main.goodbye"'))
    ]
    assert "{llamar} is not one of the catalogue&#39;s names" in article
    assert "goodbye: Gracias por {llamar}" in article
    assert escape(words("main.goodbye", "es")) in article  # what callers hear all the while
    assert "The files cannot be published." in desk.page("/words/card")


def test_problems_of_a_flow_stand_beside_its_state(desk: Desk) -> None:
    desk.edit("flows/main.yaml", "1: refill", "1: refil")
    page = desk.browser.get("/studio/flows/main").text
    article = page[page.index('<article id="menu"') : page.index("</article>", page.index('<article id="menu"'))]
    assert "did you mean" in article


def test_a_problem_of_no_known_prompt_is_shown_all_the_same(desk: Desk) -> None:
    (desk.folders.prompts / "en" / "extra.yaml").write_text("hello: {x\n")
    desk.edit("prompts/en/main.yaml", "menu:", "\tmenu:")
    home = desk.page("")
    assert "prompts/en/extra.yaml:" in home
    assert "indented with a tab" in home


def test_a_rollback_is_told(desk: Desk) -> None:
    first = desk.demo_line.services.versions.current.hash
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    roll_back(desk.demo_line.services, desk.folders, first)
    desk.edit("prompts/en/main.yaml", FAREWELL, FAREWELL)
    desk.watcher.begin()
    assert "The files are passed over since the rollback" in desk.page("")
    assert "rollback" in desk.page("/versions")


def test_words_are_shown_while_the_database_is_away(desk: Desk) -> None:
    path = desk.demo_line.services.database.url.database
    desk.demo_line.services.database.dispose()
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE publication")
    connection.close()
    assert "does not say since when" in desk.page("")
    assert "The database does not answer" in desk.page("/versions")
    assert words("main.goodbye") in desk.page("/words/main")


def test_links_go_by_the_public_path(desk: Desk) -> None:
    settings = Settings(public_url="https://line.example/ivr", staff_password=Secret(PASSWORD))
    app = make_app(desk.demo_line.services, settings)
    response = app.test_client().get("/studio", headers=basic(PASSWORD))
    assert 'href="/ivr/studio/static/studio.css"' in response.text
    assert all(link.startswith(("/ivr/studio", "#")) for link in parsed(response).links)


def test_what_could_be_said_better_stands_below_the_words(desk: Desk) -> None:
    desk.edit("prompts/en/main.yaml", GOODBYE, "goodbye: Wait until 7 days have passed.")
    page = desk.browser.get("/studio/words/main").text
    article = page[page.index('<article id="main.goodbye"') :]
    assert "figures" in article


def test_a_recording_can_be_played_beside_its_words(desk: Desk) -> None:
    audio = desk.folders.prompts / "en" / "audio"
    audio.mkdir()
    spoken = words("main.goodbye")
    (audio / "main.goodbye.wav").write_bytes(wav(voice(2.0)))
    (audio / "main.goodbye.txt").write_text(spoken)
    browser = make_app(desk.demo_line.services, Settings(prompts=desk.folders.prompts)).test_client()
    page = browser.get("/studio/words/main").text
    article = page[page.index('<article id="main.goodbye"') :]
    source = article.partition('<audio controls preload="none" src="')[2].partition('"')[0]
    assert f'aria-label="Recording: {escape(spoken)}"' in article
    with browser.get(source) as sound:
        assert (sound.status_code, sound.mimetype) == (200, "audio/wav")


# Where publishing is asked for


@pytest.fixture
def asking(desk: Desk) -> Desk:
    """Lend a desk with a draft."""
    settings = Settings(flows=desk.folders.flows, prompts=desk.folders.prompts, publish="asked")
    app = make_app(desk.demo_line.services, settings)
    made = replace(desk, watcher=Watcher(desk.demo_line.services, desk.folders, asked=True), browser=app.test_client())
    made.watcher.begin()
    made.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    return made


class _Form(HTMLParser):
    """Collects what the form of the page would send."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found.get("name") or ""] = found.get("value") or ""


def form(desk: Desk) -> dict[str, str]:
    parser = _Form()
    parser.feed(desk.browser.get("/studio").text)
    return parser.fields


def current(desk: Desk) -> str:
    return desk.demo_line.services.versions.current.hash


def test_a_draft_is_shown_with_what_it_changes_and_published_by_its_button(asking: Desk) -> None:
    draft = asking.demo_line.services.versions.draft
    assert draft is not None
    home = asking.page("")
    assert "Your draft is not published." in home
    assert 'main.goodbye: says "Farewell." now' in home
    assert "Your draft is not published." in asking.page("/words/card")
    response = asking.browser.post("/studio/publish", data=form(asking))
    assert (response.status_code, response.headers["Location"]) == (303, "/studio")
    assert current(asking) == draft.hash
    home = asking.page("")
    assert "published by studio@127.0.0.1" in home
    assert "A change that is saved waits here to be published." in home
    assert "Published on" in asking.page("/versions/2")


@pytest.mark.parametrize(
    "change",
    [{"seal": ""}, {"seal": "A" * 22}, {"version": "0" * 16}, {"over": "7"}, {"over": "", "version": "", "seal": ""}],
    ids=["no seal", "a guess", "another version", "another place", "nothing"],
)
def test_a_form_that_this_studio_did_not_give_publishes_nothing(asking: Desk, change: dict[str, str]) -> None:
    before = current(asking)
    assert asking.browser.post("/studio/publish", data=form(asking) | change).status_code == 403
    assert current(asking) == before


@pytest.mark.parametrize("late", ["the files", "the publication", "bad files"])
def test_what_has_changed_since_it_was_looked_at_is_not_published(asking: Desk, late: str) -> None:
    seen = form(asking)
    match late:
        case "the files":
            asking.edit("prompts/en/main.yaml", FAREWELL, "goodbye: Take care.")
        case "bad files":
            asking.edit("prompts/en/main.yaml", FAREWELL, "goodbye: Go {farewell}.")
        case _:
            asking.browser.post("/studio/publish", data=seen)
    before = current(asking)
    response = asking.browser.post("/studio/publish", data=seen)
    assert response.status_code == 409
    assert "Nothing was published: the files, or what callers hear, have changed" in response.text
    assert current(asking) == before


def test_nobody_publishes_who_may_not_see(asking: Desk) -> None:
    response = asking.browser.post("/studio/publish", data=form(asking), environ_overrides=ELSEWHERE)
    assert response.status_code == 403
    assert asking.browser.get("/studio/publish").status_code == 405


def test_who_published_is_told_by_the_name_they_gave(asking: Desk) -> None:
    asking.browser.post("/studio/publish", data=form(asking), headers=basic("whatever"))
    assert "published by staff@127.0.0.1" in asking.page("")


def test_a_bad_draft_shows_its_problems_and_no_button(asking: Desk) -> None:
    asking.edit("prompts/en/main.yaml", FAREWELL, "goodbye: Go {farewell}.")
    assert form(asking) == {}
    assert "{farewell} is not one of the catalogue's names" in asking.page("")


def test_publishing_needs_the_database(asking: Desk) -> None:
    seen = form(asking)
    path = asking.demo_line.services.database.url.database
    asking.demo_line.services.database.dispose()
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE publication")
    connection.close()
    response = asking.browser.post("/studio/publish", data=seen)
    assert response.status_code == 503
    assert "so nothing was published" in response.text


# Where another host has folders of its own


@pytest.fixture
def elsewhere(desk: Desk, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    """Lend the desk of another host, whose folders have become old: an edit was published on the first one since."""
    folders = Folders(tmp_path / "b" / "flows", tmp_path / "b" / "prompts")
    shutil.copytree(desk.folders.flows, folders.flows)
    shutil.copytree(desk.folders.prompts, folders.prompts)
    publishes: Literal["saved", "asked"] = getattr(request, "param", "asked")
    line = replace(desk.demo_line.services, versions=open_versions(desk.demo_line.services.database, folders, SPECS))
    app = make_app(line, Settings(flows=folders.flows, prompts=folders.prompts, publish=publishes))
    watcher = Watcher(line, folders, asked=publishes == "asked")
    watcher.begin()
    desk.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    watcher.look()
    return Desk(folders, desk.demo_line.copy_with(services=line, app=app), watcher, app.test_client())


@pytest.mark.parametrize("elsewhere", ["saved", "asked"], indirect=True)
def test_a_host_that_follows_says_where_the_words_come_from_before_anybody_edits(desk: Desk, elsewhere: Desk) -> None:
    home = elsewhere.page("")
    assert "Farewell." in elsewhere.page("/words/main")
    assert "The folders are not what callers hear. Read this before you change a file." in home
    assert (
        f"was published from {origin(desk.folders)}, by {whoami()}. These pages read {origin(elsewhere.folders)}."
        in home
    )
    assert f"{current(elsewhere)[:8]} --out FOLDER writes those files" in home
    assert "What lies here, version" in home
    assert 'was "Farewell."' in home
    assert "Your draft" not in home
    assert "The files are passed over." in elsewhere.page("/words/card")


def test_what_lies_on_a_host_that_follows_is_published_only_by_whoever_says_so(desk: Desk, elsewhere: Desk) -> None:
    before, asked = current(elsewhere), form(elsewhere)
    response = elsewhere.browser.post("/studio/publish", data=asked)
    assert response.status_code == 409
    assert "Nothing was published: it would take back what was published since." in response.text
    desk.watcher.look()
    assert current(elsewhere) == current(desk) == before
    assert elsewhere.browser.post("/studio/publish", data={**asked, "sure": "on"}).status_code == 303
    desk.watcher.look()
    assert current(elsewhere) == current(desk) != before


def test_an_edit_on_a_host_that_follows_is_told_to_be_one(elsewhere: Desk) -> None:
    elsewhere.edit("prompts/en/main.yaml", GOODBYE, "goodbye: Take care.")
    home = elsewhere.page("")
    assert "The folders are not what callers hear." in home
    assert "What lies here, version" not in home  # it was never published
    assert 'says "Take care." now, was "Farewell."' in home


def test_a_host_that_was_brought_up_to_date_is_one_like_any_other(elsewhere: Desk) -> None:
    elsewhere.edit("prompts/en/main.yaml", GOODBYE, FAREWELL)
    assert "What lies in the folders is what callers hear." in elsewhere.page("")


def test_a_worker_that_cannot_use_what_was_published_says_so(desk: Desk) -> None:
    desk.demo_line.services.versions.not_taken = NotTaken(
        "0" * 16, (Problem(Place("flows/main.yaml", 3, 5), "is new"),)
    )
    home = desk.page("")
    assert "Not on this worker: its program cannot use that version" in home
    assert "flows/main.yaml:3:5: is new" in home
