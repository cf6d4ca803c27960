"""Chains and _has."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid, TooCostly
from fhirserver.search.hashing import number, salt
from fhirserver.search.query import Chain, Ids, InStrings, Or, ReverseChain

NAMED = InStrings(number("name"), "prefix", "ada")


def test_a_chain_goes_to_the_types_that_have_the_parameter(search):
    assert search("Observation?subject.name=ada").condition == Chain(
        salt("subject"), ("Patient", "Location"), NAMED
    )


def test_a_chain_can_name_its_type(search):
    assert search("Observation?subject:Patient.name=ada").condition == Chain(
        salt("subject"), ("Patient",), NAMED
    )


def test_chains_go_as_deep_as_the_references(search):
    assert search("Observation?patient.organization.name=ada").condition == Chain(
        salt("patient"), ("Patient",), Chain(salt("organization"), ("Organization",), NAMED)
    )


def test_types_with_different_conditions_are_chained_apart(search):
    condition = search("Observation?subject.identifier:missing=true").condition
    assert isinstance(condition, Chain)

    condition = search("DiagnosticReport?result.value-date=2020&subject.type=x").condition
    assert condition


def test_has_asks_from_the_other_side(search):
    condition = search("Patient?_has:Observation:patient:code=1").condition

    assert isinstance(condition, ReverseChain)
    assert (condition.source, condition.salt) == ("Observation", salt("patient"))


def test_has_can_be_nested_and_chained(search):
    nested = search("Patient?_has:Observation:patient:_has:Provenance:target:agent=1").condition
    chained = search("Patient?_has:Observation:patient:encounter.location.name=ada").condition
    after = search("Encounter?patient._has:Group:member:_id=102").condition

    assert isinstance(nested, ReverseChain)
    assert isinstance(nested.condition, ReverseChain)
    assert isinstance(chained, ReverseChain)
    assert isinstance(chained.condition, Chain)
    assert after == Chain(
        salt("patient"), ("Patient",), ReverseChain("Group", salt("member"), Ids(("102",)))
    )


def test_a_parameter_that_others_answer_is_chained_by_their_salt(search):
    condition = search("Coverage?patient.name=ada").condition

    assert isinstance(condition, Chain | Or)
    assert condition == Chain(salt("beneficiary"), ("Patient",), NAMED)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("subject:Patient.foo", "Patient has no search parameter foo"),
        ("subject.foo", "nothing that subject can refer to"),
        ("subject:Organization.name", "can't refer to Organization"),
        ("code.name", "not a reference"),
        ("_has:Observation:patient", "_has:TYPE:REFERENCE:PARAMETER"),
        ("_has:Foo:patient:code", "Foo is not a resource type"),
        ("_has:Observation:code:code", "can't refer to"),
        ("_has:Encounter:patient:status", "can't refer to Observation"),
    ],
)
def test_what_cannot_be_followed_is_explained(search, key, text):
    with pytest.raises(Invalid, match=text):
        search(f"Observation?{key}=1")


def test_a_chain_has_at_most_eight_steps(search):
    search("Location?" + "partof." * 8 + "name=x")
    with pytest.raises(TooCostly, match="8 steps"):
        search("Location?" + "partof." * 9 + "name=x")


def test_a_chain_through_everything_is_too_costly_before_it_is_slow(search):
    with pytest.raises(TooCostly, match="conditions"):
        search("Provenance?" + "target.subject.focus." * 2 + "subject.name=x")
