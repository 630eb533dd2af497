"""nginx with the site of `deploy/`, as a plain user on free ports, and a server that writes down what reaches it."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from demo_line import PROJECT

from ivr.phone.transport import FORM_TYPE, Form, Headers, Reply, Transport

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
SITE = PROJECT / "deploy/nginx.conf"
PUBLIC = "https://refills.example"
CALLER = {"Content-Type": FORM_TYPE, "X-Twilio-Signature": "as good as any here"}
START_SECONDS = 20


@dataclass(frozen=True)
class Nginx:
    """An nginx that runs: its ports, the certificate that it shows, and the folder of its files."""

    folder: Path
    port: int
    plain_port: int

    def connect(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        """Return a connection that will be kept, from an address of this machine."""
        context = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=15, context=context, source_address=(source, 0)
        )

    def status(self, path: str, form: str | None = "a=1", headers: Mapping[str, str] = CALLER) -> int:
        """Return the status of one request, from an address that is none of the staff's."""
        connection = self.connect("127.0.0.2")
        connection.request("GET" if form is None else "POST", path, form, dict(headers))
        status = connection.getresponse().status
        connection.close()
        return status


def transport_on(connection: http.client.HTTPSConnection) -> Transport:
    """Return a Transport that sends requests for the public address on one connection, which is kept."""

    def post(url: str, form: Form | None, headers: Headers) -> Reply:
        connection.request(
            "POST", url.removeprefix(PUBLIC), urlencode(form or {}), {"Content-Type": FORM_TYPE, **headers}
        )
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Content-Type", ""), answer.read().decode())

    return post


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def nginx_before(upstream_port: int) -> Iterator[Nginx]:
    """Run nginx with the site before a server at a port of this machine."""
    if NGINX is None or shutil.which("openssl") is None:
        pytest.skip("no nginx, or no openssl, on this machine")
    port, plain_port = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:  # another user must be able to enter it
        nginx = Nginx(Path(name), port, plain_port)
        _write_files(nginx, upstream_port)
        user = give_to_plain_user(nginx.folder)
        command = [NGINX, "-p", name, "-e", f"{name}/error.log", "-c", f"{name}/nginx.conf"]
        tested = subprocess.run([*command, "-t"], user=user, capture_output=True, text=True, check=False)
        assert (tested.returncode, "[warn]" in tested.stderr) == (0, False), tested.stderr
        with subprocess.Popen(command, user=user, stderr=subprocess.DEVNULL) as process:
            wait_for_listener(process, nginx.port)
            try:
                yield nginx
            finally:
                process.terminate()
                process.wait(START_SECONDS)


def _write_files(nginx: Nginx, upstream_port: int) -> None:
    site = SITE.read_text(encoding="utf-8")
    for installed, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{nginx.port} ssl",
        "listen 80": f"listen 127.0.0.1:{nginx.plain_port}",
        "server 127.0.0.1:8000": f"server 127.0.0.1:{upstream_port}",
        "/etc/nginx/tls": str(nginx.folder),
        "/var/log/nginx": str(nginx.folder),
    }.items():
        assert installed in site
        site = site.replace(installed, here)
    (nginx.folder / "site.conf").write_text(site, encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {nginx.folder}/{kind};" for kind in kinds)
    (nginx.folder / "nginx.conf").write_text(
        f"daemon off; pid {nginx.folder}/pid; error_log {nginx.folder}/error.log warn; worker_processes 1;\nevents {{ worker_connections 512; }}\n"
        f"http {{ access_log off; {folders} include {nginx.folder}/site.conf; }}\n",
        encoding="utf-8",
    )
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=refills.example", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", nginx.folder / "privkey.pem", "-out", nginx.folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def give_to_plain_user(folder: Path) -> str | None:
    """Give a folder's files to a user who is not the administrator, and return that user's name if it is another."""
    if os.geteuid() != 0:
        return None
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "nobody")
    return "nobody"


def wait_for_listener(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a process that was started listens at a port of this machine."""
    end = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "it ended"
        assert time.monotonic() < end, "it does not listen"
        time.sleep(0.02)


@dataclass
class Upstream:
    """What reached the server behind nginx."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    """Method, path and body of each."""
    headers: list[Mapping[str, str]] = field(default_factory=list)
    peers: set[tuple[str, int]] = field(default_factory=set)
    """The connections by which something came, be it a part of a request."""
    fails: Callable[[], bool] = lambda: False
    """Whether it ends a connection in place of an answer, as a worker does that is killed."""


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Run a server that answers everything with a few words."""
    seen = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece

        def _answer(self) -> None:
            seen.peers.add(self.client_address)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            seen.requests.append(f"{self.command} {self.path} {body}".strip())
            seen.headers.append(dict(self.headers))
            if seen.fails():
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name there

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        seen.port = server.server_port
        yield seen
        server.shutdown()
