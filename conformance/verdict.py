"""How a run ends that has expected failures: a new failure and a new pass both break it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path


def is_verbose(description: str | None) -> bool:
    """Read the command line of a suite that has no option but `--verbose`."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="show every failure")
    return bool(parser.parse_args().verbose)


def verdict(found: Mapping[str, str | None], listed: Path, what: str, *, verbose: bool) -> int:
    """Print the count, what is unexpected, or every failure; the exit status.

    `found` has what is wrong with each case, or None; `listed` is a JSON object that gives a reason
    for each case that is expected to fail.
    """
    expected = json.loads(listed.read_text())
    failed = {name: text for name, text in found.items() if text is not None}
    for name, text in failed.items():
        if verbose or name not in expected:
            print(f"{name}: {text}")
    print(f"{len(found) - len(failed)} of {len(found)} {what}")
    passing = sorted(expected.keys() - failed.keys())
    if passing:
        print("pass, but are expected to fail:", ", ".join(passing))
    return 0 if failed.keys() == expected.keys() else 1
