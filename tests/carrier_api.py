"""A stand-in for the carrier's API: the numbers of an account, as far as its published description goes."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

ACCOUNT = "AC" + 16 * "0a"
TOKEN = 16 * "5e"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
TAKES = {
    "VoiceUrl": "https?://.+", "VoiceFallbackUrl": "https?://.+", "StatusCallback": "https?://.+",
    "VoiceMethod": "GET|POST", "VoiceFallbackMethod": "GET|POST", "StatusCallbackMethod": "GET|POST",
    "VoiceApplicationSid": "|AP[0-9a-f]{32}",
}  # fmt: skip
"""Field of an update -> what it takes. A trunk is not among them: that lets a number go itself."""


class Carrier:
    """The account's numbers, what was asked of the API, and how it answers instead of well."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = [_fresh_number(index, number) for index, number in enumerate(numbers)]
        self.requests: list[str] = []
        self.answer: tuple[int, str] | None = None
        self.base = ""

    def named(self, number: str) -> dict[str, object]:
        return next(one for one in self.numbers if one["phone_number"] == number)

    def respond(self, method: str, url: str, form: Mapping[str, str], authorization: str) -> tuple[int, object]:
        """Return the status and the JSON that answer a request."""
        self.requests.append(f"{method} {url}")
        if authorization != "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode():
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if path == f"{NUMBERS}.json" and method == "GET":
            return 200, self._page(query)
        for one in self.numbers:
            if path == f"{NUMBERS}/{one['sid']}.json":
                return self._update(one, form) if method == "POST" else (200, one)
            if path == f"/v1/Trunks/{one['trunk_sid']}/PhoneNumbers/{one['sid']}" and method == "DELETE":
                one["trunk_sid"] = None
                return 204, None
        return 404, {"code": 20404, "message": f"The requested resource {path} was not found", "status": 404}

    def _page(self, query: Mapping[str, list[str]]) -> dict[str, object]:
        part, size, page = (query.get(name, [default])[0] for name, default in PAGING.items())
        found = [one for one in self.numbers if part in str(one["phone_number"])]
        first, end = int(page) * int(size), (int(page) + 1) * int(size)
        onward = urlencode({"PhoneNumber": part, "PageSize": size, "Page": int(page) + 1})
        return {
            "incoming_phone_numbers": found[first:end], "page": int(page), "page_size": int(size),
            "next_page_uri": f"{NUMBERS}.json?{onward}" if found[end:] else None,
        }  # fmt: skip

    def _update(self, number: dict[str, object], form: Mapping[str, str]) -> tuple[int, object]:
        for name, value in form.items():
            if name not in TAKES or not re.fullmatch(TAKES[name], value):
                return 400, {"code": 21502, "message": f"{name} is not valid: {value}", "status": 400}
        for name, value in form.items():
            number[re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()] = value
        return 200, number


PAGING = {"PhoneNumber": "", "PageSize": "50", "Page": "0"}


def _fresh_number(index: int, number: str) -> dict[str, object]:
    """Return a number as the carrier sells it."""
    return {
        "sid": f"PN{index:032x}", "phone_number": number, "friendly_name": number,
        "voice_url": "https://demo.carrier.example/welcome", "voice_method": "POST",
        "voice_fallback_url": None, "voice_fallback_method": "POST",
        "status_callback": "", "status_callback_method": "POST",
        "voice_application_sid": "", "trunk_sid": None,
    }  # fmt: skip


@contextmanager
def serving(carrier: Carrier) -> Iterator[Carrier]:
    """Answer for the carrier at its `base`, on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(), True))
            authorization = self.headers.get("Authorization", "")
            status, body = carrier.respond(self.command, self.path, form, authorization)
            text = "" if body is None else json.dumps(body)
            if carrier.answer:
                status, text = carrier.answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name there

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        carrier.base = f"http://127.0.0.1:{server.server_port}"
        yield carrier
        server.shutdown()
