"""axe, the judge of accessibility that most tools are made of, on a desk and on a phone.

https://github.com/dequelabs/axe-core
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDTHS = (390, 1440)
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

# What axe found in order is a thousand times as long, and nobody reads it.
_RUN = """options => axe.run(document, {...options, resultTypes: ["violations"]}).then(
  results => results.violations.map(found => [found.id, found.nodes.map(node => node.html)]))"""


def findings(page: Page, options: dict[str, Any] | None = None) -> list[tuple[str, list[str]]]:
    """What axe finds fault with: the name of each rule, and the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[tuple[str, list[str]]] = page.evaluate(_RUN, options or {})
    return found


def assert_accessible(page: Page) -> None:
    """No finding of axe, and nothing to scroll sideways for.

    With SCREENSHOTS=FOLDER in the environment, pictures are left there to look at.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SCREENSHOTS"):
            name = page.url.partition("?")[0].rstrip("/").split("/", 3)[-1].replace("/", "-")
            page.screenshot(path=Path(folder, f"{name}-{width}.png"), full_page=True)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
