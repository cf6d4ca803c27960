"""The viewer on a phone: one finger goes through the images, two zoom and move them."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from conformance.faults.server import Server, wait_until
from tests.apps.scans import PATIENT_MS, SLICES, filed

pytestmark = pytest.mark.slow

SECONDS = 30
BRIGHT = 100
"""The disc is grey, what is around it black."""
Places = list[tuple[float, float]]


class Fingers:
    """Touches, as the hand of Chrome's own protocol; places are pixels from the pane's middle."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        box = page.get_by_test_id("pane-0").bounding_box()
        assert box is not None
        self.middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def drag(self, first: Places, last: Places, steps: int = 12) -> None:
        self._send("touchStart", first)
        for step in range(1, steps + 1):
            share = step / steps
            self._send(
                "touchMove",
                [
                    (a + (c - a) * share, b + (d - b) * share)
                    for (a, b), (c, d) in zip(first, last, strict=True)
                ],
            )
            self.page.wait_for_timeout(20)
        self._send("touchEnd", [])

    def _send(self, kind: str, places: Places) -> None:
        x, y = self.middle
        points = [{"x": x + a, "y": y + b, "id": n} for n, (a, b) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def page(hospital: Server, client_as, open_app) -> Page:
    expect.set_options(timeout=PATIENT_MS)
    study = filed(client_as("radiologist"), hospital.port)
    page = open_app("imaging", "radiologist", f"studies/{study['id']}", phone=True)
    pane = page.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()
    expect(pane.get_by_text("Level 40, width 400")).to_be_visible()
    return page


def disc(page: Page) -> tuple[float, float, float]:
    """The radius of the disc on the screen, and where its middle is; what is in corners is not."""
    shot = page.get_by_test_id("pane-0").screenshot()
    grey = np.asarray(Image.open(io.BytesIO(shot)).convert("L"))
    height = grey.shape[0]
    ys, xs = np.nonzero(grey[height // 4 : -height // 4] > BRIGHT)
    assert len(xs), "there is no disc"
    return math.sqrt(len(xs) / math.pi), float(xs.mean()), float(ys.mean())


def test_one_finger_goes_through_the_images(page: Page) -> None:
    pane = page.get_by_role("group", name="Images: Study")

    Fingers(page).drag([(0, -60)], [(0, 60)])

    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_have_count(0)


def test_two_fingers_apart_make_it_larger_and_together_smaller(page: Page) -> None:
    radius, *_ = disc(page)

    Fingers(page).drag([(-30, 0), (30, 0)], [(-60, 0), (60, 0)])
    wait_until(lambda: disc(page)[0] > 1.25 * radius, SECONDS, "the disc is larger")
    larger, *_ = disc(page)
    Fingers(page).drag([(-60, 0), (60, 0)], [(-30, 0), (30, 0)])
    wait_until(lambda: disc(page)[0] < 0.8 * larger, SECONDS, "the disc is smaller")

    expect(page.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()


def test_two_fingers_together_move_it(page: Page) -> None:
    radius, x, _ = disc(page)

    Fingers(page).drag([(-20, 0), (20, 0)], [(30, 0), (70, 0)])

    wait_until(lambda: disc(page)[1] > x + 25, SECONDS, "the disc is further right")
    assert disc(page)[0] == pytest.approx(radius, rel=0.15)
