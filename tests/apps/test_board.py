"""The board: beds and who lies in them, seen on another screen; figures as the API says them."""

from __future__ import annotations

import re
import zipfile

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

BEFORE_POLL = 60_000
"""Live updates come at once; where they don't, all is read again every 30 seconds. In ms."""


def asked(hospital, path):
    with hospital.client() as client:
        return client.send("GET", path).json


def of(parameters, name):
    return next(p for p in parameters["parameter"] if p["name"] == name)["part"]


def counts(part):
    return {p["name"]: p.get("valueInteger", p.get("valueDecimal")) for p in part}


def bed(page, name):
    """A bed's card by its name within the ward that is shown."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b"))


def only(page, ward):
    page.get_by_label("Ward", exact=True).select_option(label=ward)
    expect(page.get_by_role("heading", level=2, name=ward)).to_be_visible()


def test_a_bed_move_is_seen_on_another_screen(open_app, hospital):
    nurse = open_app("board", "nurse")
    other = open_app("board", "reception")
    for page in (nurse, other):
        only(page, "Medical Ward")
    card = nurse.get_by_role("button", name=re.compile("MRN")).first
    name = re.search(r"[^\W\d_]{2,}, \w+", card.inner_text())[0]
    card.click()
    dialog = nurse.get_by_role("dialog")
    expect(dialog.get_by_text("Born")).to_be_visible()
    choice = dialog.get_by_label("Move to")
    # Beds of other wards have the same names.
    free = choice.locator('optgroup[label="Medical Ward"] option').filter(has_not_text="(").first
    target = free.inner_text()
    choice.select_option(value=free.get_attribute("value"))
    expect(dialog.get_by_test_id("move-summary")).to_contain_text(f"Medical Ward, {target.lower()}")
    dialog.get_by_role("button", name=re.compile(rf"^Move {name}")).click()

    expect(bed(other, target)).to_contain_text(name, timeout=BEFORE_POLL)
    expect(bed(nurse, target)).to_contain_text(name, timeout=BEFORE_POLL)


def test_a_contaminated_bed_is_closed_to_patients_until_it_is_clean(open_app):
    page = open_app("board", "nurse")
    only(page, "Medical Ward")
    page.get_by_label("Show", exact=True).select_option("free")
    card = page.locator("li button[data-state=free]").last
    name = card.inner_text().splitlines()[0]
    card.click()
    page.get_by_role("dialog").get_by_role("button", name="Contaminated").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(bed(page, name)).to_have_count(0)

    page.get_by_label("Show", exact=True).select_option("all")
    expect(bed(page, name)).to_contain_text("contaminated")
    page.get_by_role("button", name=re.compile("MRN")).first.click()
    labels = page.get_by_role("dialog").get_by_label("Move to").locator("option").all_inner_texts()
    assert name not in labels
    page.keyboard.press("Escape")
    bed(page, name).click()
    page.get_by_role("dialog").get_by_role("button", name="Clean and free").click()

    expect(bed(page, name)).to_contain_text("free")


def test_a_planned_discharge_is_in_the_forecast(open_app, hospital):
    page = open_app("board", "nurse")
    only(page, "Medical Ward")
    page.get_by_role("button", name=re.compile("MRN")).last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Planned discharge").fill("1999-01-01T10:00")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("That is before the arrival")).to_be_visible()
    dialog.get_by_label("Planned discharge").fill("2099-01-01T10:00")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is to leave on 01-Jan-2099 10:00")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_label("Show", exact=True).select_option("leaving")
    expect(page.get_by_text("Leaves 01-Jan-2099 10:00")).to_be_visible()


def test_counts_are_those_of_the_api(open_app, hospital):
    page = open_app("board", "reception")
    expect(page.locator("[data-count=occupied]")).to_be_visible()

    said = counts(of(asked(hospital, "Location/$occupancy"), "total"))
    occupied = rf"^\s*{said['occupied']}\s+of {said['beds']}$"
    expect(page.locator("[data-count=occupied]")).to_have_text(re.compile(occupied))
    expect(page.locator("[data-count=rate]")).to_have_text(f"{said['rate']:g}\u00a0%")
    expect(page.locator("[data-count=free]")).to_have_text(str(said["free"]))


def test_a_wall_screen_has_no_names(open_app):
    page = open_app("board", "nurse")
    card = page.get_by_role("button", name=re.compile("MRN")).first
    family = re.search(r"[^\W\d_]{2,}(?=, \w+)", card.inner_text())[0]
    page.get_by_role("link", name="Wall screen").click()

    expect(page.get_by_role("region", name="Medical Ward")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"\b{family}\b", re.IGNORECASE))).to_have_count(0)


def test_beds_and_capacity_are_accessible(open_app, check_accessible):
    page = open_app("board", "nurse")
    expect(page.get_by_role("heading", level=2, name="Medical Ward")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name=re.compile("MRN")).first.click()
    expect(page.get_by_role("dialog").get_by_label("Move to")).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Capacity").first.click()
    expect(page.get_by_role("rowheader", name="Medical Ward")).to_be_visible()
    check_accessible(page)


def test_a_metric_is_drilled_down_and_exported(open_app, hospital, check_accessible):
    page = open_app("board", "nurse", at="metrics?start=2026-01-01&end=2026-12-31")
    tile = page.get_by_role("region", name="Admissions")
    expect(tile.locator("[data-metric]")).to_be_visible(timeout=BEFORE_POLL)
    check_accessible(page)
    tile.get_by_role("link", name="Admissions").click()
    value = page.locator("[data-metric=admissions]")
    expect(value).to_be_visible(timeout=BEFORE_POLL)
    counted = int(value.inner_text())
    page.get_by_role("tab", name="By ward").click()
    expect(page.get_by_role("rowheader").first).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Show the list", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    entries = "1 entry" if counted == 1 else f"{counted} entries"
    expect(dialog.get_by_text(entries)).to_be_visible(timeout=BEFORE_POLL)
    expect(dialog.get_by_role("link").first).to_be_visible(timeout=BEFORE_POLL)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="CSV").click()
    rows = told.value.path().read_text().splitlines()
    assert any(f",{counted}," in row for row in rows), rows[:5]

    said = asked(
        hospital,
        "Measure/$evaluate-measure?measure=admissions&periodStart=2026-01-01&periodEnd=2026-12-31",
    )
    # The nurse sees those of their patients, so not more than the hospital has.
    assert counted <= said["group"][0]["measureScore"]["value"]
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="Excel").click()
    with zipfile.ZipFile(told.value.path()) as book:
        assert f"<v>{counted}</v>" in book.read("xl/worksheets/sheet1.xml").decode()


def test_figures_are_those_of_the_api(open_app, hospital):
    page = open_app("board", "reception", at="metrics?start=2026-01-01&end=2026-12-31")
    shown = page.locator("[data-metric=length-of-stay]")
    expect(shown).to_be_visible(timeout=BEFORE_POLL)

    said = asked(
        hospital,
        "Measure/$evaluate-measure?measure=length-of-stay&periodStart=2026-01-01&periodEnd=2026-12-31",
    )
    score = round(said["group"][0]["measureScore"]["value"], 2)
    expect(shown).to_have_text(f"{score}\u00a0days")


def test_an_administrator_has_the_reports_that_are_kept(open_app, check_accessible):
    page = open_app("board", "admin", at="metrics")
    expect(page.get_by_text("You may see no stays")).to_be_visible(timeout=BEFORE_POLL)
    page.get_by_role("link", name="Reports that the server has made").click()

    expect(page.get_by_role("heading", level=1, name="Reports")).to_be_visible()
    expect(page.get_by_role("table").or_(page.get_by_text("No reports"))).to_be_visible()
    check_accessible(page)
