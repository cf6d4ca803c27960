"""How soon the apps show something, in Chromium, at a hospital with many patients.

    python -m conformance.performance.screens --patients 20000

Of each page: when it has shown its largest part, and when nothing in it waits any longer, after
somebody who has signed in has opened it; the median of a few times. Then the time from a click to
the next page of the chart, and from the click on a study of 100 CT images to the first of them. The
status is 0 whatever the figures are.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, running, wait_until
from conformance.performance.machine import facts
from tests.apps import scans
from tests.apps.accounts import account_at
from tests.apps.signing_in import SIZES, a_context, address, sign_in

CHROMIUM: Final = "/usr/bin/chromium"
PATIENCE_MS: Final = 120_000
ROUTE_MS: Final = 20_000
MENU: Final = ".fs-rail nav a"
AT_ONCE: Final = 1_000
SIDE, SLICES = 512, 100
PAGES: Final = (
    ("home", "doctor", ""),
    ("chart", "doctor", ""),
    ("chart", "doctor", "patients/{patient}"),
    ("inbox", "doctor", ""),
    ("messages", "doctor", ""),
    ("scheduling", "reception", ""),
    ("board", "nurse", ""),
    ("board", "nurse", "metrics"),
    ("prescriptions", "pharmacist", "queue"),
    ("prescriptions", "nurse", "round"),
    ("imaging", "radiologist", ""),
    ("admin", "admin", "users"),
    ("integration", "integrator", ""),
    ("portal", "patient", ""),
)
# What still waits where somebody looks: curves further down are drawn when they are come to.
WAITS: Final = """const waits = () => [...document.querySelectorAll("[aria-busy=true]")]
  .some((e) => e.checkVisibility() && e.getBoundingClientRect().top < innerHeight);"""
# When the content is there and nothing of it waits.
SHOWN: Final = f"""(() => {{
  {WAITS}
  const look = () => {{
    const content = document.querySelector("#content");
    if (content && content.innerText.trim() && !waits()) window.shownAfter = performance.now();
    else requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}})()"""
LARGEST: Final = """() => new Promise((resolve) => {
  let last = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { last = e.startTime; }))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => resolve(last), 200);
})"""
# From a click on a link to the page that it leads to: another content, of which nothing waits.
FOLLOWED: Final = f"""(link) => new Promise((resolve) => {{
  {WAITS}
  const content = () => document.querySelector("#content")?.innerText ?? "";
  const before = content();
  const began = performance.now();
  const look = () => {{
    const took = performance.now() - began;
    if (content() !== before && !waits()) resolve(took);
    else if (took > {ROUTE_MS}) resolve(took);
    else requestAnimationFrame(look);
  }};
  link.click();
  requestAnimationFrame(look);
}})"""


@click.command()
@click.option("--patients", default=20_000, show_default=True, help="How many there are.")
@click.option("--times", default=3, show_default=True, help="How often each page is opened.")
@click.option("--image", is_flag=True, help="Measure the first image only.")
def main(patients: int, times: int, image: bool) -> None:
    """Measure, and print a table for each of the three."""
    click.echo(facts())
    with running(FHIRSERVER_DEMO="true") as server, sync_playwright() as playwright:
        load = ["load", "--demo", "--data-dir", str(server.data_dir)]
        subprocess.run([sys.executable, "-m", "fhirserver", *load], check=True)
        with server.client() as client:
            _add_patients(client, patients)
        with account_at(server, "radiologist") as client:
            study = _filed(client, server.port)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if not image:
            inpatient = _inpatient(browser, server)
            _paints(browser, server, inpatient, times)
            _routes(browser, server, inpatient, times)
        _first_image(browser, server, study, times)


def _add_patients(client: Client, count: int) -> None:
    for first in range(0, count, AT_ONCE):
        entries = [
            {
                "resource": {
                    "resourceType": "Patient",
                    "identifier": [{"system": "urn:example:mrn", "value": f"S{n:06}"}],
                    "name": [{"family": f"Family{n % 997}", "given": [f"Given{n % 89}"]}],
                    "gender": ("female", "male")[n % 2],
                    "birthDate": f"{1930 + n % 90}-{n % 12 + 1:02}-{n % 28 + 1:02}",
                },
                "request": {"method": "POST", "url": "Patient"},
            }
            for n in range(first, min(first + AT_ONCE, count))
        ]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answer = client.send("POST", "", bundle)
        assert answer.status == 200, answer.says


def _filed(client: Client, port: int) -> Resource:
    """A study of a patient whom the radiologist sees."""
    patient = scans.found(client, f"Patient?_count=1&identifier={scans.MRN}%7C")[0]
    study, series = scans.uid(), scans.uid()
    pixels = np.random.default_rng(1).integers(-1000, 1000, (SIDE, SIDE)).astype("<i2").tobytes()
    files = []
    for number in range(1, SLICES + 1):
        made = scans.a_slice(series, number)
        made.Rows = made.Columns = SIDE
        made.PixelData = pixels
        files.append(scans.of(made, patient, study, "20260601", "CT thorax"))
    scans.stored(client, port, files)
    query = f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{study}"
    wait_until(lambda: scans.found(client, query), 120, "the ImagingStudy is there")
    return scans.found(client, query)[0]


@contextmanager
def _signed_in(
    browser: Browser, server: Server, app: str, user: str, size: str = "desk"
) -> Iterator[Page]:
    context = a_context(browser, SIZES[size], is_phone=size == "phone")
    context.add_init_script(SHOWN)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, server, app, user)
    yield page
    context.close()


def _inpatient(browser: Browser, server: Server) -> str:
    """Somebody in the doctor's care."""
    with _signed_in(browser, server, "chart", "doctor") as page:
        page.get_by_role("rowheader").get_by_role("link").first.click()
        page.wait_for_url(re.compile("/patients/"))
        return page.url.rpartition("/")[2]


