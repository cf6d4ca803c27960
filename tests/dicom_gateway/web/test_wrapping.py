"""Pictures and PDFs become DICOM instances of a patient."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from flask.testing import FlaskClient
from PIL import Image
from pydicom import Dataset, dcmread

from fhirserver import ids
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue
from tests.dicom_gateway.web.instances import an_image, store

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SYSTEM = "urn:oid:2.16.756.5.31"


def a_picture(
    mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (48, 32), **how: Any
) -> bytes:
    """A picture whose left half is dark."""
    array = numpy.full((size[1], size[0]), 230, numpy.uint8)
    array[:, : size[0] // 2] = 20
    out = io.BytesIO()
    Image.fromarray(array).convert(mode).save(out, kind, **how)
    return out.getvalue()


@pytest.fixture(scope="module")
def patient(web: FlaskClient) -> str:
    made = web.post(
        "/fhir/Patient",
        json={
            "resourceType": "Patient",
            "identifier": [{"system": SYSTEM, "value": f"W-{ids.new()[:8]}"}],
            "name": [{"family": "Grünwald", "given": ["Ida", "Maria"]}],
            "birthDate": "1961-04-09",
            "gender": "female",
        },
    )
    assert made.status_code == 201, made.data
    return str(made.json["id"])


def wrap(web: FlaskClient, *files: bytes, **fields: str) -> Any:
    data: dict[str, Any] = dict(fields)
    data["file"] = [(io.BytesIO(f), "wound.jpg") for f in files]
    return web.post("/dicom-web/wrap", data=data, content_type="multipart/form-data")


def stored(web: FlaskClient, url: str) -> Dataset:
    path = "/dicom-web" + url.partition("/dicom-web")[2]
    got = web.get(path, headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert got.status_code == 200, got.data
    return dcmread(io.BytesIO(got.data))


def test_a_photograph_is_a_secondary_capture_of_the_patient(web, patient):
    answer = wrap(
        web,
        a_picture(),
        patient=f"Patient/{patient}",
        description="Ulcus cruris",
        accession="A-77",
        modality="XC",
        bodySite="816094009",
        laterality="L",
        taken="2026-07-01T08:30:00+00:00",
    )
    assert answer.status_code == 201, answer.data
    [told] = answer.json["instances"]

    made = stored(web, told["url"])
    assert (made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID) == (
        answer.json["study"],
        told["series"],
        told["instance"],
    )
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert str(made.PatientName) == "Grünwald^Ida^Maria"
    assert made.PatientID.startswith("W-")
    assert made.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == "2.16.756.5.31"
    assert (made.PatientBirthDate, made.PatientSex) == ("19610409", "F")
    assert (made.StudyDate, made.StudyTime, made.ContentDate) == ("20260701", "083000", "20260701")
    assert (made.AccessionNumber, made.Modality, made.ConversionType) == ("A-77", "XC", "DI")
    assert (made.BodyPartExamined, made.Laterality) == ("CHEST", "L")
    assert made.AnatomicRegionSequence[0].CodeValue == "816094009"
    assert made.LossyImageCompression == "01"
    pixels = made.pixel_array
    assert pixels.shape == (32, 48, 3)
    assert pixels[:, :16].mean() < 40
    assert pixels[:, 32:].mean() > 200


def test_it_is_seen_as_an_imaging_study_at_once(web, patient):
    answer = wrap(web, a_picture(), a_picture("L"), patient=patient, description="Decubitus")

    study = web.get(f"/fhir/{answer.json['imagingStudy']}").json
    assert study["subject"] == {"reference": f"Patient/{patient}"}
    assert study["numberOfInstances"] == 2
    assert study["numberOfSeries"] == 1
    shown = web.get(
        "/dicom-web" + answer.json["instances"][1]["url"].partition("/dicom-web")[2] + "/rendered"
    )
    assert shown.status_code == 200
    assert Image.open(io.BytesIO(shown.data)).size == (48, 32)


def test_a_patient_without_a_number_is_still_the_one_who_was_named(web):
    nameless = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]

    answer = wrap(web, a_picture(), patient=nameless)
    study = web.get(f"/fhir/{answer.json['imagingStudy']}").json
    assert study["subject"] == {"reference": f"Patient/{nameless}"}


def test_what_a_camera_writes_beside_the_image_is_left_out(web, patient):
    exif = Image.Exif()
    exif[0x010F] = "CAMERA-MAKER"
    file = a_picture(exif=exif, comment=b"THE-PLACE")
    assert b"CAMERA-MAKER" in file

    made = stored(web, wrap(web, file, patient=patient).json["instances"][0]["url"])
    assert b"CAMERA-MAKER" not in made.PixelData
    assert b"THE-PLACE" not in made.PixelData
    assert made.pixel_array.shape == (32, 48, 3)


def test_a_photograph_is_turned_as_its_exif_says(web, patient):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held upright: turn it clockwise.

    made = stored(web, wrap(web, a_picture(exif=exif), patient=patient).json["instances"][0]["url"])
    assert (made.Rows, made.Columns) == (48, 32)
    assert made.pixel_array[:16].mean() < 40
    assert len(made.LossyImageCompressionMethod) == 2


def test_what_stands_behind_the_image_is_left_out(web, patient):
    file = a_picture() + b"A SECOND PICTURE" * 10

    made = stored(web, wrap(web, file, patient=patient).json["instances"][0]["url"])
    assert b"SECOND PICTURE" not in made.PixelData


@pytest.mark.parametrize(
    ("mode", "shape", "photometric"),
    [
        ("RGB", (32, 48, 3), "RGB"),
        ("RGBA", (32, 48, 3), "RGB"),
        ("P", (32, 48, 3), "RGB"),
        ("L", (32, 48), "MONOCHROME2"),
        ("LA", (32, 48), "MONOCHROME2"),
        ("1", (32, 48), "MONOCHROME2"),
        ("I;16", (32, 48), "MONOCHROME2"),
    ],
)
def test_the_pixels_of_a_png_are_kept(web, patient, mode, shape, photometric):
    made = stored(
        web, wrap(web, a_picture(mode, "PNG"), patient=patient).json["instances"][0]["url"]
    )

    assert made.PhotometricInterpretation == photometric
    assert "LossyImageCompression" not in made
    assert made.pixel_array.shape == shape
    assert made.pixel_array[:, :24].mean() < 60
    assert made.pixel_array[:, 24:].mean() > 200


@pytest.mark.parametrize("how", [{"progressive": True}, {"mode": "CMYK"}, {"mode": "L"}])
def test_other_kinds_of_jpeg_are_readable(web, patient, how):
    made = stored(web, wrap(web, a_picture(**how), patient=patient).json["instances"][0]["url"])

    assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    assert made.pixel_array[:, :16].mean() < 60
    assert made.pixel_array[:, 32:].mean() > 200


def test_a_pdf_is_encapsulated_as_it_is(web, patient):
    answer = wrap(web, PDF, a_picture(), patient=patient, description="Letter")
    document, picture = answer.json["instances"]

    made = stored(web, document["url"])
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == PDF
    assert (made.MIMETypeOfEncapsulatedDocument, made.DocumentTitle) == (
        "application/pdf",
        "Letter",
    )
    assert made.Modality == "DOC"
    assert document["series"] != picture["series"]


def test_files_are_added_to_a_study_of_the_patient(web, patient):
    study = wrap(web, a_picture(), patient=patient, description="First").json["study"]

    answer = wrap(web, a_picture("L"), patient=patient, study=study, description="Second")
    assert answer.status_code == 201, answer.data
    assert answer.json["study"] == study
    made = stored(web, answer.json["instances"][0]["url"])
    assert (made.StudyDescription, made.SeriesDescription) == ("First", "Second")
    assert made.SeriesNumber == 2
    seen = web.get(f"/fhir/{answer.json['imagingStudy']}").json
    assert seen["numberOfSeries"] == 2
    assert seen["subject"] == {"reference": f"Patient/{patient}"}


def test_nothing_is_added_to_a_study_of_somebody_else(web, patient):
    other = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]
    study = wrap(web, a_picture(), patient=other).json["study"]

    assert wrap(web, a_picture(), patient=patient, study=study).status_code == 409
    image = an_image()
    store(web, image)
    assert wrap(web, a_picture(), patient=patient, study=image.StudyInstanceUID).status_code == 409


@pytest.mark.parametrize(
    ("file", "status", "says"),
    [
        (b"plain text", 415, "file 2 is no JPEG, PNG or PDF"),
        (b"", 415, "file 2"),
        (b"\0" * 128 + b"DICM", 415, "DICOM already"),
        (a_picture()[:300], 422, "file 2: it is cut off"),
        (b"\xff\xd8\xff\xe0" + b"junk" * 200, 422, "file 2: it is"),
        (PDF[:-8], 422, "cut off"),
    ],
)
def test_of_files_that_are_none_nothing_is_kept(web, patient, file, status, says):
    before = web.get(f"/fhir/ImagingStudy?patient=Patient/{patient}&_summary=count").json["total"]

    answer = wrap(web, a_picture(), file, patient=patient)
    assert answer.status_code == status
    assert says in answer.json["issue"][0]["diagnostics"]
    after = web.get(f"/fhir/ImagingStudy?patient=Patient/{patient}&_summary=count").json["total"]
    assert after == before


def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_decoded(web, patient):
    file = bytearray(a_picture("L", "PNG"))
    file[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    import zlib

    file[29:33] = zlib.crc32(bytes(file[12:29])).to_bytes(4)
    answer = wrap(web, bytes(file), patient=patient)

    assert answer.status_code == 422
    assert "too many" in answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"patient": ""}, 400),
        ({"patient": "../x"}, 404),
        ({"patient": "nobody"}, 404),
        ({"accession": "x" * 17}, 400),
        ({"modality": "not a code"}, 400),
        ({"bodySite": "moon"}, 400),
        ({"laterality": "X"}, 400),
        ({"taken": "yesterday"}, 400),
        ({"taken": "2999-01-01"}, 400),
        ({"study": "1..2"}, 400),
        ({"study": "1.2.3.4.5.6"}, 404),
        ({"colour": "red"}, 400),
    ],
)
def test_fields_that_are_wrong_are_named(web, patient, fields, status):
    answer = wrap(web, a_picture(), **{"patient": patient, **fields})

    assert answer.status_code == status, answer.data


def test_other_bodies_are_refused(web):
    assert web.post("/dicom-web/wrap", json={}).status_code == 415
    assert (
        web.post(
            "/dicom-web/wrap", data={"patient": "1"}, content_type="multipart/form-data"
        ).status_code
        == 400
    )


@pytest.fixture
def launched(dicom_app, database: Database) -> Callable[[str, str], FlaskClient]:
    def make(patient: str, scope: str) -> FlaskClient:
        token = issue(database, subject="app", scope=scope, lifetime_seconds=600, patient=patient)
        client: FlaskClient = dicom_app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


def test_an_app_wraps_for_the_patient_whose_chart_was_launched_only(web, patient, launched):
    scope = "patient/ImagingStudy.crs patient/Patient.r"
    other = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]

    assert wrap(launched(patient, scope), a_picture(), patient=patient).status_code == 201
    assert wrap(launched(other, scope), a_picture(), patient=patient).status_code == 403
    for less in ("patient/ImagingStudy.rs patient/Patient.r", "patient/ImagingStudy.cr"):
        assert wrap(launched(patient, less), a_picture(), patient=patient).status_code == 403


def test_who_may_not_see_the_patient_wraps_nothing_for_them(web, patient, with_scope):
    assert wrap(with_scope("user/ImagingStudy.c"), a_picture(), patient=patient).status_code == 403


def test_a_patient_who_was_merged_into_another_is_told_apart(web):
    target = web.post("/fhir/Patient", json={"resourceType": "Patient"}).json["id"]
    old = web.post(
        "/fhir/Patient",
        json={
            "resourceType": "Patient",
            "active": False,
            "link": [{"other": {"reference": f"Patient/{target}"}, "type": "replaced-by"}],
        },
    ).json["id"]

    assert wrap(web, a_picture(), patient=old).status_code == 409


def test_a_doctor_wraps_for_patients_under_treatment_and_for_nobody_else(
    web, patient, dicom_app, database
):
    from fhirserver.storage import users

    who = web.post("/fhir/Practitioner", json={"resourceType": "Practitioner"}).json["id"]
    user = users.add(database, f"u-{ids.new()}", roles=["doctor"], fhir_user=f"Practitioner/{who}")
    token = issue(
        database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
    )
    doctor = dicom_app.test_client()
    doctor.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    # Whom they don't treat isn't there for them.
    assert wrap(doctor, a_picture(), patient=patient).status_code == 404
    team = {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": {"reference": f"Patient/{patient}"},
        "participant": [{"member": {"reference": f"Practitioner/{who}"}}],
    }
    assert web.post("/fhir/CareTeam", json=team).status_code == 201

    answer = wrap(doctor, a_picture(), patient=patient)
    assert answer.status_code == 201, answer.data
    study = doctor.get(f"/fhir/{answer.json['imagingStudy']}")
    assert study.json["subject"] == {"reference": f"Patient/{patient}"}
