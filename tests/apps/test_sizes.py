"""What a page loads before anybody has done anything is small enough for a phone on a ward."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

MOST_BYTES: Final = 180_000
"""JavaScript, gzipped, of a page without the viewer of images."""
USERS: Final = {
    "admin": "auditor",
    "board": "nurse",
    "chart": "doctor",
    "home": "nurse",
    "inbox": "doctor",
    "integration": "integrator",
    "messages": "doctor",
    "portal": "patient",
    "prescriptions": "doctor",
    "scheduling": "reception",
}
PATIENCE_MS: Final = 60_000
QUIET_MS: Final = 2_000
SCRIPTS: Final = """() => performance.getEntriesByType("resource")
  .filter((one) => one.name.endsWith(".js")).reduce((sum, one) => sum + one.encodedBodySize, 0)"""


def settled(page: Page) -> int:
    """How many bytes of scripts came, when no more come; live updates keep the network busy."""
    before, size = -1, 0
    while size != before:
        page.wait_for_timeout(QUIET_MS)
        before, size = size, page.evaluate(SCRIPTS)
    return size


@pytest.mark.parametrize("app", sorted(USERS))
def test_a_page_is_small(app: str, open_app: Callable[..., Page]) -> None:
    page = open_app(app, USERS[app])
    expect(page.get_by_role("main")).to_be_visible(timeout=PATIENCE_MS)
    assert 100_000 < settled(page) <= MOST_BYTES


def test_the_chart_of_a_patient_is_small(open_app: Callable[..., Page]) -> None:
    page = open_app("chart", "nurse")
    page.get_by_role("rowheader").get_by_role("link").first.click(timeout=PATIENCE_MS)
    news = page.get_by_role("region", name=re.compile("^Since yesterday"))
    expect(news).to_be_visible(timeout=PATIENCE_MS)
    page.reload()
    expect(news).to_be_visible(timeout=PATIENCE_MS)
    assert 100_000 < settled(page) <= MOST_BYTES
