"""Images of every kind of machine in the viewer: what is on the screen is what has to be seen."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom.dataset import Dataset

from conformance.faults.server import Server, wait_until
from tests.apps import modalities, scans
from tests.apps.accounts import account_at
from tests.apps.conftest import PHONE
from tests.apps.modalities import IMAGES, SAMPLES, mammogram, rendered
from tests.apps.scans import MRN, PATIENT_MS, found, stored, uid

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample images in {SAMPLES}"),
]

DESK = {"width": 1440, "height": 900}
MOST_AWAY = 8.0
"""Of 255, on average: interpolation differs, and lossy decoders do."""


@pytest.fixture(scope="module")
def viewer(hospital: Server, browser: Browser) -> Iterator[Page]:
    """The app, with a radiologist who has signed in."""
    context = browser.new_context(viewport=DESK, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENT_MS)
    page.goto(f"http://127.0.0.1:{hospital.port}/apps/imaging/")
    page.get_by_label("User name").fill("radiologist")
    page.get_by_label("Password", exact=True).fill("demo-radiologist")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"/apps/imaging/(?!\?code=)"))
    expect(page.locator("#content")).to_be_attached()
    yield page
    context.close()


class Archive:
    """Puts samples into the record of somebody, each as a study of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with account_at(server, "radiologist") as client:
            query = f"Patient?_count=1&gender=male,female&identifier={MRN}%7C"
            self.patient = found(client, query)[0]
        self.studies: dict[str, str] = {}

    def add(self, samples: dict[str, list[Dataset]]) -> None:
        """Store the instances of studies, and wait until all are filed."""
        uids = {}
        files = []
        for name, instances in samples.items():
            uids[name] = uid()
            files += [scans.of(i, self.patient, uids[name], "20260601", name) for i in instances]
        with self.server.client(timeout_seconds=120.0) as client:
            stored(client, self.server.port, files)
            for name, study in uids.items():
                query = f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{study}"
                wait_until(lambda q=query: found(client, q), PATIENT_MS / 1000, f"{name} is filed")
                self.studies[name] = found(client, query)[0]["id"]


def sample(path: str) -> Dataset:
    """A sample under names of our own, so that it can be stored again."""
    made = modalities.read(path)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid()
    made.SeriesInstanceUID = uid()
    # Texts of the sample may need another character set than the patient's name.
    made.SpecificCharacterSet = made.get("SpecificCharacterSet") or "ISO_IR 192"
    return made


@pytest.fixture(scope="module")
def archive(hospital: Server) -> Archive:
    made = Archive(hospital)
    made.add({name: [sample(path)] for name, path in IMAGES.items()})
    return made


def opened(page: Page, server: Server, study: str) -> Locator:
    page.goto(f"http://127.0.0.1:{server.port}/apps/imaging/studies/{study}")
    pane = page.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text(re.compile("^(Image 1 of|One image)"))).to_be_visible()
    # It is told when the image is there.
    expect(pane.get_by_text(re.compile("^Level"))).to_be_visible(timeout=PATIENT_MS)
    expect(pane.get_by_role("status")).to_have_count(0)
    return pane


def on_screen(page: Page, name: str = "pane-0") -> np.ndarray[Any, Any]:
    """The pixels of a pane without what is written on it."""
    canvas = page.get_by_test_id(name)
    canvas.evaluate(
        "(e) => [...e.parentElement.children].forEach((o) => { if (o !== e) o.style.visibility = 'hidden'; })"
    )
    # Drawn for the next frame of the screen.
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    picture = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
    canvas.evaluate(
        "(e) => [...e.parentElement.children].forEach((o) => { o.style.visibility = ''; })"
    )
    return np.asarray(picture).astype(np.float64)


