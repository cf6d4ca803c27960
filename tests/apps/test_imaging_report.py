"""An X-ray from the machine to its report: sent by C-STORE, read on a phone, signed, seen in the chart.

The machine is dcmtk's storescu. DICOM PS3.4 B; FHIR R4 DiagnosticReport.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom.uid import ComputedRadiographyImageStorage

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from fhirserver.embedded.roles import listens
from tests.apps.scans import MRN, PATIENT_MS, a_slice, found, of, uid
from tests.dicom_gateway.dimse.peers import OURS, an_ae_title, an_endpoint
from tests.peers.dcmtk import needs

pytestmark = [pytest.mark.slow, needs("storescu")]

FINDINGS = "Shadow in the right lower zone, <b>no effusion</b>.\nHeart of normal size."
IMPRESSION = "Pneumonia of the right lower lobe"
ADDENDUM = "Compared with the X-ray of 2024: new."


def an_x_ray(patient: Resource, study: str, description: str) -> bytes:
    """A chest X-ray from a plate, of a patient as the worklist would have said."""
    made = a_slice(uid(), 6)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    made.Modality, made.BodyPartExamined, made.ViewPosition = "CR", "CHEST", "PA"
    del made.FrameOfReferenceUID, made.ImagePositionPatient, made.ImageOrientationPatient
    return of(made, patient, study, "20260601", description)


def send(hospital: Server, folder: Path, image: bytes) -> None:
    """By C-STORE, as a system that the operator has entered."""
    title = an_ae_title()
    with hospital.client() as client:
        entry = an_endpoint(title, may=["store"], patient_system=MRN)
        assert client.send("POST", "Endpoint", entry).status == 201
    wait_until(listens("127.0.0.1", hospital.dicom_port), 120, "the listener is there")
    file = folder / "x-ray.dcm"
    file.write_bytes(image)
    command = ["storescu", "-aet", title, "-aec", OURS, "127.0.0.1", str(hospital.dicom_port)]
    done = subprocess.run(
        [*command, str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def a_shared_patient(radiologist: Client, doctor: Client) -> Resource:
    """Somebody whom the doctor treats, and whose images the radiologist is to read."""
    theirs = found(radiologist, f"Patient?_count=100&gender=male,female&identifier={MRN}%7C")
    named = ",".join(one["id"] for one in theirs)
    return found(doctor, f"Patient?_id={named}&_count=1")[0]


def test_an_x_ray_is_reported_on_a_phone_and_read_in_the_chart(
    hospital: Server,
    client_as: Callable[[str], Client],
    open_app: Callable[..., Page],
    check_accessible: Callable[[Page], None],
    tmp_path: Path,
):
    expect.set_options(timeout=PATIENT_MS)
    radiologist, doctor = client_as("radiologist"), client_as("doctor")
    patient = a_shared_patient(radiologist, doctor)
    study, title = uid(), f"Chest {uid()[-6:]}"
    send(hospital, tmp_path, an_x_ray(patient, study, title))
    chart = open_app("chart", "doctor", f"patients/{patient['id']}/imaging")
    row = chart.get_by_role("row").filter(has_text=title)
    expect(row).to_contain_text("not yet")

    phone = open_app("imaging", "radiologist", phone=True)
    number = next(i["value"] for i in patient["identifier"] if i["system"] == MRN)
    phone.get_by_role("textbox", name="Patient").fill(number)
    phone.get_by_role("link", name=re.compile(title)).tap()
    pane = phone.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text("One image")).to_be_visible()
    expect(pane.get_by_text("Level 40, width 400")).to_be_visible()
    phone.get_by_role("button", name="Report", exact=True).tap()
    panel = phone.get_by_role("dialog", name="Report")
    panel.get_by_role("button", name="Write the report").tap()
    form = panel.get_by_role("region", name="Write the report")
    form.get_by_role("button", name=re.compile("^Sign for ")).tap()
    expect(form.get_by_text("A signed report needs an impression")).to_be_visible()
    check_accessible(phone)
    form.get_by_label("Findings").fill(FINDINGS)
    form.get_by_role("button", name="Save as preliminary").tap()
    expect(panel.get_by_text("Preliminary report")).to_be_visible()
    expect(row.get_by_role("link", name="preliminary")).to_be_visible()

    panel.get_by_role("button", name="Go on writing").tap()
    expect(form.get_by_label("Findings")).to_have_value(FINDINGS)
    form.get_by_label("Impression").fill(IMPRESSION)
    expect(form.get_by_text(re.compile("^Draft kept"))).to_be_visible()
    phone.reload()

    expect(form.get_by_label("Impression")).to_have_value(IMPRESSION)
    form.get_by_role("button", name=re.compile("^Sign for ")).tap()
    expect(panel.get_by_text("Final report")).to_be_visible()
    check_accessible(phone)

    row.get_by_role("link", name="final").click()
    shown = chart.locator("#content")
    expect(shown.get_by_text(IMPRESSION)).to_be_visible()
    expect(shown.get_by_text("<b>no effusion</b>")).to_be_visible()
    check_accessible(chart)

    panel.get_by_role("button", name="Addendum").tap()
    panel.get_by_role("textbox", name="Addendum").fill(ADDENDUM)
    panel.get_by_role("button", name="Sign the addendum").tap()
    expect(panel.get_by_text("Amended report")).to_be_visible()
    expect(shown.get_by_text(ADDENDUM)).to_be_visible()
    expect(shown.get_by_text(IMPRESSION)).to_be_visible()

    images = found(doctor, f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{study}")[0]
    reports = found(doctor, f"DiagnosticReport?patient={patient['id']}&category=RAD&_count=200")
    about = {"reference": f"ImagingStudy/{images['id']}"}
    (report,) = [one for one in reports if about in one.get("imagingStudy", ())]
    assert report["status"] == "appended"
    assert report["meta"]["versionId"] == "3"
    writer = report["resultsInterpreter"][0]["reference"]
    assert writer.startswith("Practitioner/")
