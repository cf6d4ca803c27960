"""Requests that Schemathesis makes of the OpenAPI document never make the server fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 10


@pytest.mark.slow
def test_no_request_that_the_document_allows_or_hardly_allows_fails(running_server, tmp_path):
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run",
        f"{running_server.base}/openapi.json?_type=Patient,ValueSet",
        "--header", f"Authorization: Bearer {running_server.token}",
        "--checks", "not_a_server_error", "--phases", "coverage,fuzzing",
        "--max-time", str(SECONDS), "--continue-on-failure", "--no-color", "--warnings", "off",
        "--suppress-health-check", "all", "--seed", "1",
    ]  # fmt: skip

    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-1000:]
    assert "No issues found" in run.stdout
