"""`fhirserver push` as an ASGI application: `GET /push`, websockets, and what operators ask.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.audit.event import Origin
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.errors import (
    FhirError,
    MethodNotAllowed,
    NotFound,
    Throttled,
    Unauthorized,
    Unavailable,
)
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.recording import recorded, refused
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.storage.tokens import caller
from fhirserver.web.authentication import Authenticator
from fhirserver.web.protection.proxies import Trust
from fhirserver.web.protection.secrets_in_urls import refuse_secrets
from fhirserver.web.push.hub import Hub
from fhirserver.web.push.listener import Listener
from fhirserver.web.push.replaying import Missed, missed
from fhirserver.web.push.sockets import Sockets
from fhirserver.web.push.source import Source, Told, event
from fhirserver.web.push.wanted import Wanted, pairs_of, wanted

log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

HEARTBEAT_SECONDS: Final = 15.0
JOIN_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 2000
_ANYBODY: Final = Principal("anonymous", ())
_STREAM: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    # nginx would keep events until it has a buffer full of them.
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


class Push:
    """The application: `await push(scope, receive, send)`."""

    def __init__(self, engine: Engine, recorder: Recorder, authenticator: Authenticator) -> None:
        context = engine.context
        self._settings = context.settings
        self._definitions = context.definitions
        self._database = context.store.database
        self._recorder = recorder
        self._authenticator = authenticator
        self._source = Source(engine)
        self._hub = Hub(self._database, self._source, authenticator)
        self._trust = Trust(self._settings)
        base = urlsplit(self._settings.fhir_base)
        own = f"{base.scheme}://{base.netloc}"
        self._origins = frozenset([own, *self._settings.cors_origins.split()])
        self._sockets = Sockets(engine, origins=self._origins)
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await _lifespan(receive, send)
            case "http":
                if self._running is None or self._running.done():
                    self._running = asyncio.create_task(self._hub.run())
                await self._http(scope, receive, send)
            case "websocket":
                await self._sockets(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        shared = self._shared(headers.get("origin"))
        try:
            match scope["path"], scope["method"]:
                case "/push", "OPTIONS":
                    await _answer(send, 204, _PREFLIGHT | shared)
                case "/push", "GET":
                    await self._listen(scope, headers, shared, receive, send)
                case "/livez", "GET":
                    await _answer(send, 200, _JSON, b'{"status":"ok"}\n')
                case "/readyz", "GET":
                    await self._hub.blocking(self._database.read, "SELECT 1")
                    await _answer(send, 200, _JSON, b'{"status":"ok"}\n')
                case "/metrics", "GET":
                    await _answer(send, 200, _TEXT, self._figures())
                case (("/push" | "/livez" | "/readyz" | "/metrics"), _):
                    raise MethodNotAllowed(headers={"Allow": "GET"})
                case _:
                    raise NotFound("there is no such address")
        except FhirError as error:
            told = {k.lower(): v for k, v in error.headers.items()}
            content = json.dump(outcome(error.issues))
            await _answer(send, error.status, _FHIR | shared | told, content)

    async def _listen(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        shared: Mapping[str, str],
        receive: Receive,
        send: Send,
    ) -> None:
        authorization = headers.get("authorization", "")
        most = self._settings.push_max_connections
        if len(self._hub) >= most or self._hub.of(authorization) >= max(most // 10, 1):
            raise Throttled("too many listen already: try later", headers={"Retry-After": "5"})
        origin = Origin(self._address(scope, headers), ids.new())
        admit = self._admit, authorization, scope["query_string"], origin
        principal, asked, ends = await self._hub.blocking(*admit)
        listener = Listener(authorization, asked)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await self._hub.join(listener)
            begin = self._hub.id
            last = headers.get("last-event-id")
            again = Missed([])
            if last:
                again = await self._hub.blocking(missed, self._source, principal, asked, last)
            head = _head(200, {**_STREAM, **shared, "x-request-id": origin.request_id or ""})
            await send(head)
            await _until_gone(receive, self._stream(listener, again, begin, ends, send), listener)
        except TimeoutError as error:
            raise Unavailable("the database can't be reached right now") from error
        finally:
            self._hub.leave(listener)

    def _admit(
        self, authorization: str, query: bytes, origin: Origin
    ) -> tuple[Principal, Wanted, datetime]:
        """Who listens, to what, and until when; it is on record."""
        request = FhirRequest("operation", _ANYBODY, operation="push", origin=origin)
        try:
            principal = self._authenticator.principal(authorization)
            request = FhirRequest("operation", principal, operation="push", origin=origin)
            refuse_secrets(query)
            request = FhirRequest(
                "operation", principal, operation="push", origin=origin, query=pairs_of(query)
            )
            asked = wanted(request, self._definitions)
            found = caller(self._database, authorization.partition(" ")[2])
            if found is None:
                raise Unauthorized("the token is unknown or has expired")
        except FhirError as error:
            refused(self._recorder, request, error)
            raise
        recorded(self._recorder, request, lambda _: FhirResponse(200))
        return principal, asked, found.expires

    async def _stream(
        self, listener: Listener, again: Missed, begin: str, ends: datetime, send: Send
    ) -> None:
        """Send what comes, until the end."""
        first = b"retry: %d\n" % RETRY_MILLISECONDS + event("ready", begin, {})
        if again.told is None:
            first += event("reset", begin, {"reason": "too long ago: read anew what is shown"})
        elif again.told:
            first = b"".join(t.text for t in again.told) + first
        await send(_body(first))
        seqs = again.seqs
        over = time.monotonic() + (ends - clock.now()).total_seconds()
        while listener.end is None:
            # Who was told everything, up to where, whatever is told while this is sent.
            place = self._hub.id
            left = over - time.monotonic()
            told = await listener.next(max(0.0, min(HEARTBEAT_SECONDS, left)))
            if told:
                await send(_body(_texts(told, seqs)))
            elif listener.end is None and time.monotonic() >= over:
                listener.finish("token")
            elif listener.end is None:
                seqs = frozenset()
                await send(_body(b": still here\nid: %b\n\n" % place.encode()))
        await send(_body(b"event: end\ndata: %b\n\n" % json.dump({"reason": listener.end})))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _address(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        """Who calls, as far as the proxies in front are believed."""
        peer = scope["client"][0] if scope.get("client") else ""
        told = headers.get(self._settings.client_address_header.lower())
        if told and self._settings.trusted_proxies:
            return self._trust.client(peer, told)
        return peer or None

    def _shared(self, origin: str | None) -> dict[str, str]:
        """Pages of these origins may listen: our own, and those that the settings name."""
        if "*" in self._origins:
            return {"access-control-allow-origin": "*"}
        if origin is None or origin not in self._origins:
            return {"vary": "Origin"}
        return {"access-control-allow-origin": origin, "vary": "Origin"}

    def _figures(self) -> bytes:
        name = "fhirserver_push_connections"
        return (
            f"# HELP {name} Connections that listen for changes.\n# TYPE {name} gauge\n"
            f"{name} {len(self._hub) + len(self._sockets)}\n"
        ).encode()


async def _until_gone(
    receive: Receive, stream: Coroutine[Any, Any, None], listener: Listener
) -> None:
    """Stream until that is over, or the client has gone."""
    sending = asyncio.create_task(stream)
    leaving = asyncio.create_task(_gone(receive))
    listener.on_end = sending.cancel
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await sending


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _texts(told: Sequence[Told], seqs: frozenset[int]) -> bytes:
    return b"".join(t.text for t in told if t.change.seq not in seqs)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


_JSON: Final = {"content-type": "application/json"}
_FHIR: Final = {"content-type": "application/fhir+json", "cache-control": "no-store"}
_TEXT: Final = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
_PREFLIGHT: Final = {
    "access-control-allow-methods": "GET",
    "access-control-allow-headers": "Authorization, Last-Event-ID, Cache-Control",
    "access-control-max-age": "7200",
}


def _head(status: int, headers: Mapping[str, str]) -> Mapping[str, Any]:
    pairs = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _body(content: bytes) -> Mapping[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": True}


async def _answer(
    send: Send, status: int, headers: Mapping[str, str], content: bytes = b""
) -> None:
    await send(_head(status, {**headers, "content-length": str(len(content))}))
    await send({"type": "http.response.body", "body": content, "more_body": False})
