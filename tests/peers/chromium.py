"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window; skips the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no Chromium here (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        # A sandbox within the sandbox of a container can't be made.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        # Machines that run all tests at once are slow.
        expect.set_options(timeout=20_000)
        try:
            yield opened
        finally:
            opened.close()
