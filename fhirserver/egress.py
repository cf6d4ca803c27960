"""Calling an address that somebody else chose, without being led astray.

https only; the name is resolved once, every address it has must be a public one, and the connection
goes to the address that was checked. What lies inside the hospital's network is reached only where
the operator lists it, and may then be plain http.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class CannotReach(Exception):
    """The address can't be called; the message says why, without what the other side sent."""


def addresses_of(host: str, port: int) -> list[str]:
    """What a name resolves to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotReach("the name can't be resolved") from error
    return [str(f[4][0]) for f in found]


@dataclass(frozen=True, slots=True)
class Inside:
    """What may be called of a network that isn't public: hosts by name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def has_host(self, host: str) -> bool:
        """Whether it is listed, by its name or by an address that it is."""
        if host.lower() in self.hosts:
            return True
        address = address_in(host)
        return address is not None and self.has_address(address)

    def has_address(self, address: Address) -> bool:
        return any(address in n for n in self.networks if n.version == address.version)


def inside(listed: str) -> Inside:
    """From a list with commas between: names, addresses and networks.

    >>> inside("hooks.ward.example, 10.1.0.0/16").has_host("10.1.2.3")
    True

    Raises ValueError for what is neither.
    """
    hosts: set[str] = set()
    networks: list[Network] = []
    for part in filter(None, (p.strip().lower() for p in listed.split(","))):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            if "/" in part or not part.replace("-", "").replace(".", "").isalnum():
                raise
            hosts.add(part)
    return Inside(frozenset(hosts), tuple(networks))


@cache
def _trusting() -> ssl.SSLContext:
    """Made once, when something is called: reading the certificates takes long."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Egress:
    """Checks addresses and connects to them.

    With `allow_loopback` also by http to this machine itself; `allowed` is listed by the operator.
    """

    allow_loopback: bool = False
    allowed: Inside = Inside()
    resolve: Resolve = addresses_of
    context: ssl.SSLContext | None = None
    """With what a server is known; None for the certificates that this machine trusts."""

    def checked(self, address: str) -> SplitResult:
        """An address that may be called, as far as it tells by itself. Raises CannotReach."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise CannotReach("it is no address") from error
        if not address.isascii() or not address.isprintable() or " " in address:
            raise CannotReach("it is no address")
        if not parts.hostname or "@" in parts.netloc or parts.fragment or port == 0:
            raise CannotReach("it is no plain address of a host")
        if parts.scheme in {"http", "https"} and self.allowed.has_host(parts.hostname):
            return parts
        if parts.scheme == "http" and self.allow_loopback and _is_loopback(parts.hostname):
            return parts
        if parts.scheme != "https":
            raise CannotReach("it must be https")
        if address_in(parts.hostname) is None:
            if "." not in parts.hostname.strip(".") or parts.hostname.endswith("."):
                raise CannotReach("it must name a public host")
        else:
            self._check_public(parts.hostname)
        return parts

    def connect(self, parts: SplitResult, seconds: float) -> socket.socket:
        """A connection to an address that was checked, with TLS where it is https.

        Raises CannotReach, and OSError when there is no answer.
        """
        raw = self.connect_plainly(parts, seconds)
        if parts.scheme != "https":
            return raw
        try:
            made = (self.context or _trusting()).wrap_socket(
                raw, server_hostname=parts.hostname or "", do_handshake_on_connect=False
            )
        except BaseException:
            raw.close()
            raise
        try:
            with limited(made, seconds):
                made.do_handshake()
        except BaseException:
            made.close()
            raise
        return made

    @contextlib.contextmanager
    def connected(self, parts: SplitResult, seconds: float) -> Iterator[socket.socket]:
        """The same, for a call that takes no longer than that in all, and closed after it."""
        with self.connect(parts, seconds) as made, limited(made, seconds):
            yield made

    def connect_plainly(self, parts: SplitResult, seconds: float) -> socket.socket:
        """The same without TLS, for who has it done by a context of their own."""
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        return socket.create_connection((self._pinned(parts, host, port), port), seconds)

    def _pinned(self, parts: SplitResult, host: str, port: int) -> str:
        """The address to connect to; all that the name stands for must be allowed."""
        if (
            parts.scheme == "http"
            and self.allow_loopback
            and _is_loopback(host)
            and not self.allowed.has_host(host)
        ):
            return host if address_in(host) is not None else "127.0.0.1"
        found = [host] if address_in(host) is not None else list(self.resolve(host, port))
        if not found:
            raise CannotReach("the name can't be resolved")
        # A name that the operator has listed may lead where it will: that was the decision.
        if host.lower() not in self.allowed.hosts:
            for each in found:
                self._check_public(each)
        return found[0]

    def _check_public(self, text: str) -> None:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address):
            # Addresses that carry an IPv4 address inside lead to that one.
            inner = address.ipv4_mapped or address.sixtofour
            if address in _TRANSLATED:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            address = inner or address
        if self.allowed.has_address(address):
            return
        # Site-local addresses are no more, and Python takes them for public.
        is_old = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
        if not address.is_global or address.is_multicast or address.is_reserved or is_old:
            raise CannotReach("it leads to an address inside a network")


@contextlib.contextmanager
def limited(connected: socket.socket, seconds: float) -> Iterator[None]:
    """What is done over a connection takes no longer than that in all.

    A time limit of the socket is one for each part: who sends a byte now and then never meets it.
    """
    end = threading.Timer(seconds, _shut, [connected])
    end.daemon = True
    end.start()
    try:
        yield
    finally:
        end.cancel()


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Of TLS too: the connection below it.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


def address_in(host: str) -> Address | None:
    """The address that a host is written as; None when it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = address_in(host)
    return host == "localhost" or (address is not None and address.is_loopback)


@cache
def egress_of(allow_loopback: bool, listed: str) -> Egress:
    """What the settings allow; the same for the same settings, as its certificates take a while."""
    return Egress(allow_loopback=allow_loopback, allowed=inside(listed))
