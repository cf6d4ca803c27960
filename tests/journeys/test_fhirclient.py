"""The PyPI client `fhirclient` (SMART's client-py), unmodified, against the real server over HTTP.

Its models are strict: a reply with an element that R4 doesn't have, or without one that R4 needs,
raises FHIRValidationError. So every reply that it reads here is checked by somebody else's R4.
https://github.com/smart-on-fhir/client-py
"""

from __future__ import annotations

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle, BundleEntry, BundleEntryRequest
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.codeableconcept import CodeableConcept
from fhirclient.models.coding import Coding
from fhirclient.models.encounter import Encounter
from fhirclient.models.fhirdate import FHIRDate
from fhirclient.models.fhirdatetime import FHIRDateTime
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.humanname import HumanName
from fhirclient.models.identifier import Identifier
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.models.quantity import Quantity
from fhirclient.server import FHIRNotFoundException, FHIRUnauthorizedException
from requests import HTTPError

from fhirserver import ids
from tests.builders import SYSTEM


def a_client(base: str, token: str) -> FHIRClient:
    """A client that was signed in before, restored from its saved state."""
    auth = {"access_token": token, "token_uri": f"{base}/unused"}
    server = {"base_uri": f"{base}/", "auth_type": "oauth2", "auth": auth}
    return FHIRClient(state={"app_id": "journeys", "server": server})


@pytest.fixture
def server(running_server):
    return a_client(running_server.base, running_server.token).server


@pytest.fixture
def family() -> str:
    """A name that no other test uses."""
    return f"Lovelace{ids.new()}"


@pytest.fixture
def patient(server, family) -> Patient:
    return saved(Patient, a_patient(family), server)


def a_patient(family: str) -> Patient:
    name = HumanName({"family": family, "given": ["Ada"]})
    identifier = Identifier({"system": SYSTEM, "value": ids.new()})
    made = Patient()
    made.name, made.identifier = [name], [identifier]
    made.birthDate = FHIRDate("1980-02-03")
    return made


def a_weight(patient: Patient, kilograms: float, day: str = "2026-01-01") -> Observation:
    made = Observation()
    made.status = "final"
    made.code = CodeableConcept()
    made.code.coding = [Coding({"system": "http://loinc.org", "code": "29463-7"})]
    made.subject = FHIRReference({"reference": patient.relativePath()})
    made.effectiveDateTime = FHIRDateTime(day)
    made.valueQuantity = Quantity({"value": kilograms, "unit": "kg"})
    return made


def saved(kind, resource, server):
    """The resource as the server answers it, read by the strict model."""
    made = kind(resource.create(server))
    made.origin_server = server
    return made


def found(search, server) -> list[str]:
    return [resource.id for resource in search.perform_resources_iter(server)]


def test_the_capability_statement_is_r4_and_needs_no_token(running_server):
    client = FHIRClient(settings={"app_id": "journeys", "api_base": running_server.base})

    # It is prepared, and knows from the statement where its user is to sign in.
    assert not client.prepare()
    assert client.authorize_url.startswith(f"{running_server.base.removesuffix('/fhir')}/oauth/")
    statement = client.server.capabilityStatement
    assert isinstance(statement, CapabilityStatement)
    assert statement.fhirVersion == "4.0.1"
    assert {r.type for r in statement.rest[0].resource} >= {"Patient", "Observation"}


def test_a_restored_client_is_ready(running_server):
    assert a_client(running_server.base, running_server.token).ready


def test_create_and_read(server, patient, family):
    read = Patient.read(patient.id, server)

    assert read.name[0].family == family
    assert read.birthDate.date.isoformat() == "1980-02-03"
    assert read.meta.versionId == "1"
    assert read.as_json() == patient.as_json()


def test_update(server, patient):
    patient.gender = "female"
    updated = Patient(patient.update())

    assert updated.meta.versionId == "2"
    assert Patient.read(patient.id, server).gender == "female"


def test_delete(server, patient):
    patient.delete()

    # 410 Gone; the client knows 404 only.
    with pytest.raises(HTTPError, match="410"):
        Patient.read(patient.id, server)


def test_search(server, patient, family):
    weight = saved(Observation, a_weight(patient, 71.5, "2026-03-04"), server)
    patients = Patient.where({"family": family})
    weights = Observation.where({"subject": patient.relativePath(), "date": "ge2026-03"})

    assert found(patients, server) == [patient.id]
    assert found(Patient.where({"family": {"$exact": family.lower()}}), server) == []
    assert found(weights, server) == [weight.id]
    assert found(Patient.where({"family": family, "birthdate": "lt1980"}), server) == []


