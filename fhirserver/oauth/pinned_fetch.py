"""Fetching a document whose address somebody else chose, without being led astray.

https only; the name is resolved once, every address it has must be a public one, and the connection
goes to the address that was checked; no redirect is followed, size and time are bounded.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from fhirserver.errors import Invalid

MOST_BYTES: Final = 262_144
TIMEOUT_SECONDS: Final = 5.0
KEPT_SECONDS: Final = 300.0
"""How long a document is kept that doesn't say so itself."""
MOST_KEPT_SECONDS: Final = 3600.0
ASK_AGAIN_SECONDS: Final = 10.0

Resolve = Callable[[str, int], Sequence[str]]

_AGE: Final = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})\"?\s*(?:,|$)", re.IGNORECASE)
_NOT_KEPT: Final = re.compile(r"(?:^|,)\s*no-(?:store|cache)\s*(?:,|=|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, and until when it may be used again, by the clock of `time.monotonic`."""

    content: dict[str, Any]
    fetched: float
    fresh_until: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.fresh_until

    @property
    def may_be_asked_again(self) -> bool:
        return time.monotonic() > self.fetched + ASK_AGAIN_SECONDS


class CannotFetch(Exception):
    """The document can't be had; the message says why, without what the other side sent."""


def addresses_of(host: str, port: int) -> list[str]:
    """What a name resolves to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotFetch("the name can't be resolved") from error
    return [str(f[4][0]) for f in found]


class PinnedFetch:
    """Fetches JSON objects by GET."""

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolve: Resolve = addresses_of,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """With `allow_loopback` also by http from this machine itself, and from nowhere else."""
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._context = context or ssl.create_default_context()

    def __call__(self, address: str) -> Fetched:
        """The document at an address. Raises CannotFetch."""
        parts = self.checked(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        pinned = self._pinned(parts, host, port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        started = time.monotonic()
        try:
            with socket.create_connection((pinned, port), TIMEOUT_SECONDS) as raw:
                connected = (
                    self._context.wrap_socket(raw, server_hostname=host)
                    if parts.scheme == "https"
                    else raw
                )
                connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
                connection.sock = connected
                headers = {"Accept": "application/json", "Connection": "close"}
                connection.request("GET", target, headers=headers)
                return self._read(connection.getresponse(), started)
        except (OSError, http.client.HTTPException) as error:
            raise CannotFetch(f"no answer ({type(error).__name__})") from error

    def checked(self, address: str) -> SplitResult:
        """An address that may be asked, as far as it tells by itself. Raises CannotFetch."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise CannotFetch("it is no address") from error
        if not address.isascii() or not address.isprintable() or " " in address:
            raise CannotFetch("it is no address")
        if not parts.hostname or "@" in parts.netloc or parts.fragment or port == 0:
            raise CannotFetch("it is no plain address of a host")
        if parts.scheme == "http" and self._allow_loopback and _is_loopback(parts.hostname):
            return parts
        if parts.scheme != "https":
            raise CannotFetch("it must be https")
        try:
            ipaddress.ip_address(parts.hostname)
        except ValueError:
            if "." not in parts.hostname.strip(".") or parts.hostname.endswith("."):
                raise CannotFetch("it must name a public host") from None
        else:
            self._check_public(parts.hostname)
        return parts

    def _pinned(self, parts: SplitResult, host: str, port: int) -> str:
        """The address to connect to; all that the name stands for must be allowed."""
        if parts.scheme == "http":
            return host if _is_ip(host) else "127.0.0.1"
        found = list(self._resolve(host, port))
        if not found:
            raise CannotFetch("the name can't be resolved")
        for each in found:
            self._check_public(each)
        return found[0]

    def _check_public(self, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address):
            # Addresses that carry an IPv4 address inside lead to that one.
            inner = address.ipv4_mapped or address.sixtofour
            if address in _TRANSLATED:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            address = inner or address
        if not address.is_global or address.is_multicast or address.is_reserved:
            raise CannotFetch("it leads to an address inside a network")

    def _read(self, answer: http.client.HTTPResponse, started: float) -> Fetched:
        if answer.status != 200:
            raise CannotFetch(f"status {answer.status}")
        body = b""
        while part := answer.read1(16_384):
            body += part
            if len(body) > MOST_BYTES:
                raise CannotFetch("the document is too large")
            if time.monotonic() > started + TIMEOUT_SECONDS:
                raise CannotFetch("the document takes too long")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise CannotFetch("the document is no JSON") from error
        if not isinstance(content, dict):
            raise CannotFetch("the document is no JSON object")
        kept = kept_seconds(answer.headers.get("Cache-Control") or "")
        return Fetched(content, started, started + kept)


def check_address(fetch: PinnedFetch, address: str, what: str) -> None:
    """Raise Invalid when nothing may be fetched from there."""
    try:
        fetch.checked(address)
    except (CannotFetch, ValueError) as error:
        raise Invalid(f"{what}: {error}") from error


def kept_seconds(cache_control: str) -> float:
    """How long a document may be used again.

    >>> kept_seconds("public, max-age=60"), kept_seconds("no-cache"), kept_seconds("")
    (60.0, 0.0, 300.0)
    """
    if _NOT_KEPT.search(cache_control):
        return 0.0
    age = _AGE.search(cache_control)
    return KEPT_SECONDS if age is None else min(float(age[1]), MOST_KEPT_SECONDS)


_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
