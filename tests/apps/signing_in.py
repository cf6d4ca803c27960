"""Accounts of the demo hospital in Chromium, on a desk or a phone."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from conformance.faults.server import Server

SIZES = {"desk": (1440, 900), "phone": (390, 844)}
"""The sizes of pictures and measurements, by the device: width and height in CSS pixels."""


def a_context(
    browser: Browser, size: tuple[int, int], *, is_phone: bool, is_dark: bool = False, **more: Any
) -> BrowserContext:
    """A browser of somebody new; `more` are Playwright's own options."""
    width, height = size
    return browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=is_phone,
        is_mobile=is_phone,
        color_scheme="dark" if is_dark else "light",
        locale="en-GB",
        **more,
    )


def sign_in(page: Page, server: Server, app: str, user: str, at: str = "") -> None:
    """Open an address of an app, as somebody who has to say who they are."""
    page.goto(address(server, app, at))
    page.get_by_label(re.compile("user name|username", re.IGNORECASE)).fill(user)
    page.get_by_label("Password", exact=True).fill(f"demo-{user}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(rf"/apps/{app}/(?!\?code=)"))


def address(server: Server, app: str, at: str) -> str:
    """Of a page of an app."""
    return f"http://127.0.0.1:{server.port}/apps/{app}/{at}"
