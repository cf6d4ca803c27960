"""How much one caller may ask for: requests, time, slow requests at once; and when nobody may.

The caller is the user with the client they use, a system client, or, without a valid token, an
address. Each limit is a setting, and 0 turns it off.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Final

from flask import Request

from fhirserver.access.principal import Principal
from fhirserver.errors import Throttled
from fhirserver.interactions.routing import Route
from fhirserver.settings import Settings
from fhirserver.web.protection.exchange import Exchange
from fhirserver.web.protection.memory import SMALL_BYTES, Memory
from fhirserver.web.protection.running import Running
from fhirserver.web.protection.windows import Key, Windows

ENVIRON: Final = "fhirserver.admission"
# What takes a few milliseconds, whatever is asked.
_LIGHT: Final = frozenset({"read", "vread", "create", "update", "patch", "delete", "capabilities"})
_PROBES: Final = frozenset({"/livez", "/readyz", "/metrics"})
# What comes there is written as it comes, and never held.
_STREAMED: Final = "/dicom-web/"
_HELD: Final = "/dicom-web/wrap"
# The pages of a whole ward behind one address; browsers keep them, and they cost little.
_FILES: Final = "/apps/assets/"
_SIGN_IN: Final = "/signin"
_REGISTER: Final = "/oauth/register"
_REGISTRATIONS_PER_MINUTE: Final = 20


@dataclass(frozen=True, slots=True)
class _Allowance:
    """What a kind of caller may use, and the settings that say so."""

    prefix: str
    requests: int
    heavy_seconds: int
    slow_at_once: int


class Admission:
    """What one request holds until it is answered."""

    __slots__ = ("_began", "_caller", "_held", "_limits", "_started")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0
        self._caller: Key | None = None
        self._began: float | None = None
        self._started = 0.0

    def hold(self, size: int) -> None:
        """Hold so many more bytes; raises Unavailable when there is no room for them."""
        self._limits.memory.hold(size, self._held)
        self._held += size

    def heavy(self, caller: Key, slow_at_once: int) -> bool:
        """Take part in what is going on for the caller; False if that is too much already."""
        if slow_at_once:
            self._began = self._limits.running.begin(caller, slow_at_once)
            if self._began is None:
                return False
        self._caller, self._started = caller, time.perf_counter()
        return True

    def end(self) -> None:
        """Give everything back, and charge the time that it took."""
        if self._held:
            self._limits.memory.release(self._held)
        if self._caller is None:
            return
        if self._began is not None:
            self._limits.running.end(self._caller, self._began)
        seconds = time.perf_counter() - self._started
        self._limits.windows.charge(("heavy", *self._caller), seconds)


class Limits:
    """Decides about each request of this process."""

    def __init__(self, settings: Settings, windows: Windows | None = None) -> None:
        self.windows = windows or Windows()
        self.running = Running(settings.web_threads)
        self.memory = Memory(settings.max_bytes_in_flight, settings.min_free_mbytes * 1_000_000)
        self._exchange = (
            Exchange(self.windows, settings.broker_url) if settings.broker_url else None
        )
        self._address_requests = settings.address_requests_per_minute
        self._sign_ins = settings.sign_ins_per_minute
        self._user = _Allowance(
            "",
            settings.requests_per_minute,
            settings.heavy_seconds_per_minute,
            settings.slow_requests_at_once,
        )
        self._system = _Allowance(
            "SYSTEM_",
            settings.system_requests_per_minute,
            settings.system_heavy_seconds_per_minute,
            settings.system_slow_requests_at_once,
        )

    def arrived(self, request: Request) -> None:
        """Before anything else: its size, and what its address has asked for without a token.

        Raises Throttled or Unavailable.
        """
        if self._exchange is not None:
            self._exchange.start()
        # The environment itself: a request wraps each of these anew, at ten times the cost.
        environ = request.environ
        path: str = environ["PATH_INFO"]
        if path in _PROBES or path.startswith(_FILES):
            return
        admission = environ[ENVIRON] = Admission(self)
        size = (request.content_length or 0) if environ.get("CONTENT_LENGTH") else 0
        if path.startswith(_STREAMED) and path != _HELD:
            size = 0
        if size > SMALL_BYTES:
            self.memory.check()
            admission.hold(size)
        address: str = environ.get("REMOTE_ADDR") or ""
        if environ["REQUEST_METHOD"] == "POST":
            self._forms(path, address)
        if limit := self._address_requests:
            key = ("address", address)
            # With a token it is counted for the caller, once it is known who that is.
            known = "HTTP_AUTHORIZATION" in environ
            wait = self.windows.wait(key, limit - 1) if known else self.windows.spend(key, limit)
            if wait > 0:
                raise _later(
                    wait,
                    f"{limit:,} requests in a minute came from your address without a valid token",
                    "ADDRESS_REQUESTS_PER_MINUTE",
                )

    def refused(self, request: Request) -> None:
        """It had a token that is none: that is counted for its address."""
        if self._address_requests and "Authorization" in request.headers:
            self.windows.charge(("address", request.remote_addr or ""), 1)

    def admit(self, principal: Principal, found: Route, request: Request) -> None:
        """Now that the caller is known. Raises Throttled or Unavailable."""
        is_system = principal.user is None and principal.is_system
        allowance = self._system if is_system else self._user
        client = principal.client or ""
        who = client or principal.subject if principal.user is None else principal.user.id
        caller: Key = ("system" if is_system else "user", who, client)
        if allowance.requests:
            wait = self.windows.spend(("requests", *caller), allowance.requests)
            if wait > 0:
                raise _later(
                    wait,
                    f"you sent more than {allowance.requests:,} requests in a minute",
                    f"{allowance.prefix}REQUESTS_PER_MINUTE",
                )
        if found.interaction in _LIGHT:
            return
        self.memory.check()
        if not (allowance.heavy_seconds or allowance.slow_at_once):
            return
        if seconds := allowance.heavy_seconds:
            wait = self.windows.wait(("heavy", *caller), seconds)
            if wait > 0:
                raise _later(
                    wait,
                    f"your searches and other heavy requests of the last minute took more than "
                    f"{seconds:,} seconds: narrow them, for instance by patient or date",
                    f"{allowance.prefix}HEAVY_SECONDS_PER_MINUTE",
                )
        admission: Admission = request.environ[ENVIRON]
        if not admission.heavy(caller, allowance.slow_at_once):
            raise _later(
                1.0,
                f"{allowance.slow_at_once} slow requests of yours are still under way",
                f"{allowance.prefix}SLOW_REQUESTS_AT_ONCE",
            )

    def _forms(self, path: str, address: str) -> None:
        """Guessing passwords and flooding registrations end early."""
        if path.startswith(_SIGN_IN) and (limit := self._sign_ins):
            wait = self.windows.spend(("sign-in", address), limit)
            if wait > 0:
                raise _later(wait, "too many sign-ins from your address", "SIGN_INS_PER_MINUTE")
        elif path == _REGISTER and self._address_requests:
            wait = self.windows.spend(("register", address), _REGISTRATIONS_PER_MINUTE)
            if wait > 0:
                raise _later(wait, "too many registrations from your address", None)


def _later(wait: float, why: str, setting: str | None) -> Throttled:
    seconds = math.ceil(wait)
    end = f", or ask the administrator to raise FHIRSERVER_{setting}" if setting else ""
    return Throttled(f"{why}: try again in {seconds} s{end}", headers={"Retry-After": str(seconds)})
