"""Schemathesis makes requests of the OpenAPI document, and holds the answers against it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 20
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,ignored_auth"
)


@pytest.mark.slow
def test_the_server_answers_as_the_document_says_and_never_fails(running_server, tmp_path):
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run",
        f"{running_server.base}/openapi.json?_type=Patient",
        "--header", f"Authorization: Bearer {running_server.token}",
        "--checks", CHECKS, "--phases", "coverage,fuzzing",
        "--max-time", str(SECONDS), "--continue-on-failure", "--no-color", "--warnings", "off",
        "--suppress-health-check", "all", "--seed", "1",
    ]  # fmt: skip

    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-1000:]
    assert "No issues found" in run.stdout
