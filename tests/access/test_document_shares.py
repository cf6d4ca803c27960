"""Documents that are shared with colleagues who have no part in the patient's care, over the wire."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import clock
from fhirserver.access.labels import ACT_CODE, CONFIDENTIALITY
from fhirserver.access.sharing import CATEGORIES, CATEGORY
from fhirserver.interactions.relations import rebuild
from fhirserver.search.hashing import reference_self
from fhirserver.storage.database import Database
from tests.access.conftest import As, Put

SCOPE = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy",
        }
    ]
}
RECIPIENT = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
    ]
}


def ref(resource: Any) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def day(days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


class Case:
    """A patient of one doctor, with two documents; two other doctors have no part in it."""

    def __init__(self, put: Put, as_user: As, app: Flask | None = None) -> None:
        self.put = put
        self.people = {
            n: put("Practitioner", name=[{"family": n}]) for n in ("giver", "taker", "third")
        }
        self.patient = put("Patient", name=[{"family": "Q"}], active=True)
        self.other = put("Patient", name=[{"family": "Z"}], active=True)
        for patient in (self.patient, self.other):
            self.encounter = put(
                "Encounter",
                status="in-progress",
                **{"class": {"code": "AMB"}},
                subject=ref(patient),
                period={"start": "2026-01-01"},
                participant=[{"individual": ref(self.people["giver"])}],
            )
        self.document, self.file = self.a_document(self.patient)
        self.second, self.second_file = self.a_document(self.patient)
        self.foreign, self.foreign_file = self.a_document(self.other)
        put(
            "Observation",
            status="final",
            code={"text": "secret"},
            subject=ref(self.patient),
            valueString="secret",
        )
        self.giver = as_user("doctor", ref(self.people["giver"])["reference"], app=app)
        self.taker = as_user("doctor", ref(self.people["taker"])["reference"], app=app)
        self.third = as_user("doctor", ref(self.people["third"])["reference"], app=app)

    def a_document(self, patient: Any) -> tuple[Any, Any]:
        file = self.put(
            "Binary", contentType="text/plain", securityContext=ref(patient), data="TGV0dGVy"
        )
        document = self.put(
            "DocumentReference",
            status="current",
            subject=ref(patient),
            description="Letter",
            content=[{"attachment": {"contentType": "text/plain", "url": ref(file)["reference"]}}],
        )
        return document, file

    def share(self, *actors: Any, **others: Any) -> dict[str, Any]:
        """A Consent that shares the document and its file for a week."""
        data = others.pop("data", (self.document, self.file))
        patient = others.pop("patient", self.patient)
        performer = others.pop("performer", self.people["giver"])
        period = others.pop("period", {"start": day(-1), "end": day(7)})
        return {
            "resourceType": "Consent",
            "status": "active",
            "scope": SCOPE,
            "category": [{"coding": [{"system": CATEGORIES, "code": CATEGORY}]}],
            "patient": ref(patient),
            "performer": [ref(performer)],
            "policyRule": {"text": "Sharing of single documents for a time"},
            "provision": {
                "type": "permit",
                "period": period,
                "actor": [
                    {"role": RECIPIENT, "reference": ref(a)}
                    for a in (actors or (self.people["taker"],))
                ],
                "data": [{"meaning": "instance", "reference": ref(d)} for d in data],
                **others,
            },
        }

    def shared(self, *actors: Any, **others: Any) -> dict[str, Any]:
        answer = self.giver.post("/fhir/Consent", json=self.share(*actors, **others))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made


@pytest.fixture
def case(put: Put, as_user: As) -> Case:
    return Case(put, as_user)


def found(client: FlaskClient, query: str) -> set[str]:
    answer = client.get(f"/fhir/{query}")
    assert answer.status_code == 200, answer.text
    entries = answer.get_json().get("entry", [])
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}


def sees(client: FlaskClient, resource: Any) -> bool:
    """By every way at once: read, vread, history, search; they must agree."""
    kind, id_ = resource["resourceType"], resource["id"]
    statuses = {
        client.get(f"/fhir/{path}").status_code
        for path in (f"{kind}/{id_}", f"{kind}/{id_}/_history/1", f"{kind}/{id_}/_history")
    }
    assert len(statuses) == 1, statuses
    is_there = statuses == {200}
    assert is_there or statuses == {404}
    assert (f"{kind}/{id_}" in found(client, f"{kind}?_id={id_}")) is is_there
    assert (f"{kind}/{id_}" in found(client, f"{kind}/_history?_count=500")) is is_there
    return is_there


def test_before_it_is_shared_nobody_else_sees_it(case: Case) -> None:
    assert sees(case.giver, case.document)
    assert not sees(case.taker, case.document)
    assert not sees(case.taker, case.file)


def test_a_colleague_sees_the_document_its_file_and_by_whom(case: Case) -> None:
    consent = case.shared()

    assert sees(case.taker, case.document)
    assert sees(case.taker, case.file)
    assert sees(case.taker, consent)
    raw = case.taker.get(f"/fhir/Binary/{case.file['id']}", headers={"Accept": "text/plain"})
    assert raw.data == b"Letter"


def test_nothing_else_of_the_patient_is_seen(case: Case) -> None:
    case.shared()
    patient = case.patient["id"]

    for resource in (case.patient, case.second, case.second_file, case.encounter, case.foreign):
        assert not sees(case.taker, resource)
    assert not found(case.taker, f"Observation?patient={patient}")
    assert case.taker.get(f"/fhir/Patient/{patient}/$everything").status_code == 404
    document = ref(case.document)["reference"]
    included = found(case.taker, f"DocumentReference?_id={case.document['id']}&_include=*")
    assert included == {document}
    backwards = found(case.taker, f"DocumentReference?_id={case.document['id']}&_revinclude=*")
    assert {r.partition("/")[0] for r in backwards} <= {"DocumentReference", "Consent"}
    assert not found(case.taker, "DocumentReference?subject:Patient.name=Q")
    assert not found(case.taker, "Patient?_has:DocumentReference:subject:status=current")


def test_a_third_doctor_sees_nothing(case: Case) -> None:
    consent = case.shared()

    for resource in (case.document, case.file, consent):
        assert not sees(case.third, resource)


def test_includes_and_graphql_show_what_is_shared_and_no_more(case: Case) -> None:
    consent = case.shared(data=(case.document, case.file))
    query = f"Consent?category={CATEGORIES}|{CATEGORY}&status=active&_include=Consent:data"

    assert found(case.taker, query) == {
        ref(r)["reference"] for r in (consent, case.document, case.file)
    }
    assert not found(case.third, query)
    asked = f'{{ DocumentReference(id: "{case.document["id"]}") {{ description subject {{ resource(optional: true) {{ ... on Patient {{ id name {{ family }} }} }} }} }} }}'
    answer = case.taker.get("/fhir/$graphql", query_string={"query": asked}).get_json()
    text = json.dumps(answer)
    assert "Letter" in text
    assert case.patient["id"] not in text
    assert "Letter" not in case.third.get("/fhir/$graphql", query_string={"query": asked}).text


def test_an_export_holds_no_more_than_was_shared(case: Case) -> None:
    case.shared()
    patient = {"name": "patient", "valueReference": ref(case.patient)}
    body = {"resourceType": "Parameters", "parameter": [patient]}

    for client in (case.taker, case.third):
        answer = client.post(
            "/fhir/Patient/$export", json=body, headers={"Prefer": "respond-async"}
        )
        assert answer.status_code in (403, 404), answer.text


def test_a_reader_changes_nothing(case: Case) -> None:
    consent = case.shared()
    client = case.taker

    changed = client.put(f"/fhir/DocumentReference/{case.document['id']}", json=case.document)
    assert changed.status_code in (403, 404)
    assert client.delete(f"/fhir/DocumentReference/{case.document['id']}").status_code in (403, 404)
    ended = client.put(f"/fhir/Consent/{consent['id']}", json={**consent, "status": "inactive"})
    assert ended.status_code in (403, 404)
    assert sees(client, case.document)


@pytest.mark.parametrize(
    "period",
    [{"start": day(1), "end": day(7)}, {"start": day(-9), "end": day(-2)}, {"start": day(-1)}],
    ids=["before", "after", "without an end"],
)
def test_only_in_its_time(case: Case, period: dict[str, str]) -> None:
    consent = case.shared(period=period)

    for resource in (case.document, case.file, consent):
        assert not sees(case.taker, resource)


def test_the_end_comes_by_itself(case: Case, database: Database) -> None:
    case.shared()
    assert sees(case.taker, case.document)

    database.write("UPDATE access.share SET ends = now() WHERE ends > now()")

    assert not sees(case.taker, case.document)
    assert not sees(case.taker, case.file)


def test_ending_it_counts_at_once(case: Case) -> None:
    consent = case.shared()
    assert sees(case.taker, case.document)

    ended = {**consent, "status": "inactive"}
    assert case.giver.put(f"/fhir/Consent/{consent['id']}", json=ended).status_code == 200

    for resource in (case.document, case.file, consent):
        assert not sees(case.taker, resource)


def test_who_shared_it_ends_it_also_when_the_patient_is_not_theirs_any_more(
    case: Case, database: Database
) -> None:
    consent = case.shared()
    database.write(
        "UPDATE access.care SET ends = now() WHERE patient = %s",
        (reference_self("Patient", case.patient["id"]),),
    )
    address = f"/fhir/Consent/{consent['id']}"
    assert case.giver.get(f"/fhir/Patient/{case.patient['id']}").status_code == 404

    longer = {**consent, "provision": {**consent["provision"], "period": {"end": day(90)}}}
    assert case.giver.put(address, json=longer).status_code == 403
    assert sees(case.taker, case.document)
    assert case.giver.put(address, json={**consent, "status": "inactive"}).status_code == 200

    assert not sees(case.taker, case.document)


def test_a_reader_passes_nothing_on(case: Case) -> None:
    case.shared()
    onward = case.share(case.people["third"], performer=case.people["taker"])

    assert case.taker.post("/fhir/Consent", json=onward).status_code in (403, 422)
    assert not sees(case.third, case.document)


@pytest.mark.parametrize("kind", ["foreign", "hidden", "restricted", "absent"])
def test_only_what_is_of_the_patient_and_ones_own_is_shared(
    case: Case, put: Put, kind: str
) -> None:
    stranger = put("Patient", name=[{"family": "Y"}])
    hidden, _ = case.a_document(stranger)
    restricted, _ = case.a_document(case.patient)
    put(**_args(restricted), meta={"security": [{"system": CONFIDENTIALITY, "code": "V"}]})
    absent = {"resourceType": "DocumentReference", "id": "not-there"}
    documents = {"foreign": case.foreign, "hidden": hidden, "restricted": restricted}
    document = documents.get(kind, absent)

    answer = case.giver.post("/fhir/Consent", json=case.share(data=(document,)))

    assert answer.status_code == 422
    assert "can't be shared" in answer.text
    assert not sees(case.taker, hidden)
    assert not sees(case.taker, case.foreign)


def test_the_reception_writes_consents_but_shares_nothing(
    case: Case, as_user: As, put: Put
) -> None:
    desk = put("Practitioner", name=[{"family": "R"}])
    reception = as_user("reception", ref(desk)["reference"])

    answer = reception.post("/fhir/Consent", json=case.share(performer=desk))

    assert answer.status_code in (403, 422)
    assert not sees(case.taker, case.document)


def test_nobody_shares_with_themselves_or_in_anothers_name(case: Case) -> None:
    own = case.share(case.people["giver"])
    anothers = case.share(performer=case.people["third"])
    nobodys = {k: v for k, v in case.share().items() if k != "performer"}

    for consent in (own, anothers, nobodys):
        assert case.giver.post("/fhir/Consent", json=consent).status_code == 403


def test_what_is_restricted_takes_its_clearance_still(case: Case, put: Put) -> None:
    case.shared()
    sensitive = {"security": [{"system": ACT_CODE, "code": "PSY"}]}
    put(**_args(case.document), meta=sensitive)

    assert not sees_now(case.taker, case.document)
    very = {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}
    put(**_args(case.document), meta=very)
    assert not sees_now(case.taker, case.document)


def _args(resource: dict[str, Any]) -> dict[str, Any]:
    content = {k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")}
    return {"resource_type": resource["resourceType"], "id_": resource["id"], **content}


def sees_now(client: FlaskClient, resource: Any) -> bool:
    address = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return client.get(address).status_code == 200


def test_a_patient_who_keeps_somebody_out_is_heeded(case: Case, put: Put) -> None:
    case.shared()
    taker = {"role": RECIPIENT, "reference": ref(case.people["taker"])}
    put(
        "Consent",
        status="active",
        scope=SCOPE,
        category=[{"text": "mine"}],
        patient=ref(case.patient),
        policyRule={"text": "x"},
        provision={"type": "deny", "actor": [taker]},
    )

    assert not sees(case.taker, case.document)
    assert not sees(case.taker, case.file)


def a_team(put: Put, *members: Any, **others: Any) -> dict[str, Any]:
    return put(
        "CareTeam",
        status="active",
        name="Tumour board",
        participant=[{"member": ref(m)} for m in members],
        **others,
    )


def test_a_team_sees_it_while_one_is_in_it(case: Case, put: Put) -> None:
    team = a_team(put, case.people["taker"])
    case.shared(team)
    assert sees(case.taker, case.document)
    assert not sees(case.third, case.document)

    put(
        "CareTeam", team["id"], status="active", participant=[{"member": ref(case.people["third"])}]
    )

    assert not sees(case.taker, case.document)
    assert sees(case.third, case.document)
    put(
        "CareTeam",
        team["id"],
        status="inactive",
        participant=[{"member": ref(case.people["third"])}],
    )
    assert not sees(case.third, case.document)


def test_a_team_of_another_patient_sees_nothing(case: Case, put: Put) -> None:
    team = a_team(put, case.people["taker"], subject=ref(case.other))
    case.shared(team)

    assert not sees(case.taker, case.document)


def test_nobody_adds_themselves_to_a_team(case: Case, put: Put, as_user: As) -> None:
    team = a_team(put, case.people["taker"])
    admin = put("Practitioner", name=[{"family": "A"}])
    client = as_user("admin", ref(admin)["reference"])
    address = f"/fhir/CareTeam/{team['id']}"

    with_me = {**team, "participant": [{"member": ref(admin)}]}
    assert client.put(address, json=with_me).status_code == 403
    with_another = {**team, "participant": [{"member": ref(case.people["third"])}]}
    assert client.put(address, json=with_another).status_code == 200


def test_a_deleted_consent_shares_nothing(case: Case, client: FlaskClient) -> None:
    consent = case.shared()

    assert client.delete(f"/fhir/Consent/{consent['id']}").status_code in (200, 204)

    assert not sees(case.taker, case.document)


def test_reindexing_finds_again_what_is_shared(case: Case, app: Any, database: Database) -> None:
    case.shared()
    database.write("TRUNCATE access.share")
    assert not sees(case.taker, case.document)
    engine = app.extensions["fhirserver"]

    rebuild(engine.context.store, engine.context.site)

    assert sees(case.taker, case.document)


def test_emergency_access_is_not_passed_on(case: Case, database: Database, put: Put) -> None:
    """Who sees a record through broken glass only can't give anything of it away."""
    database.write(
        "UPDATE access.care SET kind = 'break-glass' WHERE patient = %s",
        (reference_self("Patient", case.patient["id"]),),
    )
    assert sees(case.giver, case.document)

    answer = case.giver.post("/fhir/Consent", json=case.share())

    assert answer.status_code in (403, 422)
    assert not sees(case.taker, case.document)


def test_why_it_is_seen_can_be_asked(case: Case, put: Put, database: Database, as_user: As) -> None:
    case.shared()
    name = database.read(
        'SELECT name FROM access."user" WHERE fhir_user = %s',
        (ref(case.people["taker"])["reference"],),
    )[0][0]
    auditor = as_user("auditor")

    said = auditor.get(
        "/fhir/$explain-access",
        query_string={"user": name, "resource": ref(case.document)["reference"], "right": "r"},
    )

    assert "it is shared with them" in said.text
