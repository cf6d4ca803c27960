"""A patient lets an app see some of the record, and takes that back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.peers import chromium
from tests.peers.accessibility import assert_accessible
from tests.peers.fhirclient_bundle import bundle
from tests.peers.smart_app.server import serving
from tests.smart.hospital import SCOPE, opened

STATUS = """(address) => client.request(address).then(() => 200, (error) => error.status)"""


@pytest.fixture
def hospital(running_server):
    with serving(bundle()) as app, opened(running_server, app) as made:
        yield made


@pytest.fixture
def page():
    with chromium.browser() as browser:
        yield browser.new_context().new_page()


def test_a_patient_allows_some_of_what_an_app_asks_for_and_takes_it_back(page, hospital):
    page.goto(hospital.standalone(f"launch/patient {SCOPE} patient/Condition.rs"))
    hospital.sign_in(page, hospital.patient_user)
    expect(page.get_by_text("In your own record")).to_be_visible()
    results = page.get_by_role("group", name="Read results")
    results.get_by_label("Only some kinds").check()
    results.get_by_label("laboratory results").check()
    page.get_by_role("group", name="Read problems").get_by_label("No", exact=True).check()
    assert_accessible(page)
    page.get_by_role("button", name="Allow").click()

    expect(page.locator("#name")).to_have_text(hospital.family)
    granted = page.evaluate("client.state.tokenResponse.scope").split()
    assert "patient/Patient.rs" in granted
    assert [s for s in granted if s.startswith("patient/Condition")] == []
    (observations,) = [s for s in granted if s.startswith("patient/Observation")]
    assert observations.endswith("|laboratory")
    about = f"patient={hospital.patient}"
    assert page.evaluate(STATUS, f"Observation?{about}") == 200
    assert page.evaluate(STATUS, f"Condition?{about}") in {401, 403}

    account = page.context.new_page()
    account.goto(f"{hospital.root}/account")
    account.get_by_role("link", name="Apps").click()
    expect(account.get_by_role("heading", name="Growth Chart")).to_be_visible()
    expect(account.get_by_text("Read laboratory results")).to_be_visible()
    assert_accessible(account)
    account.get_by_role("button", name="Take back").click()
    expect(account.get_by_role("status")).to_contain_text("no access any more")

    # fhirclient would renew the token by itself, were that possible: it isn't either.
    answer = page.evaluate(
        """async ([base, id]) => {
          const token = client.state.tokenResponse.access_token;
          const headers = { Authorization: `Bearer ${token}` };
          return (await fetch(`${base}/Patient/${id}`, { headers })).status;
        }""",
        [hospital.server.base, hospital.patient],
    )
    assert answer == 401
    assert page.evaluate("client.refresh().then(() => 'renewed', () => 'refused')") == "refused"
