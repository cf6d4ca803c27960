"""Fetching a document whose address somebody else chose, without being led astray.

Only from where egress.py lets it; no redirect is followed, size and time are bounded.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult

from fhirserver.egress import CannotReach, Egress, Resolve, addresses_of
from fhirserver.errors import Invalid

MOST_BYTES: Final = 262_144
TIMEOUT_SECONDS: Final = 5.0
KEPT_SECONDS: Final = 300.0
"""How long a document is kept that doesn't say so itself."""
MOST_KEPT_SECONDS: Final = 3600.0
ASK_AGAIN_SECONDS: Final = 10.0

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


CannotFetch = CannotReach
"""The document can't be had; the message says why, without what the other side sent."""


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
        self._egress = Egress(
            allow_loopback=allow_loopback,
            resolve=resolve,
            context=context,
        )

    def __call__(self, address: str) -> Fetched:
        """The document at an address. Raises CannotFetch."""
        parts = self.checked(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        started = time.monotonic()
        try:
            with self._egress.connected(parts, TIMEOUT_SECONDS) as connected:
                connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
                connection.sock = connected
                headers = {"Accept": "application/json", "Connection": "close"}
                connection.request("GET", target, headers=headers)
                return self._read(connection.getresponse(), started)
        except (OSError, http.client.HTTPException) as error:
            raise CannotFetch(f"no answer ({type(error).__name__})") from error

    def checked(self, address: str) -> SplitResult:
        """An address that may be asked, as far as it tells by itself. Raises CannotFetch."""
        return self._egress.checked(address)

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
