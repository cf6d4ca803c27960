"""Validates every example of US Core 6.1.0 against the profiles that it declares.

    .venv/bin/python -m conformance.us_core_examples.run             # the counts, and what is unexpected
    .venv/bin/python -m conformance.us_core_examples.run --verbose   # every error, and the warnings
    .venv/bin/python -m conformance.us_core_examples.run Patient/example

The package (CC0) lies in `../shared/data/us-core`. It is read as `fhirserver package install` reads
it; the profiles are found in the package, then among those that come with the server; references
lead to the package's other examples. `expected_failures.json` gives a reason for each example with an
error; a new failure and a new pass both end the run with status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fhirserver.errors import Issue
from fhirserver.model.conformance import shipped
from fhirserver.model.resource import Resource
from fhirserver.packages.contents import Package, read
from fhirserver.packages.planning import Given
from fhirserver.validation.validator import Validator

HERE = Path(__file__).parent
FILE = HERE.parents[2] / "shared" / "data" / "us-core" / "us_core_610.tgz"
EXPECTED = HERE / "expected_failures.json"


@dataclass(frozen=True, slots=True)
class Example:
    """A resource of the package, and what the validator says of it."""

    name: str
    profiles: tuple[str, ...]
    issues: tuple[Issue, ...]

    @property
    def errors(self) -> list[Issue]:
        return [i for i in self.issues if i.severity in {"error", "fatal"}]


@cache
def us_core() -> Package:
    """The package, read once."""
    return read(FILE, examples=True)


def examples() -> Iterator[Example]:
    """Every example, validated."""
    package = us_core()
    by_reference = {_name(r): r for r in package.examples}
    validator = Validator(Given([package], shipped()))
    for resource in package.examples:
        yield Example(
            name=_name(resource),
            profiles=tuple(resource.get("meta", {}).get("profile", ())),
            issues=tuple(validator.validate(resource, fetch=by_reference.get)),
        )


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def main(arguments: list[str] | None = None) -> int:
    """Run the suite and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show every error and warning")
    parser.add_argument("name", nargs="?", help="only this example, with all that is said of it")
    options = parser.parse_args(arguments)
    if not FILE.exists():
        print("needs ../shared/data/us-core, which is not at hand")
        return 0
    expected = json.loads(EXPECTED.read_text())
    found = [e for e in examples() if options.name in {None, e.name}]
    valid = [e for e in found if not e.errors]
    declaring = [e for e in found if e.profiles]
    print(f"{len(valid)} of {len(found)} examples are valid; {len(declaring)} declare a profile")
    severities = Counter(i.severity for e in found for i in e.issues)
    print(", ".join(f"{count} {severity}" for severity, count in sorted(severities.items())))
    failed = {e.name: e.errors for e in found if e.errors}
    unexpected = sorted(failed.keys() - expected.keys())
    agreed = sorted((expected.keys() - failed.keys()) & {e.name for e in found})
    for example in found:
        everything = options.verbose or options.name is not None
        shown = example.issues if everything else example.errors
        if everything or example.name in unexpected:
            for issue in shown:
                print(f"  {example.name}: {issue.severity}: {issue.expression}: {issue.text}")
    for name in agreed:
        print(f"  {name} is valid now: take it out of {EXPECTED.name}")
    return 1 if unexpected or agreed else 0


if __name__ == "__main__":
    sys.exit(main())
