"""What is loaded when: a page before it is opened, and nothing to tell that the network is gone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.apps.conftest import OpenApp

pytestmark = pytest.mark.slow


def test_a_link_that_is_pointed_at_has_its_page_loaded(open_app: OpenApp) -> None:
    page = open_app("integration", "integrator")
    link = page.get_by_role("link", name="Received", exact=True).first

    with page.expect_response(re.compile(r"/assets/Messages-[^/]+\.js$")):
        link.hover()


def test_a_lost_network_is_told_without_loading_anything(open_app: OpenApp) -> None:
    page = open_app("home", "nurse")
    page.get_by_role("button", name="Your account").click()
    german = page.get_by_role("menuitem", name="Deutsch")
    expect(german).to_be_visible()
    page.context.set_offline(True)
    german.click()

    notice = page.get_by_role("alert").filter(has_text="Deutsch")
    expect(notice).to_contain_text("The server can't be reached")
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_count(0)
