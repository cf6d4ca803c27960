"""A series of a study goes to another patient, or into another study."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from conformance.faults.server import wait_until
from dicom_gateway.operating.opening import open_in_step
from fhirserver import ids
from fhirserver.instances import Instances
from tests.answers import done
from tests.dicom_gateway.web.instances import an_image, store

SYSTEM = "https://hospital.example/mrn"
STRUCTURED = "1.2.840.10008.5.1.4.1.1.88.33"


class Scans:
    """A study of one patient, of which the second series is another one's."""

    def __init__(self, web: FlaskClient, app: Flask) -> None:
        self.web = web
        self.in_step = open_in_step(app.extensions["fhirserver"])
        self.study = generate_uid()
        self.number = ids.new()[:8]
        self.wrong = self.patient("Müller", "Grete")
        self.right = self.patient("Øster", "Ida")
        series = generate_uid()
        self.first = self.image(1, generate_uid())
        self.images = [self.image(2, series), self.image(2, series, InstanceNumber=2)]
        for image in self.images:
            # They refer to each other, as slices do to their localizer.
            reference = Dataset()
            reference.ReferencedSOPClassUID = image.SOPClassUID
            reference.ReferencedSOPInstanceUID = self.images[0].SOPInstanceUID
            image.ReferencedImageSequence = [reference]
        assert store(web, self.first, *self.images).status_code == 200
        self.instances.assign(self.study, patient=self.wrong["id"])
        self.filed = self.in_step.keep(self.study)

    @property
    def instances(self) -> Instances:
        return self.in_step.instances

    def image(self, series_number: int, series: str, **more: Any) -> Dataset:
        told = {
            "PatientName": "Müller^Grete",
            "PatientWeight": "71",
            "AccessionNumber": "WRONG-1",
            "AdmissionID": "V-1",
            "StudyDescription": "CT Schädel",
            "SeriesNumber": series_number,
            "SpecificCharacterSet": "ISO_IR 100",
        }
        return an_image(self.study, series, **told, **more)

    def patient(self, family: str, given: str) -> dict[str, Any]:
        body = {
            "resourceType": "Patient",
            "identifier": [{"system": SYSTEM, "value": f"{family[0]}-{self.number}"}],
            "name": [{"family": family, "given": [given]}],
            "birthDate": "1961-04-09",
            "gender": "female",
        }
        return dict(done(self.web.post("/fhir/Patient", json=body), 201))

    @property
    def path(self) -> str:
        series = self.images[0].SeriesInstanceUID
        return f"/dicom-web/studies/{self.study}/series/{series}"

    def move(self, **where: str) -> Any:
        return self.web.post(f"{self.path}/move", json=where)

    def move_to_right(self) -> dict[str, Any]:
        return dict(done(self.move(patient=f"Patient/{self.right['id']}")))

    def stored(self, study: str) -> list[Dataset]:
        """The instances of a study, by their numbers."""
        found = self.web.get(f"/dicom-web/studies/{study}/instances").json or []
        made = []
        for one in found:
            series, uid = (one[tag]["Value"][0] for tag in ("0020000E", "00080018"))
            at = f"/dicom-web/studies/{study}/series/{series}/instances/{uid}"
            got = self.web.get(at, headers={"Accept": "application/dicom; transfer-syntax=*"})
            made.append(dcmread(io.BytesIO(got.data)))
        return sorted(made, key=lambda d: (d.SeriesNumber, d.InstanceNumber))

    def imaging_studies(self, patient: dict[str, Any]) -> list[dict[str, Any]]:
        page = done(self.web.get(f"/fhir/ImagingStudy?patient=Patient/{patient['id']}"))
        return [e["resource"] for e in page.get("entry", ())]


@pytest.fixture
def scans(web: FlaskClient, dicom_app: Flask) -> Scans:
    return Scans(web, dicom_app)


