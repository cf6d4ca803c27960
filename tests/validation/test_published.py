"""Published resources: valid ones pass, and structural errors in invalid ones are caught."""

import bz2
import csv
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirserver.errors import FhirError
from fhirserver.model import json
from fhirserver.validation import check


def synthea(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        for entry in json.parse(bz2.decompress(file.read_bytes()))["entry"]:
            yield entry["resource"]


def test_synthetic_patients_are_valid(shared: Path) -> None:
    files = sorted(shared.glob("synthea/*.bz2"), key=lambda f: f.stat().st_size)

    assert [issue for r in synthea(files[:40]) for issue in check(r)] == []


@pytest.mark.slow
def test_all_synthetic_patients_are_valid(shared: Path) -> None:
    files = sorted(shared.glob("synthea/*.bz2"))

    assert [issue for r in synthea(files) for issue in check(r)] == []


# HL7's own examples that break the rules of R4, and why.
INVALID_EXAMPLES = {
    "ImplementationGuide-fhir.json": "has no name and no status",
    "ig-r4.json": "has no name and no status",
    "Questionnaire-qs1.json": "has items without a linkId",
    "json/questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": (
        "has an id of 67 characters"
    ),
}


@pytest.mark.parametrize("archive", ["instances", "json-xml-officialnames"])
def test_the_examples_of_the_standard_are_valid(shared: Path, archive: str) -> None:
    refused = set()
    with tarfile.open(shared / f"r4-examples/r4-examples-{archive}.tar.xz") as files:
        for member in files:
            content = files.extractfile(member) if member.name.endswith(".json") else None
            if content is not None and check(json.parse_object(content.read())):
                refused.add(member.name)

    assert refused <= set(INVALID_EXAMPLES)
    assert refused


# Valid there only because that test tells the validator to overlook the id.
OVERLOOKED = {"contained-resource-bad-id-ignore"}

STRUCTURALLY_WRONG = {
    "Observation-ex-pain.json",
    "ai3",
    "ai4",
    "attachment-with-invalid-binary",
    "bad-json-close-3",
    "comments-4",
    "contained-resource-bad-id",
    "obs-unit-profile",
    "patient-id-bad-1 / R4",
    "patient-id-bad-2 / R4",
    "patient-id-bad-3 / R4",
    "resource-invalid-eid-2",
    "resource-invalid-id-1",
    "resource-invalid-id-2",
    "resource-invalid-id-3",
    "synthea",
    "xml-bad-entities-json",
}


def is_refused(file: Path) -> bool:
    try:
        return bool(check(json.parse_object(file.read_bytes())))
    except FhirError:
        return True


def test_the_validators_verdicts_are_ours(shared: Path) -> None:
    with (shared / "validator-r4/expected.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["file"].endswith(".json")]
    refused = {
        r["name"]
        for r in rows
        if (path := shared / "validator-r4/resources" / r["file"]).is_file() and is_refused(path)
    }
    valid = {r["name"] for r in rows if int(r["nontx_errors"]) == 0}

    assert refused & valid <= OVERLOOKED
    assert refused >= STRUCTURALLY_WRONG
