"""Registering a patient and changing the details: nothing is made twice, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from conformance.faults.client import Resource
from conformance.faults.server import Server
from tests.apps.people import a_name, a_patient, cared_for, changed, merged, read

pytestmark = pytest.mark.slow

REVOKE = """async () => {
  const kept = JSON.parse(sessionStorage.getItem("smart:chart"));
  for (const token of [kept.refreshToken, kept.accessToken]) {
    const body = new URLSearchParams({ token, client_id: kept.clientId });
    await fetch("/oauth/revoke", { method: "POST", body });
  }
}"""
OpenApp = Callable[..., Page]
Check = Callable[[Page], None]


def family(patient: Resource) -> str:
    return str(patient["name"][0]["family"])


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


def edited(open_app: OpenApp, patient: Resource, user: str = "reception") -> Page:
    page = open_app("chart", user, f"patients/{patient['id']}/details/edit")
    expect(page.get_by_role("heading", name="Change personal details")).to_be_visible()
    return page


def phone(page: Page) -> Locator:
    return group(page, "Contact 1").get_by_label("Number or address")


def phone_of(patient: Resource) -> str:
    return next(t["value"] for t in patient["telecom"] if t["system"] == "phone")


def save(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Save for ")).click()


def all_named(hospital: Server, name: str) -> list[Resource]:
    with hospital.client() as client:
        found = client.send("GET", f"Patient?family={quote(name)}").json
    return [entry["resource"] for entry in found.get("entry", ())]


def test_the_reception_registers_somebody(
    open_app: OpenApp, hospital: Server, check_accessible: Check
):
    name = a_name()
    page = open_app("chart", "reception")
    page.get_by_role("link", name="Register a new patient").click()
    page.get_by_role("button", name="Check and register").click()
    expect(page.get_by_label("Family name").first).to_be_focused()
    check_accessible(page)

    page.get_by_label("Family name").first.fill(name)
    page.get_by_label("Given names").first.fill("Yìlán  Rose")
    page.get_by_label("Only the year, or year and month, is known").check()
    page.get_by_label("Birth date").fill("1987-03")
    page.get_by_label("Sex").select_option("other")
    group(page, "Number 1").get_by_label("Number", exact=True).fill(f"MRN{name}")
    phone(page).fill("+49 30 1234567")
    page.get_by_label("Street and number").fill("Hof 3\nHinterhaus")
    page.get_by_label("City").fill("Köln")
    page.get_by_role("button", name="Add: Contact person").click()
    group(page, "Contact person 1").get_by_label("Family name").fill("Okafor")
    group(page, "Contact person 1").get_by_label("Phone").fill("4711")
    page.get_by_label("Language").select_option("ti")
    page.get_by_role("combobox", name="General practitioner").fill("a")
    page.get_by_role("combobox", name="General practitioner").press_sequentially("n")
    page.get_by_role("listbox").get_by_role("option").first.click()
    page.get_by_role("button", name="Check and register").click()

    banner = page.get_by_role("region", name="Patient", exact=True)
    expect(banner).to_contain_text(f"{name.upper()}, Yìlán Rose")
    expect(banner).to_contain_text(f"MRN{name}")
    [stored] = all_named(hospital, name)
    assert stored["name"] == [{"use": "official", "family": name, "given": ["Yìlán", "Rose"]}]
    assert (stored["birthDate"], stored["gender"]) == ("1987-03", "other")
    assert stored["address"] == [{"use": "home", "line": ["Hof 3", "Hinterhaus"], "city": "Köln"}]
    assert stored["contact"][0]["telecom"] == [{"system": "phone", "value": "4711"}]
    assert stored["communication"][0]["language"]["coding"][0]["code"] == "ti"
    assert stored["generalPractitioner"][0]["reference"].startswith("Practitioner/")
    expect(page.get_by_role("region", name="Addresses")).to_contain_text("Hof 3, Hinterhaus, Köln")
    check_accessible(page)


def test_who_has_a_record_is_shown_before_another_is_made(
    open_app: OpenApp, hospital: Server, check_accessible: Check
):
    known = a_patient(hospital)
    page = open_app("chart", "reception", "register")

    def check(given: str) -> Locator:
        page.get_by_label("Family name").first.fill(family(known))
        page.get_by_label("Given names").first.fill(given)
        page.get_by_label("Birth date").fill("1945-07-14")
        page.get_by_label("Sex").select_option("male")
        phone(page).fill(phone_of(known))
        page.get_by_role("button", name="Check and register").click()
        return page.get_by_role("article", name=re.compile(family(known).upper()))

    candidate = check("Ngozi")
    expect(candidate.get_by_role("row", name=re.compile("^Family name"))).to_contain_text("agrees")
    expect(candidate.get_by_role("row", name=re.compile("^Sex"))).to_contain_text("differs")
    check_accessible(page)
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("Given names").first).to_have_value("Ngozi")
    check("Ngozi").get_by_role("button", name=re.compile("^Open the record of ")).click()
    expect(page).to_have_url(re.compile(f"/patients/{known['id']}$"))
    assert len(all_named(hospital, family(known))) == 1

    page.goto(page.url.split("/patients/")[0] + "/register")
    expect(page.get_by_label("Family name").first).to_have_value("")
    check("Chidi")
    page.get_by_role("button", name=re.compile("^None of them: register ")).click()
    expect(page.get_by_role("region", name="Names")).to_contain_text("Chidi")
    assert len(all_named(hospital, family(known))) == 2


def test_only_what_both_have_changed_is_asked(
    open_app: OpenApp, hospital: Server, check_accessible: Check
):
    patient = a_patient(hospital)
    page = edited(open_app, patient)
    page.get_by_label("Birth date").fill("1945-07-15")
    phone(page).fill("0301234567")
    others = [{"use": "home", "line": ["Side street 2"], "city": "Tucson"}]
    changed(hospital, patient, birthDate="1954-07-14", address=others)
    expect(page.get_by_text("Somebody else has changed this meanwhile:")).to_be_visible()

    save(page)
    dialog = page.get_by_role("dialog", name="Somebody else has changed this meanwhile")
    expect(dialog.get_by_role("radio")).to_have_count(2)
    expect(dialog).to_contain_text("14-Jul-1954")
    expect(dialog).to_contain_text("Side street 2")
    check_accessible(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose one in each line")
    dialog.get_by_role("radio", name=re.compile("Yours")).check()
    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_role("region", name="Phone and mail")).to_contain_text("0301234567")
    stored = read(hospital, patient)
    assert stored["birthDate"] == "1945-07-15"
    assert stored["address"] == others
    assert phone_of(stored) == "0301234567"
    assert stored["meta"]["versionId"] == "3"


def test_changes_of_different_fields_are_both_kept_without_a_question(
    open_app: OpenApp, hospital: Server
):
    patient = a_patient(hospital)
    page = edited(open_app, patient)
    phone(page).fill("0307654321")
    mail = {"system": "email", "use": "home", "value": "new@mail.example"}
    changed(hospital, patient, telecom=[patient["telecom"][0], mail])

    save(page)

    expect(page.get_by_text("Changed by others meanwhile and kept: Phone or mail.")).to_be_visible()
    assert {t["value"] for t in read(hospital, patient)["telecom"]} == {
        "0307654321",
        "new@mail.example",
    }


def test_what_is_typed_outlives_the_sign_in(open_app: OpenApp, hospital: Server):
    patient = a_patient(hospital)
    page = edited(open_app, patient)
    phone(page).fill("0305555555")
    page.evaluate(REVOKE)
    page.context.clear_cookies()

    save(page)
    ended = page.get_by_role("dialog", name="Your sign-in has ended")
    with page.expect_popup() as opened:
        ended.get_by_role("button", name="Sign in again").click()
    again = opened.value
    again.get_by_label("User name").fill("reception")
    again.get_by_label("Password", exact=True).fill("demo-reception")
    again.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("region", name="Phone and mail")).to_contain_text("0305555555")
    assert phone_of(read(hospital, patient)) == "0305555555"


def test_a_fault_and_a_lost_answer_are_told_and_tried_again(open_app: OpenApp, hospital: Server):
    patient = a_patient(hospital)
    page = edited(open_app, patient)
    phone(page).fill("0309999999")
    sent: list[str] = []

    def trouble(route: Route) -> None:
        if route.request.method != "PUT":
            route.continue_()
            return
        sent.append(route.request.url)
        if len(sent) == 1:
            route.fulfill(status=500, body="")
        elif len(sent) == 2:
            # It is stored, and the answer is lost: the worst that can happen.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/fhir/Patient/*", trouble)
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("The server had a fault (500)")
    expect(page.get_by_role("alert")).to_contain_text("tried again by itself")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_role("alert")).to_contain_text("The server can't be reached")

    expect(page.get_by_role("region", name="Phone and mail")).to_contain_text("0309999999")
    assert read(hospital, patient)["meta"]["versionId"] == "2"
    assert len(sent) == 3


def test_what_is_typed_is_there_again_after_the_page_was_closed(
    open_app: OpenApp, hospital: Server
):
    patient = a_patient(hospital)
    page = edited(open_app, patient)
    phone(page).fill("0308888888")
    expect(page.get_by_text("Draft kept on this device")).to_be_visible()
    changed(hospital, patient, birthDate="1954-07-14")
    page.reload()

    expect(page.get_by_text("Your draft of")).to_be_visible()
    expect(phone(page)).to_have_value("0308888888")
    save(page)
    expect(page.get_by_text("Changed by others meanwhile and kept: Birth date.")).to_be_visible()
    assert read(hospital, patient)["birthDate"] == "1954-07-14"


def test_what_is_typed_for_a_record_that_was_merged_goes_to_the_other_one(
    open_app: OpenApp, hospital: Server, check_accessible: Check
):
    source, target = a_patient(hospital), a_patient(hospital)
    cared_for(hospital, source, "doctor")
    page = edited(open_app, source, "doctor")
    phone(page).fill("0306666666")
    merged(hospital, source, target)
    expect(page.get_by_role("alert").filter(has_text="isn't open to you any more")).to_be_visible()

    save(page)
    dialog = page.get_by_role("dialog", name="This record was merged meanwhile")
    expect(dialog).to_contain_text(family(target).upper())
    check_accessible(page)
    dialog.get_by_role("radio", name=re.compile("Yours")).check()
    dialog.get_by_role("button", name="Save").click()

    expect(page).to_have_url(re.compile(f"/patients/{target['id']}/details$"))
    assert phone_of(read(hospital, target)) == "0306666666"
    assert phone_of(read(hospital, source)) == phone_of(source)


def test_a_record_that_was_merged_leads_to_the_one_that_is_used(
    open_app: OpenApp, hospital: Server
):
    source, target = a_patient(hospital), a_patient(hospital)
    cared_for(hospital, source, "doctor")
    page = open_app("chart", "doctor", f"patients/{source['id']}")
    expect(page.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()

    merged(hospital, source, target)
    expect(page.get_by_text("This record was merged into another one.")).to_be_visible()
    page.get_by_role("link", name="Open the record that is used now").click()

    banner = page.get_by_role("region", name="Patient", exact=True)
    expect(banner).to_contain_text(family(target).upper())


def test_a_nurse_changes_how_somebody_is_reached_and_no_more(open_app: OpenApp, client_as):
    found = client_as("nurse").send("GET", "Encounter?status=in-progress&_count=1").json
    patient = found["entry"][0]["resource"]["subject"]["reference"].removeprefix("Patient/")
    page = open_app("chart", "nurse", f"patients/{patient}/details/edit")

    expect(phone(page)).to_be_visible()
    expect(page.get_by_label("Birth date")).to_have_count(0)
    phone(page).fill("0301112223")
    save(page)

    expect(page.get_by_role("region", name="Phone and mail")).to_contain_text("0301112223")
