"""Installing packages into a server, by the operation."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from fhirserver.storage.tokens import issue
from tests.answers import place_of, refused
from tests.packages.builders import URL, a_package, a_profile, a_value_set

ROOT = Path(__file__).parents[2]
US_CORE = ROOT.parent / "shared" / "data" / "us-core"
with_us_core = pytest.mark.skipif(
    not US_CORE.exists(), reason="../shared/data/us-core is not at hand"
)


@pytest.fixture
def install(client):
    def send(*packages: bytes, headers: dict[str, str] | None = None, **flags: bool):
        given: list[dict[str, Any]] = [
            {"name": "package", "valueBase64Binary": b64encode(p).decode()} for p in packages
        ]
        given += [{"name": n, "valueBoolean": flag} for n, flag in flags.items()]
        body = {"resourceType": "Parameters", "parameter": given}
        return client.post("/fhir/$install", json=body, headers=headers)

    return send


@pytest.fixture
def conformance(app):
    return app.extensions["fhirserver"].context.conformance


def told(answer) -> dict[str, list]:
    assert answer.status_code == 200, answer.text
    found: dict[str, list] = {}
    for p in answer.json["parameter"]:
        value = next(v for k, v in p.items() if k.startswith("value"))
        found.setdefault(p["name"], []).append(value)
    return found


def test_definitions_become_resources_with_a_record(install, client, conformance) -> None:
    report = told(install(a_package(a_value_set("d1"), name="acme.d1")))
    found = client.get("/fhir/ValueSet/d1-1.0.0").json
    guides = client.get("/fhir/ImplementationGuide?_tag=acme.d1%231.0.0").json

    assert report["created"] == [2]
    assert report["package"] == ["acme.d1#1.0.0"]
    assert found["meta"]["tag"] == [
        {"system": "https://fhirserver.example/CodeSystem/package", "code": "acme.d1#1.0.0"}
    ]
    assert conformance.find("ValueSet", f"{URL}/ValueSet/d1")["id"] == "d1-1.0.0"
    assert guides["entry"][0]["resource"]["packageId"] == "acme.d1"


def test_installing_again_changes_nothing(install) -> None:
    package = a_package(a_value_set("again"), a_profile("again"), name="acme.again")
    install(package)

    again = told(install(package))

    assert (again["created"], again["updated"], again["unchanged"]) == ([0], [0], [3])


def test_versions_stand_side_by_side(install, conformance) -> None:
    for version in ("1.0.0", "2.0.0"):
        install(a_package(a_value_set("side", version), name="acme.side", version=version))
    url = f"{URL}/ValueSet/side"

    assert conformance.find("ValueSet", f"{url}|1.0.0")["version"] == "1.0.0"
    assert conformance.find("ValueSet", url)["version"] == "2.0.0"


def test_a_definition_that_is_there_is_updated_where_it_is(install, client) -> None:
    mine = a_value_set("mine") | {"id": "my-own-id", "title": "old"}
    client.put("/fhir/ValueSet/my-own-id", json=mine)

    report = told(install(a_package(a_value_set("mine", title="new"), name="acme.mine")))

    assert report["updated"] == [1]
    assert client.get("/fhir/ValueSet/my-own-id").json["title"] == "new"
    assert client.get("/fhir/ValueSet/mine-1.0.0").status_code == 404


def test_an_id_that_something_else_has_is_left_alone(install, client, conformance) -> None:
    client.put("/fhir/ValueSet/taken-1.0.0", json=a_value_set("other") | {"id": "taken-1.0.0"})

    install(a_package(a_value_set("taken"), name="acme.taken"))

    assert client.get("/fhir/ValueSet/taken-1.0.0").json["url"] == f"{URL}/ValueSet/other"
    assert conformance.find("ValueSet", f"{URL}/ValueSet/taken")["id"].startswith("taken-1.0.0-")


def test_a_profile_gets_its_snapshot(install, client) -> None:
    report = told(install(a_package(a_profile("snap"), name="acme.snap")))
    elements = client.get("/fhir/StructureDefinition/snap-1.0.0").json["snapshot"]["element"]

    assert report["snapshots"] == [1]
    assert next(e for e in elements if e["id"] == "Patient.birthDate")["min"] == 1


def test_a_profile_may_build_on_one_of_another_package(install, client) -> None:
    base = a_package(a_profile("base"), name="acme.base")
    gender = {"id": "Patient.gender", "path": "Patient.gender", "min": 1}
    profile = a_profile("derived", gender, baseDefinition=f"{URL}/StructureDefinition/base")
    derived = a_package(profile, name="acme.derived", dependencies={"acme.base": "1.0.0"})

    report = told(install(derived, base))
    elements = client.get("/fhir/StructureDefinition/derived-1.0.0").json["snapshot"]["element"]

    assert report["package"] == ["acme.base#1.0.0", "acme.derived#1.0.0"]
    assert "missingPackage" not in report
    assert next(e for e in elements if e["id"] == "Patient.birthDate")["min"] == 1


def test_what_is_missing_is_named(install) -> None:
    profile = a_profile("lacking", baseDefinition="http://acme.org/none")
    package = a_package(profile, name="acme.lacking", dependencies={"acme.none": "1.0.0"})

    report = told(install(package))

    assert report["missingPackage"] == ["acme.none#1.0.0, needed by acme.lacking#1.0.0"]
    assert report["missingDefinition"] == [
        "StructureDefinition http://acme.org/none, needed by StructureDefinition/lacking-1.0.0"
    ]
    assert "gets no snapshot" in report["problem"][0]


def test_examples_are_stored_when_asked_for(install, client) -> None:
    organization = {"resourceType": "Organization", "id": "acme-hospital", "name": "Acme"}
    patient = {
        "resourceType": "Patient",
        "id": "acme-patient",
        "managingOrganization": {"reference": "Organization/acme-hospital"},
    }
    package = a_package(a_value_set("ex"), examples=(patient, organization), name="acme.ex")
    install(package)
    without = client.get("/fhir/Patient/acme-patient").status_code
    install(package, examples=True)

    assert without == 404
    assert client.get("/fhir/Patient/acme-patient").json["managingOrganization"]["reference"] == (
        "Organization/acme-hospital"
    )


def test_an_example_never_replaces_a_patient_of_the_hospital(install, client) -> None:
    real = {"resourceType": "Patient", "id": "real", "birthDate": "1980-01-01"}
    client.put("/fhir/Patient/real", json=real)
    example = {"resourceType": "Patient", "id": "real"}

    answer = install(a_package(examples=(example,), name="acme.real"), examples=True)

    refused(answer, 409)
    assert client.get("/fhir/Patient/real").json["birthDate"] == "1980-01-01"


def test_references_inside_of_a_package_follow_its_ids(install, client) -> None:
    guide = {
        "resourceType": "ImplementationGuide",
        "id": "acme.refs",
        "url": f"{URL}/ImplementationGuide/acme.refs",
        "version": "1.0.0",
        "name": "Refs",
        "status": "active",
        "packageId": "acme.refs",
        "fhirVersion": ["4.0.1"],
        "definition": {"resource": [{"reference": {"reference": "ValueSet/refs"}}]},
    }
    install(a_package(a_value_set("refs"), guide, name="acme.refs"))
    stored = client.get("/fhir/ImplementationGuide/acme.refs-1.0.0").json

    assert stored["definition"]["resource"][0]["reference"]["reference"] == "ValueSet/refs-1.0.0"


def test_a_broken_resource_stops_all_of_it(install, client) -> None:
    broken = a_value_set("broken") | {"status": "klingon"}
    package = a_package(a_value_set("whole"), broken, name="acme.broken")

    first = refused(install(package), 400)

    assert place_of(first) == "ValueSet/broken.status"
    assert client.get("/fhir/ValueSet/whole-1.0.0").status_code == 404


def test_broken_resources_can_be_left_out(install, client) -> None:
    broken = a_value_set("bad") | {"status": "klingon"}
    report = told(
        install(a_package(a_value_set("good"), broken, name="acme.part"), leaveOutBroken=True)
    )

    assert report["leftOut"][0].startswith("ValueSet/bad of acme.part#1.0.0: ")
    assert client.get("/fhir/ValueSet/good-1.0.0").status_code == 200


def test_a_caller_who_may_not_write_definitions_is_refused(install, app) -> None:
    database = app.extensions["fhirserver"].context.store.database
    token = issue(database, subject="t", scope="system/ValueSet.cruds", lifetime_seconds=60)
    may = {"Authorization": f"Bearer {token}"}
    package = a_package(a_value_set("rights"), name="acme.rights")

    refused(install(package, headers=may), 403)


@pytest.mark.parametrize("data", [b"not a package", b""])
def test_what_is_no_package_is_refused(install, data) -> None:
    assert install(data).status_code == 400


def test_what_is_no_base64_is_refused(client) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "package", "valueBase64Binary": "abc"}],
    }

    refused(client.post("/fhir/$install", json=body), 400)


def test_the_package_may_be_a_binary(client) -> None:
    data = b64encode(a_package(a_value_set("binary"), name="acme.binary")).decode()
    body = {"resourceType": "Binary", "contentType": "application/gzip", "data": data}

    assert told(client.post("/fhir/$install", json=body))["package"] == ["acme.binary#1.0.0"]


def test_a_call_without_a_package_is_refused(install) -> None:
    refused(install(), 400)


def test_the_base_is_not_installed_again(install) -> None:
    refused(install(a_package(name="hl7.fhir.r4.core", version="4.0.1")), 400)


@with_us_core
def test_us_core_3_1_1_and_6_1_0_stand_side_by_side(install, conformance) -> None:
    for file in ("us_core_311.tgz", "us_core_610.tgz"):
        report = told(install((US_CORE / file).read_bytes()))
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"

    assert report["created"][0] > 190
    assert "problem" not in report
    assert "us.nlm.vsac#0.10.0, needed by hl7.fhir.us.core#6.1.0" in report["missingPackage"]
    assert conformance.find("StructureDefinition", f"{url}|3.1.1")["version"] == "3.1.1"
    assert conformance.find("StructureDefinition", url)["version"] == "6.1.0"


def test_the_capabilities_list_guides_and_their_profiles(install, client) -> None:
    def supported() -> list[str]:
        resources = client.get("/fhir/metadata").json["rest"][0]["resource"]
        patient = next(r for r in resources if r["type"] == "Patient")
        return [p for p in patient.get("supportedProfile", ()) if "/capable" in p]

    before = supported()
    install(a_package(a_profile("capable"), name="acme.capable"))
    one = supported()
    install(a_package(a_profile("capable", version="2.0.0"), name="acme.capable", version="2.0.0"))
    guides = client.get("/fhir/metadata").json["implementationGuide"]
    url = f"{URL}/StructureDefinition/capable"

    assert (before, one, supported()) == ([], [url], [f"{url}|1.0.0", f"{url}|2.0.0"])
    assert any(g.endswith("/ImplementationGuide/acme.capable|1.0.0") for g in guides)


def a_requirement(id_: str, *codes: str) -> dict:
    return {
        "resourceType": "CapabilityStatement",
        "id": id_,
        "url": f"{URL}/CapabilityStatement/{id_}",
        "version": "1.0.0",
        "title": f"Requirement {id_}",
        "status": "active",
        "date": "2026-01-01",
        "kind": "requirements",
        "description": "What servers must have.",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Patient",
                        "searchParam": [{"name": c, "type": "string"} for c in codes],
                    }
                ],
            }
        ],
    }


def test_requirements_that_are_met_are_claimed_and_others_named(install, client) -> None:
    met, other = a_requirement("met", "name"), a_requirement("unmet", "name", "colour")
    report = told(install(a_package(met, other, name="acme.requirements")))
    claimed = client.get("/fhir/metadata").json["instantiates"]

    assert report["unmetRequirement"] == [
        "Patient: parameter colour, required by Requirement unmet"
    ]
    assert met["url"] in claimed
    assert other["url"] not in claimed


def test_two_who_install_at_once_make_one_of_each(install, app, client_of_app) -> None:
    package = a_package(*(a_value_set(f"race{n}") for n in range(20)), name="acme.race")
    answers = []

    def send() -> None:
        given = [{"name": "package", "valueBase64Binary": b64encode(package).decode()}]
        body = {"resourceType": "Parameters", "parameter": given}
        answers.append(client_of_app().post("/fhir/$install", json=body))
        app.extensions["fhirserver"].context.store.database.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = client_of_app().get("/fhir/ValueSet?_tag=acme.race%231.0.0&_summary=count").json

    assert [told(a)["package"] for a in answers] == [["acme.race#1.0.0"]] * 3
    assert found["total"] == 20


def test_what_was_installed_holds_at_once(install, client) -> None:
    url = f"{URL}/StructureDefinition/held"
    patient = {"resourceType": "Patient", "meta": {"profile": [url]}}

    def errors() -> list[str]:
        outcome = client.post("/fhir/Patient/$validate", json=patient).json
        return [i["diagnostics"] for i in outcome["issue"] if i["severity"] == "error"]

    before = errors()
    install(a_package(a_profile("held"), name="acme.held"))

    assert before == []
    assert any("birthDate" in e for e in errors())


def test_our_operation_has_a_definition(client) -> None:
    file = ROOT / "profiles" / "OperationDefinition-install.json"
    definition = json.loads(file.read_text())
    statement = client.get("/fhir/metadata").json
    listed = {o["name"]: o["definition"] for o in statement["rest"][0]["operation"]}

    assert listed["install"] == "http://127.0.0.1:8000/fhir/OperationDefinition/install"
    assert definition["url"].endswith("/OperationDefinition/install")
