"""The staff pages in a browser: by keyboard, on a telephone's screen, and with nothing that the page's policy blocks."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import hearing
import pytest
from databases import Databases
from demo_line import PROJECT, fill_demo, open_demo_line

from ivr.line.actions import SPECS
from ivr.line.publishing import Watcher, open_versions
from ivr.line.versions import Folders
from ivr.pages.app import make_app
from ivr.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page, ViewportSize

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK: ViewportSize = {"width": 1280, "height": 900}
TELEPHONE: ViewportSize = {"width": 360, "height": 740}
PAGES = (
    "",
    "/words/refill",
    "/words/card",
    "/flows",
    "/flows/refill?at=offer",
    "/versions",
    "/versions/2",
    "/find?q=press",
)

CONTRAST = """
() => {
  const light = c => c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const bright = c => { const [r, g, b] = light(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const weak = [];
  for (const e of document.querySelectorAll('body *:not(svg):not(svg *)')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [bright(colour(getComputedStyle(e).color).slice(0, 3)), bright(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 30));
  }
  return weak;
}
"""
"""Text that stands out too little from its ground, by the measure of the Web Content Accessibility Guidelines."""


@dataclass
class Site:
    """The pages of a line that has seen one good edit and then a bad one."""

    url: str
    complaints: list[str] = field(default_factory=list)
    """What the browser had to say in its console."""

    def open_page(
        self, browser: Browser, path: str, screen: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light"
    ) -> Page:
        page = browser.new_page(viewport=screen, color_scheme=scheme)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.url}/studio{path}")
        return page


class Quiet(WSGIRequestHandler):
    """A server that does not print."""

    def log_message(self, *_: object) -> None:
        return


ADIOS = hearing.words("main.goodbye", "es")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with playwright_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        yield launched
        launched.close()


def copied(folder: Path) -> Folders:
    """Return a copy of the project's flows and prompts."""
    folders = Folders(folder / "flows", folder / "prompts")
    shutil.copytree(PROJECT / "flows", folders.flows)
    shutil.copytree(PROJECT / "prompts", folders.prompts)
    return folders


def edit(watcher: Watcher, path: Path, old: str, new: str) -> None:
    """Change a file, and let the worker look twice."""
    path.write_text(path.read_text().replace(old, new))
    watcher.look()
    watcher.look()


@contextmanager
def served(app: Flask) -> Iterator[Site]:
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folders = copied(tmp_path_factory.mktemp("desk"))
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line = open_demo_line(url)
        watcher = Watcher(demo_line.services, folders)
        watcher.begin()
        edit(watcher, folders.prompts / "en" / "main.yaml", hearing.source("main.goodbye"), "goodbye: Farewell.")
        edit(watcher, folders.flows / "main.yaml", "1: refill", "1: refil")
        with served(demo_line.app) as site:
            yield site
        demo_line.services.database.dispose()


@pytest.fixture(scope="module")
def site_that_follows(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the pages of another host than the one where an edit was published."""
    first, second = (copied(tmp_path_factory.mktemp(name)) for name in ("first", "second"))
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line = open_demo_line(url)
        database = demo_line.services.database
        watchers = []
        for folders in (first, second):
            line = replace(demo_line.services, versions=open_versions(database, folders, SPECS))
            watchers.append(Watcher(line, folders))
            watchers[-1].begin()
        edit(watchers[0], first.prompts / "en" / "main.yaml", hearing.source("main.goodbye"), "goodbye: Farewell.")
        watchers[1].look()
        app = make_app(line, Settings(flows=second.flows, prompts=second.prompts, publish="asked"))
        with served(app) as site:
            yield site
        database.dispose()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_on_a_desk_and_on_a_telephone(browser: Browser, site: Site, path: str) -> None:
    for screen in (DESK, TELEPHONE):
        page = site.open_page(browser, path, screen)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert page.locator("h1").count() == 1
        page.close()
    assert site.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_word_stands_out_from_its_ground(
    browser: Browser, site: Site, path: str, scheme: Literal["light", "dark"]
) -> None:
    page = site.open_page(browser, path, scheme=scheme)
    assert page.evaluate(CONTRAST) == []
    page.close()


def test_the_keyboard_leads_past_the_links_to_the_page(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "/words/refill")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.close()


def test_everything_that_takes_a_key_shows_that_it_has_the_focus(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "/flows/main")
    seen: set[str] = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "(() => { const e = document.activeElement, f = e.tagName === 'a' ? e.querySelector('.frame') : e, s = getComputedStyle(f);"
            " return [e.tagName, s.outlineStyle !== 'none' || parseFloat(s.strokeWidth) >= 4]; })()"
        )
        seen.add(shown[0])
        assert shown[1], shown[0]
    assert {"A", "INPUT", "BUTTON", "FIGURE", "a"} <= seen
    page.close()


def test_words_are_found_by_typing(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "")
    page.get_by_role("searchbox").fill(ADIOS)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/find?{urlencode({'q': ADIOS})}")
    assert page.get_by_role("heading", name="main.goodbye").count() == 1
    assert page.get_by_role("status").filter(has_text="1 prompt says this").count() == 1
    page.close()


def test_a_screen_reader_hears_what_stands_where(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "/words/main")
    heard = page.locator("body").aria_snapshot()
    for expected in (
        'navigation "Studio"',
        'navigation "Words by subject"',
        'searchbox "Words to find"',
        'heading "Main" [level=1]',
        'article "main.goodbye"',
        'columnheader "Spanish"',
        'rowheader "first time"',
    ):
        assert expected in heard
    assert page.locator("td[lang=es]", has_text=ADIOS).count() == 1
    page.close()


def test_the_way_from_a_prompt_to_its_place_in_the_picture(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "/words/refill")
    page.locator("article", has=page.get_by_role("heading", name="refill.offer", exact=True)).get_by_role(
        "link", name="refill.offer", exact=True
    ).last.click()
    page.wait_for_url("**/studio/flows/refill?at=offer#picture")
    assert page.locator("figure .here .name").text_content() == "offer"
    assert page.locator("figure .passed").count() > 2
    page.locator("figure .here").click()
    page.wait_for_url("**#offer")
    page.close()


def test_the_way_from_a_problem_to_the_state_that_has_it(browser: Browser, site: Site) -> None:
    page = site.open_page(browser, "/words/card")
    page.get_by_role("link", name="1 problem").click()
    page.get_by_role("link", name="show it there").click()
    page.wait_for_url("**/studio/flows/main#menu")
    assert "did you mean" in (page.locator("article:target").text_content() or "")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_host_that_follows_publishes_nothing_by_a_slip(
    browser: Browser, site_that_follows: Site, scheme: Literal["light", "dark"]
) -> None:
    for screen in (DESK, TELEPHONE):
        page = site_that_follows.open_page(browser, "", screen, scheme)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert page.evaluate(CONTRAST) == []
        page.get_by_role("button", name="Publish").click()
        assert page.evaluate("document.querySelector('input[name=sure]').validity.valueMissing")
        assert page.get_by_role("status").filter(has_text="The folders are not what callers hear.").count() == 1
        page.close()
    assert site_that_follows.complaints == []
