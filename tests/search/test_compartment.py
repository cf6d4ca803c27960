"""Compartment search."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.search.hashing import element
from fhirserver.search.query import And, AnyElement, Ids, Or

ADA = ("Patient", "ada")


def test_any_of_the_compartments_parameters_puts_a_resource_in_it(search):
    query = search("Observation", compartment=ADA)

    assert query.condition == AnyElement(
        (element("subject", "r|Patient/ada"), element("performer", "r|Patient/ada"))
    )


def test_a_compartment_and_parameters_must_both_hold(search):
    query = search("Observation?code=1", compartment=ADA)

    assert isinstance(query.condition, And)


def test_the_patient_is_in_its_own_compartment(search):
    condition = search("Patient", compartment=ADA).condition

    assert isinstance(condition, Or)
    assert Ids(("ada",)) in condition.conditions


def test_all_types_of_a_compartment_can_be_searched_at_once(search, parameters):
    query = search("?_lastUpdated=gt2020", compartment=ADA)

    assert set(query.types) == set(parameters.definitions.compartments["Patient"])


def test_a_type_that_is_in_no_compartment_is_refused(search):
    with pytest.raises(Invalid, match="not in the Patient compartment"):
        search("Medication", compartment=ADA)
    with pytest.raises(Invalid, match="not a compartment"):
        search("Observation", compartment=("Medication", "1"))
