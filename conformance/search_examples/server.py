"""A server of its own for a run: an empty PostgreSQL, and the application in this process."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from flask.testing import FlaskClient

from conformance.search_examples.examples import Resource, parsed
from fhirserver import embedded
from fhirserver.app import create_app, open_database
from fhirserver.settings import Settings
from fhirserver.storage.migrate import upgrade
from fhirserver.storage.tokens import issue

Pairs = Sequence[tuple[str, str]]
BASE = "http://127.0.0.1:8000/fhir"


@dataclass(frozen=True, slots=True)
class Server:
    """What a run asks of the server."""

    client: FlaskClient

    def put(self, resource_type: str, id_: str, text: str) -> tuple[int, bytes]:
        answer = self.client.put(
            f"/fhir/{resource_type}/{id_}", data=text, content_type="application/fhir+json"
        )
        return answer.status_code, answer.data

    def read(self, resource_type: str, id_: str) -> Resource:
        return parsed(self.client.get(f"/fhir/{resource_type}/{id_}").data)

    def count(self, resource_type: str, pairs: Pairs) -> int | str:
        """The number of matches, or the error."""
        query = urlencode([*pairs, ("_summary", "count")])
        answer = self.client.get(f"/fhir/{resource_type}?{query}")
        if answer.status_code != 200:
            return answer.text
        return int(answer.json["total"])

    def found(self, resource_type: str, pairs: Pairs) -> set[str] | str:
        """The ids of all matches, page after page, or the error."""
        url = f"/fhir/{resource_type}?{urlencode([*pairs, ('_elements', 'id'), ('_count', '500')])}"
        ids: set[str] = set()
        while url:
            answer = self.client.get(url)
            if answer.status_code != 200:
                return answer.text
            page = answer.json
            ids.update(e["resource"]["id"] for e in page.get("entry", ()))
            links = {link["relation"]: link["url"] for link in page["link"]}
            url = links.get("next", "").removeprefix(BASE.removesuffix("/fhir"))
        return ids


def server_on(url: str) -> Server:
    """The server on a database that is there and migrated."""
    settings = Settings(database_url=url)
    handlers, level = logging.root.handlers[:], logging.root.level
    app = create_app(settings)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    database = open_database(settings)
    token = issue(database, subject="examples", scope="system/*.cruds", lifetime_seconds=86_400)
    database.close()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    client.environ_base["HTTP_ACCEPT"] = "application/fhir+json"
    return Server(client)


@contextmanager
def server() -> Iterator[Server]:
    """A server on an empty database that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded.postgres(Path(folder), extra={"fsync": "off"}) as url,
    ):
        upgrade(url)
        made = server_on(url)
        yield made
        made.client.application.extensions["fhirserver"].context.store.database.close()
