"""The SMART apps in Chromium, against the real server with the demo hospital."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from conformance.faults.client import Client
from conformance.faults.server import Server, running
from tests.apps.accounts import account_at
from tests.apps.signing_in import a_context, sign_in
from tests.peers import chromium
from tests.peers.accessibility import WCAG, findings
from tests.peers.mail_server import MailServer, mail_server

DIST = Path(__file__).parents[2] / "smart_apps" / "dist"
DESK = (1280, 900)
PHONE = (390, 844)
NARROWEST = 320
PATIENCE_MS = 60_000
OpenApp = Callable[..., Page]


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    """Where the emails of the hospital arrive."""
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def hospital(mail: MailServer) -> Iterator[Server]:
    """A server with the demo hospital, of which no day goes by."""
    assert (DIST / "apps.json").is_file(), "the apps aren't built: run `make apps`"
    with running(
        FHIRSERVER_DEMO="true",
        # Receivers and subscribers of tests are on this machine.
        FHIRSERVER_REACHABLE_INSIDE="127.0.0.1",
        FHIRSERVER_SUBSCRIPTION_ATTEMPTS="2",
        FHIRSERVER_SMTP_HOST="127.0.0.1",
        FHIRSERVER_SMTP_PORT=str(mail.port),
        FHIRSERVER_SMTP_TLS="off",
    ) as server:
        load = ["load", "--demo", "--data-dir", str(server.data_dir)]
        subprocess.run([sys.executable, "-m", "fhirserver", *load], check=True, timeout=900)
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser() as found:
        # What a busy machine takes says nothing of the page.
        expect.set_options(timeout=PATIENCE_MS)
        yield found


@pytest.fixture
def client_as(hospital: Server) -> Iterator[Callable[[str], Client]]:
    """A FHIR client with the rights of a demo account: `client_as("nurse")`."""
    made: list[Client] = []

    def make(user: str) -> Client:
        made.append(account_at(hospital, user))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def open_app(hospital: Server, browser: Browser) -> Iterator[OpenApp]:
    """Opens an app as somebody who has signed in: `open_app("chart", "nurse", phone=True)`.

    `at` is an address below the app. Errors of the console and requests to foreign origins fail
    the test when it ends.
    """
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def listen(page: Page) -> None:
        def spoke(message: ConsoleMessage) -> None:
            # What the server refuses is told as an error by the browser itself, too.
            if message.type == "error" and not message.text.startswith("Failed to load resource"):
                trouble.append(f"console: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
                trouble.append(f"foreign: {request.url}")

        page.on("console", spoke)
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("request", asked)

    def make(app: str, user: str, at: str = "", *, phone: bool = False, dark: bool = False) -> Page:
        size = PHONE if phone else DESK
        context = a_context(browser, size, is_phone=phone, is_dark=dark, reduced_motion="reduce")
        contexts.append(context)
        context.on("page", listen)
        page = context.new_page()
        sign_in(page, hospital, app, user, at)
        expect(page.locator("#content")).to_be_attached()
        return page

    yield make
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def check_accessible() -> Callable[[Page], None]:
    """No finding of axe on a desk and on a phone, in light and dark; nothing to scroll sideways for.

    https://www.w3.org/TR/WCAG22/
    """

    def check(page: Page) -> None:
        before = page.viewport_size
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width, height in (DESK, PHONE):
                page.set_viewport_size({"width": width, "height": height})
                # Only settled pages are judged: a menu that fades has no contrast yet.
                page.evaluate("Promise.allSettled(document.getAnimations().map(a => a.finished))")
                assert (scheme, width, findings(page, WCAG)) == (scheme, width, [])
        page.set_viewport_size({"width": NARROWEST, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
        page.emulate_media(color_scheme="light")
        if before is not None:
            page.set_viewport_size(before)

    return check
