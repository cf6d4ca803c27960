"""A doctor of another hospital opens our chart from their own EHR, over their own data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from conformance.faults.server import Server, running
from conformance.loopback import unused_port
from fhirserver import front_end
from tests.peers import chromium
from tests.peers.ehr_launcher import ehr as other
from tests.peers.ehr_launcher.data import PATIENT
from tests.peers.ehr_launcher.ehr import Ehr

CHART = "fhirserver-chart"
# The page goes through two servers before it shows anything.
PATIENCE_MS = 120_000


def built_chart() -> bool:
    built = front_end.folder()
    listed = [] if built is None else json.loads(Path(built, front_end.LIST).read_text())
    return any(app["name"] == "chart" for app in listed)


pytestmark = pytest.mark.skipif(not built_chart(), reason="the chart isn't built: run `make apps`")


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    with other.running(unused_port()) as made:
        made.client_id = CHART
        yield made


@pytest.fixture(scope="module")
def stranger() -> Iterator[Ehr]:
    """An EHR that nobody here has heard of."""
    with other.running(unused_port()) as made:
        made.client_id = CHART
        yield made


@pytest.fixture(scope="module")
def server(ehr: Ehr, stranger: Ehr) -> Iterator[Server]:
    """Our server, of which the one EHR may launch apps."""
    with running(FHIRSERVER_APP_ISSUERS=ehr.iss) as made:
        for each in (ehr, stranger):
            each.app_address = f"http://127.0.0.1:{made.port}/apps/chart/"
        yield made


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with chromium.browser() as browser:
        yield browser.new_context(locale="en-GB")


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def opened(page: Page, ehr: Ehr) -> list[str]:
    """Open the chart from an EHR; gives the addresses that the page asks from then on."""
    page.goto(ehr.root)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Open the chart").click()
    return asked


def shows_the_patient(page: Page) -> None:
    """The banner says who it is, whatever else is on the page."""
    banner = page.get_by_role("region", name="Patient", exact=True)
    for words in ("ØSTERGAARD, Ingrid", "17-May-1951", "NB-4711", "Allergy to penicillin"):
        expect(banner).to_contain_text(words, timeout=PATIENCE_MS)


def test_the_chart_shows_the_patient_who_is_open_there(page: Page, server: Server, ehr: Ehr):
    asked = opened(page, ehr)

    shows_the_patient(page)
    expect(page.get_by_text("88 /min")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Pneumonia of the left lung").first).to_be_visible()
    # That EHR lets apps read only.
    expect(page.get_by_role("link", name="Record vital signs")).to_have_count(0)
    expect(page.get_by_role("button", name="Record vital signs")).to_have_count(0)
    assert page.url.startswith(f"http://127.0.0.1:{server.port}/apps/chart/")
    assert ehr.refused == []
    # The code and the launch are gone from the address.
    assert "code=" not in page.url
    assert "launch=" not in page.url
    # Their patient is nobody here: nothing is asked of our own record.
    ours = f"http://127.0.0.1:{server.port}"
    assert [a for a in asked if a.startswith(ours) and not a.startswith(f"{ours}/apps/")] == []
    assert any(a.startswith(f"{ehr.iss}") for a in asked)


def test_the_chart_stays_with_that_patient(page: Page, server: Server, ehr: Ehr):
    opened(page, ehr)
    shows_the_patient(page)

    page.goto(f"http://127.0.0.1:{server.port}/apps/chart/patients/somebody-else")

    shows_the_patient(page)
    expect(page).to_have_url(re.compile(f"/patients/{PATIENT}$"))


def test_a_launch_from_an_ehr_that_nobody_named_is_refused_and_told_nothing(
    page: Page, server: Server, stranger: Ehr
):
    before = len(stranger.requests)
    opened(page, stranger)

    expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE_MS)
    since = {path for _, path in stranger.requests[before:]}
    assert not any(path.startswith(("/r4", "/sign-in")) for path in since)
