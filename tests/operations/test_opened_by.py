"""DocumentReference/$opened-by: who shared a document learns who has seen it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.access.conftest import As, Put, as_user, put
from tests.access.test_document_shares import Case, ref

__all__ = ["as_user", "put"]


@pytest.fixture
def case(make_app: Callable[..., Flask], put: Put, as_user: As) -> Case:
    """Whose events are in the database before an answer leaves."""
    return Case(put, as_user, make_app(audit_reads="strict"))


def told(client: FlaskClient, document: Any, *, expected: int = 200) -> list[dict[str, Any]]:
    answer = client.get(f"/fhir/DocumentReference/{document['id']}/$opened-by")
    assert answer.status_code == expected, answer.text
    return [e["resource"] for e in answer.get_json().get("entry", [])]


def who(event: dict[str, Any]) -> str:
    [person] = [a for a in event["agent"] if a["requestor"]]
    reference: str = person["who"]["reference"]
    return reference


def test_each_opening_is_told_without_anything_else(case: Case) -> None:
    case.shared()
    case.taker.get(f"/fhir/DocumentReference/{case.document['id']}")
    case.taker.get(f"/fhir/Binary/{case.file['id']}")
    case.giver.get(f"/fhir/DocumentReference?patient={case.patient['id']}&description=x")

    events = told(case.giver, case.document)

    taker = ref(case.people["taker"])["reference"]
    opened = [e for e in events if e["action"] == "R" and who(e) == taker]
    assert len(opened) == 2
    named = {x["what"]["reference"].partition("/_history")[0] for e in events for x in e["entity"]}
    assert named == {ref(case.document)["reference"], ref(case.file)["reference"]}
    assert all("network" not in a for e in events for a in e["agent"])
    assert not any("query" in x for e in events for x in e["entity"])


def test_it_is_told_also_when_the_time_is_over(case: Case) -> None:
    consent = case.shared()
    case.taker.get(f"/fhir/DocumentReference/{case.document['id']}")
    case.giver.put(f"/fhir/Consent/{consent['id']}", json={**consent, "status": "inactive"})

    taker = ref(case.people["taker"])["reference"]
    assert [who(e) for e in told(case.giver, case.document)] == [taker]


def test_nobody_learns_it_of_what_they_have_not_shared(case: Case) -> None:
    case.shared()

    told(case.taker, case.document, expected=404)
    told(case.third, case.document, expected=404)
    told(case.giver, case.second, expected=404)
    told(case.giver, {"id": "not-there"}, expected=404)


def test_a_look_that_was_refused_is_none(case: Case) -> None:
    case.shared()
    assert case.third.get(f"/fhir/DocumentReference/{case.document['id']}").status_code == 404

    third = ref(case.people["third"])["reference"]
    assert third not in [who(e) for e in told(case.giver, case.document)]
