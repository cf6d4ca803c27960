"""What the tests of the audit trail share: the events of a request, by its id."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from fhirserver import ids
from fhirserver.model import json
from fhirserver.search.hashing import element
from fhirserver.storage.database import Database

Events = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def request_id() -> str:
    return ids.new()


@pytest.fixture
def events(database: Database) -> Events:
    """The AuditEvents of a request; waits until there are as many as are expected."""

    def find(request_id: str, expected: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
        end = time.monotonic() + seconds
        while True:
            rows = database.read(
                'SELECT id, content::text, meta::text FROM resource."AuditEvent" '
                "WHERE elements @> %s::int8[] ORDER BY key",
                (f"{{{element('entity', f'i|c|{request_id}')}}}",),
            )
            if len(rows) >= expected or time.monotonic() > end:
                break
            time.sleep(0.02)
        found = [
            {"id": i, **json.parse(c.encode()), "meta": json.parse((m or "{}").encode())}
            for i, c, m in rows
        ]
        assert len(found) == expected, [e["subtype"] for e in found]
        return found

    return find


def whats(event: dict[str, Any]) -> list[str]:
    """The references of an event's entities."""
    return [e["what"]["reference"] for e in event["entity"] if "reference" in e.get("what", {})]


def subtype(event: dict[str, Any]) -> str:
    code: str = event["subtype"][0]["code"]
    return code


@pytest.fixture
def strict_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(audit_reads="strict")
