"""What the wheel carries besides the packages: the built apps."""

from __future__ import annotations

import pytest

from hatch_build import Apps


def included(root, version="standard"):
    """What the build puts into the wheel: source by target."""
    build_data = {"force_include": {}}
    hook = Apps(str(root), {}, None, None, str(root), "wheel")
    hook.initialize(version, build_data)
    return {target: source for source, target in build_data["force_include"].items()}


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "smart_apps").mkdir()
    (tmp_path / "smart_apps" / "package.json").write_text("{}")
    return tmp_path


def test_a_wheel_has_the_apps_where_the_server_looks_for_them(checkout):
    built = checkout / "smart_apps" / "dist"
    built.mkdir()
    (built / "apps.json").write_text("[]")

    assert included(checkout) == {"fhirserver/_content/apps": str(built)}


def test_no_wheel_is_made_without_them(checkout):
    with pytest.raises(RuntimeError, match="make apps"):
        included(checkout)


def test_an_editable_install_needs_none(checkout):
    assert included(checkout, "editable") == {}
