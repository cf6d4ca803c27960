"""The garbage collector of a process that serves leaves alone what was loaded."""

from __future__ import annotations

import subprocess
import sys

SERVED = """
import gc
from fhirserver import app

app.create_app = lambda *, hands_over: hands_over and "made"
assert app.serving() == "made"
print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000)
"""


def test_a_web_process_looks_for_garbage_rarely() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVED], capture_output=True, text=True, check=True, timeout=120
    )

    assert done.stdout.split() == ["100000", "True"]
