"""Where a system calls from: addresses and networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from fhirserver.errors import Invalid
from fhirserver.partners.members import Members


def networks(members: Members) -> tuple[str, ...]:
    """Addresses and networks, checked."""
    found = members.texts("address")
    for one in found:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise Invalid(f"{one} is neither an address nor a network") from error
    return found


def is_within(address: str | None, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of some networks.

    >>> is_within("::ffff:10.1.2.3", ["10.1.0.0/16"])
    True
    """
    if address is None:
        return False
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped:
        one = one.ipv4_mapped
    return any(one in ipaddress.ip_network(n, strict=False) for n in networks)
