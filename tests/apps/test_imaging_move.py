"""Images that were filed under a wrong patient: a series, and a whole study, go to the right one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from tests.apps.scans import MRN, PATIENT_MS, SLICES, ct, found, stored, uid

pytestmark = pytest.mark.slow

SECONDS = 120
WHY = "The scanner was still open on the patient before"


@pytest.fixture
def radiologist(client_as: Callable[[str], Client]) -> Client:
    expect.set_options(timeout=PATIENT_MS)
    return client_as("radiologist")


@pytest.fixture
def pair(radiologist: Client) -> tuple[Resource, Resource]:
    """Two patients with names that are only theirs: under whom it was filed, and whose it is."""
    all_ = found(radiologist, f"Patient?_count=100&gender=male,female&identifier={MRN}%7C")
    alive = [one for one in all_ if "deceasedDateTime" not in one]
    first = alive[0]
    other = next(one for one in alive if one["name"][0]["family"] != first["name"][0]["family"])
    return first, other


def number(patient: Resource) -> str:
    return next(str(i["value"]) for i in patient["identifier"] if i["system"] == MRN)


def studies(client: Client, study: str) -> list[Resource]:
    return found(client, f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{study}")


def filed(client: Client, hospital: Server, patient: Resource, series: list[str]) -> Resource:
    """A CT of a patient with these series."""
    study = uid()
    title = f"CT {study[-6:]}"
    files = [
        ct(patient, study, one, n, "20260601", title)
        for one in series
        for n in range(1, SLICES + 1)
    ]
    stored(client, hospital.port, files)
    wait_until(
        lambda: [s for s in studies(client, study) if s.get("numberOfInstances") == len(files)],
        SECONDS, "the ImagingStudy is there",
    )  # fmt: skip
    return studies(client, study)[0]


def choose(page: Page, patient: Resource) -> None:
    page.get_by_label("Whose they are").fill(number(patient))
    page.get_by_role("list", name="Patients found").get_by_role("button").first.click()


def plan(page: Page) -> Locator:
    return page.get_by_role("region", name="What will happen")


def test_a_series_goes_to_another_patient(
    open_app: Callable[..., Page],
    hospital: Server,
    radiologist: Client,
    pair: tuple[Resource, Resource],
    check_accessible: Callable[[Page], None],
):
    wrong, right = pair
    theirs = uid()
    study = filed(radiologist, hospital, wrong, [uid(), theirs])
    before = {s["id"] for s in found(radiologist, f"ImagingStudy?patient={right['id']}&_count=200")}
    page = open_app("imaging", "radiologist", f"studies/{study['id']}")
    page.get_by_role("link", name="These images are somebody else's").click()
    expect(page.get_by_role("heading", name="Move images to another patient")).to_be_visible()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("Choose what is to be moved")).to_be_visible()
    expect(page.get_by_text("Choose whose images they are")).to_be_visible()

    # Two series with one number: the second of them by its place.
    at = [s["uid"] for s in study["series"]].index(theirs)
    page.get_by_role("radio", name=re.compile("^Series ")).nth(at).check()
    choose(page, right)
    family = right["name"][0]["family"].upper()
    expect(plan(page)).to_contain_text(f"{SLICES} images")
    expect(plan(page)).to_contain_text(wrong["name"][0]["family"].upper())
    # The files name the first patient, so they aren't those of the second.
    expect(plan(page).get_by_role("alert")).to_be_visible()
    check_accessible(page)
    page.get_by_label("How it is known").fill(WHY)
    move = page.get_by_role("button", name=re.compile(f"^Move {SLICES} images to {family}"))
    move.click()
    expect(page.get_by_text("Check it, then tick this")).to_be_visible()
    page.get_by_label(re.compile("^I have checked")).check()
    move.click()

    expect(page.get_by_text(f"{SLICES} images are in the record of {family}")).to_be_visible()
    expect(
        page.get_by_role("group", name="Images: Study").get_by_text(f"Image 1 of {SLICES}")
    ).to_be_visible()
    left = radiologist.send("GET", f"ImagingStudy/{study['id']}").json
    assert left["numberOfInstances"] == SLICES
    assert theirs not in [s["uid"] for s in left["series"]]
    after = found(radiologist, f"ImagingStudy?patient={right['id']}&_count=200")
    (made,) = [s for s in after if s["id"] not in before]
    assert made["numberOfInstances"] == SLICES
    assert made["note"][-1]["text"] == WHY


def test_a_whole_study_goes_to_another_patient_with_the_reason(
    open_app: Callable[..., Page],
    hospital: Server,
    radiologist: Client,
    pair: tuple[Resource, Resource],
):
    wrong, right = pair
    study = filed(radiologist, hospital, wrong, [uid()])
    page = open_app("imaging", "radiologist", f"studies/{study['id']}/move", phone=True)
    expect(page.get_by_role("radio", name=re.compile("^The whole study"))).to_be_checked()
    choose(page, right)
    page.get_by_label("How it is known").fill(WHY)
    page.get_by_label(re.compile("^I have checked")).check()
    move = page.get_by_role("button", name=re.compile(f"^Move {SLICES} images to "))
    label = move.locator(".mantine-Button-label")
    assert label.evaluate("it => it.scrollWidth <= it.clientWidth"), "whose they become is cut"
    move.tap()

    expect(page.get_by_text(re.compile(f"^{SLICES} images are in the record of"))).to_be_visible()
    now = radiologist.send("GET", f"ImagingStudy/{study['id']}").json
    assert now["subject"]["reference"] == f"Patient/{right['id']}"
    assert now["note"][-1]["text"] == WHY
    assert now["note"][-1]["authorReference"]["reference"].startswith("Practitioner/")


def test_a_doctor_is_told_who_moves_images(
    open_app: Callable[..., Page], client_as: Callable[[str], Client], radiologist: Client
):
    theirs = found(client_as("doctor"), "ImagingStudy?_count=1&status=available")[0]
    page = open_app("imaging", "doctor", f"studies/{theirs['id']}/move")

    expect(page.get_by_text("The radiology department does that")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Move"))).to_have_count(0)
