"""The address and port at which `ivr serve` listens."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass

from ivr.errors import SettingError
from ivr.web.peer import address_from

LOCAL = ("127.0.0.1", "::1")
"""Addresses at which only requests of this machine can arrive."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound here: they are looked up
"""An address that stands for all addresses of this machine -> one of them, at which the line can be called."""

TWIN = {"127.0.0.1": "::1", "::1": "127.0.0.1"}
"""The other address of localhost. If another program listened there, callers of that name would reach either one."""

BACKLOG = 2048
"""How many connections the system keeps for us until a worker accepts them."""

SYSTEMD_SOCKET = 3
"""The file descriptor of the socket that systemd hands to the service of a socket unit."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port, and the socket that listens there and that all workers accept calls from."""

    address: str
    port: int
    socket: socket.socket

    @property
    def url(self) -> str:
        """The URL at which the line can be called from this machine."""
        host = ANYWHERE.get(self.address, self.address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def address_of(host: str) -> str:
    """Return the IP address of a host name, an IPv4 one if possible. Raises SettingError when there is none."""
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (socket.gaierror, UnicodeError):
        entries = []
    texts = [str(where[0]) for *_, where in entries if "%" not in str(where[0])]  # no address with a zone
    addresses = [address for address in map(address_from, texts) if address]
    if not addresses:
        raise SettingError(_no_such(host))
    return str(min(addresses, key=lambda address: address.version))


def listen(address: str, port: int) -> Endpoint:
    """Listen at an address; port 0 chooses any free one. Raises SettingError when that is not possible."""
    try:
        endpoint = taken_over(_listening(address, port))
    except OSError as error:
        raise SettingError(_refusal(address, port, error)) from None
    if address in TWIN and _is_taken(TWIN[address], endpoint.port):
        endpoint.socket.close()
        raise SettingError(_taken(TWIN[address], endpoint.port))
    return endpoint


def kept_by_systemd() -> Endpoint | None:
    """Return the endpoint of the socket that systemd keeps for this process, also while it restarts; None without."""
    is_ours = os.environ.get("LISTEN_PID") == str(os.getpid())  # a process that we start has the variable, too
    return taken_over(socket.socket(fileno=SYSTEMD_SOCKET)) if is_ours else None


def taken_over(listening: socket.socket) -> Endpoint:
    """Return the endpoint of a socket that listens already, such as one that a restarted line was left."""
    address, port, *_ = listening.getsockname()
    return Endpoint(address, port, listening)


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections just closed do not keep the port
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _is_taken(address: str, port: int) -> bool:
    try:
        _listening(address, port).close()
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # another error where the machine has no such address
    return False


def _refusal(address: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return _taken(address, port)
        case errno.EACCES | errno.EPERM:
            return f"--port: port {port} is for administrators only; choose one from 1024 on, such as 8000"
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return _no_such(address)
    return f"--host: {address} port {port} cannot be used: {error.strerror}"


def _taken(address: str, port: int) -> str:
    return f"--port: port {port} of {address} is taken: another line or program answers there; stop it, or choose another port"


def _no_such(host: str) -> str:
    return f'--host: expected an address of this machine, such as 127.0.0.1 or ::1, found "{host}", which is none'
