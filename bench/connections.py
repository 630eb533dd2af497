"""How long a caller waits while others hold connections open and send nothing, half a request, or little at a time.

Each row: so many connections are opened, then calls are begun one after another by a new connection each. Then turns a
second, by new connections and by one that is kept.

    python bench/connections.py [--server ivr|gunicorn|granian] [--workers 1]
"""

from __future__ import annotations

import argparse
import http.client
import resource
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from servers import SERVERS, running

from ivr.phone.transport import FORM_TYPE, signature
from ivr.secret import Secret

TOKEN = Secret("a-token-for-a-bench")
GIVE_UP_SECONDS = 15
"""The carrier waits no longer."""
HEAD = "POST /voice HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\n"
ROWS = (
    ("nothing else", 0, ""),
    ("idle", 64, ""),
    ("idle", 1000, ""),
    ("idle", 3000, ""),
    ("half a header", 500, HEAD[:20]),
    ("half a body", 20, HEAD + "CallSid="),
    ("half a body", 1000, HEAD + "CallSid="),
    ("kept alive", 64, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("kept alive", 500, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
)


def begin_call(connection: http.client.HTTPConnection) -> int:
    """Begin a call, and return the status of the answer."""
    form = {"CallSid": "CA" + secrets.token_hex(16), "From": "+15105550123", "To": "+18002457979"}
    url = f"http://127.0.0.1:{connection.port}/voice"
    headers = {"Content-Type": FORM_TYPE, "X-Twilio-Signature": signature(TOKEN, url, form.items())}
    connection.request("POST", "/voice", urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def one_wait(port: int) -> str:
    """Begin a call by a new connection; return the milliseconds, or why there was no answer."""
    connection, begun = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS), time.monotonic()
    try:
        status = begin_call(connection)
    except OSError as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return f"{(time.monotonic() - begun) * 1000:.0f} ms" if status == 200 else f"status {status}"


@contextmanager
def opened(port: int, count: int, sent: str) -> Iterator[None]:
    """Hold so many connections open that have sent a text."""
    connections = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_SECONDS))
            connections[-1].sendall(sent.encode())
        yield
    finally:
        for connection in connections:
            connection.close()


def rate(port: int, *, kept: bool, seconds: float = 5) -> float:
    """Return how many calls a second one client begins."""
    connection, count, begun = http.client.HTTPConnection("127.0.0.1", port), 0, time.monotonic()
    while time.monotonic() < begun + seconds:
        begin_call(connection)
        count += 1
        if not kept:
            connection.close()
    connection.close()
    return count / seconds


def main() -> None:
    """Print the waits and the rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", choices=SERVERS, default="ivr")
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = Path(tempfile.mkdtemp())
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/ivr.db", "TWILIO_AUTH_TOKEN": TOKEN.reveal(),
        "IVR_SECRET_KEY": "cmVoZWFyc2FsLXJlaGVhcnNhbC1yZWhlYXJzYWwtMTI=",
    }  # fmt: skip
    with running(SERVERS[chosen.server](chosen.workers), settings, folder) as line:
        port = int(line.url.rpartition(":")[2])
        for name, count, sent in ROWS:
            with opened(port, count, sent):
                print(f"{count:5} {name:14} " + ", ".join(one_wait(port) for _ in range(5)), flush=True)
        print(
            f"calls begun a second: {rate(port, kept=False):.0f} by new connections, {rate(port, kept=True):.0f} by one"
        )


if __name__ == "__main__":
    main()
