"""Who really asks, and as what server: nothing of it is believed from just anybody.

A proxy in front tells the client's address in a header; only those that a setting names are
believed. What we are called is a setting, too: no Host header decides about a link.

WSGI makes one name of `X-Forwarded-For` and `X_Forwarded_For`, and Granian hands over whichever
comes last. So a proxy must drop names with underscores, as nginx does, or use one without a hyphen.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
"""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from fhirserver.settings import InvalidSetting, Settings

Network = IPv4Network | IPv6Network

# Their like is removed, so that nothing behind this can be taken in by them.
_HEARSAY: Final = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
    "HTTP_X_ORIGINAL_URL",
    "HTTP_X_REWRITE_URL",
)


class Trust:
    """Puts an environment right: the caller's address, our own name and scheme."""

    def __init__(self, settings: Settings) -> None:
        self._networks = networks(settings.trusted_proxies)
        self._header = f"HTTP_{settings.client_address_header.upper().replace('-', '_')}"
        self._hearsay = frozenset({*_HEARSAY, self._header})
        base = urlsplit(settings.fhir_base)
        self._scheme, self._host = base.scheme, base.netloc

    def put_right(self, environ: MutableMapping[str, Any]) -> None:
        """Change the environment of one request."""
        told = environ.get(self._header)
        if told and self._networks:
            environ["REMOTE_ADDR"] = self.client(environ.get("REMOTE_ADDR") or "", told)
        for name in self._hearsay:
            if name in environ:
                del environ[name]
        environ["HTTP_HOST"] = self._host
        environ["wsgi.url_scheme"] = self._scheme

    def client(self, peer: str, told: str) -> str:
        """The nearest address that isn't a trusted proxy: what lies beyond it, it may make up."""
        address = peer
        for hop in reversed(told.split(",")):
            if not _is_in(address, self._networks):
                break
            hop = _without_port(hop.strip())
            if not _is_address(hop):
                break
            address = hop
        return address


def networks(setting: str) -> tuple[Network, ...]:
    """The networks of a list with commas. Raises InvalidSetting for what is none.

    >>> networks("10.0.0.7, fd00::/8")
    (IPv4Network('10.0.0.7/32'), IPv6Network('fd00::/8'))
    """
    found = []
    for part in filter(None, (p.strip() for p in setting.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError as error:
            raise InvalidSetting(
                f"FHIRSERVER_TRUSTED_PROXIES: {part!r} is no address or network such as "
                "10.0.0.7 or 10.0.0.0/24"
            ) from error
    return tuple(found)


@lru_cache(maxsize=1024)
def _is_in(address: str, trusted: tuple[Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in n for n in trusted)


def _without_port(hop: str) -> str:
    """`192.0.2.7:4711` and `[2001:db8::7]:4711`, as some proxies write it."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
