"""The server of a run: 120 patients of Synthea, then US Core 6.1.0 with its examples, reindexed.

`additions.json` has what neither has: elements that the profiles demand a server to support, and
what some searches ask for. Provenance is added for the examples.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from flask.testing import FlaskClient

from conformance.server import BASE, client_on, close, empty_database
from conformance.us_core_searches.metadata import groups, pruned
from fhirserver.loader.loading import load
from fhirserver.settings import Settings
from fhirserver.storage.reindex import work

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
PATIENTS: Final = DATA / "synthea"
PACKAGE: Final = DATA / "us-core" / "us_core_610.tgz"
ADDITIONS: Final = Path(__file__).parent / "additions.json"

Resource = dict[str, Any]
Pairs = Sequence[tuple[str, str]]


class Refused(Exception):
    """An answer that isn't 200, with what it says."""


class Searching:
    """A client of the server."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.asked = 0

    def get(self, resource_type: str, pairs: Pairs) -> list[Resource]:
        """All entries of a search by GET, page after page."""
        return self.pages(f"/fhir/{resource_type}?{urlencode(pairs)}")

    def post(self, resource_type: str, pairs: Pairs) -> list[Resource]:
        """The same, by POST."""
        return self.pages(f"/fhir/{resource_type}/_search", urlencode(pairs))

    def pages(self, url: str, form: str | None = None) -> list[Resource]:
        """The entries at an address, and on the pages that follow."""
        entries: list[Resource] = []
        while url:
            self.asked += 1
            if form is None:
                answer = self.client.get(url)
            else:
                kind = "application/x-www-form-urlencoded"
                answer = self.client.post(url, data=form, content_type=kind)
            if answer.status_code != 200:
                raise Refused(f"{answer.status_code} {answer.text[:300]}")
            page = answer.get_json()
            entries += page.get("entry", ())
            links = {link["relation"]: link["url"] for link in page["link"]}
            url, form = links.get("next", "").removeprefix(BASE.removesuffix("/fhir")), None
        return entries

    def all(self, resource_type: str, names: set[str]) -> list[Resource]:
        """Every resource of a type, with these elements only."""
        entries = self.get(resource_type, [("_count", "1000")])
        return [pruned(e["resource"], names) for e in entries]


def filled(url: str, files: Sequence[Path]) -> Searching:
    """The server on an empty, migrated database, with these files and the package."""
    summary = load(Settings(database_url=url), files)
    if summary.refused:
        raise Refused(str(summary.refused[0]))
    client = client_on(url)
    install(client)
    _add(client)
    context = client.application.extensions["fhirserver"].context
    while not work(context.store, seconds=60):
        pass
    return Searching(client)


def install(client: FlaskClient) -> Mapping[str, Any]:
    """Install US Core with its examples, which have what Synthea doesn't make."""
    data = b64encode(PACKAGE.read_bytes()).decode()
    given = [
        {"name": "package", "valueBase64Binary": data},
        {"name": "examples", "valueBoolean": True},
        {"name": "leaveOutBroken", "valueBoolean": True},
    ]
    answer = client.post("/fhir/$install", json={"resourceType": "Parameters", "parameter": given})
    if answer.status_code != 200:
        raise Refused(f"{answer.status_code} {answer.text[:1000]}")
    found: Mapping[str, Any] = answer.get_json()
    return found


def _add(client: FlaskClient) -> None:
    bundle = json.loads(ADDITIONS.read_text())
    added = [e["request"]["url"] for e in bundle["entry"]]
    bundle["entry"].append(
        {"resource": _provenance([*added, *_examples(client)]), "request": _CREATE}
    )
    answer = client.post("/fhir", json=bundle)
    if answer.status_code != 200:
        raise Refused(f"{answer.status_code} {answer.text[:1000]}")


_CREATE: Final = {"method": "POST", "url": "Provenance"}
_LABEL: Final = "hl7.fhir.us.core#6.1.0"


def _examples(client: FlaskClient) -> list[str]:
    """The examples of the package that some profile of US Core is about, but Provenance."""
    types = sorted({g.resource for g in groups()} - {"Provenance"})
    query = urlencode({"_type": ",".join(types), "_tag": _LABEL, "_count": "1000"})
    entries = Searching(client).pages(f"/fhir?{query}")
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries]


def _provenance(targets: Sequence[str]) -> Resource:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": t} for t in targets],
        "recorded": "2024-05-01T10:00:00Z",
        "agent": [
            {
                "who": {"reference": "Practitioner/practitioner-1"},
                "onBehalfOf": {"reference": "Organization/saint-luke-w-endpoint"},
            }
        ],
    }


@contextmanager
def server() -> Iterator[Searching]:
    """A server with all of the data, gone afterwards."""
    with empty_database() as url:
        made = filled(url, [PATIENTS])
        yield made
        close(made.client)
