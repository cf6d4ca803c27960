"""Runs HL7's validator tests for R4 and compares verdicts and error paths with those published.

    .venv/bin/python -m conformance.validator.run            # the counts, and what is unexpected
    .venv/bin/python -m conformance.validator.run --verbose  # every disagreement, with our issues
    .venv/bin/python -m conformance.validator.run allergy    # one row, with all its issues

The tests are https://github.com/FHIR/fhir-test-cases validator/ (Apache-2.0), in
`../shared/data/validator-r4`. A row expects errors when its `nontx_errors` is above 0; the published
outcome is the one by the base, the declared profiles and the supporting files, not yet by the
`profile` of the row (all rows named "bad" with a profile expect none). The validator is set as the
published one is: an unknown extension is an error. `expected_failures.json` gives a reason for each
row that needs a package or a code system that isn't here (`not_here`), whose verdict (`verdicts`) or
whose error paths (`paths`) differ; a new disagreement, and one that is gone, both end the run with
status 1. README.md says what is compared with what.
"""

from __future__ import annotations

import argparse
import csv
import json as plain_json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fhirserver.errors import FhirError, Issue
from fhirserver.model import canonicals, json, xml
from fhirserver.model.conformance import shipped
from fhirserver.validation.options import Options
from fhirserver.validation.validator import Validator

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "validator-r4"
EXPECTED = HERE / "expected_failures.json"

# As the published outcomes were made.
OPTIONS = Options(
    unknown_extension="error",
    html_in_text="error",
    wrong_display="error",
    unknown_profile="error",
    dangling_link="error",
    undecided_period="error",
)
# Rows that were run with another option, as their descriptions say.
PER_ROW: dict[str, dict[str, Any]] = {
    "bad-markdown-no-html": {"html_in_markdown": "error"},
    "pat-security-good2": {"html_in_text": None},
    "pat-example-extensions": {"example_extension": "error"},
    "contained-resource-bad-id-ignore": {"contained": False},
    "uk-msg": {"trusted_extensions": ("https://fhir.nhs.uk/",)},
}
# Rows that looked for what is referred to, and had nothing besides the file.
FETCHING = frozenset({"parameters-reference", "parameters-reference-bad"})


@dataclass(frozen=True, slots=True)
class Row:
    """One test; `paths` are those of the errors that need no terminology server."""

    name: str
    file: str
    supporting: tuple[str, ...]
    has_errors: bool
    paths: frozenset[str]
    is_cut: bool
    """Whether the list of paths was cut when it was published: ours may be more."""


def rows() -> Iterator[Row]:
    """Every row; some names occur twice, the second time with a mark."""
    seen: set[str] = set()
    with (DATA / "expected.csv").open() as file:
        for r in csv.DictReader(file):
            name = r["name"] if r["name"] not in seen else f"{r['name']} #2"
            seen.add(r["name"])
            files = [r["profile"], *r["supporting"].split(";")]
            yield Row(
                name=name,
                file=r["file"],
                supporting=tuple(dict.fromkeys(f for f in files if f)),
                has_errors=int(r["nontx_errors"]) > 0,
                paths=paths_in(r["expected_nontx_paths"]),
                is_cut=len(r["expected_nontx_paths"]) >= CUT,
            )


# Longer lists of paths were cut here, in the middle of a path.
CUT = 300


def paths_in(cell: str) -> frozenset[str]:
    """The paths in a cell of the table."""
    paths = [p.strip() for p in cell.split(" ;")]
    if len(cell) >= CUT:
        paths.pop()
    return frozenset(plain(p) for p in paths if p)


class Supported:
    """What is shipped, and the supporting files of a row."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self._found: dict[tuple[str, str], Any] = {}
        for name in files:
            file = DATA / "resources" / name
            try:
                resource = parsed(file)[0][0]
            except (FhirError, OSError):
                continue
            for url in canonicals.addresses(resource):
                self._found[resource["resourceType"], url] = resource
                if "version" in resource:
                    self._found[resource["resourceType"], f"{url}|{resource['version']}"] = resource

    def find(self, resource_type: str, canonical: str) -> Any:
        key = resource_type, canonical
        url = canonical.partition("|")[0]
        found = self._found.get(key) or (
            None if "|" in canonical and shipped().find(*key) else self._found.get((key[0], url))
        )
        if found is None:
            return shipped().find(*key)
        return found

    def urls(self, resource_type: str) -> list[str]:
        own = [u for t, u in self._found if t == resource_type]
        return [*own, *shipped().urls(resource_type)]


def parsed(file: Path) -> tuple[list[Any], list[Issue]]:
    """The resources in a file, several in one of lines; and what its XML has that is no FHIR."""
    body = file.read_bytes()
    if file.suffix == ".xml":
        resource, flaws = xml.survey(body)
        return [resource], flaws
    if file.suffix == ".ndjson":
        return [json.parse_object(line) for line in body.splitlines() if line.strip()], []
    return [json.parse_object(body)], []


def options_of(row: Row) -> Options:
    """The published validator's options for a row."""
    return replace(OPTIONS, **PER_ROW.get(row.name, {}))


def issues(row: Row, profiles: tuple[str, ...] = ()) -> list[Issue]:
    """What our validator says of a row."""
    try:
        resources, flaws = parsed(DATA / "resources" / row.file)
    except FhirError as error:
        return list(error.issues)
    validator = Validator(Supported(row.supporting), options=options_of(row))
    told = {i.expression for i in flaws}
    flaws = [as_the_reader_has_it(i, resources[0]) for i in flaws]
    fetch = nothing_else if row.name in FETCHING else None
    found = [i for r in resources for i in validator.validate(r, profiles, fetch=fetch)]
    return [*flaws, *(i for i in found if i.expression not in told or i.code == "invariant")]


