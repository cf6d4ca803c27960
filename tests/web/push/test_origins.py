"""Pages of which origins may listen: live updates have a port, and so an origin, of their own."""

from __future__ import annotations

import asyncio

import pytest

from fhirserver.web.authentication import Authenticator
from fhirserver.web.push.application import Push

OWN = "http://127.0.0.1:8000"


@pytest.fixture
def preflight(make_app):
    """The headers of the answer to a browser that asks before it lets a page listen."""

    def ask(origin: str, cors_origins: str) -> dict[str, str]:
        app = make_app(cors_origins=cors_origins)
        engine = app.extensions["fhirserver"]
        database = engine.context.store.database
        push = Push(engine, app.extensions["fhirserver.audit"], Authenticator(database, None))
        sent = []

        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "path": "/push",
            "method": "OPTIONS",
            "headers": [(b"origin", origin.encode())],
            "query_string": b"",
        }
        asyncio.run(push(scope, receive, send))
        assert sent[0]["status"] == 204
        return {k.decode(): v.decode() for k, v in sent[0]["headers"]}

    return ask


def test_our_own_pages_may_listen_whoever_else_may_not(preflight):
    headers = preflight(OWN, "https://app.example")

    assert headers["access-control-allow-origin"] == OWN
    assert "Authorization" in headers["access-control-allow-headers"]
    assert "Last-Event-ID" in headers["access-control-allow-headers"]


def test_pages_that_are_named_may_listen_and_others_may_not(preflight):
    named = preflight("https://app.example", "https://app.example")
    other = preflight("https://evil.example", "https://app.example")

    assert named["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other
