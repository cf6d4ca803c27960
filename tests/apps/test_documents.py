"""Documents: added from a phone, shared with a colleague for a time, opened, ended, and who it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, FilePayload, Page, expect

from conformance.faults.client import Client
from conformance.faults.server import Server
from fhirserver import ids
from tests.apps.keyboard import Keyboard
from tests.apps.people import a_patient, cared_for, who_is

pytestmark = pytest.mark.slow

OpenApp = Callable[..., Page]
Check = Callable[[Page], None]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "chart-desk.png"
CCDA = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="https://evil.example/CDA.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<title>Discharge summary of the county hospital</title><effectiveTime value="20260214"/>
<recordTarget><patientRole><patient><name><given>Thandi</given><family>{family}</family></name>
<birthTime value="19790504"/></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name>Dr. Vance</name></assignedPerson></assignedAuthor></author>
<component><structuredBody><component><section><title>Allergies</title><text>
<table onclick="alert(1)"><thead><tr><th>Substance</th><th>Reaction</th></tr></thead>
<tbody><tr><td>Penicillin<script xmlns="http://www.w3.org/1999/xhtml">alert(2)</script></td>
<td>Rash</td></tr></tbody></table>
<paragraph styleCode="background:url(https://evil.example/x.png)">Seen by the dermatologist.</paragraph>
<img xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/y.png" onerror="alert(3)"/>
<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/"/>
<linkHtml href="javascript:alert(4)">Leaflet</linkHtml></text></section></component></structuredBody>
</component></ClinicalDocument>"""


@dataclass(frozen=True)
class Case:
    """A patient of a doctor; a radiologist and a pharmacist have no part in it."""

    patient: str
    names: dict[str, str]
    people: dict[str, str]


@pytest.fixture
def case(hospital: Server) -> Case:
    name = [{"family": "Mbeki", "given": ["Thandi"]}]
    patient = a_patient(hospital, name=name, birthDate="1979-05-04")
    cared_for(hospital, patient, "doctor")
    known = {user: who_is(hospital, user) for user in ("doctor", "radiologist", "pharmacist")}
    return Case(
        patient["id"],
        {user: name for user, (_, name) in known.items()},
        {user: who for user, (who, _) in known.items()},
    )


def a_file(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page: Page, file: FilePayload | Path, button: str = "Photo, PDF, text or C-CDA") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("dialog").get_by_label(button, exact=False).first.click()
    chooser.value.set_files(file)


def begin(page: Page) -> None:
    page.get_by_role("button", name="Add a document").click()
    expect(page.get_by_role("dialog")).to_contain_text("MBEKI, Thandi")


def add(page: Page) -> None:
    page.get_by_role("button", name="Add to the record").click()
    expect(page.get_by_text("The document is in the record")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def a_letter(client: Client, case: Case, title: str) -> str:
    """The id of a document with its file, as the doctor has added them."""
    subject = {"reference": f"Patient/{case.patient}"}
    binary = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "securityContext": subject,
        "data": "VGhlIGJpb3BzeSBpcyBiZW5pZ24u",
    }
    file = client.send("POST", "Binary", binary)
    assert file.status == 201, file.says
    made = client.send(
        "POST",
        "DocumentReference",
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": subject,
            "description": title,
            "type": {"text": "Pathology report"},
            "content": [
                {"attachment": {"contentType": "text/plain", "url": f"Binary/{file.json['id']}"}}
            ],
        },
    )
    assert made.status == 201, made.says
    return str(made.json["id"])


def to_share_with(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name=re.compile("^With whom"))
    box.fill(name.rsplit(maxsplit=1)[-1])
    page.get_by_role("option", name=name, exact=True).click()
    # The list is closed, so that it covers nothing.
    page.get_by_role("dialog").get_by_role("heading").first.click()


def test_a_photo_is_added_on_a_phone_with_its_kind_and_day(
    open_app: OpenApp, case: Case, client_as: Callable[[str], Client], check_accessible: Check
) -> None:
    page = open_app("chart", "doctor", f"patients/{case.patient}/documents", phone=True)
    expect(page.get_by_text("No documents on record")).to_be_visible()
    begin(page)
    camera = page.locator("input[type=file][capture=environment]")
    expect(camera).to_have_attribute("accept", re.compile("image/jpeg"))
    page.get_by_role("button", name="Add to the record").click()
    expect(page.get_by_text("Needed", exact=True).first).to_be_visible()
    check_accessible(page)

    camera.set_input_files(PICTURE)
    page.get_by_label("Kind of document").select_option("Photo")
    expect(page.get_by_label("Category").last).to_have_value("28634-8")
    page.get_by_label(re.compile("^Title")).fill("Wound, left leg")
    page.get_by_label("Date of the document").fill("2026-02-03")
    add(page)

    page.get_by_role("link", name="Wound, left leg").click()
    expect(page.get_by_role("img", name="Wound, left leg")).to_be_visible()
    expect(page.get_by_text(re.compile("03-Feb-2026"))).to_be_visible()
    check_accessible(page)
    found = client_as("doctor").send("GET", f"DocumentReference?patient={case.patient}").json
    [stored] = [entry["resource"] for entry in found["entry"]]
    assert stored["type"]["coding"][0]["code"] == "72170-4"
    assert stored["category"][0]["coding"][0]["code"] == "28634-8"
    assert stored["content"][0]["attachment"]["creation"] == "2026-02-03"


