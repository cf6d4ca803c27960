"""Measurements of the viewer: kept with the study as a structured report, and seen again."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from tests.apps.scans import SLICES, filed, found
from tests.peers.dcmtk import needs
from tests.peers.measurement_report import groups

pytestmark = pytest.mark.slow

SECONDS = 120
SR = "1.2.840.10008.5.1.4.1.1.88.33"
JSON_MODEL = "application/dicom+json"
DERIVATIONS = {(code, "SCT") for code in ("373098007", "386136009", "255605001", "56851009")}
"""Mean, standard deviation, minimum and maximum."""


@pytest.fixture
def study(hospital: Server, client_as) -> Resource:
    return filed(client_as("radiologist"), hospital.port)


def opened(open_app, study: Resource) -> Page:
    page = open_app("imaging", "radiologist", f"studies/{study['id']}")
    pane = page.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()
    expect(pane.get_by_text("Level 40, width 400")).to_be_visible()
    return page


def drag(page: Page, tool: str, first: tuple[int, int], last: tuple[int, int]) -> None:
    """From one place to another, in pixels from the middle of the picture."""
    page.get_by_role("button", name=tool, exact=True).click()
    box = page.get_by_test_id("pane-0").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + first[0], y + first[1])
    page.mouse.down()
    page.mouse.move(x + last[0] / 2, y + last[1] / 2, steps=4)
    page.mouse.move(x + last[0], y + last[1], steps=4)
    page.mouse.up()


def save(page: Page, told: str) -> None:
    button = page.get_by_role("button", name="Save measurements")
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text(told)).to_be_visible()
    expect(button).to_be_disabled()


def on_picture(page: Page) -> str:
    """The length that is written on the picture."""
    label = page.get_by_test_id("pane-0").locator("svg text").filter(has_text=" mm").first
    expect(label).to_be_visible()
    return re.search(r"[\d.]+ mm(?!²)", label.text_content() or "")[0]


def report_of(client: Client, port: int, study: Resource) -> tuple[str, list[Resource]]:
    """The address of the study at DICOMweb, and its structured reports."""
    uid = study["identifier"][0]["value"].removeprefix("urn:oid:")
    address = f"http://127.0.0.1:{port}/dicom-web/studies/{uid}"
    answer = client.send("GET", f"{address}/instances?SOPClassUID={SR}", Accept=JSON_MODEL)
    return address, [] if answer.status == 204 else list(answer.json)


@needs("dsrdump", "dsr2html")
def test_measurements_are_kept_with_the_study_and_seen_by_the_next_viewer(
    open_app, client_as, hospital: Server, study: Resource, check_accessible, tmp_path: Path
) -> None:
    radiologist = client_as("radiologist")
    page = opened(open_app, study)
    kept = page.get_by_role("region", name="Measurements")
    expect(kept.get_by_text("No measurement is kept.")).to_be_visible()

    drag(page, "Length", (-60, -30), (80, 40))
    drag(page, "Ellipse", (-20, 0), (60, 90))
    length = on_picture(page)
    expect(kept.get_by_text("There are measurements that aren't saved.")).to_be_visible()
    save(page, "2 measurements are kept with the study.")
    line = kept.get_by_role("button", name=re.compile("^Length"))
    expect(line).to_contain_text(length.replace(" ", "\u00a0"))
    expect(
        kept.get_by_role("button", name=re.compile(r"^Ellipse Area .*mm².*Mean .*HU"))
    ).to_be_visible()
    check_accessible(page)

    again = opened(open_app, study)
    assert on_picture(again) == length
    expect(again.get_by_role("button", name="Save measurements")).to_be_disabled()
    address, [report] = report_of(radiologist, hospital.port, study)
    path = f"/series/{report['0020000E']['Value'][0]}/instances/{report['00080018']['Value'][0]}"
    file = tmp_path / "report.dcm"
    got = radiologist.send("GET", address + path, accept="application/dicom; transfer-syntax=*")
    assert got.status == 200, got.says
    file.write_bytes(got.body)
    dumped = subprocess.run(["dsrdump", "+Pl", file], capture_output=True, text=True, check=False)
    assert dumped.returncode == 0, dumped.stderr
    assert "Error" not in dumped.stderr
    assert dumped.stdout.count("SCOORD") == 2
    page_of = subprocess.run(["dsr2html", file], capture_output=True, text=True, check=False)
    assert page_of.returncode == 0, page_of.stderr
    drawn, region = sorted(groups(file), key=lambda one: one.name != "Length")
    [(measured, unit)] = drawn.values.values()
    assert (f"{measured:.1f} mm", unit) == (length, ("mm", "UCUM"))
    assert f"{measured:g} mm" in page_of.stdout
    [line] = drawn.graphics
    # Half a millimetre to a pixel.
    assert line.kind == "POLYLINE"
    assert math.dist(*line.points) * 0.5 == pytest.approx(measured, abs=0.01)
    assert [one.kind for one in region.graphics] == ["ELLIPSE"]
    assert {derived for _, derived in region.values} == {None, *DERIVATIONS}

    def lengths() -> list[str]:
        query = f"Observation?patient={study['subject']['reference']}"
        code = quote("http://snomed.info/sct|410668003", safe="")
        made = found(radiologist, f"{query}&code={code}&_count=200")
        here = f"ImagingStudy/{study['id']}"
        return [one["status"] for one in made if one["partOf"][0]["reference"] == here]

    wait_until(lambda: lengths() == ["preliminary"], SECONDS, "the length is an Observation")

    again.get_by_role("button", name="Clear", exact=True).click()
    save(again, "No measurement is kept any more.")
    wait_until(lambda: lengths() == ["entered-in-error"], SECONDS, "it is withdrawn")
    # Who still looks at the study sees it go.
    expect(kept.get_by_text("No measurement is kept.")).to_be_visible()
    expect(page.get_by_test_id("pane-0").locator("svg text")).to_have_count(0)
    assert len(report_of(radiologist, hospital.port, study)[1]) == 2
