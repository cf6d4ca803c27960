"""Reference search."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.search.query import AnyElement


def observation(reference: str | None = None, **more):
    subject = ({"reference": reference} if reference else {}) | more
    return {"resourceType": "Observation", "subject": subject}


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "Patient/1/_history/2",
        "http://hospital.example/fhir/Patient/1",
        "http://hospital.example/fhir/Patient/1/_history/2",
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        "subject=1",
        "subject=Patient/1",
        "subject:Patient=1",
        "subject=http://hospital.example/fhir/Patient/1",
        "patient=1",
        "patient=Patient/1",
        "subject=Group/2,Patient/1",
    ],
)
def test_a_local_reference_is_found_however_it_is_written(found, reference, query):
    assert found(observation(reference), query)


def test_another_type_with_the_same_id_is_not_found(found):
    assert not found(observation("Group/1"), "subject:Patient=1")
    assert not found(observation("Group/1"), "patient=1")
    assert found(observation("Group/1"), "subject=1")


def test_a_reference_elsewhere_is_found_by_its_address(found):
    other = observation("http://elsewhere.example/fhir/Patient/1/_history/9")

    assert found(other, "subject=http://elsewhere.example/fhir/Patient/1")
    assert found(other, "patient=http://elsewhere.example/fhir/Patient/1")
    assert not found(other, "subject=Patient/1")


def test_a_logical_reference_is_found_by_its_identifier(found):
    logical = observation(identifier={"system": "http://h/mrn", "value": "A7"})

    assert found(logical, "subject:identifier=http://h/mrn|a7")
    assert found(logical, "subject:identifier=A7")
    assert not found(logical, "subject:identifier=http://other|A7")
    assert not found(logical, "subject:missing=true")


def test_a_contained_reference_is_present_but_has_no_address(found, index):
    inside = observation("#p1")

    assert found(inside, "subject:missing=false")
    assert len(index(inside).elements) == 1


def test_a_canonical_is_found_with_and_without_its_version(found):
    plan = {"resourceType": "CarePlan", "instantiatesCanonical": ["http://h/PlanDefinition/1|2.0"]}

    assert found(plan, "instantiates-canonical=http://h/PlanDefinition/1|2.0")
    assert found(plan, "instantiates-canonical=http://h/PlanDefinition/1")
    assert not found(plan, "instantiates-canonical=http://h/PlanDefinition/1|3.0")


@pytest.mark.parametrize("value", ["a b", "#x", "/", "Patient/a b", "x" * 65])
def test_what_is_no_reference_is_refused(search, value):
    with pytest.raises(Invalid, match="subject"):
        search(f"Observation?subject={value}")


def test_a_bare_id_stands_for_every_target(search, parameters):
    condition = search("Observation?subject=1").condition

    assert isinstance(condition, AnyElement)
    assert len(condition.elements) == len(parameters.for_type("Observation")["subject"].targets)


def test_a_type_that_cannot_be_referred_to_is_refused(search):
    with pytest.raises(Invalid, match="can't refer to Encounter"):
        search("Observation?subject:Encounter=1")
