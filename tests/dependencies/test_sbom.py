"""https://cyclonedx.org/docs/1.6/json/"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]


def test_the_list_of_parts_is_valid_and_complete(tmp_path):
    line = next(li for li in (ROOT / "Makefile").read_text().splitlines() if "cyclonedx-py" in li)
    options = line.split("cyclonedx-py", 1)[1].replace("dist/", f"{tmp_path}/").split()
    # The schema is checked here; checking it twice takes twice as long.
    program = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *options, "--no-validate"]

    subprocess.run(program, cwd=ROOT, check=True, capture_output=True)

    text = (tmp_path / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = json.loads(text)
    locked = (ROOT / "requirements" / "run.txt").read_text()
    wanted = set(re.findall(r"^([a-z0-9._-]+)==(\S+)", locked, re.MULTILINE))
    assert {(c["name"].lower(), c["version"]) for c in bom["components"]} == wanted
    assert bom["metadata"]["component"]["name"] == "fhirserver"
    assert all(c["externalReferences"][0]["hashes"] for c in bom["components"])
