"""Requests reach a line the same way by HTTP and in-process, signed as the carrier signs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr.phone.transport import Form, Headers, Reply, Transport, http_post, signature, signed, wsgi_post
from ivr.secret import Secret

TOKEN = Secret("12345")
FORM = {"CallSid": "CA1", "From": "+12025550143", "Digits": "", "Name": "José & Søn = 1%"}


def mirror() -> flask.Flask:
    """Answer with everything that a line looks at in a request."""
    app = flask.Flask("mirror")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path: str) -> flask.Response:
        request = flask.request
        seen: dict[str, Any] = {
            "method": request.method,
            "path": "/" + path,
            "args": request.args.to_dict(),
            "form": request.form.to_dict(),
            "peer": request.remote_addr,
            "token": request.headers.get("I-Twilio-Idempotency-Token"),
            "status": int(request.args.get("status", "200")),
        }
        answer = flask.jsonify(seen)
        answer.status_code = seen["status"]
        return answer

    return app


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with make_server("127.0.0.1", 0, mirror(), handler_class=_Quiet) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture(params=["http", "wsgi"])
def way(request: pytest.FixtureRequest, server: str) -> tuple[Transport, str]:
    return (http_post(), server) if request.param == "http" else (wsgi_post(mirror()), "http://127.0.0.1:8000")


REQUESTS: dict[str, tuple[str, Form | None]] = {
    "a form": ("/voice", FORM),
    "an empty form": ("/voice", {}),
    "a query": ("/turn/a%2Fb/c?x=1&y=%C3%A9", FORM),
    "letters beyond ASCII": ("/t%C3%BArn", FORM),
    "a fragment that stays at home": ("/voice#rc=2", FORM),
    "a get": ("/voice?CallSid=CA1", None),
    "a failure": ("/voice?status=500", FORM),
    "forbidden": ("/voice?status=403", {}),
}


@pytest.mark.parametrize(("path", "form"), REQUESTS.values(), ids=REQUESTS)
def test_both_ways_bring_the_same_request(path: str, form: Form | None, server: str) -> None:
    headers = {"I-Twilio-Idempotency-Token": "CA1-1"}
    by_http = http_post()(server + path, form, headers)
    in_process = wsgi_post(mirror())(server + path, form, headers)
    assert by_http == in_process
    assert by_http.content_type == "application/json"
    assert '"peer":"127.0.0.1"' in by_http.body
    assert '"token":"CA1-1"' in by_http.body
    assert f'"method":"{"GET" if form is None else "POST"}"' in by_http.body


@pytest.mark.parametrize("path", ["/voice", "/voice?x=1&y=%C3%A9", "/a%20b?q=a+b"])
def test_a_signed_request_convinces_the_carriers_own_validator(path: str, way: tuple[Transport, str]) -> None:
    post, base = way
    seen: list[str] = []

    def spy(url: str, form: Form | None, headers: Headers) -> Reply:
        seen.append(headers["X-Twilio-Signature"])
        return post(url, form, headers)

    assert signed(spy, TOKEN)(base + path, FORM, {}).status == 200
    assert RequestValidator("12345").validate(base + path, FORM, seen[0])


def test_no_answer_is_a_reply_with_status_zero() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reply = http_post(timeout_s=1)(f"http://127.0.0.1:{free.getsockname()[1]}/voice", {}, {})
    assert reply.status == 0
    assert "refused" in reply.body


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "voice", ""])
def test_only_web_addresses_are_asked(url: str) -> None:
    assert http_post()(url, {}, {}).status == 0


def test_what_the_app_raises_comes_through() -> None:
    def broken(_environ: Any, _start: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wsgi_post(broken)("http://127.0.0.1/voice", {}, {})


def test_the_documented_signature() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert signature(TOKEN, url, fields.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signature(TOKEN, url + "#rc=2", fields.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


URLS = st.builds(
    "{}://{}{}/voice{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["line.test", "127.0.0.1", "localhost"]),
    st.sampled_from(["", ":80", ":443", ":8000"]),
    st.sampled_from(["", "?x=1", "?x=1&x=2&y=", "/turn/7?q=%20"]),
)
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)


@given(url=URLS, fields=st.lists(st.tuples(TEXT, TEXT | st.just("")), max_size=6), token=st.text("abc123", min_size=1))
def test_signatures_agree_with_the_carriers_validator(url: str, fields: list[tuple[str, str]], token: str) -> None:
    made = signature(Secret(token), url, fields)
    assert RequestValidator(token).validate(url, MultiDict(fields), made)
    assert not RequestValidator(token + "x").validate(url, MultiDict(fields), made)


def test_half_an_answer_is_no_answer() -> None:
    """A server that dies while it answers: the carrier has nothing to execute."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_half() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<Response>")

        dying = threading.Thread(target=answer_half)
        dying.start()
        reply = http_post(timeout_s=5)(f"http://127.0.0.1:{server.getsockname()[1]}/voice", {}, {})
        dying.join()
    assert reply.status == 0
    assert "IncompleteRead" in reply.body
