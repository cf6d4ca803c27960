"""Whose study it is decides about every answer of DICOMweb, and every answer is on record."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from pydicom.uid import generate_uid

from fhirserver import ids
from fhirserver.instances import open_instances
from fhirserver.storage.tokens import issue
from tests.dicom_gateway.web.instances import an_image, body_of, file_of, path_of, store

BELOW = ("", "/metadata", "/rendered", "/thumbnail", "/frames/1", "/bulkdata/7FE00010")


def assigned(web: Any, app: Any) -> tuple[Any, str]:
    """A stored image whose study is the ImagingStudy of a new patient."""
    patient = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]
    image = an_image()
    assert store(web, image).status_code == 200
    made = web.post(
        "/fhir/ImagingStudy",
        json={
            "resourceType": "ImagingStudy",
            "status": "available",
            "subject": {"reference": f"Patient/{patient}"},
            "identifier": [
                {"system": "urn:dicom:uid", "value": f"urn:oid:{image.StudyInstanceUID}"}
            ],
        },
    )
    assert made.status_code == 201, made.data
    engine = app.extensions["fhirserver"]
    instances = open_instances(engine.context.settings, engine.context.store.database)
    instances.assign(image.StudyInstanceUID, imaging_study=made.json["id"], patient=patient)
    return image, patient


@pytest.fixture(scope="module")
def theirs(web, dicom_app):
    return assigned(web, dicom_app)


@pytest.fixture(scope="module")
def launched(dicom_app, database):
    """A client with the chart of a patient."""

    def make(patient: str, scope: str = "patient/ImagingStudy.rs") -> Any:
        token = issue(database, subject="app", scope=scope, lifetime_seconds=600, patient=patient)
        client = dicom_app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


def test_a_launched_chart_gets_the_patients_studies_and_no_others(launched, theirs):
    image, patient = theirs
    own, other = launched(patient), launched(ids.new())

    for below in BELOW:
        assert own.get(path_of(image) + below).status_code == 200, below
    missing = path_of(an_image())
    for below in BELOW:
        refused = other.get(path_of(image) + below)
        # Whether it is there isn't told: what isn't there is refused alike.
        absent = other.get(missing + below)
        assert (refused.status_code, absent.status_code) == (403, 403), below
        assert refused.data == absent.data
    found = "/dicom-web/studies?StudyInstanceUID=" + image.StudyInstanceUID
    assert len(own.get(found).json) == 1
    assert other.get(found).json == []
    assert other.get(f"/dicom-web/studies/{image.StudyInstanceUID}/series").status_code == 403


def test_a_study_that_is_no_resource_yet_is_seen_by_systems_only(web, launched):
    image = an_image()
    store(web, image)

    assert web.get(path_of(image)).status_code == 200
    client = launched(ids.new(), "user/*.rs")
    assert client.get(path_of(image)).status_code == 403
    assert client.get(f"/dicom-web/studies?StudyInstanceUID={image.StudyInstanceUID}").json == []


def test_deleting_takes_the_right_to_delete(web, with_scope, theirs, dicom_app):
    image, _ = theirs
    assert with_scope("system/ImagingStudy.cru").delete(path_of(image)).status_code == 403

    own, _ = assigned(web, dicom_app)
    assert web.delete(path_of(own)).status_code == 204
    assert web.get(path_of(own)).status_code == 404
    assert web.delete(f"/dicom-web/studies/{own.StudyInstanceUID}").status_code == 404


def test_retrievals_are_on_record_with_patient_and_study(web, launched, theirs):
    image, patient = theirs
    launched(patient).get(path_of(image))

    def codes() -> set[str]:
        page = web.get(f"/fhir/AuditEvent?patient=Patient/{patient}&_count=200").json
        return {s["code"] for e in page.get("entry", ()) for s in e["resource"]["subtype"]}

    # They are written together, a moment later.
    until = time.monotonic() + 60
    while "dicom-retrieve" not in codes() and time.monotonic() < until:
        time.sleep(0.05)
    assert "dicom-retrieve" in codes()


def test_imaging_access_is_advertised(dicom_app):
    told = dicom_app.test_client().get("/fhir/.well-known/smart-configuration").json

    assert "smart-imaging-access" in told["capabilities"]
    assert "http://fhir.org/argonaut/smart-imaging/capabilities/app-launch" in told["capabilities"]


def test_a_page_of_another_origin_may_ask(make_app):
    app = make_app(cors_origins="https://viewer.example")
    headers = {"Origin": "https://viewer.example", "Access-Control-Request-Method": "GET"}

    answer = app.test_client().options("/dicom-web/studies", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://viewer.example"


def test_nobody_adds_to_a_study_that_they_may_not_see(web, dicom_app, database, theirs):
    from fhirserver.storage import users

    image, _ = theirs
    user = users.add(database, f"u-{ids.new()}", roles=[])
    token = issue(
        database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
    )
    body, content_type = body_of([file_of(an_image(image.StudyInstanceUID))])

    answer = dicom_app.test_client().post(
        "/dicom-web/studies",
        data=body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in {403, 409}


def test_who_has_begun_a_study_sends_the_rest_of_it_before_it_is_filed(web, dicom_app, database):
    from fhirserver.storage import users

    def one() -> Any:
        who = web.post("/fhir/Practitioner", json={"resourceType": "Practitioner"}).json["id"]
        user = users.add(
            database, f"u-{ids.new()}", roles=["radiologist"], fhir_user=f"Practitioner/{who}"
        )
        token = issue(
            database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
        )
        client = dicom_app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    first = an_image()
    study = first.StudyInstanceUID
    mine, other = one(), one()

    assert store(mine, first).status_code == 200
    assert store(mine, an_image(study, InstanceNumber=2)).status_code == 200
    refused = store(other, an_image(study, InstanceNumber=3))
    assert refused.status_code == 409
    assert refused.json["00081198"]["Value"][0]["00081197"]["Value"] == [0x0124]
    # It isn't theirs to look at by that.
    assert mine.get(path_of(first)).status_code == 404

    instances = open_instances(dicom_app.extensions["fhirserver"].context.settings, database)
    instances.assign(study, patient=ids.new())
    assert store(mine, an_image(study, InstanceNumber=4)).status_code == 409


def test_the_web_server_starts_without_the_libraries_of_images():
    code = (
        "import sys, dicom_gateway.web; "
        "print([m for m in ('pydicom', 'numpy', 'PIL', 'pynetdicom') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_an_unknown_study_is_not_found(web):
    for below in ("", "/metadata", "/rendered", "/series", "/instances"):
        assert web.get(f"/dicom-web/studies/{generate_uid()}{below}").status_code == 404
