"""The studio: pages on which staff see the words and flows that callers hear now, and what became of an edit.

Files are edited where they lie; what can be done here is to publish them. Needs no script in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from ivr.errors import DefinitionError, UnreachableError
from ivr.flow.changes import changes
from ivr.flow.diagram import STYLE
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.publications import Calls, Publication
from ivr.line.publishing import publish
from ivr.line.service import Services
from ivr.line.versions import Folders
from ivr.pages.access import StaffAccess
from ivr.pages.studio.flows import picture, rows, whole_picture
from ivr.pages.studio.problems import Shown, shown
from ivr.pages.studio.words import Book
from ivr.pharmacy.database import answering
from ivr.prompts.recordings.folder import Folder, Recording
from ivr.prompts.spoken import clean

MOST_VERSIONS = 50
MOST_FOUND = 60
CHANGED = "Nothing was published: the files, or what callers hear, have changed since this page was made. Look again."


@dataclass(frozen=True, slots=True)
class Past:
    """One publication as it is listed."""

    publication: Publication
    at: str
    calls: Calls


@dataclass(frozen=True, slots=True)
class PublicationDraft:
    """What waits to be published: its hash, the publication it would take the place of, and what that changes."""

    hash: str
    over: int
    changes: tuple[str, ...]
    seal: str
    """Shows that this page asked for it."""


def _asking(version: str, over: str) -> str:
    return f"publish {version} over {over}"


@dataclass(frozen=True, slots=True)
class Studio:
    """Shows one line to its staff; `path` is what its addresses begin with behind a proxy."""

    line: Services
    door: StaffAccess
    recordings: Folder
    folders: Folders
    path: str
    asked: bool = False
    """A save is a draft until somebody asks for it to be published."""
    books: dict[tuple[str, date], Book] = field(default_factory=dict)
    """The words of the current version, put in order once."""

    def blueprint(self) -> Blueprint:
        """Return the pages, each behind the door."""
        studio = Blueprint("studio", __name__, template_folder="templates", static_folder="static")
        studio.before_request(lambda: self.door.refuse(request))
        studio.after_request(self.door.close)
        studio.get("")(self.home)
        studio.get("/", endpoint="front")(self.home)
        studio.get("/words/<subject>")(self.words)
        studio.get("/flows")(self.flows)
        studio.get("/flows/<name>")(self.flow)
        studio.get("/picture.css")(self.style)
        studio.get("/versions")(self.versions)
        studio.get("/versions/<int:number>")(self.version)
        studio.get("/find")(self.find)
        studio.post("/publish")(self.publish)
        return studio

    # Pages

    def home(self, notice: str = "") -> str:
        """Show how things stand, and where to go on; `notice` is what kept something from being published."""
        past = self._history(1)
        published = past[0] if past else None
        draft = self._draft(published.publication) if published else None
        return self._page("home", published=published, problems=self._problems(), draft=draft, notice=notice)

    def publish(self) -> Response | tuple[str, int]:
        """Publish the draft that was looked at, and show how things stand then.

        A page elsewhere can make a browser send this form, but cannot read the seal that has to be in it.
        """
        version, over, seal = (request.form.get(name, "") for name in ("version", "over", "seal"))
        if not self.line.vault.signed(_asking(version, over), seal):
            abort(403)
        user = clean(request.authorization.username or "") if request.authorization else ""
        try:
            with answering(self.line.database):
                done = publish(
                    self.line, self.folders, version, int(over), f"{user[:40] or 'studio'}@{request.remote_addr}"
                )
        except DefinitionError:
            done = False
        except UnreachableError:
            return self.home("The database does not answer, so nothing was published. Try again later."), 503
        if not done:
            return self.home(CHANGED), 409
        return Response(status=303, headers={"Location": self._link("home")})

    def words(self, subject: str) -> str:
        """Show one subject's prompts, languages side by side."""
        book = self._book()
        if subject not in book.subjects:
            abort(404)
        problems = [found for found in self._problems() if (found.kind, found.subject) == ("words", subject)]
        entries = book.entries(subject, self.recordings.recordings)
        return self._page("words", subject=subject, entries=entries, problems=problems)

    def flows(self) -> str:
        """Show which flows there are."""
        book = self._book()
        links = {name: self._link("flow", name=name) for name in book.version.flows.flows}
        return self._page("flows", start=book.version.flows.line.start, picture=whole_picture(book, links))

    def flow(self, name: str) -> str:
        """Show one flow: its picture and its states."""
        book = self._book()
        flow = book.version.flows.flows.get(name)
        if flow is None:
            abort(404)
        file = flow.place.file.rpartition("/")[2].removesuffix(".yaml")
        problems = [found for found in self._problems() if (found.kind, found.subject) == ("flow", file)]
        at = request.args.get("at", "")
        drawn = picture(book, flow, at)
        route = book.routes.get((name, at))
        return self._page(
            "flow", flow=flow, states=rows(book, flow), problems=problems, picture=drawn, at=at, route=route
        )

    def style(self) -> Response:
        """Give the style of pictures."""
        return Response(STYLE, content_type="text/css; charset=utf-8")

    def versions(self) -> str:
        """List what was published."""
        return self._page("versions", past=self._history(MOST_VERSIONS))

    def version(self, number: int) -> str:
        """Show what one publication changed."""
        with answering(self.line.database), self.line.database.connect() as connection:
            found = publications.numbered(connection, number)
            if found is None:
                abort(404)
            earlier = publications.before(connection, found)
            get = self.line.versions.get
            told = changes(get(connection, earlier.hash), get(connection, found.hash)) if earlier else ()
        return self._page("changes", past=self._past(found, Calls()), earlier=earlier, changes=told)

    def find(self) -> str:
        """Show the prompts that say something."""
        text, book = request.args.get("q", "").strip()[:200], self._book()
        names = book.find(text) if text else []
        entries = [book.entry(name, self.recordings.recordings) for name in names[:MOST_FOUND]]
        return self._page("find", q=text, entries=entries, count=len(names))

    # What pages are made of

    def _draft(self, published: Publication) -> PublicationDraft | None:
        """Return what waits to be published, beside what is."""
        draft = self.line.versions.draft
        if draft is None or draft.hash == published.hash:
            return None
        told = tuple(changes(self.line.versions.current, draft))
        return PublicationDraft(
            draft.hash, published.id, told, self.line.vault.sign(_asking(draft.hash, str(published.id)))
        )

    def _page(self, name: str, **values: Any) -> str:
        versions, book = self.line.versions, self._book()
        return render_template(
            f"studio/{name}.html",
            **values,
            page=name,
            current=versions.current,
            refused=versions.refused,
            refused_at=self._moment(versions.refused.at) if versions.refused else "",
            passed_over=versions.passed_over,
            asked=self.asked,
            waits=versions.draft.hash if versions.draft else "",
            subjects=book.subjects,
            flow_names=sorted(book.version.flows.flows),
            catalogues=tuple(book.version.catalogues.by_language.values()),
            problem_count=self._counted(),
            link=self._link,
            audio=self._audio,
        )

    def _book(self) -> Book:
        version, today = self.line.versions.current, self.line.today(self.line.clock())
        book = self.books.get((version.hash, today))
        if book is None:
            book = Book(version, SPECS, today)
            self.books.clear()
            self.books[version.hash, today] = book
        return book

    def _problems(self) -> tuple[Shown, ...]:
        return shown(self.line.versions.refused)

    def _counted(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for problem in self._problems():
            key = (problem.kind, problem.subject)
            found[key] = found.get(key, 0) + 1
        return found

    def _history(self, most: int) -> list[Past] | None:
        """Return what was published, newest first; None while the database is away, without which words can be shown."""
        try:
            with answering(self.line.database), self.line.database.connect() as connection:
                counts = publications.calls(connection, self.line.clock())
                history = publications.history(connection, most)
        except UnreachableError:
            return None
        return [self._past(publication, counts.get(publication.hash, Calls())) for publication in history]

    def _past(self, publication: Publication, calls: Calls) -> Past:
        return Past(publication, self._moment(publication.at), calls)

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self.line.timezone):%Y-%m-%d %H:%M:%S}"

    def _link(self, page: str, **values: Any) -> str:
        return self.path + url_for(f"studio.{page}", **values)

    def _audio(self, recording: Recording) -> str:
        return self.path + recording.address
