"""The app for images: the worklist, a study with its prior, a mark, an upload."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.apps.scans import MRN, PATIENT_MS, SLICES, studied

pytestmark = pytest.mark.slow


@pytest.fixture
def patient(client_as):
    """Somebody whose images the radiologist may see."""
    query = f"Patient?_count=1&gender=male,female&identifier={MRN}%7C"
    found = client_as("radiologist").send("GET", query)
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


def test_a_pdf_of_a_study_can_be_opened_and_saved(open_app, patient):
    letter = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    page = open_app("imaging", "radiologist", f"patients/{patient['id']}/upload", phone=True)
    send(page, [{"name": "letter.pdf", "mimeType": "application/pdf", "buffer": letter}])
    page.get_by_role("link", name="To the images").click()
    page.get_by_role("link", name=re.compile("DOC")).first.click()

    with page.expect_download() as saved:
        page.get_by_role("link", name=re.compile("on this device$")).click()

    assert Path(saved.value.path()).read_bytes() == letter
    opened = page.get_by_role("link", name=re.compile("in a window of its own$"))
    expect(opened).to_have_attribute("href", re.compile("^blob:"))
