"""The pages that the build makes, one for each app."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

DIST = Path(__file__).parents[2] / "smart_apps" / "dist"

pytestmark = pytest.mark.slow


def test_each_app_has_a_page_with_its_title_and_no_script_within() -> None:
    apps = json.loads((DIST / "apps.json").read_text())
    assert len(apps) > 5

    for app in apps:
        page = (DIST / app["name"] / "index.html").read_text()
        title, scripts = (
            re.findall(r"<title>(.*?)</title>", page),
            re.findall(r"<script[^>]*>", page),
        )
        assert [html.unescape(t) for t in title] == [app["title"]["en"]]
        assert scripts, app["name"]
        assert all('src="/apps/assets/' in script for script in scripts)
        assert "</script>" in page
        assert not re.search(r"<script[^>]*>[^<]+</script>", page)
