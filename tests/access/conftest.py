"""People with roles, and clients that speak for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue


class As(Protocol):
    """A client that speaks for a new user."""

    def __call__(
        self,
        role: str,
        fhir_user: str | None = None,
        *,
        scope: str = "user/*.cruds",
        clearances: tuple[str, ...] = (),
        app: Flask | None = None,
    ) -> FlaskClient: ...


@pytest.fixture
def as_user(app: Flask, database: Database) -> As:
    default = app

    def make(
        role: str,
        fhir_user: str | None = None,
        *,
        scope: str = "user/*.cruds",
        clearances: tuple[str, ...] = (),
        app: Flask | None = None,
    ) -> FlaskClient:
        user = users.add(
            database,
            f"u-{ids.new()}",
            fhir_user=fhir_user,
            roles=[role] if role else [],
            clearances=clearances,
        )
        token = issue(database, subject=user.name, scope=scope, lifetime_seconds=600, user=user.id)
        made = (app or default).test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


Put = Callable[..., dict[str, Any]]


@pytest.fixture
def put(client: FlaskClient) -> Put:
    """Stores a resource with a token that may do everything."""

    def make(resource_type: str, id_: str | None = None, **content: Any) -> dict[str, Any]:
        id_ = id_ or ids.new()
        body = {"resourceType": resource_type, "id": id_, **content}
        answer = client.put(f"/fhir/{resource_type}/{id_}", json=body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    return make
