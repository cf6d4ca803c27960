"""The worklist queries of dcmtk are answered as its own wlmscpfs answers them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from conformance.loopback import unused_port
from dicom_gateway.matching import How, answered, matching
from tests.peers.dcmtk import needs, serving

DATA = Path("/work/shared/data/dicom/dcmtk_worklist")

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the examples of dcmtk aren't here"),
    needs("wlmscpfs", "findscu"),
]


@pytest.fixture(scope="module")
def wlmscpfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("worklist")
    shutil.copytree(DATA / "wlistdb" / "OFFIS", folder / "OFFIS")
    (folder / "OFFIS" / "lockfile").touch()
    port = unused_port()
    with serving("wlmscpfs", "-dfp", str(folder), str(port), port=port):
        yield port


def model_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = pydicom.dcmread(path, force=True).to_json_dict()
    return found


def told(item: dict[str, Any]) -> dict[str, Any]:
    """What an item says, without what is empty or says how it is written."""
    said = {}
    for tag, element in item.items():
        values = element.get("Value") or []
        if element["vr"] == "SQ":
            values = [told(inner) for inner in values]
        if tag != "00080005" and any(values):
            said[tag] = values
    return said


def in_order(items: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(told(item), sort_keys=True) for item in items)


@pytest.mark.parametrize("number", range(13))
def test_a_query_of_dcmtk_has_the_answers_of_wlmscpfs(
    number: int, wlmscpfs: int, tmp_path: Path
) -> None:
    query = DATA / "wlistqry" / f"wlistqry{number}.dcm"
    command = ["findscu", "-W", "-X", "-od", str(tmp_path), "-aec", "OFFIS"]
    subprocess.run([*command, "127.0.0.1", str(wlmscpfs), str(query)], check=True, timeout=60)
    theirs = [model_of(path) for path in tmp_path.iterdir()]

    keys = model_of(query)
    meets = matching(keys, How(is_combined=True))
    items = [model_of(path) for path in (DATA / "wlistdb" / "OFFIS").glob("*.wl")]
    ours = [answered(keys, item) for item in items if meets(item)]

    assert len(items) == 10
    assert in_order(ours) == in_order(theirs)
