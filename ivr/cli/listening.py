"""Where the line listens: the address that was asked for, made sure of before anything else is begun."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ivr.errors import SettingError
from ivr.web.peer import address_from

LOCAL = ("127.0.0.1", "::1")
"""Addresses at which a request can be told to come from this very machine."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what stands for every address of this machine
"""An address that stands for all of this machine's -> one of these, to be called at."""

TWIN = {"127.0.0.1": "::1", "::1": "127.0.0.1"}
"""Both are localhost: with a line at one and another program at the other, callers of that name would meet either."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port to listen at."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """How the line is called from this machine."""
        host = ANYWHERE.get(self.address, self.address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other lines away from the place, those too that start at the same moment; SettingError if one has it.

        The workers share their port by an option of the system's that would let a second line in as well: callers would
        then meet now this line and now the other. So lines meet at a name that only one of them can have.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
            try:
                if sys.platform == "linux":  # elsewhere the workers have one socket, and no such names are known
                    name.bind(f"\0ivr serve {self.address} {self.port}")  # no file, and gone with the process
            except OSError:
                raise SettingError(_taken(self.address, self.port)) from None
            yield


def address_of(host: str) -> str:
    """Return the address in digits that a host name or an address stands for; SettingError when there is none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (socket.gaierror, UnicodeError):
        found = []
    texts = [str(where[0]) for *_, where in found if "%" not in str(where[0])]  # no address with a zone
    addresses = [address for address in map(address_from, texts) if address]
    if not addresses:
        raise SettingError(_no_such(host))
    return str(min(addresses, key=lambda address: address.version))


def free_endpoint(address: str, port: int) -> Endpoint:
    """Return where to listen, port 0 standing for any that is free; SettingError when the place cannot be had."""
    try:
        found = Endpoint(address, _bound(address, port))
    except OSError as error:
        raise SettingError(_refusal(address, port, error)) from None
    if address in TWIN and _is_taken(TWIN[address], found.port):
        raise SettingError(_taken(TWIN[address], found.port))
    return found


def _bound(address: str, port: int) -> int:
    """Return the port got by listening there for a moment."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # calls just ended do not keep a port
        tried.bind((address, port))
        tried.listen()
        return int(tried.getsockname()[1])


def _is_taken(address: str, port: int) -> bool:
    try:
        _bound(address, port)
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # not so where the machine has no such address
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
