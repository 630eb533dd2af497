"""The address and port at which `ivr serve` listens, checked before anything else is begun."""

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
"""Addresses at which only requests of this machine can arrive."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound here: they are looked up
"""An address that stands for all addresses of this machine -> one of them, at which the line can be called."""

TWIN = {"127.0.0.1": "::1", "::1": "127.0.0.1"}
"""The other address of localhost. If another program listened there, callers of that name would reach either one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port to listen at."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """The URL at which the line can be called from this machine."""
        host = ANYWHERE.get(self.address, self.address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other lines off this address and port within a `with` block. Raises SettingError if one has it.

        The workers share their port by an option of the system, which would also let a second line use the port: callers
        would then reach either line. So each line takes a name that only one process can have at a time.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
            try:
                if sys.platform == "linux":  # other systems have no such names, and there the workers share one socket
                    name.bind(f"\0ivr serve {self.address} {self.port}")  # an abstract name: no file, ends with us
            except OSError:
                raise SettingError(_taken(self.address, self.port)) from None
            yield


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


def free_endpoint(address: str, port: int) -> Endpoint:
    """Return the endpoint to listen at; port 0 chooses any free one. Raises SettingError when it cannot be used."""
    try:
        endpoint = Endpoint(address, _bound(address, port))
    except OSError as error:
        raise SettingError(_refusal(address, port, error)) from None
    if address in TWIN and _is_taken(TWIN[address], endpoint.port):
        raise SettingError(_taken(TWIN[address], endpoint.port))
    return endpoint


def _bound(address: str, port: int) -> int:
    """Listen at an address for a moment and return the port. Raises OSError when that is not possible."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections just closed do not keep the port
        tried.bind((address, port))
        tried.listen()
        return int(tried.getsockname()[1])


def _is_taken(address: str, port: int) -> bool:
    try:
        _bound(address, port)
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
