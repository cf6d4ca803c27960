"""Runs HL7's FHIRPath tests for R4 and compares with the failures that are expected.

    .venv/bin/python -m conformance.fhirpath.run            # the count, and what is unexpected
    .venv/bin/python -m conformance.fhirpath.run --verbose  # every failure

The tests are https://github.com/FHIR/fhir-test-cases r4/fhirpath (Apache-2.0), in
`../shared/data/fhirpath` with the inputs in JSON. `expected_failures.json` gives a reason for each
test that fails; a failure that is missing there, and a test that passes in spite of it, both end
the run with status 1. Expressions are compiled strictly, as the tests' modes ask.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from conformance.verdict import is_verbose, verdict
from fhirserver import fhirpath
from fhirserver.errors import FhirError
from fhirserver.fhirpath.functions.conversion import to_string

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "fhirpath"
SUITE = DATA / "tests-fhir-r4.xml"
EXPECTED = HERE / "expected_failures.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One test; `output` is the type and text of each result."""

    name: str
    """Group and name."""
    expression: str
    input: str | None
    invalid: str | None
    predicate: bool
    ordered: bool
    output: tuple[tuple[str | None, str], ...]


def cases() -> Iterator[Case]:
    """Every test of the suite."""
    for group in ET.parse(SUITE).getroot().iter("group"):
        for test in group.iter("test"):
            expression = test.find("expression")
            assert expression is not None
            yield Case(
                name=f"{group.get('name')}/{test.get('name')}",
                expression=expression.text or "",
                input=test.get("inputfile"),
                invalid=expression.get("invalid"),
                predicate=test.get("predicate") == "true",
                ordered=test.get("ordered") != "false",
                output=tuple((o.get("type"), o.text or "") for o in test.findall("output")),
            )


@cache
def resource(name: str | None) -> Any:
    """An input file; a test without one is evaluated on an empty Patient."""
    if name is None:
        return {"resourceType": "Patient"}
    text = (DATA / "input-json" / name).with_suffix(".json").read_text()
    return json.loads(text, parse_float=Decimal)


def failure(case: Case) -> str | None:
    """What is wrong with our answer; None if nothing is."""
    value = resource(case.input)
    try:
        found = fhirpath.compile(case.expression, value["resourceType"], strict=True)(value)
    except FhirError as error:
        return None if case.invalid else f"raised {error}"
    except Exception as error:
        return f"crashed: {error!r}"
    if case.invalid:
        return f"should be refused ({case.invalid}), gave {found}"
    if case.predicate:
        found = [("System.Boolean", bool(found), None)]
    if not case.ordered:
        return None if _bag(found) == Counter(case.output) else f"gave {found}"
    if len(found) != len(case.output):
        return f"gave {found}"
    for item, (type_, text) in zip(found, case.output, strict=True):
        if not _same(item, type_, text):
            return f"gave {found}, not {case.output}"
    return None


def _bag(found: list[Any]) -> Counter[tuple[str | None, str]]:
    return Counter((_type(item), to_string(item) or "") for item in found)


def _type(item: Any) -> str:
    name: str = item[0]
    if not name.startswith("System."):
        return name
    name = name.removeprefix("System.")
    return name if name == "Quantity" else name[0].lower() + name[1:]


def _same(item: Any, type_: str | None, text: str) -> bool:
    if type_ is not None and type_ != _type(item):
        return False
    ours = to_string(item)
    if ours is None:
        return False
    text = text.removeprefix("@").removeprefix("T")
    if ours == text:
        return True
    try:
        return Decimal(ours) == Decimal(text)
    except InvalidOperation:
        return False


def main() -> int:
    """Run everything; 0 if exactly the expected tests fail."""
    verbose = is_verbose(__doc__)
    found: dict[str, str | None] = {}
    for case in cases():  # One name stands twice.
        name = f"{case.name} #2" if case.name in found else case.name
        found[name] = failure(case)
    return verdict(found, EXPECTED, "HL7 FHIRPath tests pass", verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