def test_chain_and_has(server, patient, family):
    weight = saved(Observation, a_weight(patient, 70), server)

    assert found(Observation.where({"subject:Patient.family": family}), server) == [weight.id]
    has = {"family": family, "_has:Observation:subject:code": "29463-7"}
    assert found(Patient.where(has), server) == [patient.id]


def test_include_and_revinclude(server, patient, family):
    weight = saved(Observation, a_weight(patient, 70), server)
    forward = Observation.where({"_id": weight.id}).include("subject", Observation)
    back = Patient.where({"family": family}).include("subject", Observation, reverse=True)

    for search in (forward, back):
        bundle = next(search.perform_iter(server))
        assert {e.search.mode for e in bundle.entry} == {"match", "include"}
        assert {e.resource.id for e in bundle.entry} == {patient.id, weight.id}
    first = next(forward.perform_resources_iter(server))
    assert first.subject.resolved(Patient).name[0].family == family


def test_paging(server, patient):
    made = {saved(Observation, a_weight(patient, 60 + n), server).id for n in range(7)}
    search = Observation.where({"subject": patient.relativePath(), "_count": "2"})

    pages = list(search.perform_iter(server))
    resources = [r.id for r in search.perform_resources_iter(server)]

    assert [len(page.entry) for page in pages] == [2, 2, 2, 1]
    assert len(resources) == len(made)
    assert set(resources) == made


def test_a_total(server, patient):
    for n in range(3):
        saved(Observation, a_weight(patient, 60 + n), server)

    search = Observation.where({"subject": patient.relativePath(), "_summary": "count"})
    assert next(search.perform_iter(server)).total == 3


def test_history(server, patient):
    patient.gender = "female"
    patient.update()
    patient.delete()

    history = Bundle.read_from(f"{patient.relativePath()}/_history", server)

    assert [e.request.method for e in history.entry] == ["DELETE", "PUT", "POST"]
    assert history.type == "history"
    assert Patient.read_from(f"{patient.relativePath()}/_history/1", server).gender is None


def test_a_transaction(server, family):
    address = f"urn:uuid:{ids.new()}"
    visit = Encounter()
    visit.status = "planned"
    visit.class_fhir = Coding({"code": "AMB"})
    visit.subject = FHIRReference({"reference": address})
    bundle = Bundle()
    bundle.type = "transaction"
    bundle.entry = [an_entry(visit), an_entry(a_patient(family), full_url=address)]

    answer = Bundle(bundle.create(server))

    assert [e.response.status[:3] for e in answer.entry] == ["201", "201"]
    search = Encounter.where({"subject:Patient.family": family})
    stored = next(search.perform_resources_iter(server))
    assert stored.subject.resolved(Patient).name[0].family == family


def test_conditional_create_and_update_in_a_transaction(server, family):
    person = a_patient(family)
    condition = f"identifier={SYSTEM}|{person.identifier[0].value}"
    create = an_entry(person)
    create.request.ifNoneExist = condition
    update = an_entry(person)
    update.request.method, update.request.url = "PUT", f"Patient?{condition}"

    def send(entry: BundleEntry) -> str:
        bundle = Bundle()
        bundle.type, bundle.entry = "transaction", [entry]
        return Bundle(bundle.create(server)).entry[0].response.status[:3]

    assert [send(create), send(create)] == ["201", "200"]
    person.gender = "female"
    assert send(update) == "200"
    patients = Patient.where({"family": family}).perform_resources_iter(server)
    assert [p.gender for p in patients] == ["female"]


def an_entry(resource, *, full_url: str | None = None) -> BundleEntry:
    made = BundleEntry()
    made.resource, made.fullUrl = resource, full_url
    made.request = BundleEntryRequest()
    made.request.method, made.request.url = "POST", resource.relativeBase()
    return made


def test_conditional_update_by_address(server, family):
    person = a_patient(family)
    where = f"Patient?identifier={SYSTEM}|{person.identifier[0].value}"

    statuses = []
    for gender in ("female", "other"):
        person.gender = gender
        statuses.append(server.put_json(where, person.as_json()).status_code)

    assert statuses == [201, 200]


def test_errors_carry_an_operation_outcome(server, patient):
    with pytest.raises(FHIRNotFoundException) as caught:
        Patient.read("nobody", server)
    assert OperationOutcome(caught.value.response.json()).issue[0].code == "not-found"

    wrong = patient.as_json() | {"birthDate": "yesterday"}
    with pytest.raises(HTTPError) as refused:
        server.put_json(patient.relativePath(), wrong)
    outcome = OperationOutcome(refused.value.response.json())
    assert outcome.issue[0].expression == ["Patient.birthDate"]


def test_a_wrong_token_is_refused(running_server):
    with pytest.raises(FHIRUnauthorizedException):
        Patient.read("1", a_client(running_server.base, "wrong").server)
