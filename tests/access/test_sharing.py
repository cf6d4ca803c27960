"""What Consents share, and which ones share nothing."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.access.care import MEMBER, membership, relations
from fhirserver.access.sharing import CATEGORIES, CATEGORY, givers, shares
from fhirserver.errors import Unprocessable
from fhirserver.search.hashing import reference_self
from fhirserver.search.site import Site

DOCUMENT = {"meaning": "instance", "reference": {"reference": "DocumentReference/d"}}
PATIENT = reference_self("Patient", "p")


def provision(**others: Any) -> dict[str, Any]:
    return {
        "type": "permit",
        "period": {"start": "2026-01-01", "end": "2026-01-31"},
        "actor": [actor("Practitioner/c")],
        "data": [DOCUMENT],
        **others,
    }


def actor(reference: str) -> dict[str, Any]:
    return {"role": {"text": "x"}, "reference": {"reference": reference}}


def consent(said: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": "k",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"system": CATEGORIES, "code": CATEGORY}]}],
        "patient": {"reference": "Patient/p"},
        "performer": [{"reference": "Practitioner/me"}],
        "provision": provision() if said is None else said,
        **others,
    }


def seen(resource: dict[str, Any]) -> set[tuple[str, int]]:
    return {(f"{s.type}/{s.id}", s.actor) for s in shares(resource, Site())}


def test_a_share_opens_the_document_and_says_so_by_itself() -> None:
    colleague = reference_self("Practitioner", "c")

    assert seen(consent()) == {("DocumentReference/d", colleague), ("Consent/k", colleague)}
    assert {s.patient for s in shares(consent(), Site())} == {PATIENT}


def test_a_day_is_shared_until_it_is_over() -> None:
    [one, *_] = shares(consent(), Site())

    day = 86_400_000_000
    assert one.ends - one.starts == 31 * day


@pytest.mark.parametrize(
    "others",
    [
        {"status": "inactive"},
        {"status": "draft"},
        {"category": [{"coding": [{"code": CATEGORY}]}]},
        {"category": [{"text": "share"}]},
        {"scope": {"coding": [{"code": "research"}]}},
        {"patient": {"reference": "http://elsewhere/Patient/p"}},
        {"provision": {}},
    ],
)
def test_what_is_no_share_in_force_opens_nothing(others: dict[str, Any]) -> None:
    assert not seen(consent(**others))


@pytest.mark.parametrize(
    "others",
    [
        {"type": "deny"},
        {"period": {"start": "2026-01-01"}},
        {"period": {}},
        {"actor": []},
        {"actor": [actor("Organization/o")]},
        {"actor": [actor("Patient/p")]},
        {"actor": [actor("http://elsewhere/Practitioner/c")]},
        {"data": []},
        {"data": [{**DOCUMENT, "meaning": "dependents"}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/o"}}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "Patient/p"}}]},
        {"action": [{"coding": [{"code": "correct"}]}]},
        {"purpose": [{"code": "TREAT"}]},
        {"securityLabel": [{"code": "R"}]},
        {"class": [{"code": "x"}]},
        {"code": [{"text": "x"}]},
        {"dataPeriod": {"start": "2026-01-01"}},
        {"provision": [{"type": "deny"}]},
    ],
)
def test_what_cannot_be_enforced_as_it_is_said_opens_nothing(others: dict[str, Any]) -> None:
    assert not seen(consent(provision(**others)))


def test_a_team_is_reached_if_it_is_nobodys_or_this_patients() -> None:
    actors = {a for _, a in seen(consent(provision(actor=[actor("CareTeam/t")])))}

    def members(subject: str | None) -> set[int]:
        team = {"resourceType": "CareTeam", "id": "t", "status": "active"}
        team["participant"] = [{"member": {"reference": "Practitioner/c"}}]  # type: ignore[assignment]
        if subject:
            team["subject"] = {"reference": subject}  # type: ignore[assignment]
        return {r.patient for r in relations(team, Site()) if r.kind == MEMBER}

    assert actors == {membership("t", None), membership("t", PATIENT)}
    assert members(None) < actors
    assert members("Patient/p") < actors
    assert not members("Patient/another") & actors
    assert not members("Group/g")


def test_one_consent_opens_only_so_much() -> None:
    many = [actor(f"Practitioner/{n}") for n in range(201)]

    with pytest.raises(Unprocessable):
        shares(consent(provision(actor=many)), Site())


def test_the_performers_share() -> None:
    assert givers(consent(), Site()) == {"Practitioner/me"}
