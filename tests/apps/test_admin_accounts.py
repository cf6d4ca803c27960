"""Administration: accounts and ways in, what somebody may see and why, policies, apps, keys."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from conformance.faults.client import Client
from conformance.faults.server import Server
from fhirserver.oauth.signing_in.limits import Limits
from fhirserver.settings import Settings
from fhirserver.storage import credentials, second_factors, users
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.tokens import issue

pytestmark = pytest.mark.slow

OpenApp = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def colleague(hospital: Server) -> Iterator[Callable[..., Any]]:
    """The admin API as another administrator: `colleague("PUT", "policies/x", {…})`."""
    with hospital.database() as database:
        account = users.add(database, f"admin-{uuid.uuid4().hex[:8]}", roles=["admin"])
        token = issue(
            database,
            subject=account.id,
            scope="user/*.cruds",
            lifetime_seconds=600,
            user=account.id,
        )
    with Client(hospital.port, token) as client:
        root = f"http://127.0.0.1:{hospital.port}/admin"

        def send(method: str, path: str, body: Any = None) -> Any:
            answer = client.send(method, f"{root}/{path}", body, content_type="application/json")
            assert answer.status < 300, answer.says
            return answer.json

        yield send


def pick(page: Page | Locator, label: str, typed: str) -> None:
    """Chooses what has this in its name, in a field that searches."""
    field = page.get_by_role("combobox", name=label, exact=True)
    field.fill(typed)
    top = page if isinstance(page, Page) else page.page
    options = top.get_by_role("listbox", name=label, exact=True).get_by_role("option")
    options.filter(has_text=re.compile(re.escape(typed), re.IGNORECASE)).first.click()
    field.blur()  # a list of several stays open


def test_an_account_is_added_given_a_role_and_disabled(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    name = f"new-{uuid.uuid4().hex[:8]}"
    page = open_app("admin", "admin")
    expect(page.get_by_role("table", name="Accounts")).to_be_visible()
    check_accessible(page)

    page.get_by_role("button", name="Add an account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add an account").click()
    expect(dialog.get_by_text("An account needs a user name")).to_be_visible()
    dialog.get_by_label("User name").fill(name)
    dialog.get_by_label("First password").fill("a long enough secret")
    pick(dialog, "Roles", "nurse")
    check_accessible(page)
    dialog.get_by_role("button", name="Add an account").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    check_accessible(page)

    page.get_by_role("button", name="Change", exact=True).click()
    pick(dialog, "Roles", "pharmacist")
    expect(dialog.get_by_text("Gains the rights of: Pharmacist")).to_be_visible()
    check_accessible(page)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="What the account may do")).to_contain_text("pharmacist")

    page.get_by_role("button", name="Disable…").click()
    expect(dialog).to_contain_text("signed out everywhere at once")
    dialog.get_by_role("button", name="Disable the account").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("disabled")
    with hospital.database() as database:
        account = users.user_by_name(database, name)
    assert account is not None
    assert (account.is_active, account.roles) == (False, {"nurse", "pharmacist"})


def test_who_has_lost_a_way_in_is_helped(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    name = f"lost-{uuid.uuid4().hex[:8]}"
    with hospital.database() as database:
        account = users.add(database, name, roles=["nurse"])
        credentials.set_single(database, account.id, "totp", b"sealed")
    page = open_app("admin", "admin", f"users/{account.id}")
    ways = page.get_by_role("region", name="Ways to sign in")
    expect(ways).to_contain_text("No password")
    expect(ways).to_contain_text("Authenticator app")

    ways.get_by_role("button", name="Set a password…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New password").fill("short")
    dialog.get_by_role("button", name="Set the password").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    check_accessible(page)
    dialog.get_by_label("New password").fill("a long enough secret")
    dialog.get_by_role("button", name="Set the password").click()
    expect(ways).to_contain_text("A password")

    ways.get_by_role("button", name="Remove second factors…").click()
    expect(dialog).to_contain_text("all sign-ins end")
    check_accessible(page)
    dialog.get_by_role("button", name="Remove them").click()
    expect(ways).to_contain_text("No second factor")
    with hospital.database() as database:
        assert credentials.password_hash(database, account.id) is not None
        assert second_factors.second_factors(database, account.id) == []


def test_who_has_failed_too_often_is_let_in_again(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    name = f"paused-{uuid.uuid4().hex[:8]}"
    with hospital.database() as database:
        account = users.add(database, name, roles=["nurse"])
        limits = Limits(database, Settings())
        while limits.may_try(name, f"192.0.2.{random.randrange(256)}"):
            pass
    page = open_app("admin", "admin", f"users/{account.id}")
    ways = page.get_by_role("region", name="Ways to sign in")
    expect(ways).to_contain_text("too many failed sign-ins")
    check_accessible(page)

    ways.get_by_role("button", name="Let them try again…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("somebody is guessing")
    dialog.get_by_role("button", name="Let them try again", exact=True).click()

    expect(ways).not_to_contain_text("too many failed sign-ins")
    with hospital.database() as database:
        assert Limits(database, Settings()).paused_until(name, account.id) is None


def test_what_a_colleague_has_changed_meanwhile_is_not_overwritten(
    hospital: Server, open_app: OpenApp
):
    name = f"both-{uuid.uuid4().hex[:8]}"
    with hospital.database() as database:
        account = users.add(database, name, roles=["nurse"])
    page = open_app("admin", "admin", f"users/{account.id}")
    page.get_by_role("button", name="Change", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    with hospital.database() as database:
        users.set_clearances(database, account.id, ["R"])

    pick(dialog, "Roles", "pharmacist")
    dialog.get_by_role("button", name="Save").click()

    expect(dialog.get_by_role("alert")).to_contain_text("somebody has changed this account")
    with hospital.database() as database:
        found = users.user_by_id(database, account.id)
    assert found is not None
    assert (found.roles, found.clearances) == ({"nurse"}, {"R"})


def test_nobody_changes_their_own_rights(hospital: Server, open_app: OpenApp):
    with hospital.database() as database:
        me = users.user_by_name(database, "admin")
    assert me is not None

    page = open_app("admin", "admin", f"users/{me.id}")

    expect(page.get_by_text("This is your own account.")).to_be_visible()
    expect(page.get_by_role("button", name="Change", exact=True)).to_have_count(0)
    expect(page.get_by_role("region", name="Signed in now").get_by_role("row")).not_to_have_count(0)


def test_an_auditor_reads_accounts_and_changes_none(open_app: OpenApp):
    page = open_app("admin", "auditor", "users")

    expect(page.get_by_role("table", name="Accounts")).to_be_visible()
    expect(page.get_by_role("button", name="Add an account")).to_have_count(0)
    page.get_by_label("Find an account").fill("nurse")
    page.get_by_role("table", name="Accounts").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Ways to sign in")).to_be_visible()
    expect(page.get_by_role("button", name="Disable…")).to_have_count(0)
    expect(page.get_by_role("button", name="Set a password…")).to_have_count(0)


def test_why_somebody_may_see_a_record_is_told_in_sentences(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    family = "Asked" + "".join(random.choices("abcdefghij", k=8))
    with hospital.client() as client, hospital.database() as database:
        doctor = users.user_by_name(database, "doctor")
        assert doctor is not None
        patient = client.send(
            "POST", "Patient", {"resourceType": "Patient", "name": [{"family": family}]}
        ).json["id"]
        page = open_app("admin", "auditor", "explain")
        pick(page, "Who", doctor.display)
        pick(page, "Whose record (optional)", family)
        page.get_by_role("button", name="Show", exact=True).click()
        answer = page.get_by_role("region", name="The answer")
        expect(answer).to_contain_text(f"No, {doctor.display} may not read this")
        expect(answer).to_contain_text("No rule of theirs permits it.")

        client.send(
            "POST",
            "CareTeam",
            {
                "resourceType": "CareTeam",
                "status": "active",
                "subject": {"reference": f"Patient/{patient}"},
                "participant": [{"member": {"reference": doctor.fhir_user}}],
            },
        )
    page.reload()

    expect(answer).to_contain_text(f"Yes, {doctor.display} may read this")
    expect(answer).to_contain_text("Because of the policy Doctor, under “Patients under treatment”")
    expect(answer.get_by_role("row").filter(has_text="treated by them").first).to_contain_text(
        "yes"
    )
    expect(
        page.get_by_role("heading", name=f"What {doctor.display} may do by their roles")
    ).to_be_visible()
    expect(page.get_by_text("May open a record in an emergency.").first).to_be_visible()
    check_accessible(page)


def test_a_policy_of_a_colleague_is_approved(
    open_app: OpenApp, colleague: Callable[..., Any], check_accessible: Check
):
    name = f"physio-{uuid.uuid4().hex[:6]}"
    rule = {"types": ["Condition"], "rights": "rs", "where": {"care": ["assigned"]}}
    proposal = {"title": f"Physiotherapist {name}", "roles": [name], "rules": [rule]}
    colleague("PUT", f"policies/{name}", proposal)
    page = open_app("admin", "admin", "policies")
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("waits for approval")
    check_accessible(page)

    page.get_by_role("link", name=f"Physiotherapist {name}").click()
    sentence = (
        "May read and find: diagnoses – if the patient is assigned to them by an order or a task."
    )
    expect(page.get_by_role("list", name="These rules are added:")).to_contain_text(sentence)
    page.get_by_role("button", name="Approve…").click()
    check_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()

    expect(page.get_by_role("region", name="In force")).to_contain_text(sentence)
    assert colleague("GET", f"policies/{name}")["pending"] is None


def test_a_policy_is_written_tried_out_and_proposed(
    hospital: Server, open_app: OpenApp, colleague: Callable[..., Any], check_accessible: Check
):
    name = f"physio-{uuid.uuid4().hex[:6]}"
    with hospital.database() as database:
        somebody = users.add(database, f"{name}-ada", roles=[name])
    page = open_app("admin", "admin", "policies")
    page.get_by_role("link", name="Add a policy").click()
    expect(page.get_by_role("heading", level=1, name="Add a policy")).to_be_visible()
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("Say for which roles it is")).to_be_visible()
    check_accessible(page)

    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Title").fill(f"Physiotherapist {name}")
    roles = page.get_by_label("For these roles").first
    roles.fill(name)
    roles.press("Enter")
    rule = page.get_by_role("region", name="Rule 1")
    pick(rule, "Kinds of records", "Organization")
    expect(rule).to_contain_text("May read and find: organizations")
    rule.get_by_role("button", name="Add a condition").click()
    rule.get_by_label("Condition 1", exact=True).select_option("unowned")
    expect(rule).to_contain_text("if it is no patient's")
    changes = page.get_by_role("list", name="These rules are added:")
    expect(changes).to_contain_text("May read and find: organizations – if it is no patient's.")

    pick(page, "Somebody whom it is for (optional)", somebody.name)
    page.get_by_role("button", name="Try it out").click()
    trial = page.get_by_role("region", name="Try it out")
    expect(trial).to_contain_text("They are for 1 account.")
    row = trial.get_by_role("row").filter(has_text="organizations")
    expect(row).to_contain_text("nothing")
    expect(row).to_contain_text(re.compile(r"read and find; finds \d+ entr"))
    check_accessible(page)

    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("You have proposed this")).to_be_visible()
    held = colleague("GET", f"policies/{name}")
    assert held["inForce"] is None
    assert held["pending"]["rules"] == [
        {
            "effect": "permit",
            "types": ["Organization"],
            "rights": "rs",
            "where": {"unowned": True},
        }
    ]
    check_accessible(page)

    page.get_by_role("button", name="Withdraw…").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("There is no such policy")).to_be_visible()


def test_a_proposal_that_was_changed_meanwhile_is_not_approved(
    open_app: OpenApp, colleague: Callable[..., Any]
):
    name = f"changed-{uuid.uuid4().hex[:6]}"
    rule = {"types": ["Organization"], "rights": "rs"}
    colleague("PUT", f"policies/{name}", {"roles": [name], "rules": [rule]})
    page = open_app("admin", "admin", f"policies/{name}")
    page.get_by_role("button", name="Approve…").click()
    colleague("PUT", f"policies/{name}", {"roles": [name], "rules": [{**rule, "rights": "cruds"}]})

    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Approve", exact=True).click()

    expect(dialog.get_by_role("alert")).to_contain_text("this one has been changed")
    assert colleague("GET", f"policies/{name}")["inForce"] is None


def test_an_app_is_registered_and_shut_out(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    name = f"Growth {uuid.uuid4().hex[:6]}"
    page = open_app("admin", "admin", "clients")
    expect(page.get_by_role("table", name="Apps of this server")).to_be_visible()
    check_accessible(page)

    page.get_by_role("button", name="Register an app").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("radio", name="On a server, with a secret").check()
    dialog.get_by_label("Addresses that codes go to").fill("https://growth.example/back")
    dialog.get_by_label("Scopes").fill("launch openid patient/Observation.rs")
    expect(dialog).to_contain_text(
        "read and find in the record of one patient who is chosen: measurements and results"
    )
    check_accessible(page)
    dialog.get_by_role("button", name="Register an app").click()
    expect(dialog).to_contain_text("This is shown once, now.")
    client_id, secret = dialog.locator("code").all_inner_texts()
    check_accessible(page)
    dialog.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
    check_accessible(page)

    page.get_by_role("button", name="Shut out…").click()
    expect(dialog).to_contain_text("gets nothing any more")
    dialog.get_by_role("button", name="Shut out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shut out")
    with hospital.database() as database:
        client = client_by_id(database, client_id)
    assert client is not None
    assert client.has_secret(secret)
    assert client.is_active is False


def test_a_new_signing_key_is_made_and_settings_are_read(
    open_app: OpenApp, check_accessible: Check
):
    page = open_app("admin", "admin", "server")
    keys = page.get_by_role("list", name="Signing keys")
    before = keys.get_by_role("listitem").first.locator("code").inner_text()
    expect(
        page.get_by_role("table", name="Guides and profiles (FHIR packages)").or_(
            page.get_by_text("No package is installed.")
        )
    ).to_be_visible()

    page.get_by_role("button", name="Make a new signing key…").click()
    expect(page.get_by_role("dialog")).to_contain_text("nobody has to sign in again")
    check_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Make a new key").click()
    expect(keys.get_by_role("listitem").nth(1)).to_contain_text(before)
    expect(keys.get_by_role("listitem").first).to_contain_text("signs now")

    page.get_by_label("Find a setting").fill("break_glass")
    setting = page.get_by_role("row").filter(has_text="FHIRSERVER_BREAK_GLASS_MINUTES")
    expect(setting).to_contain_text("60")
    check_accessible(page)


def test_german_is_spoken(open_app: OpenApp):
    page = open_app("admin", "admin", "policies")

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Deutsch").click()

    expect(page.get_by_role("heading", level=1, name="Rollen und Regeln")).to_be_visible()
