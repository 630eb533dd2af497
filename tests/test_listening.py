"""Where `ivr serve` listens, and what it says when it cannot."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from ivr.cli import listening, main
from ivr.cli.listening import Endpoint, address_of, listen
from ivr.errors import SettingError


@contextmanager
def somebody(address: str) -> Iterator[int]:
    """A port at which somebody listens, who lets others share it as the workers of a server do."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((address, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - read, not listened at
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::", "::"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_host_is_an_address_in_digits(host: str, address: str) -> None:
    assert address_of(host) == address


@pytest.mark.parametrize("host", ["", "a..b", "no-such-host.invalid", "[::1]", "127.0.0.1:8000", "http://127.0.0.1"])
def test_what_is_no_host_is_told(host: str) -> None:
    with pytest.raises(SettingError) as caught:
        address_of(host)
    expected = f'--host: expected an address of this machine, such as 127.0.0.1 or ::1, found "{host}", which is none'
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8118"),
        ("::1", "http://[::1]:8118"),
        ("0.0.0.0", "http://127.0.0.1:8118"),  # noqa: S104 - read, not listened at
        ("::", "http://[::1]:8118"),
        ("192.0.2.7", "http://192.0.2.7:8118"),
    ],
)
def test_the_url_is_one_that_this_machine_can_call(address: str, url: str) -> None:
    with socket.socket() as unused:
        assert Endpoint(address, 8118, unused).url == url


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_port_0_is_any_that_is_free(address: str) -> None:
    endpoint = listen(address, 0)
    with endpoint.socket, socket.create_connection((address, endpoint.port)):
        assert endpoint.port > 0


ANY4, ANY6 = "0.0.0.0", "::"  # noqa: S104 - nobody listens there for long


@pytest.mark.parametrize(
    ("held", "asked", "told"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", ANY4, ANY4),
        ("127.0.0.1", ANY6, ANY6),
        (ANY4, "127.0.0.1", "127.0.0.1"),
        (ANY6, "127.0.0.1", "127.0.0.1"),
        (ANY6, "::1", "::1"),
        (ANY6, ANY4, ANY4),
        # localhost is both
        (ANY4, "::1", "127.0.0.1"),
        ("127.0.0.1", "::1", "127.0.0.1"),
        ("::1", "127.0.0.1", "::1"),
    ],
)
def test_a_port_that_somebody_has_is_told_though_they_would_share_it(held: str, asked: str, told: str) -> None:
    with (
        somebody(held) as port,
        pytest.raises(SettingError, match=f"^--port: port {port} of {told} is taken: .*choose another port$"),
    ):
        listen(asked, port)


@pytest.mark.parametrize("address", ["127.0.0.2", "192.0.2.7"])
def test_a_free_address_and_one_this_machine_lacks_are_not_taken(address: str) -> None:
    endpoint = listen("127.0.0.1", 0)
    with endpoint.socket:
        assert not listening._is_taken(address, endpoint.port)


def test_of_two_lines_that_start_at_once_one_has_the_port() -> None:
    first = listen("127.0.0.1", 0)
    with first.socket, pytest.raises(SettingError, match=f"^--port: port {first.port} of 127.0.0.1 is taken"):
        listen("127.0.0.1", first.port)
    listen("127.0.0.1", first.port).socket.close()  # it is free again


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "--port: port 80 is for administrators only; choose one from 1024 on, such as 8000"),
        (
            errno.EADDRNOTAVAIL,
            '--host: expected an address of this machine, such as 127.0.0.1 or ::1, found "192.0.2.7", which is none',
        ),
        (errno.EINVAL, "--host: 192.0.2.7 port 80 cannot be used: Invalid argument"),
    ],
)
def test_what_the_system_refuses_is_told(number: int, words: str) -> None:
    assert listening._refusal("192.0.2.7", 80, OSError(number, os.strerror(number))) == words


NEEDS_TOKEN = (
    "TWILIO_AUTH_TOKEN: expected the carrier account's token, since {}; found none (IVR_UNSIGNED=1 goes without)"
)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("0.0.0.0", "0.0.0.0 can be reached from elsewhere"),  # noqa: S104 - refused
        ("::", ":: can be reached from elsewhere"),
        ("::ffff:192.0.2.7", "192.0.2.7 can be reached from elsewhere"),
        ("127.0.0.2", "requests count as this machine's own at 127.0.0.1 and ::1 only"),
    ],
)
def test_where_others_may_come_the_token_is_needed(host: str, why: str) -> None:
    refused = CliRunner().invoke(main, ["serve", "--host", host])
    assert (refused.exit_code, refused.stderr.strip()) == (1, NEEDS_TOKEN.format(why))


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_what_is_no_port_is_wrong_usage(port: str) -> None:
    refused = CliRunner().invoke(main, ["serve", f"--port={port}"])
    assert refused.exit_code == 2
    assert "Invalid value for '--port'" in refused.stderr