def nothing_else(reference: str) -> None:
    """The store of a row that looks for what its resources refer to."""


def errors(found: list[Issue]) -> list[Issue]:
    """The errors among issues."""
    return [i for i in found if i.severity in {"error", "fatal"}]


_COMMENT = re.compile(r"/\*.*?\*/|\.ofType\(\w+\)|\[url='[^']*'\]")


def plain(path: str) -> str:
    """A path as both write it."""
    return _COMMENT.sub("", path)


def our_paths(found: list[Issue]) -> frozenset[str]:
    """The paths of our errors, where theirs would be."""
    return frozenset(place(i) for i in errors(found))


# The published tool tells all fullUrls at the first entry, and counts from 1 in documents.
AT_FIRST_ENTRY = ("the fullUrl",)
FROM_ONE = ("what this refers to isn't in the document", "nothing leads from the Composition")


def place(issue: Issue) -> str:
    """Where theirs is: at the parent for an element that is missing or unknown."""
    path = plain(issue.expression or "?")
    if issue.text.startswith(AT_FIRST_ENTRY):
        return "Bundle.entry[0]"
    if issue.text.startswith(FROM_ONE):
        return re.sub(r"\d+", lambda n: str(int(n[0]) + 1), path)
    if issue.text.startswith(("is required", "is not an element", "must have one type only")):
        return path.rpartition(".")[0]
    return path


# What the published tool's reader of XML tells itself, in steps of XML.
BY_THE_READER = ("is not an element of", "is not an attribute of", "the element has text")
_STEP = re.compile(r"\.(\w+)(?:\[(\d+)\])?")


def as_the_reader_has_it(issue: Issue, resource: Any) -> Issue:
    """`Patient.name[0].value` as `/f:Patient/f:name/f:valueString`; begun anew in each resource."""
    if not any(text in issue.text for text in BY_THE_READER):
        return issue
    here, path = resource, f"/f:{resource['resourceType']}"
    for name, number in _STEP.findall(issue.expression or ""):
        key = next((k for k in here if k == name or re.fullmatch(f"{name}[A-Z].*", k)), name)
        here = here.get(key, {})
        here = (
            here[int(number)] if isinstance(here, list) and int(number or 0) < len(here) else here
        )
        here = here if isinstance(here, dict) else {}
        path = here.get("resourceType", f"{path}/f:{key}")
    return replace(issue, expression=path)


def outcome(row: Row, found: list[Issue]) -> tuple[bool, bool]:
    """Whether the verdict is the published one, and whether the paths are."""
    same_verdict = bool(errors(found)) == row.has_errors
    ours = our_paths(found)
    same_paths = row.paths <= ours if row.is_cut else row.paths == ours
    return same_verdict, same_verdict and same_paths


def main() -> int:
    """Run everything; 0 if exactly the expected rows disagree."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="show every disagreement")
    parser.add_argument("rows", nargs="*", help="only these rows, with all issues")
    arguments = parser.parse_args()
    expected: Mapping[str, Mapping[str, str]] = plain_json.loads(EXPECTED.read_text())
    wrong: dict[str, set[str]] = {"not_here": set(), "verdicts": set(), "paths": set()}
    total = 0
    for row in rows():
        if arguments.rows and row.name not in arguments.rows:
            continue
        total += 1
        found = issues(row)
        verdict, paths = outcome(row, found)
        kind = kind_of(row, expected, has_verdict=verdict)
        if not paths:
            wrong[kind].add(row.name)
        is_new = not paths and row.name not in expected[kind]
        if arguments.rows or (is_new or (arguments.verbose and not paths)):
            show(row, found if arguments.rows else errors(found))
    judged = total - len(wrong["not_here"])
    if wrong["not_here"]:
        print(
            f"{len(wrong['not_here'])} of {total} rows need packages that aren't here; of the others"
        )
    verdicts = judged - len(wrong["verdicts"])
    same = verdicts - len(wrong["paths"])
    print(f"{verdicts} of {judged} verdicts are the published ones")
    print(f"{same} of {judged} rows have the published error paths ({same / judged:.1%})")
    if arguments.rows:
        return 0
    status = 0
    for kind, names in wrong.items():
        fixed = sorted(set(expected[kind]) - names)
        if fixed:
            print(f"{kind}: agree, but are expected not to:", ", ".join(fixed))
        if fixed or names - set(expected[kind]):
            status = 1
    return status


def kind_of(row: Row, expected: Mapping[str, Mapping[str, str]], *, has_verdict: bool) -> str:
    """Where a disagreement belongs: to what isn't here, to the verdicts, or to the paths."""
    if row.name in expected["not_here"]:
        return "not_here"
    return "paths" if has_verdict else "verdicts"


def show(row: Row, found: list[Issue]) -> None:
    """Print a row."""
    print(f"{row.name} ({row.file}): {'errors' if row.has_errors else 'valid'} expected")
    for path in sorted(row.paths - our_paths(found)):
        print(f"    - {path}")
    for i in found:
        print(f"    {'=' if place(i) in row.paths else '+'} {i.severity} {i.expression}: {i.text}")


if __name__ == "__main__":
    sys.exit(main())
