"""The search parameters of a package, from its installing until they answer."""

from __future__ import annotations

from base64 import b64encode

import pytest

from conformance.us_core_searches.filled import PACKAGE
from fhirserver.interactions import search_parameters
from fhirserver.storage.reindex import work
from tests.answers import done, refused, resources
from tests.builders import a_patient
from tests.packages.builders import a_package

CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
with_us_core = pytest.mark.skipif(
    not PACKAGE.exists(), reason="../shared/data/us-core is not at hand"
)


def of_race(code: str, **more):
    coding = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}
    parts = [{"url": "ombCategory", "valueCoding": coding}, {"url": "text", "valueString": "x"}]
    return a_patient(
        extension=[
            {"url": f"{CORE}/us-core-race", "extension": parts},
            {"url": f"{CORE}/us-core-ethnicity", "extension": parts},
        ],
        **more,
    )


def install(client, package: bytes) -> dict[str, list]:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "package", "valueBase64Binary": b64encode(package).decode()}],
    }
    found: dict[str, list] = {}
    for p in done(client.post("/fhir/$install", json=body))["parameter"]:
        found.setdefault(p["name"], []).append(next(v for k, v in p.items() if k[:5] == "value"))
    return found


def found(client, query: str) -> list[str]:
    return sorted(r["id"] for r in resources(done(client.get(f"/fhir/{query}"))))


@with_us_core
def test_us_core_s_own_parameters_answer_once_the_data_is_reindexed(
    own_client, own_app, monkeypatch
) -> None:
    monkeypatch.setattr(search_parameters, "AT_ONCE_SECONDS", 0.0)
    old = done(own_client.post("/fhir/Patient", json=of_race("2106-3")), 201)["id"]

    report = install(own_client, PACKAGE.read_bytes())
    new = done(own_client.post("/fhir/Patient", json=of_race("2106-3")), 201)["id"]
    before = refused(own_client.get("/fhir/Patient?race=2106-3"), 400)
    while not work(own_app.extensions["fhirserver"].context.store, seconds=30):
        pass

    waiting = "its index waits to be made; ask again shortly"
    assert report["searchParameter"] == [
        f"CareTeam role: {waiting}",
        f"Condition asserted-date: {waiting}",
        f"Encounter discharge-disposition: {waiting}",
        f"Goal description: {waiting}",
        f"Patient ethnicity: {waiting}",
        f"Patient gender-identity: {waiting}",
        f"Patient race: {waiting}",
    ]
    assert "unusableParameter" not in report
    assert waiting in before["diagnostics"]
    assert found(own_client, "Patient?race=2106-3") == sorted([old, new])
    assert found(own_client, "Patient?ethnicity=2106-3") == sorted([old, new])
    assert found(own_client, "Patient?race=1002-5") == []
    for query in ("CareTeam?role=x", "Condition?asserted-date=2024", "Goal?description=x",
                  "Encounter?discharge-disposition=x", "Patient?gender-identity=x"):  # fmt: skip
        assert found(own_client, query) == []


def a_parameter(id_: str, **changes) -> dict:
    return {
        "resourceType": "SearchParameter",
        "id": id_,
        "url": f"https://a.example/SearchParameter/{id_}",
        "name": id_,
        "status": "active",
        "description": "A test",
        "code": id_,
        "base": ["Patient"],
        "type": "token",
        "expression": "Patient.language",
    } | changes


def test_one_that_cannot_be_used_is_named_with_the_reason(own_client) -> None:
    package = a_package(
        a_parameter("spoken"),
        a_parameter("torn", expression="Patient.name.where("),
        a_parameter("taken", code="birthdate"),
        a_parameter("planned", status="draft", expression="Patient.where("),
        name="acme.parameters",
    )

    report = install(own_client, package)

    assert report["searchParameter"] == ["Patient spoken"]
    taken, torn = report["unusableParameter"]
    assert taken.startswith(
        "SearchParameter/taken-1.0.0 (birthdate): SearchParameter.code: "
        "Patient has another search parameter birthdate"
    )
    assert torn.startswith(
        "SearchParameter/torn-1.0.0 (torn): SearchParameter.expression: on Patient: "
    )
    assert done(own_client.get("/fhir/SearchParameter/torn-1.0.0"))["status"] == "active"
    refused(own_client.get("/fhir/Patient?torn=x"), 400)
