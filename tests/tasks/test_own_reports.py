"""Reports that people have put together are made with their rights, once."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import date

import pytest

from fhirserver import ids
from fhirserver.reports.own import IDENTIFIERS, TYPES, own_report
from fhirserver.storage import users
from fhirserver.tasks import make_celery
from tests.answers import done
from tests.builders import a_patient

VIEW = {
    "resourceType": "ViewDefinition",
    "status": "active",
    "resource": "Patient",
    "select": [{"column": [{"name": "id", "path": "id"}, {"name": "born", "path": "birthDate"}]}],
}


@pytest.fixture
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return client


@pytest.fixture
def task(make_app, database, database_url):
    settings = make_app().extensions["fhirserver"].context.settings
    return make_celery("memory://", database_url, settings).tasks["own_reports"]


@pytest.fixture
def doctor(client, database):
    """A doctor with a patient under treatment; there is another patient, who is somebody else's."""
    made = done(client.post("/fhir/Practitioner", json={"resourceType": "Practitioner"}), 201)
    reference = f"Practitioner/{made['id']}"
    user = users.add(database, f"own{ids.new()[-8:]}", fhir_user=reference, roles=["doctor"])
    patients = [done(client.post("/fhir/Patient", json=a_patient()), 201)["id"] for _ in range(2)]
    stay = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": f"Patient/{patients[0]}"},
        "participant": [{"individual": {"reference": reference}}],
    }
    done(client.post("/fhir/Encounter", json=stay), 201)
    return reference, user, patients[0]


def definition(*authors, view=VIEW, schedule="daily"):
    held = json.dumps({"view": view, "schedule": schedule}).encode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": TYPES, "code": "report-definition"}]},
        "author": [{"reference": a} for a in authors],
        "description": "Mine",
        "content": [{"attachment": {"contentType": "application/json", "data": b64encode(held).decode()}}],
    }  # fmt: skip


def files(client, of):
    found = done(
        client.get(
            f"/fhir/DocumentReference?related=DocumentReference/{of}&identifier={IDENTIFIERS}|"
        )
    )
    return [e["resource"] for e in found.get("entry", ())]


def kept(client, resource):
    return done(client.post("/fhir/DocumentReference", json=resource), 201)["id"]


def text_of(document):
    return b64decode(document["content"][0]["attachment"]["data"]).decode()


def test_a_report_has_what_its_author_may_see_and_is_made_once(client, task, doctor):
    reference, _, patient = doctor
    report = kept(client, definition(reference))

    task.apply().get()
    task.apply().get()

    (document,) = files(client, report)
    assert document["author"] == [{"reference": reference}]
    assert text_of(document).splitlines()[0] == "id,born"
    assert [line.split(",")[0] for line in text_of(document).splitlines()[1:]] == [patient]


def test_nothing_is_made_for_who_may_not_sign_in_or_for_two(client, task, doctor, database):
    reference, user, _ = doctor
    two = kept(client, definition(reference, "Practitioner/other"))
    never = kept(client, definition(reference, schedule=""))
    task.apply().get()
    assert files(client, two) == files(client, never) == []

    own = kept(client, definition(reference))
    users.set_active(database, user.id, is_active=False)
    task.apply().get()

    assert files(client, own) == []


def test_the_author_is_told_why_there_are_no_rows(client, task, doctor):
    reference, *_ = doctor
    report = kept(client, definition(reference, view={**VIEW, "resource": "Basic"}))

    task.apply().get()

    (document,) = files(client, report)
    assert document["description"].endswith("not made")
    assert document["content"][0]["attachment"]["contentType"].startswith("text/plain")
    assert text_of(document)


@pytest.mark.parametrize(
    ("frequency", "start"),
    [("daily", "2026-11-26"), ("weekly", "2026-11-23"), ("monthly", "2026-11-01")],
)
def test_a_report_is_of_a_day_a_week_or_a_month(frequency, start):
    report = own_report({**definition("Practitioner/1", schedule=frequency), "id": "a"})

    assert report.key(date(2026, 11, 26)) == f"a/{frequency}/{start}"
