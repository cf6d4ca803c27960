"""Pictures of the apps: `python -m docs.screenshots [--dark] [APP…] [NAME…]`.

A server with the demo hospital is started for it, in which a day goes by first. Each page is taken
on a desk (1440 pixels wide) and on a phone (390), from its top to its end, as NAME-desk.png and
NAME-phone.png in var/screenshots. Those that a page of docs/ or the README shows are taken as
somebody sees them, and written to docs/pictures with 256 colours.
"""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from conformance.faults.server import Server, running, wait_until
from docs.screenshots import images, letter, own_report, systems, ward
from docs.screenshots.hospital import Hospital
from docs.screenshots.shots import SHOTS, Shot
from fhirserver import clock
from tests.apps.signing_in import SIZES, a_context, sign_in

CHROMIUM = "/usr/bin/chromium"
TALLEST = 4_000
PATIENCE_MS = 60_000
DAY_SPEED = 1_200
DAY_SECONDS = 900.0
ZONE = "America/Phoenix"
ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
FOLDER = ROOT / "var" / "screenshots"
SHOWN = re.compile(r"pictures/([\w-]+\.png)")
SETTINGS = {
    "FHIRSERVER_DEMO": "true",
    "FHIRSERVER_TIME_ZONE": ZONE,
    "FHIRSERVER_SITE_NAME": "Saguaro General Hospital",
    # Receivers and subscribers are on this machine.
    "FHIRSERVER_REACHABLE_INSIDE": "127.0.0.1",
    "FHIRSERVER_SUBSCRIPTION_ATTEMPTS": "2",
}


@click.command()
@click.argument("which", nargs=-1)
@click.option("--dark", is_flag=True, help="For looking at; docs/pictures stays as it is.")
def main(which: tuple[str, ...], dark: bool) -> None:
    """Take the pictures of these apps, or of the pages with these names, or of all."""
    wanted = [shot for shot in SHOTS if not which or shot.app in which or shot.name in which]
    with prepared() as hospital, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        missing = take(browser, hospital, wanted, dark=dark)
    if missing:
        raise click.ClickException(f"not taken: {', '.join(missing)}")


def take(
    browser: Browser, hospital: Hospital, wanted: Sequence[Shot], *, dark: bool
) -> Sequence[str]:
    """Take these pages in both sizes; returns the names of those that could not be."""
    folder = FOLDER / ("dark" if dark else "light")
    folder.mkdir(parents=True, exist_ok=True)
    shown = set() if dark else shown_pictures()
    missing: list[str] = []
    for size in SIZES:
        for name, page in taken(browser, hospital, wanted, size, missing, dark=dark):
            if name in shown:
                compress(page.screenshot(), PICTURES / name)
            height = page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": SIZES[size][0], "height": min(height, TALLEST)}
            # What lies over a page covers as much of it as is seen.
            is_over = page.get_by_role("dialog").count() > 0
            page.screenshot(
                path=folder / name, full_page=not is_over, clip=None if is_over else clip
            )
            click.echo(name)
    return missing


def shown_pictures() -> set[str]:
    """The names of the pictures that the documentation shows."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return {name for page in pages for name in SHOWN.findall(page.read_text())}


def compress(png: bytes, path: Path) -> None:
    """Keep a picture with 256 colours, in a third of the bytes."""
    colours = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(path, optimize=True)


@contextmanager
def prepared() -> Iterator[Hospital]:
    """A hospital in which there is something to see on every page."""
    with running(**SETTINGS) as server:
        load = ["load", "--demo", "--data-dir", str(server.data_dir)]
        subprocess.run([sys.executable, "-m", "fhirserver", *load], check=True)
        hospital = Hospital(server)
        _live_a_day(hospital)
        hospital.known["patient"] = ward.patient_of(hospital, "doctor", "nurse")
        systems.prepare(hospital)
        letter.share(hospital)
        ward.prepare(hospital)
        images.prepare(hospital)
        own_report.prepare(hospital)
        _name_more(hospital)
        yield hospital


def _live_a_day(hospital: Hospital) -> None:
    """Play the demo day until it has caught up with the clock."""
    server = hospital.server
    where = ["--data-dir", str(server.data_dir), "--port", str(server.port)]
    day = subprocess.Popen(
        [sys.executable, "-m", "fhirserver", "demo-day", "--speed", str(DAY_SPEED), *where],
        stdout=subprocess.DEVNULL,
    )

    def has_caught_up() -> bool:
        assert day.poll() is None, "the demo day ended"
        found = hospital.found("Task?identifier=https://fhirserver.example/demo-day%7C1")
        said = [o["valueDateTime"] for one in found for o in one["output"] if "valueDateTime" in o]
        return any(clock.now() - datetime.fromisoformat(at) < timedelta(minutes=40) for at in said)

    try:
        wait_until(has_caught_up, DAY_SECONDS, "the demo day has caught up")
    finally:
        day.send_signal(signal.SIGTERM)
        day.wait(60)


def _name_more(hospital: Hospital) -> None:
    """What addresses name besides: a report of the laboratory, an account."""
    known = hospital.known
    whose = hospital.found(f"Patient?_id={known['patient']}")[0]
    known["family"] = whose["name"][0]["family"]
    query = f"DiagnosticReport?patient={known['patient']}&category=LAB&_sort=-date&_count=1"
    known["report"] = hospital.found(query, "doctor")[0]["id"]
    users = hospital.asked("admin/users?_count=100", "admin")["users"]
    known["user"] = next(str(u["id"]) for u in users if u["name"] == "nurse")


def taken(
    browser: Browser,
    hospital: Hospital,
    shots: Sequence[Shot],
    size: str,
    missing: list[str],
    *,
    dark: bool,
) -> Iterator[tuple[str, Page]]:
    """Each page as it is to be taken, with the name of its picture.

    One that doesn't come is said, added to `missing`, and costs the others nothing.
    """
    for user in dict.fromkeys(shot.user for shot in shots):
        context = _signed_in(browser, hospital.server, user, size, dark=dark)
        for shot in shots:
            if shot.user != user:
                continue
            name, page = f"{shot.name}-{size}.png", context.new_page()
            try:
                page.goto(hospital.address(f"apps/{shot.app}/{shot.path.format(**hospital.known)}"))
                _settle(page)
                if shot.then is not None:
                    shot.then(page, hospital.known)
                    _settle(page)
            except (PlaywrightError, AssertionError) as error:
                click.echo(f"{name} not taken, at {page.url}: {error}", err=True)
                missing.append(name)
            else:
                yield name, page
            page.close()
        context.close()


def _signed_in(
    browser: Browser, server: Server, user: str, size: str, *, dark: bool
) -> BrowserContext:
    """A browser in which somebody has signed in; the apps don't ask again."""
    context = a_context(
        browser,
        SIZES[size],
        is_phone=size == "phone",
        is_dark=dark,
        reduced_motion="reduce",
        timezone_id=ZONE,
    )
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    sign_in(page, server, "home", user)
    page.close()
    return context


def _settle(page: Page) -> None:
    """Wait until nothing loads or moves."""
    # An app: the page on which one signs in has none of these; the wall has no frame around it.
    page.locator("main#content, main[data-wall]").wait_for()
    page.wait_for_timeout(400)
    for _ in range(3):
        expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
        page.wait_for_timeout(150)
    page.evaluate("Promise.allSettled(document.getAnimations().map(a => a.finished))")


if __name__ == "__main__":
    main()
