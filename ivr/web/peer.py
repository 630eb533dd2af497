"""Addresses that requests come from and are taken at."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address


def address_from(text: str | None) -> Address | None:
    """Return the address that a text is, None for another text.

    A server that listens by IPv6 for both tells of 192.0.2.1 as ::ffff:192.0.2.1.
    """
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