def away(screen: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> float:
    """How far a pane is from a picture that fills it, in the middle of black."""
    height, width = screen.shape[:2]
    scale = min(width / expected.shape[1], height / expected.shape[0])
    size = (round(expected.shape[1] * scale), round(expected.shape[0] * scale))
    fitted = Image.fromarray(expected).resize(size, Image.Resampling.BILINEAR)
    whole = Image.new("RGB", (width, height))
    whole.paste(fitted, ((width - size[0]) // 2, (height - size[1]) // 2))
    differ = np.abs(screen - np.asarray(whole).astype(np.float64))
    # Of the picture alone: black around it would flatter.
    return float(differ.sum() / (size[0] * size[1] * 3))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_shown_as_it_has_to_be(viewer, hospital, archive, name):
    pane = opened(viewer, hospital, archive.studies[name])

    expected = rendered(modalities.read(IMAGES[name]))
    assert away(on_screen(viewer), expected) < MOST_AWAY
    # Whose it is, and what lengths mean, is always there.
    family = archive.patient["name"][0]["family"].upper()
    expect(pane.get_by_text(re.compile(family))).to_be_visible()
    expect(pane.get_by_text(re.compile("^(Lengths|Not calibrated)"))).to_be_visible()


def test_mammograms_hang_with_the_chest_walls_in_the_middle(viewer, hospital, archive):
    series = uid()
    views = [("L", "MLO"), ("R", "MLO"), ("L", "CC"), ("R", "CC")]
    made = {v: mammogram("", series, *v, n + 1) for n, v in enumerate(views)}
    archive.add({"mammography": list(made.values())})
    viewer.goto(
        f"http://127.0.0.1:{hospital.port}/apps/imaging/studies/{archive.studies['mammography']}"
    )
    right = viewer.get_by_role("group", name="Images: Right")
    left = viewer.get_by_role("group", name="Images: Left")

    for view in ("CC", "MLO"):
        expect(right.get_by_text(f"Right {view}")).to_be_visible()
        expect(left.get_by_text(f"Left {view}")).to_be_visible()
        for pane in (right, left):
            expect(pane.get_by_text(re.compile("^Level"))).to_be_visible(timeout=PATIENT_MS)
            expect(pane.get_by_role("status")).to_have_count(0)
        # The detector has the chest wall on the left of both.
        assert away(on_screen(viewer, "pane-0"), rendered(made["R", view])[:, ::-1]) < MOST_AWAY
        assert away(on_screen(viewer, "pane-1"), rendered(made["L", view])) < MOST_AWAY
        expect(right.get_by_title("Side of the patient on the right")).to_have_text("P")
        expect(left.get_by_title("Side of the patient on the left")).to_have_text("P")
        right.press("ArrowDown")  # The other breast follows.

    viewer.get_by_role("button", name="Both breasts").click()
    expect(viewer.get_by_role("group", name="Images: Study")).to_be_visible()


def test_a_clip_plays_at_its_own_speed(viewer, hospital, archive):
    pane = opened(viewer, hospital, archive.studies["us-clip"])
    expect(pane.get_by_text("Image 1 of 30")).to_be_visible()

    pane.press(" ")
    # Frame Time is 33.333 ms.
    expect(viewer.get_by_role("button", name="Frames per second")).to_have_text("30 frames/s")
    expect(pane.get_by_text("Image 1 of 30")).to_have_count(0)
    pane.press(" ")
    pane.press("End")
    expect(pane.get_by_text("Image 30 of 30")).to_be_visible()
    expected = rendered(modalities.read(IMAGES["us-clip"]), 29)
    assert away(on_screen(viewer), expected) < MOST_AWAY


@pytest.mark.parametrize(
    ("name", "unit", "remark"),
    [
        ("ct-window", "mm", "Lengths in mm"),
        ("dx-monochrome1", "mm", "Lengths at the detector, not in the patient"),
        ("us-clip", "cm", "Lengths in cm, within the scan area"),
        ("us-oblong-pixels", "px", "Not calibrated: lengths in pixels"),
        ("colour-jpeg-ls", "px", "Not calibrated: lengths in pixels"),
    ],
)
def test_lengths_have_the_unit_that_they_were_measured_in(
    viewer, hospital, archive, name, unit, remark
):
    dataset = modalities.read(IMAGES[name])
    pane = opened(viewer, hospital, archive.studies[name])
    box = viewer.get_by_test_id("pane-0").bounding_box()
    assert box is not None
    shown = rendered(dataset)
    scale = min(box["width"] / shown.shape[1], box["height"] / shown.shape[0])
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    viewer.get_by_role("button", name="Length", exact=True).click()
    viewer.mouse.move(x - 40, y)
    viewer.mouse.down()
    viewer.mouse.move(x, y, steps=4)
    viewer.mouse.move(x + 40, y, steps=4)
    viewer.mouse.up()

    written = pane.locator("svg text").filter(has_text=re.compile(rf"[\d.]+ {unit}")).first
    expect(written).to_be_visible()
    expect(pane.get_by_text(remark)).to_be_visible()
    length = pytest.approx(80 / scale * _width(dataset), rel=0.03, abs=0.1)

    def measured() -> float:
        return float(re.search(r"[\d.]+", written.text_content() or "")[0])

    # What is written follows the hand.
    wait_until(lambda: measured() == length, 20, f"{length} is measured")


def _width(dataset: Dataset) -> float:
    """Of a pixel, in the unit that lengths have."""
    for region in dataset.get("SequenceOfUltrasoundRegions", ()):
        return float(region.PhysicalDeltaX)
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        if name in dataset:
            return float(dataset[name].value[1])
    return 1.0


def test_what_is_no_picture_says_so(viewer, hospital, archive):
    ecg, plan = (
        sample("pydicom_test_files/waveform_ecg.dcm"),
        sample("pydicom_test_files/rtplan.dcm"),
    )
    state, image = (
        sample("pydicom_test_files/MR_small.dcm"),
        sample("pydicom_test_files/MR_small.dcm"),
    )
    del state.PixelData, state.Rows, state.Columns
    state.Modality, state.SOPClassUID = "PR", "1.2.840.10008.5.1.4.1.1.11.1"
    state.file_meta.MediaStorageSOPClassUID = state.SOPClassUID
    raw = sample("pydicom_test_files/MR_small.dcm")
    del raw.PixelData, raw.Rows, raw.Columns
    raw.SOPClassUID = raw.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66"
    archive.add({"ecg": [ecg], "plan": [plan], "state": [image, state], "raw": [raw]})

    for name, said in (("ecg", "ECG"), ("plan", "RTPLAN"), ("raw", "MR")):
        viewer.goto(
            f"http://127.0.0.1:{hospital.port}/apps/imaging/studies/{archive.studies[name]}"
        )
        expect(viewer.get_by_text(f"{said} can't be shown here")).to_be_visible()
    opened(viewer, hospital, archive.studies["state"])
    expect(viewer.get_by_text("1 presentation state isn't applied")).to_be_visible()


def test_a_structured_report_can_be_read(viewer, hospital, archive):
    archive.add({"report": [sample("pydicom_test_files/test-SR.dcm")]})
    viewer.goto(
        f"http://127.0.0.1:{hospital.port}/apps/imaging/studies/{archive.studies['report']}"
    )

    report = viewer.get_by_role("article")
    expect(report.get_by_role("heading").first).to_be_visible()
    family = archive.patient["name"][0]["family"].upper()
    expect(report.get_by_text(re.compile(family))).to_be_visible()


def test_on_a_phone_it_says_whose_images_they_are(viewer, hospital, archive):
    viewer.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    try:
        for name in ("dx-monochrome1", "us-clip", "mr-two-windows"):
            pane = opened(viewer, hospital, archive.studies[name])
            family = archive.patient["name"][0]["family"].upper()
            expect(pane.get_by_text(re.compile(family))).to_be_in_viewport()
            expected = rendered(modalities.read(IMAGES[name]))
            assert away(on_screen(viewer), expected) < MOST_AWAY
            assert viewer.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    finally:
        viewer.set_viewport_size(DESK)
