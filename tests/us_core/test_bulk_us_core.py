"""BULK-9: what a Group's export holds is valid by US Core, and has all that a server must support."""

from __future__ import annotations

import time
from functools import partial

import pytest

from conformance.us_core_searches.filled import PACKAGE, filled
from conformance.us_core_searches.metadata import FOLDER
from fhirserver import queues
from fhirserver.blobs import Blobs
from fhirserver.bulk.acting import act
from fhirserver.bulk.hands import Hands
from fhirserver.bulk.helpers import Helpers
from fhirserver.keys import opening
from fhirserver.model.json import parse_object
from fhirserver.objects import Folder
from fhirserver.settings import Settings
from fhirserver.storage import jobs
from fhirserver.storage.keys import KeyTables
from tests.answers import done
from tests.bulk.conftest import ASYNC
from tests.us_core import must_support

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER.is_dir() and PACKAGE.exists()),
        reason="../shared/data/inferno and us-core aren't at hand",
    ),
]
REQUIRED = {
    "AllergyIntolerance", "CarePlan", "CareTeam", "Condition", "Device", "DiagnosticReport",
    "DocumentReference", "Goal", "Immunization", "MedicationRequest", "Observation", "Patient",
    "Procedure", "Encounter", "Organization", "Practitioner", "Provenance", "Coverage",
    "MedicationDispense", "Specimen", "ServiceRequest", "RelatedPerson",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(own_url):
    return filled(own_url, []).client


@pytest.fixture(scope="module")
def exported(client, tmp_path_factory):
    """All resources in the files of an export of a Group that every patient is in."""
    engine = client.application.extensions["fhirserver"]
    database = engine.context.store.database
    folder = tmp_path_factory.mktemp("bulk")
    keyring = opening.keyring(Settings(data_dir=folder), KeyTables(database))
    hands = Hands(engine, Blobs(database, keyring, Folder(folder, 2)), Helpers(engine, 1))
    patients = done(client.get("/fhir/Patient?_count=1000&_elements=id"))["entry"]
    members = [{"entity": {"reference": f"Patient/{e['resource']['id']}"}} for e in patients]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    made = done(client.post("/fhir/Group", json=group), 201)

    answer = client.get(f"/fhir/Group/{made['id']}/$export", headers=ASYNC)
    assert answer.status_code == 202, answer.text
    job = answer.headers["Content-Location"].rpartition("/")[2]
    ends = time.monotonic() + 300
    while jobs.find(database, job).is_open and time.monotonic() < ends:
        queues.work(database, "export", partial(act, hands), seconds=60)
    assert jobs.find(database, job).state == "done"
    found = []
    for file in jobs.files(database, job):
        for line in b"".join(hands.blobs.read(file.blob)).splitlines():
            resource = parse_object(line)
            assert resource["resourceType"] == file.type
            found.append(resource)
    return found


def test_bulk_9_an_export_has_every_type_of_us_core(exported) -> None:
    assert REQUIRED - {r["resourceType"] for r in exported} == set()


def test_bulk_9_each_line_is_valid_by_the_profiles_that_it_declares(client, exported) -> None:
    validator = client.application.extensions["fhirserver"].context.validators.current()
    wrong = {}
    for resource in exported:
        issues = [i for i in validator.check_declared(resource) if i.severity in {"error", "fatal"}]
        if issues:
            wrong[f"{resource['resourceType']}/{resource['id']}"] = issues

    assert len(exported) > 100
    assert wrong == {}


def test_bulk_9_every_must_support_element_is_in_the_files(exported) -> None:
    wanting = {}
    for group in must_support.profiles():
        if group[":resource"] not in REQUIRED:
            continue
        having = [
            r for r in exported
            if r["resourceType"] == group[":resource"]
            and any(p.partition("|")[0] == group[":profile_url"]
                    for p in r.get("meta", {}).get("profile", ()))
        ]  # fmt: skip
        if lacking := must_support.missing(group, having):
            wanting[group[":name"]] = lacking

    assert wanting == {}
