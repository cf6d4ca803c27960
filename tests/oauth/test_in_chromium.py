"""Signing in in a real browser: passkeys, and pages that everybody can use."""

from __future__ import annotations

import pytest

from conformance.loopback import unused_port
from fhirserver.storage import credentials
from tests.oauth.people import PASSWORD, code_of, seed_in
from tests.peers.accessibility import findings
from tests.peers.chromium import browser as chromium
from tests.peers.loopback import serving

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def root(make_app):
    port = unused_port()
    with serving(make_app(base_url=f"http://localhost:{port}/fhir"), port) as address:
        yield address


@pytest.fixture(scope="module")
def opened():
    with chromium() as found:
        yield found


@pytest.fixture
def page(opened, request):
    width, scheme = getattr(request, "param", (1440, "light"))
    context = opened.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(15_000)
    said = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.said = said
    yield page
    context.close()


@pytest.fixture
def key(page):
    """A device that makes passkeys, whose user always agrees."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return cdp, made["authenticatorId"]


def sign_in(page, root, user):
    page.goto(f"{root}/signin?next=/account")
    page.get_by_label("User name").fill(user.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page):
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey is added.").wait_for()


def test_a_passkey_is_added_and_signs_its_user_in(page, root, ada, key, database):
    sign_in(page, root, ada)
    add_passkey(page)
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()

    page.goto(f"{root}/signin?next=/account")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Your account").wait_for()

    assert ada.display in page.content()
    found = credentials.credentials(database, ada.id, "passkey")
    assert len(found) == 1
    assert found[0].used is not None
    assert found[0].counter > 0
    assert page.said == []


def test_after_the_password_the_passkey_is_the_second_step(page, root, ada, key):
    sign_in(page, root, ada)
    add_passkey(page)
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()

    sign_in(page, root, ada)
    page.get_by_role("heading", name="Second step").wait_for()
    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_role("heading", name="Your account").wait_for()
    assert page.said == []


def test_a_removed_passkey_signs_nobody_in(page, root, ada, key):
    sign_in(page, root, ada)
    add_passkey(page)
    page.get_by_role("button", name="Remove the passkey").click()
    page.get_by_text("The passkey is removed.").wait_for()
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()

    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_text("not known here").wait_for()
    assert page.get_by_role("button", name="Use a passkey").is_enabled()


def test_a_copied_passkey_is_refused(page, root, ada, key, database):
    sign_in(page, root, ada)
    add_passkey(page)
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    # As if the original had been used a hundred times meanwhile.
    passkey = credentials.credentials(database, ada.id, "passkey")[0]
    credentials.use(database, passkey.id, 100)

    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_text("not known here").wait_for()


@pytest.mark.parametrize(
    "page", [(1440, "dark"), (390, "light")], ids=["wide", "narrow"], indirect=True
)
def test_the_pages_are_for_everybody(page, root, ada, key):
    """https://www.w3.org/TR/WCAG22/, as far as axe can tell, and nothing sticks out at the side."""
    faults = {}

    def look(name):
        if found := findings(page):
            faults[name] = found
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults[f"{name} width"] = wide

    page.goto(f"{root}/signin?next=/account")
    look("sign in")
    page.get_by_label("User name").fill(ada.name)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    look("failed")
    sign_in(page, root, ada)
    look("account")
    page.get_by_text("Change the password", exact=True).first.click()
    look("password")
    page.get_by_role("link", name="Connect an app").click()
    page.get_by_text("The picture can't be scanned").click()
    look("authenticator")
    seed = seed_in(page.content())
    page.get_by_label("Type the code").fill(code_of(seed, steps=-1))
    page.get_by_role("button", name="Connect").click()
    look("recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    add_passkey(page)
    look("account with all")
    page.goto(f"{root}/signin?reauthenticate=1")
    look("confirm")
    page.goto(f"{root}/signout")
    look("sign out")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    look("signed out")
    sign_in(page, root, ada)
    page.get_by_text("Use a recovery code").click()
    look("second step")
    page.goto(f"{root}/signin/external/callback")
    page.get_by_role("heading", name="That did not work").wait_for()
    look("trouble")

    assert faults == {}


def test_everything_works_by_keyboard(page, root, ada):
    page.goto(f"{root}/signin?next=/account")
    page.keyboard.type(ada.name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Your account").wait_for()
    assert page.said == []
