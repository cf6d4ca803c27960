"""Runs the tests of SQL on FHIR v2: every view of theirs on their resources.

    .venv/bin/python -m conformance.sql_on_fhir.run             # the count, and what is unexpected
    .venv/bin/python -m conformance.sql_on_fhir.run --verbose   # every failure

The tests are https://github.com/FHIR/sql-on-fhir-v2 tests/ (CC0). Rows are compared without regard
to their order, as the specification leaves it open; columns with it, where a case says so. Of
errors only that there is one. A file that names releases of FHIR is run if R4 is among them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.verdict import is_verbose, verdict
from fhirserver import views
from fhirserver.errors import FhirError
from fhirserver.model import json

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[2] / "shared" / "data" / "sql-on-fhir-v2" / "tests"
EXPECTED: Final = HERE / "expected_failures.json"
R4: Final = "4.0.1"


def cases() -> Iterator[tuple[str, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Name, case and resources of each that concerns R4."""
    for file in sorted(DATA.glob("*.json")):
        suite = json.parse(file.read_bytes())
        if R4 in suite.get("fhirVersion", [R4]):
            for case in suite["tests"]:
                yield f"{file.stem}/{case['title']}", case, suite["resources"]


def trouble(case: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> str | None:
    """What is wrong with our answer; None if nothing is."""
    try:
        view = views.read(case["view"])
        found = [row for resource in resources for row in view.rows(resource)]
    except FhirError as error:
        return None if case.get("expectError") else f"refused: {error}"
    if case.get("expectError"):
        return f"should be refused, gave {found!s:.200}"
    names = [c.name for c in view.columns]
    if "expectColumns" in case and names != case["expectColumns"]:
        return f"columns {names}, not {case['expectColumns']}"
    if "expectCount" in case and len(found) != case["expectCount"]:
        return f"{len(found)} rows, not {case['expectCount']}"
    rows = sorted(_sortable(dict(zip(names, row, strict=True))) for row in found)
    wanted = sorted(_sortable(row) for row in case.get("expect", ()))
    return (
        None
        if "expect" not in case or rows == wanted
        else f"gave {rows!s:.300}, not {wanted!s:.300}"
    )


def _sortable(row: Mapping[str, Any]) -> str:
    """A row as text; 1.0 and 1 are the same number, as JSON's are."""
    return repr(sorted((k, _plain(v)) for k, v in row.items()))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, bool | str) or value is None:
        return value
    return float(value)


def main() -> int:
    """Run everything; 0 if exactly the expected cases fail."""
    verbose = is_verbose(__doc__)
    found = {name: trouble(case, resources) for name, case, resources in cases()}
    return verdict(found, EXPECTED, "SQL on FHIR tests pass", verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
