"""npm's `fhirclient`, unmodified, in a real browser, from another origin than the server's.

That it can read anything shows CORS, too. https://github.com/smart-on-fhir/client-js
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.peers import chromium
from tests.peers.accessibility import assert_accessible
from tests.peers.fhirclient_bundle import bundle
from tests.peers.smart_app.server import serving
from tests.smart.hospital import opened


@pytest.fixture(scope="module")
def hospital(running_server):
    with serving(bundle()) as app, opened(running_server, app) as made:
        yield made


@pytest.fixture(scope="module")
def browser():
    with chromium.browser() as found:
        yield found


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def arrived(page, hospital) -> None:
    """The app has read its patient."""
    expect(page.locator("#name")).to_have_text(hospital.family)
    assert page.locator("#error").text_content() == ""


def refreshed(page) -> bool:
    """Whether the app gets another access token, and reads its patient with it."""
    return page.evaluate(
        """async () => {
          const before = client.state.tokenResponse.access_token;
          await client.refresh();
          const patient = await client.patient.read();
          const after = client.state.tokenResponse.access_token;
          return after !== before && patient.id === client.patient.id;
        }"""
    )


def test_standalone_launch_with_picker_and_consent_then_refresh(page, hospital):
    page.goto(hospital.standalone())
    hospital.sign_in(page, hospital.doctor)
    assert_accessible(page)
    page.get_by_label("Name").fill(hospital.family)
    page.get_by_role("button", name="Search").click()
    assert_accessible(page)
    page.get_by_role("button", name=hospital.family).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Growth Chart")
    assert_accessible(page)
    page.get_by_role("button", name="Allow").click()

    arrived(page, hospital)
    assert page.evaluate("client.patient.id") == hospital.patient
    assert page.evaluate("client.user.fhirUser").startswith("Practitioner/")
    assert refreshed(page)


def test_ehr_launch(page, hospital):
    page.goto(f"{hospital.root}/signin")
    hospital.sign_in(page, hospital.doctor)
    page.goto(f"{hospital.root}/account")
    token = page.locator("input[name=csrf_token]").first.get_attribute("value")
    answer = page.request.post(
        f"{hospital.root}/oauth/launch",
        form={"csrf_token": token, "client": hospital.client_id, "patient": hospital.patient},
        max_redirects=0,
    )
    assert answer.status == 303
    page.goto(answer.headers["location"])
    page.get_by_role("button", name="Allow").click()

    arrived(page, hospital)
    assert page.evaluate("client.patient.id") == hospital.patient


def test_who_denies_comes_back_to_an_app_that_may_nothing(page, hospital):
    page.goto(hospital.standalone())
    hospital.sign_in(page, hospital.patient_user)
    page.get_by_role("button", name="Deny").click()

    expect(page.locator("#error")).not_to_be_empty()
    assert page.url.startswith(hospital.app.origin)
