"""Parses the network addresses that requests come from and that a server listens on."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address


def address_from(text: str | None) -> Address | None:
    """Return the IP address that a text is, or None.

    An IPv4 address in the form that a server listening on IPv6 reports, ::ffff:192.0.2.1, becomes 192.0.2.1.
    """
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