def test_what_cannot_be_taken_is_said_at_once(open_app: OpenApp, case: Case) -> None:
    page = open_app("chart", "doctor", f"patients/{case.patient}/documents")
    begin(page)

    for file, said in (
        (a_file("scan.pdf", "application/pdf", PDF + b"0" * 10_000_001), "has 10.0 MB, at most 10"),
        (a_file("page.html", "text/html", b"<html></html>"), "Only photos"),
        (a_file("empty.pdf", "application/pdf", b""), "This file is empty"),
        (a_file("malware.pdf", "application/pdf", b"MZ\x90\x00"), "isn't what its name says"),
        (a_file("other.xml", "text/xml", b"<note>hello</note>"), "is no clinical document"),
        (a_file("torn.xml", "text/xml", CCDA[:900].encode()), "is no clinical document"),
    ):
        choose(page, file)
        expect(page.get_by_role("dialog").get_by_text(re.compile(said))).to_be_visible()
    page.get_by_role("button", name="Add to the record").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    choose(page, a_file("letter.pdf", "application/pdf", PDF))
    expect(page.get_by_role("dialog").get_by_text("is no clinical document")).to_have_count(0)
    page.get_by_label("Kind of document").select_option("Another kind …")
    page.get_by_role("combobox", name=re.compile("^Another kind, by its name")).fill("Cardiology")
    page.get_by_role("listbox").get_by_role("option").first.click()
    page.get_by_role("dialog").get_by_label("Category").select_option("Letters")
    add(page)

    expect(page.get_by_role("link", name="letter.pdf")).to_be_visible()
    page.get_by_label("Category").select_option("Plans")
    expect(page.get_by_text("No documents of this category")).to_be_visible()
    page.get_by_label("Category").select_option("Letters")
    expect(page.get_by_role("link", name="letter.pdf")).to_be_visible()


def test_a_clinical_document_is_read_and_does_nothing(
    open_app: OpenApp, case: Case, check_accessible: Check
) -> None:
    page = open_app("chart", "doctor", f"patients/{case.patient}/documents")
    spoken: list[str] = []

    def heard(dialog: Dialog) -> None:
        spoken.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    begin(page)
    choose(page, a_file("ccd.xml", "text/xml", CCDA.format(family="Okafor").encode()))
    expect(page.get_by_text("Is this the right patient?")).to_be_visible()
    choose(page, a_file("ccd.xml", "text/xml", CCDA.format(family="Mbeki").encode()))
    expect(page.get_by_text("Is this the right patient?")).to_have_count(0)
    page.get_by_label("Kind of document").select_option("Discharge letter")
    add(page)

    page.get_by_role("link", name="Discharge summary of the county hospital").click()

    shown = page.get_by_role("region", name="Document", exact=True)
    expect(shown.get_by_text("About MBEKI, Thandi, born 04-May-1979")).to_be_visible()
    expect(shown.get_by_text("Dr. Vance · 14-Feb-2026")).to_be_visible()
    expect(shown.get_by_role("cell", name="Penicillin", exact=True)).to_be_visible()
    expect(shown.get_by_text("Seen by the dermatologist.")).to_be_visible()
    assert shown.locator("script, iframe, img, a, [style*=evil], [onclick]").count() == 0
    check_accessible(page)
    assert spoken == []


