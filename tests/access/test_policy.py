"""Policies as JSON: read, refused with their place, and written as they were."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.access.checking import check_policy
from fhirserver.access.policy import Policy, json_of_policy, policy_of
from fhirserver.access.shipped import shipped_policies
from fhirserver.errors import FhirError, Invalid, Unprocessable
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import Site

RULE: dict[str, Any] = {"types": ["Patient"], "rights": "r"}


def policy(**rule: Any) -> dict[str, Any]:
    return {"name": "a", "roles": ["r"], "rules": [{**RULE, **rule}]}


@pytest.mark.parametrize("name", sorted(shipped_policies()))
def test_a_shipped_policy_can_be_used_and_reads_as_it_is_written(name: str) -> None:
    found = shipped_policies()[name]

    check_policy(found, base_parameters(), Site())
    assert found.name == name
    assert policy_of(json_of_policy(found)) == found


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({**policy(), "name": "No spaces"}, "policy.name"),
        ({**policy(), "roles": []}, "policy.roles"),
        ({**policy(), "powers": ["fly"]}, "policy.powers"),
        ({**policy(), "status": "retired"}, "policy.status"),
        ({**policy(), "more": 1}, "policy"),
        (policy(types=[]), "policy.rules[0].types"),
        (policy(rights="rx"), "policy.rules[0].rights"),
        (policy(effect="maybe"), "policy.rules[0].effect"),
        (policy(where={}), "policy.rules[0].where"),
        (policy(where={"care": ["friendship"]}), "policy.rules[0].where.care"),
        (policy(where={"own": False}), "policy.rules[0].where.own"),
        (policy(where={"own": True, "unit": True}), "policy.rules[0].where"),
        (policy(where={"all": [{"own": True}, {"x": 1}]}), "policy.rules[0].where.all[1]"),
        (policy(where={"refers": ["link"], "to": "you"}), "policy.rules[0].where.refers"),
        (policy(where={"labels": ["R"]}), "policy.rules[0].where.labels"),
        (policy(effect="deny", hidden=["name"]), "policy.rules[0]"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(value: Any, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        policy_of(value)

    assert caught.value.issues[0].expression == place


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"types": ["Pet"]}, "policy.rules[0].types"),
        ({"hidden": ["fur"]}, "policy.rules[0].hidden"),
        ({"where": {"search": "fur=red"}}, "policy.rules[0]"),
        ({"where": {"search": "name=Ada"}}, "policy.rules[0]"),
        ({"where": {"search": "general-practitioner.name=Ada"}}, "policy.rules[0]"),
        ({"where": {"search": "_has:Observation:patient:code=1"}}, "policy.rules[0]"),
        ({"where": {"search": "gender:missing=true"}}, "policy.rules[0]"),
        ({"where": {"refers": ["gender"]}}, "policy.rules[0]"),
        ({"constraints": ["%after.name.("]}, "policy.rules[0].constraints[0]"),
        ({"types": ["Patient/*"], "hidden": ["text"]}, "policy.rules[0]"),
    ],
)
def test_a_rule_that_does_not_fit_its_types_is_refused(rule: dict[str, Any], place: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        check_policy(policy_of(policy(**rule)), base_parameters(), Site())

    assert caught.value.issues[0].expression == place


def test_nested_predicates_end_somewhere() -> None:
    where: dict[str, Any] = {"own": True}
    for _ in range(20):
        where = {"not": where}

    with pytest.raises(FhirError):
        policy_of(policy(where=where))


def test_a_version_does_not_make_a_policy_another() -> None:
    assert Policy("a", version="1") == Policy("a", version="2")
