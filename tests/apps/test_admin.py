"""Administration: an emergency access is reviewed, and what was done is found in the audit trail."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.server import Server, wait_until
from fhirserver.storage.users import user_by_name

pytestmark = pytest.mark.slow

REASON = "unconscious in the emergency room, no papers"
OpenApp = Callable[..., Page]
Check = Callable[[Page], None]


def letters() -> str:
    """What no other name has; a search takes what has digits for a record number."""
    return "".join(random.choices("abcdefghij", k=8))


@pytest.fixture
def stranger(hospital: Server) -> dict[str, Any]:
    """A patient who is in nobody's care."""
    with hospital.client() as client:
        made = client.send(
            "POST",
            "Patient",
            {
                "resourceType": "Patient",
                "name": [{"family": f"Stranger{letters()}", "given": ["Ada"]}],
                "birthDate": "1950-02-03",
            },
        )
    assert made.status == 201, made.json
    found: dict[str, Any] = made.json
    return found


def family_of(patient: dict[str, Any]) -> str:
    return str(patient["name"][0]["family"]).upper()


def name_of(hospital: Server, user: str) -> str:
    with hospital.database() as database:
        account = user_by_name(database, user)
    assert account is not None
    return account.display


def break_the_glass(open_app: OpenApp, patient: dict[str, Any]) -> None:
    """The doctor opens the record in the chart."""
    chart = open_app("chart", "doctor", f"patients/{patient['id']}")
    chart.get_by_label("Why, in a sentence").fill(REASON)
    # What is closed has no pages to go to.
    expect(chart.get_by_role("link", name="Vital signs")).to_have_count(0)
    chart.get_by_role("button", name="Break the glass").click()
    expect(chart.get_by_role("region", name="Patient", exact=True)).to_contain_text(
        family_of(patient)
    )
    expect(chart.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()
    expect(chart.get_by_text(re.compile("^Open in an emergency until"))).to_be_visible()


def on_record(hospital: Server, query: str) -> int:
    with hospital.client() as client:
        found = client.send("GET", f"AuditEvent?{query}&_summary=count").json
    return int(found["total"])


def test_a_broken_glass_is_reviewed_by_the_privacy_officer(
    hospital: Server, open_app: OpenApp, stranger: dict[str, Any], check_accessible: Check
):
    break_the_glass(open_app, stranger)
    seen = f"patient=Patient/{stranger['id']}&action=R"
    wait_until(lambda: on_record(hospital, seen) > 0, 60, "the doctor's reads are on record")

    page = open_app("admin", "auditor")

    review = page.get_by_role("listitem").filter(has_text=family_of(stranger))
    expect(review).to_contain_text(f"{name_of(hospital, 'doctor')} opened a record in an emergency")
    expect(review).to_contain_text(REASON)
    expect(review).to_contain_text("03-Feb-1950")
    review.get_by_role("button", name="What was opened").click()
    expect(review.get_by_role("table").get_by_text("Looked at: personal details")).to_be_visible()
    check_accessible(page)

    review.get_by_role("button", name="Decide…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Choose what you decide")).to_be_visible()
    expect(dialog.get_by_text("Write what your decision rests on")).to_be_visible()
    check_accessible(page)
    dialog.get_by_role("radio", name="Justified", exact=True).check()
    dialog.get_by_label("Note").fill("Asked the emergency room: she was brought in unconscious.")
    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_role("listitem").filter(has_text=family_of(stranger))).to_have_count(0)
    page.get_by_text("Decided", exact=True).click()
    decided = page.get_by_role("listitem").filter(has_text=family_of(stranger))
    expect(decided).to_contain_text("Justified")
    expect(decided).to_contain_text("she was brought in unconscious")
    expect(decided).to_contain_text(name_of(hospital, "auditor"))
    check_accessible(page)
    with hospital.client() as client:
        found = client.send("GET", f"Task?patient={stranger['id']}").json["entry"][0]["resource"]
    assert found["status"] == "completed"
    assert found["businessStatus"]["coding"][0]["code"] == "justified"


def test_a_note_alone_keeps_the_review_on_the_list(
    hospital: Server, open_app: OpenApp, stranger: dict[str, Any]
):
    break_the_glass(open_app, stranger)
    page = open_app("admin", "auditor", "reviews", phone=True)
    review = page.get_by_role("listitem").filter(has_text=family_of(stranger))

    review.get_by_role("button", name="Decide…").click()
    page.get_by_role("dialog").get_by_role("radio", name="Not decided yet").check()
    page.get_by_role("dialog").get_by_label("Note").fill("The ward calls back tomorrow.")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(review).to_contain_text("The ward calls back tomorrow.")
    expect(review.get_by_role("button", name="Decide…")).to_be_visible()


def test_only_those_it_is_for_see_the_app(open_app: OpenApp):
    officer = open_app("home", "auditor")
    tiles = officer.get_by_role("navigation", name="Your apps").get_by_role("link")
    expect(tiles.filter(has_text="Administration")).to_be_visible()

    doctor = open_app("home", "doctor")
    tiles = doctor.get_by_role("navigation", name="Your apps").get_by_role("link")
    expect(tiles.first).to_be_visible()
    expect(tiles.filter(has_text="Administration")).to_have_count(0)