def test_a_document_is_shared_opened_ended_and_who_opened_it_is_told(
    open_app: OpenApp, case: Case, client_as: Callable[[str], Client], check_accessible: Check
) -> None:
    title = f"Biopsy {ids.new()[:8]}"
    id_ = a_letter(client_as("doctor"), case, title)
    doctor = open_app("chart", "doctor", f"patients/{case.patient}/documents/{id_}")
    expect(doctor.get_by_text("The biopsy is benign.")).to_be_visible()
    expect(doctor.get_by_text("Nobody outside the patient's care")).to_be_visible()
    doctor.get_by_role("button", name="Share …").click()
    dialog = doctor.get_by_role("dialog")
    expect(dialog).to_contain_text("MBEKI, Thandi")
    dialog.get_by_role("button", name="Share the document").click()
    expect(dialog.get_by_text("Needed", exact=True)).to_be_visible()
    dialog.get_by_label("Until").fill("2020-01-01")
    expect(dialog.get_by_text("This day is over")).to_be_visible()
    check_accessible(doctor)
    dialog.get_by_label("Until").fill(doctor.evaluate(TOMORROW))
    to_share_with(doctor, case.names["radiologist"])
    dialog.get_by_role("button", name="Share the document").click()
    shares = doctor.get_by_role("table", name="Shared with")
    expect(shares.get_by_role("row", name=re.compile(case.names["radiologist"]))).to_contain_text(
        "in force"
    )
    expect(doctor.get_by_text("Nobody but you so far")).to_be_visible()
    check_accessible(doctor)

    radiologist = open_app("chart", "radiologist", "shared", phone=True)
    row = radiologist.get_by_role("row").filter(has_text=title)
    expect(row).to_contain_text("MBEKI, Thandi")
    expect(row).to_contain_text(case.names["doctor"])
    check_accessible(radiologist)
    row.get_by_role("link", name=title).click()
    expect(radiologist.get_by_text("The biopsy is benign.")).to_be_visible()
    whose = radiologist.get_by_role("region", name="Patient", exact=True)
    expect(whose).to_contain_text("MBEKI, Thandi · Born 04-May-1979")
    expect(whose).to_contain_text("You see this document only")
    check_accessible(radiologist)
    shown = radiologist.url

    pharmacist = open_app("chart", "pharmacist", "shared")
    expect(pharmacist.get_by_text("Nobody shares a document with you")).to_be_visible()
    pharmacist.goto(shown)
    expect(pharmacist.get_by_text("This document isn't shared with you")).to_be_visible()
    assert client_as("pharmacist").send("GET", f"DocumentReference/{id_}").status == 404
    assert client_as("radiologist").send("GET", f"Patient/{case.patient}").status == 404

    doctor.reload()
    opened = doctor.get_by_role("table", name="Who has opened it")
    reader = opened.get_by_role("row", name=re.compile(case.names["radiologist"]))
    expect(reader).to_contain_text("once")
    expect(opened.get_by_role("row", name=re.compile(case.names["pharmacist"]))).to_have_count(0)
    check_accessible(doctor)
    shares.get_by_role("button", name="End …").click()
    doctor.get_by_role("button", name="End it now").click()
    expect(shares).to_contain_text("ended")
    expect(reader).to_be_visible()

    radiologist.reload()
    expect(radiologist.get_by_text("This document isn't shared with you")).to_be_visible()
    radiologist.goto(re.sub(r"/shared/.*", "/shared", shown))
    expect(radiologist.get_by_role("heading", name="Shared with me")).to_be_visible()
    expect(radiologist.get_by_role("row").filter(has_text=title)).to_have_count(0)


TOMORROW = """() => {
  const when = new Date(Date.now() + 86_400_000);
  const two = (n) => String(n).padStart(2, "0");
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}"""


def test_a_team_is_shared_with_by_keyboard(
    open_app: OpenApp, case: Case, hospital: Server, client_as: Callable[[str], Client]
) -> None:
    name = f"Tumour board {ids.new()[:8]}"
    with hospital.client() as client:
        team = {
            "resourceType": "CareTeam",
            "status": "active",
            "name": name,
            "participant": [{"member": {"reference": case.people["pharmacist"]}}],
        }
        assert client.send("POST", "CareTeam", team).status == 201
    title = f"Imaging {ids.new()[:8]}"
    id_ = a_letter(client_as("doctor"), case, title)
    page = open_app("chart", "doctor", f"patients/{case.patient}/documents/{id_}")
    keys = Keyboard(page)
    share = page.get_by_role("button", name="Share …")
    expect(share).to_be_visible()

    keys.press(share)
    keys.to(page.get_by_role("combobox", name=re.compile("^With whom")))
    page.keyboard.type(name)
    expect(page.get_by_role("option", name=name)).to_be_visible()
    keys.key("ArrowDown")
    keys.key("Enter")
    keys.press(page.get_by_role("button", name="Share the document"))
    expect(page.get_by_role("table", name="Shared with")).to_contain_text(name)
    expect(page.get_by_role("dialog")).to_have_count(0)

    assert client_as("pharmacist").send("GET", f"DocumentReference/{id_}").status == 200
    assert client_as("radiologist").send("GET", f"DocumentReference/{id_}").status == 404
    keys.press(page.get_by_role("button", name="End …"))
    keys.press(page.get_by_role("button", name="End it now"))
    expect(page.get_by_role("table", name="Shared with")).to_contain_text("ended")
    assert client_as("pharmacist").send("GET", f"DocumentReference/{id_}").status == 404
