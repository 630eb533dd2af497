"""How a telephone sends requests to a line: over HTTP, or directly to a WSGI app in the same process.

A `Transport` is a function that takes a URL, the form fields and the headers, and returns a `Reply`; tests and fault
injectors may pass their own. With form fields the request is a POST. Without (None) it is a GET, whose parameters are
in the URL already.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit
from wsgiref.util import setup_testing_defaults

from ivr.secret import Secret

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

FORM_TYPE = "application/x-www-form-urlencoded"
NO_ANSWER = 0
"""The status of a Reply when no answer came: no such host, refused, timed out."""

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A line's answer. If none came, the status is `NO_ANSWER` and the body says why."""

    status: int
    content_type: str
    body: str


Form = Mapping[str, str]
Headers = Mapping[str, str]
Transport = Callable[[str, Form | None, Headers], Reply]


def http_post(timeout_s: float = 15) -> Transport:
    """Return a Transport over HTTP; a network failure gives a Reply with the status `NO_ANSWER`."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    by_environment = urllib.request.build_opener()

    def post(url: str, form: Form | None, headers: Headers) -> Reply:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):  # urllib would open files too
            return Reply(NO_ANSWER, "", f"not an http or https address: {url}")
        data = None if form is None else urlencode(form).encode()
        request = urllib.request.Request(url, data, dict(headers))  # noqa: S310 - the scheme is checked above
        opener = direct if parts.hostname in _LOCAL else by_environment  # a proxy cannot reach this machine's own line
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                return _http_reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            with answer:
                return _http_reply(answer.code, answer.headers, answer.read())
        except (OSError, ValueError, HTTPException) as error:  # URLError, time-outs and half answers among them
            reason = getattr(error, "reason", error)
            return Reply(NO_ANSWER, "", str(reason) or type(error).__name__)

    return post


def _http_reply(status: int, headers: Message, body: bytes) -> Reply:
    return Reply(status, headers.get("Content-Type", ""), body.decode("utf-8", "replace"))


def wsgi_post(app: WSGIApplication) -> Transport:
    """Return a Transport that calls a WSGI app in this process, like a request from this machine.

    Exceptions of the app are not caught: they are its own faults, not the network's.
    """

    def post(url: str, form: Form | None, headers: Headers) -> Reply:
        status = ""
        header_values: dict[str, str] = {}
        chunks: list[bytes] = []

        def start_response(
            line: str, response_headers: list[tuple[str, str]], _failure: object = None
        ) -> Callable[[bytes], None]:
            nonlocal status
            status = line
            header_values.update((name.lower(), value) for name, value in response_headers)
            return chunks.append

        body = app(_environ(url, form, headers), start_response)
        try:
            chunks.extend(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        text = b"".join(chunks).decode("utf-8", "replace")
        return Reply(int(status.split(" ", 1)[0]), header_values.get("content-type", ""), text)

    return post


def _environ(url: str, form: Form | None, headers: Headers) -> dict[str, Any]:
    parts = urlsplit(url)
    data = b"" if form is None else urlencode(form).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if form is None else "POST",
        "PATH_INFO": unquote(parts.path, "latin-1") or "/",
        "QUERY_STRING": parts.query,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(data),
    }
    setup_testing_defaults(environ)
    if form is not None:
        environ["CONTENT_TYPE"] = FORM_TYPE
    environ.update(("HTTP_" + name.upper().replace("-", "_"), value) for name, value in headers.items())
    return environ


def signed(post: Transport, token: Secret) -> Transport:
    """Return a Transport that adds the carrier's signature, made with the account's token, to every request."""

    def post_signed(url: str, form: Form | None, headers: Headers) -> Reply:
        header = signature(token, url, () if form is None else form.items())
        return post(url, form, {**headers, "X-Twilio-Signature": header})

    return post_signed


def signature(token: Secret, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """Return the X-Twilio-Signature of a request: HMAC-SHA1 of its URL (less fragment) and sorted, distinct fields."""
    text = url.partition("#")[0] + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.reveal().encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