def test_the_trail_is_searched_and_read_as_sentences(
    hospital: Server, open_app: OpenApp, stranger: dict[str, Any], check_accessible: Check
):
    break_the_glass(open_app, stranger)
    seen = f"patient=Patient/{stranger['id']}&subtype=break-glass"
    wait_until(lambda: on_record(hospital, seen) > 0, 60, "the emergency is on record")
    doctor = name_of(hospital, "doctor")
    page = open_app("admin", "auditor", "trail")

    page.get_by_role("combobox", name="Person").fill(doctor)
    page.get_by_role("option", name=doctor).first.click()
    page.get_by_role("combobox", name="Patient").fill(family_of(stranger))
    page.get_by_role("option", name=family_of(stranger)).click()
    page.get_by_label("What was done").select_option(label="Emergency access")
    page.get_by_role("button", name="Search the trail").click()

    rows = page.get_by_role("table", name="Audit trail").get_by_role("row")
    sentence = f"{doctor} opened the record of {family_of(stranger)}, Ada in an emergency"
    expect(rows.filter(has_text=sentence)).to_have_count(1)
    check_accessible(page)

    page.get_by_role("button", name=sentence).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Chart")
    expect(dialog).to_contain_text("from 127.0.0.1")
    expect(dialog).to_contain_text("03-Feb-1950")
    dialog.get_by_role("button", name="Show the record itself (JSON)").click()
    expect(dialog).to_contain_text('"resourceType": "AuditEvent"')
    check_accessible(page)

    dialog.get_by_role("link", name="All about this patient").click()
    expect(
        rows.filter(has_text="was shown").or_(rows.filter(has_text=" read ")).first
    ).to_be_visible()


def test_the_trail_is_paged(hospital: Server, open_app: OpenApp):
    page = open_app("admin", "auditor", "trail")
    rows = page.get_by_role("table", name="Audit trail").get_by_role("row")
    expect(rows).to_have_count(51)

    page.get_by_role("button", name="Show older").click()

    expect(rows).to_have_count(101)


def test_an_administrator_is_not_told_whose_records(
    open_app: OpenApp, stranger: dict[str, Any], check_accessible: Check
):
    page = open_app("admin", "admin", f"trail?patient={stranger['id']}")

    expect(page.get_by_text("shown to privacy officers and auditors only")).to_be_visible()
    expect(page.get_by_role("table", name="Audit trail").get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("combobox", name="Patient")).to_have_count(0)
    expect(page.get_by_role("link", name="Disclosure report")).to_have_count(0)
    expect(page.get_by_role("link", name="Emergency access")).to_have_count(0)
    check_accessible(page)


def test_the_disclosure_report_is_read_and_saved(
    hospital: Server, open_app: OpenApp, stranger: dict[str, Any], check_accessible: Check
):
    break_the_glass(open_app, stranger)
    seen = f"patient=Patient/{stranger['id']}&action=R"
    wait_until(lambda: on_record(hospital, seen) > 0, 60, "the doctor's reads are on record")
    page = open_app("admin", "auditor", "trail/disclosures")

    page.get_by_role("combobox", name="Patient").fill(family_of(stranger))
    page.get_by_role("option", name=family_of(stranger)).click()
    page.get_by_role("button", name="Make the report").click()

    doctor = name_of(hospital, "doctor")
    rows = page.get_by_role("table", name="Disclosure report").get_by_role("row")
    expect(rows.filter(has_text=doctor).filter(has_text="emergency access").first).to_be_visible()
    check_accessible(page)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Save as a table (CSV)").click()
    text = Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(text.splitlines()))
    assert [line["Who"] for line in lines if "in an emergency" in line["What happened"]] == [doctor]


def test_the_seals_are_checked_and_tampering_is_told(
    hospital: Server, open_app: OpenApp, check_accessible: Check
):
    def sealed() -> object:
        with hospital.database() as database:
            return database.read("SELECT max(seq) FROM audit.seal")[0][0]

    wait_until(lambda: int(str(sealed() or 0)) > 10, 60, "events are sealed")
    page = open_app("admin", "auditor", "trail/seals")
    page.get_by_role("button", name="Check now").click()
    good = page.get_by_role("status").filter(has_text="The audit trail is as it was recorded")
    expect(good).to_contain_text(re.compile(r"All [\d,]+ sealed events"))
    check_accessible(page)

    with hospital.database() as database:
        key, content = database.read(
            'SELECT e.key, e.content::text FROM resource."AuditEvent" e '
            "JOIN audit.seal s ON s.key = e.key WHERE s.seq = 5"
        )[0]
        change = 'UPDATE resource."AuditEvent" SET content = %s::jsonb WHERE key = %s'
        database.write(change, (content.replace('"action": "', '"action": "X'), key))
        try:
            page.get_by_role("button", name="Check again").click()
            wrong = page.get_by_role("alert")
            expect(wrong).to_contain_text("An event was changed after it was recorded")
            expect(wrong).to_contain_text("At seal 5:")
            expect(wrong).to_contain_text("Tell the head of IT security at once")
            expect(good).to_have_count(0)
            check_accessible(page)
        finally:
            database.write(change, (content, key))
