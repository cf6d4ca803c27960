"""What consents come to."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.access.consent import Directive, directives, named_by
from fhirserver.access.labels import CONFIDENTIALITY, label
from fhirserver.errors import Unprocessable
from fhirserver.search.hashing import reference_self
from fhirserver.search.site import Site

PRIVACY = {"coding": [{"code": "patient-privacy"}]}
TYPES = "http://hl7.org/fhir/resource-types"


def consent(provision: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": PRIVACY,
        "patient": {"reference": "Patient/p"},
        **({} if provision is None else {"provision": provision}),
        **others,
    }


def actor(reference: str) -> dict[str, Any]:
    return {"role": {"text": "x"}, "reference": {"reference": reference}}


def said(resource: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (d.depth, d.effect, d.actor, d.purpose, d.type, d.label)
        for d in directives(resource, Site())
    }


DOCTOR = reference_self("Practitioner", "d")


def test_a_denial_of_everything_is_one_directive() -> None:
    assert said(consent({"type": "deny"})) == {(0, "deny", None, None, None, None)}


def test_what_a_provision_names_narrows_it() -> None:
    made = said(
        consent(
            {
                "type": "deny",
                "actor": [actor("Practitioner/d")],
                "purpose": [{"code": "TREAT"}],
                "class": [{"system": TYPES, "code": "Observation"}],
                "securityLabel": [{"system": CONFIDENTIALITY, "code": "R"}],
            }
        )
    )

    assert made == {(0, "deny", DOCTOR, "TREAT", "Observation", label(CONFIDENTIALITY, "R"))}


def test_an_exception_has_from_the_outer_what_it_does_not_name() -> None:
    made = said(
        consent(
            {
                "type": "deny",
                "actor": [actor("Practitioner/d")],
                "provision": [
                    {"type": "permit", "class": [{"system": TYPES, "code": "Condition"}]}
                ],
            }
        )
    )

    assert made == {
        (0, "deny", DOCTOR, None, None, None),
        (1, "permit", DOCTOR, None, "Condition", None),
    }


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive"])
def test_only_an_active_consent_counts(status: str) -> None:
    assert not said(consent({"type": "deny"}, status=status))


def test_a_consent_to_research_is_not_about_privacy() -> None:
    assert not said(consent({"type": "deny"}, scope={"coding": [{"code": "research"}]}))


def test_opting_out_denies_what_no_provision_permits() -> None:
    out = {"coding": [{"code": "OPTOUT"}]}

    assert said(consent(policyRule=out)) == {(0, "deny", None, None, None, None)}


@pytest.mark.parametrize(
    "vague",
    [
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}]},
        {"action": [{"text": "disclose"}]},
        {"class": [{"system": "http://loinc.org", "code": "1"}]},
    ],
)
def test_what_cannot_be_told_apart_widens_a_denial_and_makes_no_permission(vague: Any) -> None:
    assert said(consent({"type": "deny", **vague})) == {(0, "deny", None, None, None, None)}
    assert not said(consent({"type": "permit", **vague}))


def test_an_actor_who_is_nobody_here_is_not_everybody() -> None:
    made = said(consent({"type": "permit", "actor": [actor("http://elsewhere/Practitioner/1")]}))

    assert made == {(0, "permit", 0, None, None, None)}


def test_periods_are_cut_by_those_around_them() -> None:
    outer = {"start": "2026-01-01", "end": "2026-12-31"}
    never = consent(
        {
            "type": "deny",
            "period": outer,
            "provision": [{"type": "permit", "period": {"start": "2027-05-01"}}],
        }
    )

    assert {d[0] for d in said(never)} == {0}


def test_a_consent_names_who_may_see_what_is_very_restricted() -> None:
    very = [{"system": CONFIDENTIALITY, "code": "V"}]
    permit = {"type": "permit", "securityLabel": very}

    found = named_by(consent({**permit, "actor": [actor("Practitioner/d")]}), Site())

    assert {(r.actor, r.kind) for r in found} == {(DOCTOR, "named")}
    assert not named_by(consent(permit), Site())


def test_a_consent_with_too_many_combinations_is_refused() -> None:
    many = [actor(f"Practitioner/{n}") for n in range(60)]

    with pytest.raises(Unprocessable):
        directives(
            consent(
                {
                    "type": "deny",
                    "actor": many,
                    "purpose": [{"code": f"P{n}"} for n in range(60)],
                }
            ),
            Site(),
        )


def test_a_directive_knows_its_patient() -> None:
    found = directives(consent({"type": "deny"}), Site())

    assert all(isinstance(d, Directive) for d in found)
    assert {d.patient for d in found} == {reference_self("Patient", "p")}
