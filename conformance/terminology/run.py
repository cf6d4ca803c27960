"""HL7's terminology server tests (fhir-tx-ecosystem-ig) over HTTP.

    .venv/bin/python -m conformance.terminology.run                  # counts, and what fails
    .venv/bin/python -m conformance.terminology.run --suite version  # one suite
    .venv/bin/python -m conformance.terminology.run --show NAME      # one test in full

A suite's resources are sent with each request (`tx-resource`), as HL7's own runner does; their
R5 becomes R4 (r4.py), the answers are compared by HL7's rules (matching.py). Suites that need
other code systems than the ones they bring (SNOMED CT, LOINC, UCUM ...) are left out. A failure
that `expected_failures.json` doesn't explain ends the run with status 1, and so does one that it
explains and that passes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from conformance.server import server
from conformance.terminology.matching import Matcher
from conformance.terminology.r4 import Resource, to_r4, to_r5

FOLDER: Final = Path(__file__).parents[3] / "shared/data/tx-ecosystem/tests"
EXPECTED: Final = Path(__file__).with_name("expected_failures.json")

# The suite wants to see how a server refuses what is too much for it, and has 2,000 codes.
MOST_CODES = 1000
SUITES: Final = frozenset({"metadata", "batch"})
"""Suites without a mode that are run beside those of mode `general`."""

ADDRESSES: Final = {
    "expand": "ValueSet/$expand",
    "validate-code": "ValueSet/$validate-code",
    "cs-validate-code": "CodeSystem/$validate-code",
    "lookup": "CodeSystem/$lookup",
    "translate": "ConceptMap/$translate",
    "batch-validate": "ValueSet/$batch-validate-code",
    "metadata": "metadata",
    "term-caps": "metadata?mode=terminology",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A test, and what its suite brings."""

    suite: str
    test: dict[str, Any]
    setup: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.suite}/{self.test['name']}"


@dataclass(slots=True)
class Report:
    """What came of a run."""

    passed: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def unexplained(self, expected: dict[str, str]) -> list[str]:
        return sorted(set(self.failures) - set(expected))

    def not_needed(self, expected: dict[str, str], cases: list[Case]) -> list[str]:
        ran = {c.name for c in cases}
        return sorted(n for n in expected if n in ran and n not in self.failures)


def load(name: str) -> Resource:
    """A file of the suite."""
    found: Resource = json.loads((FOLDER / name).read_text("utf-8-sig"))
    return found


def cases(wanted: str | None = None) -> list[Case]:
    """The tests that this server is meant to pass."""
    found = []
    for suite in load("test-cases.json")["suites"]:
        if suite.get("mode") != "general" and suite["name"] not in SUITES:
            continue
        if wanted is not None and suite["name"] != wanted:
            continue
        setup = tuple(suite.get("setup", ()))
        found += [Case(suite["name"], t, setup) for t in suite["tests"] if not t.get("mode")]
    return found


def run(client: FlaskClient, chosen: list[Case]) -> Report:
    """Run the tests one after the other."""
    report = Report()
    for case in chosen:
        report.total[case.suite] += 1
        difference = outcome(client, case)
        if difference is None:
            report.passed[case.suite] += 1
        else:
            report.failures[case.name] = difference
    return report


def outcome(client: FlaskClient, case: Case) -> str | None:
    """What is wrong with the server's answer; None when it is as expected."""
    status, actual = ask(client, case)
    wanted = case.test.get("http-code", "2xx")
    if not str(status).startswith(wanted[0]):
        return f"status {status} instead of {wanted}: {json.dumps(actual)[:300]}"
    is_subset = case.test["operation"] in {"metadata", "term-caps"}
    matcher = Matcher(subset=is_subset)
    found = matcher.difference(load(case.test["response"]), to_r5(actual))
    for other in ("response:flat", "response2"):
        if (
            found is not None
            and other in case.test
            and matcher.difference(load(case.test[other]), to_r5(actual)) is None
        ):
            return None
    return found


def ask(client: FlaskClient, case: Case) -> tuple[int, Any]:
    """The server's answer to a test."""
    address = f"/fhir/{ADDRESSES[case.test['operation']]}"
    headers = {}
    if "Accept-Language" in case.test:
        headers["Accept-Language"] = case.test["Accept-Language"]
    if "request" not in case.test:
        answer = client.get(address, headers=headers)
    else:
        body = to_r4(request(case))
        answer = client.post(address, json=body, headers=headers)
    return answer.status_code, answer.get_json(force=True)


def request(case: Case) -> Resource:
    """The Parameters to send: those of the test and of its profile, and the suite's resources."""
    found = load(case.test["request"])
    parameters = list(found.get("parameter", ()))
    if "profile" in case.test:
        parameters += load(case.test["profile"]).get("parameter", ())
    parameters += [{"name": "tx-resource", "resource": load(f)} for f in case.setup]
    return {"resourceType": "Parameters", "parameter": parameters}


def show(client: FlaskClient, name: str) -> None:
    """One test with all there is to it."""
    for case in cases():
        if name in {case.name, case.test["name"]}:
            status, actual = ask(client, case)
            sent = dict(request(case))
            sent["parameter"] = [p for p in sent["parameter"] if p["name"] != "tx-resource"]
            print(json.dumps(sent, indent=1))
            print(status, json.dumps(to_r5(actual), indent=1))
            print("expected", json.dumps(load(case.test["response"]), indent=1))
            print(case.name, outcome(client, case))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", help="only the tests of one suite")
    parser.add_argument("--show", help="one test in full")
    parser.add_argument("--verbose", action="store_true", help="also what is expected to fail")
    arguments = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"the tests are not there: {FOLDER}")
        return 0
    expected: dict[str, str] = json.loads(EXPECTED.read_text())
    with server(max_expansion_codes=MOST_CODES) as client:
        if arguments.show:
            show(client, arguments.show)
            return 0
        chosen = cases(arguments.suite)
        started = time.monotonic()
        report = run(client, chosen)
        seconds = time.monotonic() - started
    for suite, total in report.total.items():
        print(f"{suite:26} {report.passed[suite]:4} of {total}")
    print(f"{'all':26} {report.passed.total():4} of {report.total.total()} in {seconds:.1f} s")
    unexplained = report.unexplained(expected)
    not_needed = report.not_needed(expected, chosen)
    for name in report.failures if arguments.verbose else unexplained:
        print(f"FAILED {name}: {report.failures[name]}")
    for name in not_needed:
        print(f"PASSED, though expected to fail: {name}")
    return 1 if unexplained or not_needed else 0


if __name__ == "__main__":
    sys.exit(main())
