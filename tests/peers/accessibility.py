"""axe, the judge of accessibility that most tools are made of, on a desk and on a phone.

https://github.com/dequelabs/axe-core
"""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (390, 1440)


def assert_accessible(page: Page) -> None:
    """No finding of axe, and nothing to scroll sideways for.

    With SCREENSHOTS=FOLDER in the environment, pictures are left there to look at.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SCREENSHOTS"):
            name = page.url.partition("?")[0].rstrip("/").split("/", 3)[-1].replace("/", "-")
            page.screenshot(path=Path(folder, f"{name}-{width}.png"), full_page=True)
        found = Axe().run(page).response["violations"]
        assert not found, [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
