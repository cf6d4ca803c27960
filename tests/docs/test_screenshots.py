"""Every page of every app is among the pictures, and every picture that is shown is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.screenshots.__main__ import PICTURES, SIZES, shown_pictures
from docs.screenshots.shots import SHOTS

APPS = Path(__file__).parents[2] / "smart_apps"
NAMES = sorted(json.loads(f.read_text())["name"] for f in APPS.glob("*/app.json"))
ROUTE = re.compile(r'<Route path="([^"]*)"|^  "(/[^"]*)": (?:lazy|part)', re.MULTILINE)
MOST_BYTES = 200_000


def routes(app: str) -> list[str]:
    """The addresses for which an app has a page, as its source names them."""
    pages = [page.read_text() for page in sorted(APPS.glob(f"{app}/*.tsx"))]
    return [a or b for page in pages for a, b in ROUTE.findall(page)]


def leads_to(route: str, path: str) -> bool:
    """Whether an address of a picture is one of a route, as wouter reads it."""
    parts = [
        r"[^/]+" if part.startswith(":") else ".*" if part == "*?" else re.escape(part)
        for part in route.strip("/").split("/")
    ]
    return (
        re.fullmatch("/".join(parts).replace("/.*", "(/.*)?"), path.partition("?")[0]) is not None
    )


def test_apps_have_more_pages_than_their_first() -> None:
    assert sum(len(routes(app)) for app in NAMES) > 60


@pytest.mark.parametrize("app", NAMES)
def test_every_page_is_taken(app: str) -> None:
    paths = [shot.path for shot in SHOTS if shot.app == app]

    assert "" in paths or app == "admin", "its first page"
    # Where an officer and an administrator begin are pages of their own.
    missing = [
        route
        for route in routes(app)
        if route != "/" and not any(leads_to(route, path) for path in paths)
    ]
    assert missing == []


def test_each_picture_has_a_name_of_its_own() -> None:
    names = [shot.name for shot in SHOTS]

    assert sorted(set(names)) == sorted(names)


def test_pictures_that_are_shown_are_kept_and_no_others() -> None:
    kept = {picture.name for picture in PICTURES.iterdir()}

    assert kept == shown_pictures()
    assert kept <= {f"{shot.name}-{size}.png" for shot in SHOTS for size in SIZES}


def test_no_picture_is_another_again() -> None:
    """Such as the page on which one signs in, in the place of what is behind it."""
    contents = [picture.read_bytes() for picture in PICTURES.iterdir()]

    assert len(set(contents)) == len(contents)


def test_pictures_are_small() -> None:
    assert {
        p.name: p.stat().st_size for p in PICTURES.iterdir() if p.stat().st_size > MOST_BYTES
    } == {}
