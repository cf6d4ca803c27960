"""The app for images: the worklist, a study with its prior, a mark, an upload."""

from __future__ import annotations

import io
import re
import uuid

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

pytestmark = pytest.mark.slow

MRN = "https://fhirserver.example/mrn"
SLICES = 6
PATIENT_MS = 120_000
"""Images are stored, filed and decoded by machines ten times slower than ours."""


def uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def ct(patient, study, series, number, date):
    """A slice of a CT of a patient: a disc that grows from slice to slice."""
    y, x = np.mgrid[-32:32, -32:32]
    pixels = np.where(x**2 + y**2 < (8 + 3 * number) ** 2, 60, -1000).astype("<i2")
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = CTImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid()
    made.SpecificCharacterSet = "ISO_IR 192"
    name = patient["name"][0]
    made.PatientName = f"{name['family']}^{name['given'][0]}"
    made.PatientID = next(i["value"] for i in patient["identifier"] if i["system"] == MRN)
    qualifier = Dataset()
    qualifier.UniversalEntityID, qualifier.UniversalEntityIDType = MRN, "URI"
    made.IssuerOfPatientIDQualifiersSequence = [qualifier]
    made.PatientBirthDate = patient["birthDate"].replace("-", "")
    made.PatientSex = {"male": "M", "female": "F"}.get(patient["gender"], "O")
    made.StudyInstanceUID, made.SeriesInstanceUID = study, series
    made.StudyDate, made.StudyTime, made.StudyID = date, "083000", "1"
    made.StudyDescription, made.SeriesDescription = "CT head", "Axial"
    made.AccessionNumber, made.Modality = "", "CT"
    made.SeriesNumber, made.InstanceNumber = 1, number
    made.FrameOfReferenceUID = series
    made.ImagePositionPatient = [0, 0, 5 * number]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [0.5, 0.5], 5
    made.Rows = made.Columns = 64
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "HU"
    made.WindowCenter, made.WindowWidth = 40, 400
    made.PixelData = pixels.tobytes()
    content = io.BytesIO()
    made.save_as(content, enforce_file_format=True)
    return content.getvalue()


def studied(patient, date):
    """The files of a CT."""
    study, series = uid(), uid()
    return [ct(patient, study, series, n, date) for n in range(1, SLICES + 1)]


@pytest.fixture
def patient(client_as):
    """Somebody whose images the radiologist may see."""
    found = client_as("radiologist").send("GET", "Patient?_count=1&gender=male,female")
    return found.json["entry"][0]["resource"]


def chosen(files):
    return [
        {"name": f"IMG{n}", "mimeType": "application/dicom", "buffer": content}
        for n, content in enumerate(files)
    ]


def send(page, files):
    """Choose files on the page for uploads, confirm whose they are, and send them."""
    page.locator("input[type=file][multiple]").set_input_files(files)
    page.get_by_role("checkbox", name=re.compile("^I have checked")).check()
    page.get_by_role("button", name=re.compile("^Send ")).click()
    told = page.get_by_role("heading", name=f"{len(files)} of {len(files)} stored")
    expect(told).to_be_visible(timeout=PATIENT_MS)


def test_images_are_sent_read_compared_and_marked(open_app, patient, check_accessible):
    page = open_app("imaging", "radiologist", f"patients/{patient['id']}/upload")
    send(page, chosen([*studied(patient, "20260601"), *studied(patient, "20250601")]))
    check_accessible(page)

    page.get_by_role("link", name="To the images").click()
    # The ImagingStudies come when no further image has come for some seconds.
    listed = page.get_by_role("link", name=re.compile("CT head"))
    expect(listed).to_have_count(2, timeout=PATIENT_MS)
    check_accessible(page)

    page.get_by_role("link", name=re.compile("CT head.*01-Jun-2026")).click()
    pane = page.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text("Level 40, width 400")).to_be_visible(timeout=PATIENT_MS)
    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()
    expect(page.get_by_text("The file names another patient")).to_have_count(0)
    pane.press("ArrowDown")
    expect(pane.get_by_text(f"Image 2 of {SLICES}")).to_be_visible()
    pane.press("PageDown")
    expect(pane.get_by_text(f"Image {SLICES} of {SLICES}")).to_be_visible()
    page.get_by_role("button", name="Presets").click()
    page.get_by_role("menuitem", name="Bone").click()
    expect(pane.get_by_text("Level 480, width 2500")).to_be_visible()
    check_accessible(page)

    mark = page.get_by_role("button", name="Key image", exact=True)
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "true", timeout=PATIENT_MS)
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "false", timeout=PATIENT_MS)

    page.get_by_role("button", name="Compare").click()
    page.get_by_role("menuitem", name=re.compile("01-Jun-2025")).click()
    prior = page.get_by_role("group", name="Images: Prior")
    expect(prior.get_by_text(re.compile("01-Jun-2025"))).to_be_visible(timeout=PATIENT_MS)
    expect(prior.get_by_text("Level 40, width 400")).to_be_visible(timeout=PATIENT_MS)
    pane.press("Home")
    expect(prior.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()
    pane.press("End")
    expect(prior.get_by_text(f"Image {SLICES} of {SLICES}")).to_be_visible()
    check_accessible(page)


def test_images_of_somebody_else_are_stopped(open_app, patient):
    other = {**patient, "name": [{"family": "Somebody", "given": ["Else"]}]}
    page = open_app("imaging", "radiologist", f"patients/{patient['id']}/upload")

    page.locator("input[type=file][multiple]").set_input_files(chosen(studied(other, "20260601")))

    expect(page.get_by_role("alert")).to_contain_text("These images aren't of")
    page.get_by_role("checkbox", name=re.compile("^I have checked")).check()
    expect(page.get_by_role("button", name=re.compile("^Send 0 files"))).to_be_disabled()


def test_a_photograph_becomes_an_image_of_the_patient(open_app, patient):
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "brown").save(picture, "JPEG")
    photograph = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    page = open_app("imaging", "radiologist", f"patients/{patient['id']}/upload", phone=True)

    send(page, [photograph])

    expect(page.get_by_text("Stored", exact=True)).to_be_visible()


def test_the_worklist_is_by_modality(open_app, check_accessible):
    page = open_app("imaging", "radiologist", phone=True)
    studies = page.get_by_role("main").get_by_role("listitem")
    expect(studies.filter(has_text="X-ray").first).to_be_visible(timeout=PATIENT_MS)
    check_accessible(page)

    page.get_by_label("Modality").select_option("CT")

    expect(studies.filter(has_text="X-ray")).to_have_count(0, timeout=PATIENT_MS)
