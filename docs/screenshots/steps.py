"""What is done on a page before it is taken: a dialog is opened, a form filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playwright.sync_api import Page, expect

Known = Mapping[str, str]
Step = Callable[[Page, Known], None]
"""`known` is that of the hospital: ids by name."""


def find_patient(page: Page, known: Known) -> None:
    page.locator("#content").get_by_role("textbox").first.fill(known["family"])
    expect(page.locator("#content").get_by_role("link").first).to_be_visible()


def break_the_glass(page: Page, known: Known) -> None:
    """Only who has just signed in may; once it is done, the record is open for an hour."""
    way_in = page.get_by_label("Why, in a sentence")
    if way_in.count() == 0:
        return
    way_in.fill("Brought in unconscious by ambulance, no papers")
    page.get_by_role("button", name="Break the glass").click()
    expect(page.get_by_role("region", name=re.compile("^Since yesterday"))).to_be_visible()


def add_document(page: Page, known: Known) -> None:
    page.get_by_role("button", name="Add a document").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def share(page: Page, known: Known) -> None:
    page.get_by_role("button", name="Share …").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def answer_alert(page: Page, known: Known) -> None:
    page.get_by_role("button", name="Answer").first.click()


def new_appointment(page: Page, known: Known) -> None:
    page.get_by_role("button", name=re.compile("New appointment")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def open_bed(page: Page, known: Known) -> None:
    page.get_by_role("button", name=re.compile("MRN")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def decide(page: Page, known: Known) -> None:
    page.get_by_role("button", name="Decide…").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def open_rule(page: Page, known: Known) -> None:
    page.locator("#content button[aria-expanded=false]").first.click()


def shown_images(page: Page, known: Known) -> None:
    expect(page.get_by_text(re.compile("^Image 1 of")).first).to_be_visible()


def write_report(page: Page, known: Known) -> None:
    shown_images(page, known)
    write = page.get_by_role("button", name="Write the report")
    # On a desk the report is beside the images from the beginning.
    if write.count() == 0:
        page.get_by_role("button", name="Report", exact=True).click()
    write.click()
    form = page.get_by_role("region", name="Write the report")
    form.get_by_label("Findings").fill(
        "Hyperdense lesion, 16 x 20 mm, left parietal, at the inner table.\n"
        "Ventricles of normal width, midline not shifted."
    )
    form.get_by_label("Impression").fill("Small intracerebral haemorrhage, left parietal lobe")


def plan_move(page: Page, known: Known) -> None:
    page.get_by_label("Whose they are").fill(known["other"])
    page.get_by_role("list", name="Patients found").get_by_role("button").first.click()
    page.get_by_label("How it is known").fill("The scanner was still open on the patient before")
