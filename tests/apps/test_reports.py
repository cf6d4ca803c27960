"""Reports that people put together: columns in words, conditions, rows as the API has them, kept, exported."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client
from fhirserver import ids

pytestmark = pytest.mark.slow

TYPES = "https://fhirserver.example/CodeSystem/document-type"


def kept(client: Client, name: str) -> dict[str, Any]:
    """The definition of a report that is kept under a name."""
    found = client.send(
        "GET", f"DocumentReference?type={TYPES}%7Creport-definition&_count=200"
    ).json
    (document,) = [e["resource"] for e in found["entry"] if e["resource"]["description"] == name]
    return dict(document)


def test_a_report_is_put_together_kept_and_exported_as_the_api_has_it(
    open_app: Callable[..., Page],
    client_as: Callable[[str], Client],
    check_accessible: Callable[[Page], None],
):
    name = f"Stays {ids.new()[-8:]}"
    page = open_app("board", "doctor", "reports")
    page.get_by_role("link", name="New report").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("row").nth(1)).to_be_visible()
    check_accessible(page)

    page.get_by_label("Until", exact=True).uncheck()
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_text("A condition has no value yet")).to_be_visible()
    page.get_by_label("Condition 1: column").select_option(label="Status")
    page.get_by_label("Condition 1: value").fill("in-progress")
    expect(preview.get_by_role("columnheader", name="Until")).to_have_count(0)
    page.get_by_role("button", name="Save the report").click()
    expect(page.get_by_text("Needed")).to_be_visible()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Made by itself").select_option(label="Every week")
    check_accessible(page)
    page.get_by_role("button", name="Save the report").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    doctor = client_as("doctor")
    stored = kept(doctor, name)
    assert re.search(
        r"\"schedule\": ?\"weekly\"", b64decode(stored["content"][0]["attachment"]["data"]).decode()
    )
    view = {
        "resourceType": "ViewDefinition",
        "status": "active",
        "resource": "Encounter",
        "select": [
            {
                "column": [
                    {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
                    {"name": "class", "path": "class.code"},
                    {"name": "status", "path": "status"},
                    {"name": "start", "path": "period.start"},
                ]
            }
        ],
        "where": [{"path": "status = 'in-progress'"}],
    }
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "viewResource", "resource": view}],
    }
    said = doctor.send("POST", "$viewdefinition-run?_format=csv", asked, Accept="text/csv").body
    count = len(said.decode().splitlines()) - 1
    assert count > 0
    rows = re.compile(rf"^{count} rows?: all there are" if count <= 50 else r"^The first 50 rows")
    expect(preview.get_by_text(rows)).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="CSV").click()
    assert told.value.path().read_bytes() == said
    assert told.value.suggested_filename == f"{name}.csv"
    for kind, begins in (("Excel", b"PK"), ("PDF", b"%PDF")):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as told:
            page.get_by_role("menuitem", name=re.compile(kind)).click()
        assert told.value.path().read_bytes().startswith(begins)

    nurse = client_as("nurse").send("GET", f"DocumentReference/{stored['id']}")
    assert nurse.status == 404
    page.get_by_role("link", name="Reports").first.click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Every week")
    check_accessible(page)
    row.get_by_role("button", name=f"Remove {name}").click()
    row.get_by_role("button", name=f"Remove {name} now").click()
    expect(row).to_have_count(0)


def test_what_is_no_view_is_said(open_app: Callable[..., Page]):
    page = open_app("board", "nurse", "reports/new")
    page.get_by_text("Own ViewDefinition", exact=True).click()
    expect(page.get_by_text("this isn't JSON yet")).to_be_visible()
    wrong = '{"resourceType": "ViewDefinition", "status": "active", "resource": "Encounter", "select": [{"column": [{"name": "a", "path": "nothing"}]}]}'
    page.get_by_label("ViewDefinition (JSON)").fill(wrong)

    expect(page.get_by_role("alert")).to_contain_text("nothing")


def test_a_view_of_the_server_is_shown(open_app: Callable[..., Page]):
    page = open_app("board", "reception", "reports/new")
    page.get_by_text("Ready-made view", exact=True).click()
    page.get_by_label("View", exact=True).select_option(label="Places: wards, rooms, beds")

    expect(page.get_by_role("region", name="Preview").get_by_role("row").nth(1)).to_be_visible()
