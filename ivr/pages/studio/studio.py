"""The studio: web pages that show staff the prompts and flows that callers hear now, and whether an edit was accepted.

The files are edited elsewhere; here they can only be published. The pages need no JavaScript.
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
from ivr.line.publishing import TakenBack, origin, publish, taken_back
from ivr.line.service import Services
from ivr.line.versions import Folders
from ivr.pages.access import StaffAccess
from ivr.pages.studio.flows import listed_states, marked_picture, whole_picture
from ivr.pages.studio.problems import ShownProblem, shown_problems
from ivr.pages.studio.words import Book
from ivr.pharmacy.database import answering
from ivr.prompts.recordings.folder import Recording, RecordingsFolder
from ivr.prompts.spoken import clean

MOST_VERSIONS = 50
MOST_FOUND = 60
UNSURE = "Nothing was published: it would take back what was published since. Say that you want that."
CHANGED = "Nothing was published: the files, or what callers hear, have changed since this page was made. Look again."


@dataclass(frozen=True, slots=True)
class ListedPublication:
    """A publication as it is listed, with its local time and the number of its calls."""

    publication: Publication
    at: str
    calls: Calls


@dataclass(frozen=True, slots=True)
class PublicationDraft:
    """A version that waits to be published: its hash, the id of the publication that it replaces, and its changes."""

    hash: str
    over: int
    changes: tuple[str, ...]
    seal: str
    """The signature that proves that the form to publish came from this page."""
    takes_back: TakenBack | None
    """What publishing it would take back, so that whoever does it has to say that they want that."""
    earlier_at: str
    """When the version was published before, as local time, or ""."""


def _publish_request(version: str, over: str) -> str:
    return f"publish {version} over {over}"


@dataclass(frozen=True, slots=True)
class Studio:
    """The pages of one line; `path` is the beginning of its addresses behind a proxy."""

    line: Services
    door: StaffAccess
    recordings: RecordingsFolder
    folders: Folders
    path: str
    asked: bool = False
    """True if an edit is published only when somebody asks for it; until then it is a draft."""
    books: dict[tuple[str, date], Book] = field(default_factory=dict)
    """The prompts of the current version, by its hash and the date: a cache of one entry."""

    def blueprint(self) -> Blueprint:
        """Return the pages as a Flask blueprint; each of them needs access."""
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

    # Pages -----------------------------------------------------------------------------------------------------------

    def home(self, notice: str = "") -> str:
        """Show the current version, problems and draft; `notice` says why something was not published."""
        past = self._history(1)
        published = past[0] if past else None
        draft = self._draft(published.publication) if published else None
        return self._page("home", published=published, problems=self._problems(), draft=draft, notice=notice)

    def publish(self) -> Response | tuple[str, int]:
        """Publish the draft that the form names, and redirect to the home page.

        Another site could make a browser send this form, but cannot read the seal that it must contain.
        """
        version, over, seal = (request.form.get(name, "") for name in ("version", "over", "seal"))
        if not self.line.vault.signed(_publish_request(version, over), seal):
            abort(403)
        user = clean(request.authorization.username or "") if request.authorization else ""
        try:
            with answering(self.line.database):
                if "sure" not in request.form and self._taken_back(version):
                    return self.home(UNSURE), 409
                is_published = publish(
                    self.line, self.folders, version, int(over), f"{user[:40] or 'studio'}@{request.remote_addr}"
                )
        except DefinitionError:
            is_published = False
        except UnreachableError:
            return self.home("The database does not answer, so nothing was published. Try again later."), 503
        if not is_published:
            return self.home(CHANGED), 409
        return Response(status=303, headers={"Location": self._link("home")})

    def words(self, subject: str) -> str:
        """Show the prompts of one subject, with the languages side by side."""
        book = self._book()
        if subject not in book.subjects:
            abort(404)
        problems = [shown for shown in self._problems() if (shown.kind, shown.subject) == ("words", subject)]
        entries = book.entries(subject, self.recordings.recordings)
        return self._page("words", subject=subject, entries=entries, problems=problems)

    def flows(self) -> str:
        """Show the list of flows and a picture of all of them."""
        book = self._book()
        links = {name: self._link("flow", name=name) for name in book.version.flows.flows}
        return self._page("flows", start=book.version.flows.line.start, picture=whole_picture(book, links))

    def flow(self, name: str) -> str:
        """Show one flow: its picture and its states. The query parameter `at` names a state to mark the path to."""
        book = self._book()
        flow = book.version.flows.flows.get(name)
        if flow is None:
            abort(404)
        file = flow.place.file.rpartition("/")[2].removesuffix(".yaml")
        problems = [shown for shown in self._problems() if (shown.kind, shown.subject) == ("flow", file)]
        at = request.args.get("at", "")
        picture = marked_picture(book, flow, at)
        route = book.routes.get((name, at))
        return self._page(
            "flow", flow=flow, states=listed_states(book, flow), problems=problems, picture=picture, at=at, route=route
        )

    def style(self) -> Response:
        """Return the style sheet of the pictures."""
        return Response(STYLE, content_type="text/css; charset=utf-8")

    def versions(self) -> str:
        """Show the list of publications."""
        return self._page("versions", past=self._history(MOST_VERSIONS))

    def version(self, number: int) -> str:
        """Show the changes of one publication."""
        with answering(self.line.database), self.line.database.connect() as connection:
            publication = publications.numbered(connection, number)
            if publication is None:
                abort(404)
            earlier = publications.before(connection, publication)
            get = self.line.versions.get
            changed = changes(get(connection, earlier.hash), get(connection, publication.hash)) if earlier else ()
        return self._page("changes", past=self._listed(publication, Calls()), earlier=earlier, changes=changed)

    def find(self) -> str:
        """Show the prompts that contain the text of the query parameter `q`."""
        text, book = request.args.get("q", "").strip()[:200], self._book()
        names = book.find(text) if text else []
        entries = [book.entry(name, self.recordings.recordings) for name in names[:MOST_FOUND]]
        return self._page("find", q=text, entries=entries, count=len(names))

    # Parts of pages --------------------------------------------------------------------------------------------------

    def _draft(self, published: Publication) -> PublicationDraft | None:
        """Return the draft that waits to be published, or None if there is none."""
        draft = self.line.versions.draft
        if draft is None or draft.hash == published.hash:
            return None
        with self.line.database.connect() as connection:
            before = self.line.versions.get(connection, published.hash)
        takes_back = self._taken_back(draft.hash)
        return PublicationDraft(
            draft.hash,
            published.id,
            tuple(changes(before, draft)),
            self.line.vault.sign(_publish_request(draft.hash, str(published.id))),
            takes_back,
            self._moment(takes_back.earlier.at) if takes_back and takes_back.earlier else "",
        )

    def _taken_back(self, version_hash: str) -> TakenBack | None:
        with self.line.database.connect() as connection:
            return taken_back(connection, self.folders, version_hash)

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
            not_taken=versions.not_taken,
            origin=origin(self.folders),
            asked=self.asked,
            waits=versions.draft.hash if versions.draft else "",
            subjects=book.subjects,
            flow_names=sorted(book.version.flows.flows),
            catalogues=tuple(book.version.catalogues.by_language.values()),
            problem_count=self._problem_counts(),
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

    def _problems(self) -> tuple[ShownProblem, ...]:
        return shown_problems(self.line.versions.refused)

    def _problem_counts(self) -> dict[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for problem in self._problems():
            key = (problem.kind, problem.subject)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def _history(self, most: int) -> list[ListedPublication] | None:
        """Return the publications, newest first, or None if the database does not answer; pages work without it."""
        try:
            with answering(self.line.database), self.line.database.connect() as connection:
                counts = publications.calls(connection, self.line.clock())
                history = publications.history(connection, most)
        except UnreachableError:
            return None
        return [self._listed(publication, counts.get(publication.hash, Calls())) for publication in history]

    def _listed(self, publication: Publication, calls: Calls) -> ListedPublication:
        return ListedPublication(publication, self._moment(publication.at), calls)

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self.line.timezone):%Y-%m-%d %H:%M:%S}"

    def _link(self, page: str, **values: Any) -> str:
        return self.path + url_for(f"studio.{page}", **values)

    def _audio(self, recording: Recording) -> str:
        return self.path + recording.address
