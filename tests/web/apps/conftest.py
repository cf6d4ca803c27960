"""A front end that is built: two pages and a few files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fhirserver import front_end

HOME = {
    "name": "home",
    "title": {"en": "Home", "de": "Start"},
    "client_id": "fhirserver-home",
    "scope": "openid fhirUser online_access user/Patient.rs",
}
CHART = {
    "name": "chart",
    "title": {"en": "Chart", "de": "Akte"},
    "description": {"en": "A patient's record", "de": "Die Akte eines Menschen"},
    "icon": "clipboard-heart",
    "client_id": "fhirserver-chart",
    "scope": "openid fhirUser launch online_access user/Patient.rs user/Observation.rs",
    "launch": ["standalone", "ehr"],
    "roles": ["doctor", "nurse"],
    "order": 10,
}
IMAGING = {
    "name": "imaging",
    "title": {"en": "Images"},
    "client_id": "fhirserver-imaging",
    "scope": "openid fhirUser user/ImagingStudy.rs",
    "needs": ["webassembly", "camera"],
    "order": 5,
}
SCRIPT = b"console.log('chart');\n" * 100


def write_build(folder: Path, *apps: dict) -> Path:
    """What `npm run build` leaves."""
    for app in apps:
        (folder / app["name"]).mkdir(parents=True, exist_ok=True)
        (folder / app["name"] / "index.html").write_text(
            f"<!doctype html><title>{app['title']['en']}</title>"
        )
    (folder / "apps.json").write_text(json.dumps(apps))
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / "chart-Dk3f.js").write_bytes(SCRIPT)
    (folder / "assets" / "chart-Dk3f.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "codec-9aB2.wasm").write_bytes(b"\0asm")
    (folder / "mark.svg").write_text("<svg/>")
    return folder


@pytest.fixture
def built(tmp_path, monkeypatch) -> Path:
    folder = write_build(tmp_path / "dist", CHART, HOME, IMAGING)
    monkeypatch.setattr(front_end, "folder", lambda: folder)
    return folder


@pytest.fixture
def unbuilt(monkeypatch) -> None:
    monkeypatch.setattr(front_end, "folder", lambda: None)
