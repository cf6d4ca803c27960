"""Pictures of the apps: `make screenshots`, or `python -m docs.screenshots FOLDER [APP…]`.

A server with the demo hospital is started for it. Each page is taken on a desk (1440 pixels wide)
and on a phone (390), as NAME-desk.png and NAME-phone.png.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright

from conformance.faults.server import Server, running

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to be taken: `path` is below the app; `{patient}` is an inpatient of the user."""

    name: str
    app: str
    user: str
    path: str = ""


SHOTS = (
    Shot("home", "home", "doctor"),
    Shot("my-patients", "chart", "nurse"),
    Shot("chart", "chart", "doctor", "patients/{patient}"),
    Shot("vitals", "chart", "doctor", "patients/{patient}/vitals"),
    Shot("results", "chart", "doctor", "patients/{patient}/results"),
    Shot("alerts", "inbox", "doctor"),
    Shot("messages", "messages", "doctor"),
    Shot("calendar", "scheduling", "reception"),
    Shot("beds", "board", "nurse"),
    Shot("figures", "board", "nurse", "metrics"),
    Shot("images", "imaging", "radiologist"),
    Shot("medicines", "prescriptions", "doctor", "patients/{patient}"),
    Shot("prescribe", "prescriptions", "doctor", "patients/{patient}/order"),
    Shot("reconcile", "prescriptions", "doctor", "patients/{patient}/reconcile"),
    Shot("round", "prescriptions", "nurse", "round"),
    Shot("pharmacy", "prescriptions", "pharmacist", "queue"),
)


def main(folder: Path, apps: list[str]) -> None:
    """Take the pictures of these apps, or of all."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not apps or shot.app in apps]
    with running(FHIRSERVER_DEMO="true") as server, sync_playwright() as playwright:
        load = ["load", "--demo", "--data-dir", str(server.data_dir)]
        subprocess.run([sys.executable, "-m", "fhirserver", *load], check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        patient = _patient(server)
        for size, (width, height) in SIZES.items():
            for shot in wanted:
                for page in _signed_in(browser, server, shot, width, height):
                    page.goto(_address(server, shot.app, shot.path.format(patient=patient)))
                    _settle(page)
                    page.screenshot(path=folder / f"{shot.name}-{size}.png")
                    click.echo(f"{shot.name}-{size}.png")


def _patient(server: Server) -> str:
    with server.client() as client:
        found = client.send("GET", "Encounter?status=in-progress&class=IMP&_sort=date&_count=1")
    reference = str(found.json["entry"][0]["resource"]["subject"]["reference"])
    return reference.split("/")[1]


def _signed_in(
    browser: Browser, server: Server, shot: Shot, width: int, height: int
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=width < 600,
        has_touch=width < 600,
        locale="en-GB",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(_address(server, shot.app, ""))
    page.get_by_label("User name").fill(shot.user)
    page.get_by_label("Password", exact=True).fill(f"demo-{shot.user}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(rf"/apps/{shot.app}/(?!\?code=)"))
    yield page
    context.close()


def _settle(page: Page) -> None:
    page.locator("#content").wait_for()
    page.wait_for_timeout(500)
    page.locator("[aria-busy=true]").first.wait_for(state="detached")
    page.evaluate("Promise.allSettled(document.getAnimations().map(a => a.finished))")


def _address(server: Server, app: str, path: str) -> str:
    return f"http://127.0.0.1:{server.port}/apps/{app}/{path}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
