"""What a run asks of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from flask.testing import FlaskClient

from conformance import server as suites
from conformance.search_examples.examples import Resource, parsed

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Server:
    """A server, by what a run asks of it."""

    client: FlaskClient

    def store(self, resource_type: str, id_: str, text: str) -> tuple[str | None, str]:
        """The id of the resource, None if it is refused, and the answer.

        Where a client may choose no id it is the server's: an AuditEvent is only ever created.
        """
        is_record = resource_type == "AuditEvent"
        address = f"/fhir/{resource_type}" + ("" if is_record else f"/{id_}")
        answer = self.client.open(
            address,
            method="POST" if is_record else "PUT",
            data=text,
            content_type="application/fhir+json",
        )
        if answer.status_code != 201:
            return None, f"{answer.status_code}: {answer.text[:300]}"
        return answer.headers["Location"].split("/_history/")[0].rpartition("/")[2], answer.text

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
            url = links.get("next", "").removeprefix(suites.BASE.removesuffix("/fhir"))
        return ids


@contextmanager
def server() -> Iterator[Server]:
    """A server on an empty database that is gone afterwards."""
    with suites.server() as client:
        yield Server(client)
