"""UPS-RS: workitems are made, found, claimed, changed and ended."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom.uid import generate_uid

from conformance.faults.server import wait_until
from fhirserver import ids

MIME = "application/dicom+json"
CODE = {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["S1"]}}]}


def a_workitem(**changed: Any) -> dict[str, Any]:
    made = {
        "00741000": {"vr": "CS", "Value": ["SCHEDULED"]},
        "00741200": {"vr": "CS", "Value": ["HIGH"]},
        "00741204": {"vr": "LO", "Value": ["Read the CT"]},
        "00404005": {"vr": "DT", "Value": ["20260701083000+0200"]},
        "00404041": {"vr": "CS", "Value": ["READY"]},
        "00081195": {"vr": "UI"},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]},
        "00100020": {"vr": "LO", "Value": ["W-1"]},
    }
    return {**made, **{tag.removeprefix("T"): element for tag, element in changed.items()}}


def send(web: FlaskClient, method: str, path: str, model: Any = None) -> Any:
    call = getattr(web, method)
    if model is None:
        return call(f"/dicom-web/workitems{path}")
    return call(f"/dicom-web/workitems{path}", json=[model], headers={"Content-Type": MIME})


def created(web: FlaskClient, **changed: Any) -> str:
    uid = str(generate_uid())
    answer = send(web, "post", f"?{uid}", a_workitem(**changed))
    assert answer.status_code == 201, answer.data
    assert answer.headers["Content-Location"].endswith(f"/dicom-web/workitems/{uid}")
    return uid


def moved(web: FlaskClient, uid: str, state: str, transaction: str | None) -> Any:
    model: dict[str, Any] = {"00741000": {"vr": "CS", "Value": [state]}}
    if transaction is not None:
        model["00081195"] = {"vr": "UI", "Value": [transaction]}
    return send(web, "put", f"/{uid}/state", model)


def state(web: FlaskClient, uid: str) -> str:
    return str(send(web, "get", f"/{uid}").json[0]["00741000"]["Value"][0])


def test_a_workitem_comes_back_as_it_was_made(web: FlaskClient) -> None:
    uid = created(web)

    answer = send(web, "get", f"/{uid}")
    assert answer.content_type == MIME
    [model] = answer.json
    assert model["00080018"]["Value"] == [uid]
    assert model["00080016"]["Value"] == ["1.2.840.10008.5.1.4.34.6.1"]
    assert model["00741204"]["Value"] == ["Read the CT"]
    assert model["00100010"]["Value"] == [{"Alphabetic": "Doe^Jane"}]
    assert "00081195" not in model
    assert send(web, "post", f"?{uid}", a_workitem()).status_code == 409


def test_its_uid_may_be_in_the_dataset_or_be_ours(web: FlaskClient) -> None:
    uid = str(generate_uid())
    model = a_workitem(T00080018={"vr": "UI", "Value": [uid]})
    assert send(web, "post", "", model).headers["Location"].endswith(uid)
    given = send(web, "post", "", a_workitem()).headers["Location"].rpartition("/")[2]
    assert state(web, given) == "SCHEDULED"
    assert send(web, "post", f"?{generate_uid()}", model).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"T00741000": {"vr": "CS", "Value": ["IN PROGRESS"]}},
        {"T00081195": {"vr": "UI", "Value": ["1.2.3"]}},
        {"T00741204": {"vr": "LO"}},
        {"T00404005": {"vr": "DT"}},
        {"T00741200": {"vr": "CS", "Value": ["NOW"]}},
        {"Tnotatag": {"vr": "CS"}},
        {"T00080050": "text"},
        {"T00080050": {"Value": ["1"]}},
        {"T0040A370": {"vr": "SQ", "Value": ["none"]}},
    ],
)
def test_one_that_breaks_a_rule_is_refused(web: FlaskClient, changed: Any) -> None:
    answer = send(web, "post", f"?{generate_uid()}", a_workitem(**changed))

    assert answer.status_code == 400


def test_other_bodies_and_uids_are_refused(web: FlaskClient) -> None:
    assert (
        web.post("/dicom-web/workitems", data=b"{}", content_type="text/plain").status_code == 415
    )
    assert web.post("/dicom-web/workitems", data=b"{", content_type=MIME).status_code == 400
    assert web.post("/dicom-web/workitems", data=b"[]", content_type=MIME).status_code == 400
    assert send(web, "post", "?1..2", a_workitem()).status_code == 400
    assert send(web, "get", f"/{generate_uid()}").status_code == 404


def test_it_is_claimed_worked_on_and_completed(web: FlaskClient) -> None:
    uid, mine, other = created(web), str(generate_uid()), str(generate_uid())

    assert moved(web, uid, "COMPLETED", mine).status_code == 409
    assert moved(web, uid, "IN PROGRESS", None).status_code == 400
    assert moved(web, uid, "IN PROGRESS", mine).status_code == 200
    assert moved(web, uid, "IN PROGRESS", other).status_code == 400
    assert moved(web, uid, "IN PROGRESS", mine).status_code == 409
    assert state(web, uid) == "IN PROGRESS"
    assert mine not in send(web, "get", f"/{uid}").text

    performed = {
        "00404018": CODE,
        "00404028": CODE,
        "00404050": {"vr": "DT", "Value": ["20260701083500"]},
        "00404051": {"vr": "DT", "Value": ["20260701084500"]},
    }
    changes = {"00741216": {"vr": "SQ", "Value": [performed]}}
    assert moved(web, uid, "COMPLETED", mine).status_code == 409
    assert send(web, "post", f"/{uid}", changes).status_code == 400
    assert send(web, "post", f"/{uid}?{other}", changes).status_code == 400
    assert send(web, "post", f"/{uid}?transaction-uid={mine}", changes).status_code == 200
    assert moved(web, uid, "COMPLETED", mine).status_code == 200
    again = moved(web, uid, "COMPLETED", mine)
    assert (again.status_code, "already" in again.headers["Warning"]) == (200, True)
    assert moved(web, uid, "CANCELED", mine).status_code == 409
    assert send(web, "post", f"/{uid}?{mine}", changes).status_code == 400


def test_a_scheduled_one_is_changed_but_not_whose_it_is(web: FlaskClient) -> None:
    uid = created(web)

    label = {"00741204": {"vr": "LO", "Value": ["Read it twice"]}}
    assert send(web, "post", f"/{uid}", label).status_code == 200
    assert send(web, "get", f"/{uid}").json[0]["00741204"]["Value"] == ["Read it twice"]
    for wrong in (
        {"00100020": {"vr": "LO", "Value": ["W-2"]}},
        {"00741000": {"vr": "CS", "Value": ["COMPLETED"]}},
        {"00741204": {"vr": "LO"}},
    ):
        assert send(web, "post", f"/{uid}", wrong).status_code == 400
    assert send(web, "post", f"/{uid}?1.2.3", label).status_code == 400


def test_cancellation_is_granted_before_somebody_has_begun(web: FlaskClient) -> None:
    uid, begun = created(web), created(web)
    reason = {"00741238": {"vr": "LT", "Value": ["wrong order"]}}
    assert send(web, "post", f"/{uid}/cancelrequest", reason).status_code == 202
    assert state(web, uid) == "CANCELED"
    again = send(web, "post", f"/{uid}/cancelrequest")
    assert (again.status_code, "already" in again.headers["Warning"]) == (202, True)

    assert moved(web, begun, "IN PROGRESS", "1.2.3").status_code == 200
    assert send(web, "post", f"/{begun}/cancelrequest").status_code == 409


def test_they_are_found_by_their_attributes(web: FlaskClient) -> None:
    number = f"W-{ids.new()[:8]}"
    patient = {"vr": "LO", "Value": [number]}
    first = created(web, T00100020=patient)
    second = created(web, T00100020=patient, T00404005={"vr": "DT", "Value": ["20270101"]})
    moved(web, second, "IN PROGRESS", "1.2.3")

    def found(query: str) -> set[str]:
        answer = send(web, "get", f"?PatientID={number}&{query}")
        if answer.status_code == 204:
            return set()
        assert answer.status_code == 200, answer.data
        return {w["00080018"]["Value"][0] for w in answer.json}

    assert found("") == {first, second}
    assert found("ProcedureStepState=SCHEDULED") == {first}
    assert found("00741000=IN PROGRESS") == {second}
    assert found("ProcedureStepState=COMPLETED") == set()
    assert found("ScheduledProcedureStepStartDateTime=20260101-20261231") == {first}
    assert found("PatientName=DOE*") == {first, second}
    assert len(found("limit=1")) == 1
    assert found("limit=1") != found("limit=1&offset=1")
    [told] = send(web, "get", f"?SOPInstanceUID={first}&includefield=InputReadinessState").json
    assert told["00404041"]["Value"] == ["READY"]
    assert send(web, "get", "?NoAttribute=1").status_code == 400


def test_it_is_the_task_of_its_patient(web: FlaskClient) -> None:
    system, number = f"http://{ids.new()}.example", "W-7"
    patient = web.post(
        "/fhir/Patient",
        json={
            "resourceType": "Patient",
            "identifier": [{"system": system, "value": number}],
            "name": [{"family": "Doe", "given": ["Jane"]}],
            "birthDate": "1970-02-03",
        },
    ).json["id"]
    issuer = {
        "00400032": {"vr": "UT", "Value": [system]},
        "00400033": {"vr": "CS", "Value": ["URI"]},
    }
    uid = created(
        web,
        T00100020={"vr": "LO", "Value": [number]},
        T00100024={"vr": "SQ", "Value": [issuer]},
        T00100030={"vr": "DA", "Value": ["19700203"]},
    )

    page = web.get(f"/fhir/Task?identifier=urn:dicom:uid|urn:oid:{uid}").json
    task = page["entry"][0]["resource"]
    assert task["for"] == {"reference": f"Patient/{patient}"}
    assert (task["status"], task["priority"]) == ("requested", "urgent")
    assert task["executionPeriod"] == {"start": "2026-07-01T08:30:00+02:00"}
    task["status"] = "cancelled"
    assert web.put(f"/fhir/Task/{task['id']}", json=task).status_code == 200
    assert state(web, uid) == "CANCELED"


def test_it_takes_the_scopes_of_tasks(web: FlaskClient, with_scope: Any, dicom_app: Any) -> None:
    uid = created(web)

    assert dicom_app.test_client().get(f"/dicom-web/workitems/{uid}").status_code == 401
    reader = with_scope("system/Task.rs")
    assert send(reader, "get", f"/{uid}").status_code == 200
    assert send(reader, "get", f"?SOPInstanceUID={uid}").status_code == 200
    assert send(reader, "post", "", a_workitem()).status_code == 403
    assert moved(reader, uid, "IN PROGRESS", "1.2").status_code == 403
    stranger = with_scope("system/ImagingStudy.cruds")
    assert send(stranger, "get", f"/{uid}").status_code == 403
    assert send(stranger, "get", "").status_code == 403


def test_what_is_done_with_it_is_on_record_with_the_address(web: FlaskClient) -> None:
    uid = created(web)
    send(web, "post", f"/{uid}/cancelrequest")
    page = web.get(f"/fhir/Task?identifier=urn:dicom:uid|urn:oid:{uid}").json
    task = page["entry"][0]["resource"]["id"]

    def addresses() -> set[str | None]:
        found = web.get(f"/fhir/AuditEvent?entity=Task/{task}&action=U&_count=50").json
        return {
            e["resource"]["agent"][0].get("network", {}).get("address")
            for e in found.get("entry", ())
        }

    wait_until(lambda: "127.0.0.1" in addresses(), 60, "it is on record")
