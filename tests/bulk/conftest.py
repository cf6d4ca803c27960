"""Exports and imports over HTTP, and a worker that does what is due when it is told to."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import app as application
from fhirserver import queues
from fhirserver.bulk.acting import act
from fhirserver.bulk.hands import Hands
from fhirserver.bulk.reaction import hands_of
from fhirserver.settings import Settings
from fhirserver.storage.tokens import issue
from tests.storage.conftest import own_url

__all__ = ["own_url"]

BASE = "http://127.0.0.1:8000"
ASYNC = {"Prefer": "respond-async", "Accept": "application/fhir+json"}

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def bulk_app(own_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    handlers, level = logging.root.handlers[:], logging.root.level
    made = application.create_app(
        Settings(
            database_url=own_url,
            data_dir=tmp_path_factory.mktemp("bulk"),
            bulk_file_resources=7,
            bulk_jobs_at_once=3,
        )
    )
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    yield made
    made.extensions["fhirserver.audit"].buffer.end()
    made.extensions["fhirserver"].context.store.database.close()


@pytest.fixture(scope="module")
def hands(bulk_app: Flask) -> Hands:
    return hands_of(bulk_app.extensions["fhirserver"])


@pytest.fixture
def client_as(bulk_app: Flask, hands: Hands) -> Callable[..., FlaskClient]:
    """A client with a token: `client_as("system/Patient.rs", subject="other")`."""

    def make(scope: str = "system/*.cruds", *, subject: str = "test") -> FlaskClient:
        token = issue(hands.database, subject=subject, scope=scope, lifetime_seconds=86_400)
        made = bulk_app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


@pytest.fixture
def client(client_as: Callable[..., FlaskClient]) -> FlaskClient:
    return client_as()


@dataclass
class Exports:
    """What a client does with exports, and the worker that does them."""

    client: FlaskClient
    hands: Hands
    open: list[str] = field(default_factory=list)

    def start(self, where: str = "$export", query: Any = None, **more: Any) -> str:
        """The address of the status, of an export that was accepted."""
        answer = self.client.get(f"/fhir/{where}", query_string=query, headers=ASYNC, **more)
        assert answer.status_code == 202, answer.text
        return self.began(answer)

    def began(self, answer: Any) -> str:
        self.open.append(answer.headers["Content-Location"].removeprefix(BASE))
        return self.open[-1]

    def work(self) -> None:
        """Do what is due, until every job is done."""
        ends, kinds = time.monotonic() + 300, ("export", "import")
        while True:
            for kind in kinds:
                queues.work(self.hands.database, kind, partial(act, self.hands), seconds=60)
            standing = queues.standing(self.hands.database)
            if not any(s.waiting for s in standing if s.topic in kinds):
                return
            assert time.monotonic() < ends, standing
            time.sleep(0.05)

    def manifest(self, where: str) -> Resource:
        """What an export came to."""
        self.work()
        answer = self.client.get(where)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def resources(self, manifest: Resource, kind: str = "output") -> list[Resource]:
        """All that is in its files."""
        found = []
        for item in manifest[kind]:
            answer = self.client.get(item["url"].removeprefix(BASE))
            assert answer.status_code == 200, answer.text
            lines = answer.text.splitlines()
            assert len(lines) == item["count"]
            found += [json.loads(line) for line in lines]
        return found

    def all(self, where: str = "$export", query: Any = None) -> list[Resource]:
        """The resources of an export from beginning to end."""
        return self.resources(self.manifest(self.start(where, query)))


@pytest.fixture
def exports(client: FlaskClient, hands: Hands) -> Iterator[Exports]:
    made = Exports(client, hands)
    yield made
    for where in made.open:
        client.delete(where)


@pytest.fixture
def put(client: FlaskClient) -> Callable[..., Resource]:
    """Stores a resource under its id: `put("Patient", "a", birthDate="2000-01-01")`."""

    def make(resource_type: str, id_: str, **elements: Any) -> Resource:
        body = {"resourceType": resource_type, "id": id_, **elements}
        answer = client.put(f"/fhir/{resource_type}/{id_}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json)

    return make


def names(resources: list[Resource]) -> list[str]:
    """Their addresses, in order."""
    return sorted(f"{r['resourceType']}/{r['id']}" for r in resources)
