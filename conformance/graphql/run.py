"""Runs HL7's GraphQL and GraphDefinition tests for R4 over HTTP.

    .venv/bin/python -m conformance.graphql.run             # the count, and what is unexpected
    .venv/bin/python -m conformance.graphql.run --verbose   # every failure

The tests are https://github.com/FHIR/fhir-test-cases r4/graphql and r4/graphdefinition (Apache-2.0).
A GraphQL case gives the data that must come, or says that an error must. Matches of a search have
no order where none is asked for. Of a page only its matches are compared: the expected counts and
cursors belong to the server that the test was written on. Graphs are written in HL7's short form,
which `gdl.py` reads.
`expected_failures.json` gives a reason for each case that fails; a failure that is missing there,
and a case that passes in spite of it, both end the run with status 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from flask.testing import FlaskClient

from conformance.graphql import gdl
from conformance.search_examples.asking import server
from conformance.verdict import is_verbose, verdict
from fhirserver import fhirpath
from fhirserver.model import xml
from fhirserver.model.json import dump, parse

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[2] / "shared" / "data" / "fhir-test-cases-r4"
EXPECTED: Final = HERE / "expected_failures.json"
BASIC: Final = {
    "Patient/example": "patient-example",
    "Patient/xds": "patient-example-xds",
    "Condition/example": "condition-example",
    "Observation/example": "observation-example",
    "List/example-long": "list-example-long",
}
"""What all cases may meet."""
FHIR: Final = "application/fhir+json"
VARIABLES: Final = {"var": True}
"""Of the only case with a variable; the manifest doesn't say its value, HL7's own runner does."""
_OF_PAGES: Final = frozenset({"count", "offset", "pagesize", "next", "previous", "first", "last"})


def failures(client: FlaskClient) -> Iterator[tuple[str, str | None]]:
    """Every case with what is wrong with our answer, or None."""
    for place, name in BASIC.items():
        put(client, resource(name, place))
    yield from graphql_failures(client)
    yield from graph_failures(client)


def graphql_failures(client: FlaskClient) -> Iterator[tuple[str, str | None]]:
    folder = DATA / "graphql"
    for case in ET.parse(folder / "manifest.xml").getroot():
        added, place = case.get("resource"), case.attrib["context"].removesuffix("/$graphql")
        if added is not None:
            put(client, resource(added, place))
        body = {
            "query": (folder / case.attrib["source"]).read_text(),
            "operationName": case.get("operation"),
            "variables": VARIABLES if case.get("operation") else None,
        }
        answer = client.post(f"/fhir/{case.get('context') or '$graphql'}", json=body)
        if added is not None:
            # What only one case needs must not be found by the others' searches.
            client.delete(f"/fhir/{place}")
        yield case.attrib["name"], wrong(answer, case.attrib["output"], folder)


def wrong(answer: Any, output: str, folder: Path) -> str | None:
    """What is wrong with an answer."""
    if answer.content_type.partition(";")[0] != "application/json":
        return f"the answer is {answer.content_type}"
    body = answer.json
    if output == "$error":
        is_error = 400 <= answer.status_code < 500 and body["data"] is None and body["errors"]
        return None if is_error else f"should be refused, gave {body!s:.300}"
    if answer.status_code != 200:
        return f"refused: {body['errors'][0]['message']}"
    wanted = unordered(json.loads((folder / output).read_text()))
    found = unordered(body["data"])
    return None if found == wanted else f"gave {found!s:.400}, not {wanted!s:.400}"


def unordered(data: dict[str, Any]) -> dict[str, Any]:
    """Data with the matches of searches in an order of their own."""
    made = dict(data)
    for name, value in data.items():
        if name.endswith("List"):
            made[name] = sorted(value, key=lambda r: r["id"])
        elif name.endswith("Connection"):
            edges = sorted((e["resource"] for e in value["edges"]), key=lambda r: r["id"])
            made[name] = {"edges": edges}
            unknown = set(value) - _OF_PAGES - {"edges"}
            assert not unknown, unknown
    return made


def graph_failures(client: FlaskClient) -> Iterator[tuple[str, str | None]]:
    for place in BASIC:
        # There a graph may go to what is in its own Bundle, and to nothing else.
        client.delete(f"/fhir/{place}")
    # Files have the names by which others refer to them; ids inside are others.
    put(client, resource("organization-1", "Organization/1"))
    folder = DATA / "graphdefinition"
    for case in ET.parse(folder / "manifest.xml").getroot():
        source = case.attrib["source"]
        bundle = xml.read((folder / f"{source}.bundle").read_bytes())
        for entry in bundle["entry"]:
            put(client, entry["resource"])
        graph = put(client, gdl.definition(case.attrib["name"], (folder / source).read_text()))
        answer = client.get(f"/fhir/{case.attrib['context']}?graph=GraphDefinition/{graph}")
        name = f"graph-{case.attrib['name']}"
        if answer.status_code != 200:
            yield name, f"refused: {answer.text[:300]}"
            continue
        found = parse(answer.data)
        broken = [
            rule.attrib["description"]
            for rule in case
            if fhirpath.compile(rule.attrib["expression"], "Bundle")(found)[0][1] is not True
        ]
        yield name, "; ".join(broken) or None


def resource(name: str, place: str) -> Any:
    """An example, with the id under which the tests look for it."""
    found = xml.read((DATA / "examples" / f"{name}.xml").read_bytes())
    return found | {"id": place.partition("/")[2]}


def put(client: FlaskClient, given: Any) -> str:
    """Stores a resource under its id, which is returned."""
    address = f"/fhir/{given['resourceType']}/{given['id']}"
    answer = client.put(address, data=dump(given), content_type=FHIR)
    assert answer.status_code in {200, 201}, answer.text[:500]
    return str(given["id"])


def main() -> int:
    """Run everything; 0 if exactly the expected cases fail."""
    verbose = is_verbose(__doc__)
    with server() as made:
        found = dict(failures(made.client))
    return verdict(found, EXPECTED, "HL7 GraphQL and graph tests pass", verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