def _paints(browser: Browser, server: Server, patient: str, times: int) -> None:
    click.echo("| page | largest paint, desk; phone | all there, desk; phone (goal: 1,500 ms) |")
    click.echo("|---|---|---|")
    for app, user, path in PAGES:
        largest, shown = [], []
        for size in SIZES:
            with _signed_in(browser, server, app, user, size) as page:
                page.goto(address(server, app, path.format(patient=patient)))
                _shown(page)
                found = [_opened(page) for _ in range(times)]
            largest.append(statistics.median(f[0] for f in found))
            shown.append(statistics.median(f[1] for f in found))
        name = f"{app}/{path}".format(patient="...")
        click.echo(f"| {name} | {_figures(largest)} | {_figures(shown)} |")


def _opened(page: Page) -> tuple[float, float]:
    page.reload()
    shown = _shown(page)
    return float(page.evaluate(LARGEST)), shown


def _shown(page: Page) -> float:
    found: Any = None

    def look() -> bool:
        nonlocal found
        found = page.evaluate("() => window.shownAfter")
        return found is not None

    wait_until(look, PATIENCE_MS / 1000, f"{page.url} is there")
    return float(found)


def _routes(browser: Browser, server: Server, patient: str, times: int) -> None:
    click.echo("\n| page of the chart | from the click, longest of a few (goal: 300 ms) |")
    click.echo("|---|---|")
    with _signed_in(browser, server, "chart", "doctor") as page:
        page.goto(address(server, "chart", f"patients/{patient}"))
        _shown(page)
        links = page.locator(f'{MENU}[href*="/patients/{patient}/"]')
        names = list(dict.fromkeys(links.evaluate_all("all => all.map((a) => a.pathname)")))
        for name in names:
            took = [_followed(page, name, patient) for _ in range(times + 1)][1:]
            click.echo(f"| {name.rpartition('/')[2]} | {max(took):,.0f} ms |")


def _followed(page: Page, name: str, patient: str) -> float:
    """There from the summary, and back."""
    took: float = _link(page, name).evaluate(FOLLOWED)
    _link(page, f"/apps/chart/patients/{patient}").evaluate(FOLLOWED)
    return took


def _link(page: Page, path: str) -> Locator:
    return page.locator(f'{MENU}[href$="{path}"]').first


def _first_image(browser: Browser, server: Server, study: Resource, times: int) -> None:
    took: list[float] = []
    asked: list[str] = []
    for _ in range(times):
        with _signed_in(browser, server, "imaging", "radiologist") as page:
            patient = study["subject"]["reference"].split("/")[1]
            page.goto(address(server, "imaging", f"patients/{patient}"))
            link = page.get_by_role("link", name=re.compile("CT thorax")).first
            link.wait_for()
            page.wait_for_timeout(3_000)  # The viewer's code comes while somebody reads the list.
            asked.clear()
            page.on("request", lambda request: asked.append(request.url))
            began = time.monotonic()
            link.click()
            page.get_by_text(f"Image 1 of {SLICES}").wait_for()
            page.get_by_text("Level 40, width 400").wait_for()
            took.append((time.monotonic() - began) * 1000)
            frames = sum("/frames/" in url for url in asked)
    click.echo(
        f"\nfirst image of {SLICES}: {statistics.median(took):,.0f} ms (goal: 1,500 ms); "
        f"{len(asked)} requests by then, {frames} of them for frames"
    )


def _figures(found: list[float]) -> str:
    return "; ".join(f"{f:,.0f} ms" for f in found)


if __name__ == "__main__":
    main()
