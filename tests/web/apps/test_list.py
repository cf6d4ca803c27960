"""The list of the apps that the build leaves."""

from __future__ import annotations

import json

import pytest

from fhirserver import content, front_end
from fhirserver.errors import Invalid
from tests.web.apps.conftest import CHART, HOME, write_build


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../etc"},
        {"name": "assets"},
        {"name": None},
        {"client_id": "a b"},
        {"client_id": "fhirserver-home"},
        {"scope": ""},
        {"title": "Chart"},
        {"title": {"de": "Akte"}},
    ],
)
def test_what_describes_no_app_is_refused_with_its_name(tmp_path, wrong):
    folder = write_build(tmp_path, CHART, HOME)
    (folder / "apps.json").write_text(json.dumps([HOME, CHART | wrong]))

    with pytest.raises(Invalid, match=r"apps\.json"):
        front_end.apps(folder)


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]"])
def test_a_broken_list_is_refused(tmp_path, text):
    (tmp_path / "apps.json").write_text(text)

    with pytest.raises(Invalid):
        front_end.apps(tmp_path)


def test_the_build_is_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "PACKAGE", tmp_path / "fhirserver")
    assert front_end.folder() is None

    in_checkout = write_build(tmp_path / "smart_apps" / "dist", HOME)
    assert front_end.folder() == in_checkout

    in_wheel = write_build(tmp_path / "fhirserver" / "_content" / "apps", HOME)
    assert front_end.folder() == in_wheel
