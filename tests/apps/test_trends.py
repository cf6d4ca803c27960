"""Trends of cohorts: figures as the API says them, the list behind each, and files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from conformance.faults.client import Client

pytestmark = pytest.mark.slow

HEART_RATE = "http://loinc.org|8867-4"
PERIOD = "start=2026-01-01&end=2026-12-31"
FIGURES = {
    "minimum": "minimum",
    "lower": "lower-quartile",
    "median": "median",
    "upper": "upper-quartile",
    "maximum": "maximum",
}


def spans(client: Client, **more: str) -> list[dict[str, Any]]:
    """What the API says of months, the last first."""
    asked = "".join(
        f"&{name.replace('_', '-')}={quote(value, safe='')}" for name, value in more.items()
    )
    said = client.send(
        "GET",
        f"Observation/$cohort-trend?code={quote(HEART_RATE, safe='')}&{PERIOD}&by=month{asked}",
    ).json
    made = [
        {
            p["name"]: next((v for k, v in p.items() if k.startswith("value")), p)
            for p in one["part"]
        }
        for one in said["parameter"]
        if one["name"] == "span"
    ]
    return made[::-1]


def shown(value: float) -> str:
    """A number as it is on the screen."""
    return f"{value:.12g}"


def test_a_trend_is_that_of_the_api_and_leads_to_its_patients(
    open_app: Callable[..., Page],
    client_as: Callable[[str], Client],
    check_accessible: Callable[[Page], None],
):
    page = open_app("board", "doctor", f"trends?{PERIOD}&by=month")
    expect(page.get_by_text("Choose a value")).to_be_visible()
    page.get_by_role("combobox", name="Value", exact=True).fill("heart")
    page.get_by_role("option", name="Heart rate", exact=True).click()
    table = page.get_by_role("table", name="Heart rate")
    expect(table).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Heart rate"))).to_be_visible()
    check_accessible(page)

    said = spans(client_as("doctor"))
    rows = table.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(rows).to_have_count(len(said))
    for at, span in enumerate(said):
        for name, of in FIGURES.items():
            cell = rows.nth(at).locator(f"[data-figure={name}]")
            expect(cell).to_have_text(shown(span[of]))
        expect(rows.nth(at)).to_contain_text(str(span["patients"]))

    rows.first.get_by_role("button", name=re.compile("^List")).click()
    dialog = page.get_by_role("dialog")
    count = said[0]["patients"]
    expect(dialog.get_by_text(re.compile(rf"^{count} patients?,"))).to_be_visible()
    expect(dialog.get_by_role("rowheader").first).to_contain_text(",")
    expect(dialog.get_by_role("link").first).to_have_attribute(
        "href", re.compile("/apps/chart/patients/")
    )
    check_accessible(page)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="CSV").click()
    written = list(csv.DictReader(io.StringIO(told.value.path().read_text())))
    assert len(written) == len(said)
    assert {row["unit"] for row in written} == {"/min"}
    for row, span in zip(written[::-1], said, strict=True):
        assert row["start"] == span["start"]
        assert int(row["patients"]) == span["patients"]
        assert [float(row[of.replace("-", "_")]) for of in FIGURES.values()] == [
            span[of] for of in FIGURES.values()
        ]
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="Excel").click()
    assert told.value.path().read_bytes().startswith(b"PK")


def test_a_group_by_age_is_that_of_the_api(
    open_app: Callable[..., Page], client_as: Callable[[str], Client]
):
    at = f"trends?{PERIOD}&by=month&code={quote(HEART_RATE, safe='')}&name=Heart+rate"
    page = open_app("board", "doctor", at)
    page.get_by_label("Age from").fill("65")

    expect(page.get_by_text(re.compile(r"^The group has \d+ patient"))).to_be_visible()
    said = spans(client_as("doctor"), age_from="65")
    medians = page.locator("[data-figure=median]")
    expect(medians).to_have_count(len(said))
    assert medians.all_inner_texts() == [shown(s["median"]) for s in said]
    page.get_by_label("Age to").fill("60")
    expect(page.get_by_text("From is more than to")).to_be_visible()