def test_a_series_becomes_a_study_of_the_right_patient(scans: Scans) -> None:
    told = scans.move_to_right()

    assert told["instances"] == 2
    moved = scans.stored(told["study"])
    assert [str(d.PatientName) for d in moved] == ["Øster^Ida"] * 2
    assert {d.PatientID for d in moved} == {f"Ø-{scans.number}"}
    assert {d.StudyDescription for d in moved} == {"CT Schädel"}
    assert {(d.AccessionNumber, d.get("AdmissionID")) for d in moved} == {("", None)}
    assert moved[0].PatientWeight == 71
    assert [d.PixelData for d in moved] == [d.PixelData for d in scans.images]
    new = moved[0].SOPInstanceUID
    assert [d.ReferencedImageSequence[0].ReferencedSOPInstanceUID for d in moved] == [new] * 2
    (was,) = moved[0].OriginalAttributesSequence
    assert was.ReasonForTheAttributeModification == "CORRECT"
    (before,) = was.ModifiedAttributesSequence
    assert str(before.PatientName) == "Müller^Grete"
    assert before.SOPInstanceUID == scans.images[0].SOPInstanceUID
    assert before.AccessionNumber == "WRONG-1"


def test_both_studies_and_dicomweb_agree_about_what_was_moved(scans: Scans) -> None:
    told = scans.move_to_right()

    [made] = scans.imaging_studies(scans.right)
    assert told["imagingStudy"] == f"ImagingStudy/{made['id']}"
    assert (made["numberOfSeries"], made["numberOfInstances"]) == (1, 2)
    assert made["series"][0]["uid"] == told["series"]
    [left] = scans.imaging_studies(scans.wrong)
    assert left["id"] == scans.filed
    assert (left["numberOfSeries"], left["numberOfInstances"]) == (1, 1)
    assert [d.SOPInstanceUID for d in scans.stored(scans.study)] == [scans.first.SOPInstanceUID]
    assert scans.web.get(f"{scans.path}/metadata").status_code == 404
    assert scans.move(patient=scans.right["id"]).status_code == 404


def test_it_is_on_record_for_both_patients_with_its_reason(scans: Scans) -> None:
    scans.move_to_right()

    def is_told(patient: dict[str, Any]) -> bool:
        query = f"patient=Patient/{patient['id']}&action=U&_count=50"
        page = scans.web.get(f"/fhir/AuditEvent?{query}").json
        return "113038 Incorrect Modality Worklist Entry" in json.dumps(page)

    wait_until(lambda: is_told(scans.wrong) and is_told(scans.right), 60, "it is on record")


def test_another_series_comes_into_the_same_study_or_into_one_that_is_there(scans: Scans) -> None:
    told = scans.move_to_right()
    scans.images = [scans.first]

    assert done(scans.move(study=told["study"]))["study"] == told["study"]

    assert len(scans.stored(told["study"])) == 3
    [made] = scans.imaging_studies(scans.right)
    assert made["numberOfSeries"] == 2
    assert scans.instances.study(scans.study) is None


def test_who_asks_again_after_a_crash_gets_it_done_once(
    scans: Scans, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(Instances, "delete", lambda *_, **__: (_ for _ in ()).throw(MemoryError))
        assert scans.move(patient=scans.right["id"]).status_code == 500
    assert len(scans.stored(scans.study)) == 3

    told = scans.move_to_right()

    assert len(scans.stored(told["study"])) == 2
    assert len(scans.stored(scans.study)) == 1
    assert scans.instances.conflicts(told["study"]) == []


def test_what_makes_no_sense_is_refused_and_nothing_is_moved(scans: Scans, with_scope) -> None:
    for where, status in (
        ({}, 400),
        ({"patient": scans.right["id"], "study": scans.study}, 400),
        ({"patient": scans.right["id"], "reason": "because"}, 400),
        ({"patient": "nobody"}, 404),
        ({"patient": scans.wrong["id"]}, 409),
        ({"study": scans.study}, 409),
        ({"study": "1.2.3.4"}, 404),
    ):
        assert scans.move(**where).status_code == status, where
    reader = with_scope("system/ImagingStudy.rs system/Patient.r")
    refused = reader.post(f"{scans.path}/move", json={"patient": scans.right["id"]})
    assert refused.status_code == 403

    assert len(scans.stored(scans.study)) == 3


def test_reports_are_not_moved(web: FlaskClient, dicom_app: Flask) -> None:
    scans = Scans(web, dicom_app)
    report = scans.image(7, generate_uid(), SOPClassUID=STRUCTURED, Modality="SR")
    assert store(web, report).status_code == 200
    scans.images = [report]

    refused = scans.move(patient=scans.right["id"])

    assert refused.status_code == 422
    assert "delete it" in refused.json["issue"][0]["diagnostics"]
