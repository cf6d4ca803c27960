"""People, apps and a chart for the checklists of SMART App Launch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.storage import credentials, users
from fhirserver.storage.clients import Client, add_client
from fhirserver.storage.database import Database
from tests.smart.app import App, User

PASSWORD = "three blue horses"
REDIRECT = "https://app.example/back"
LAUNCH = "https://app.example/launch"
EVERYTHING = (
    "launch launch/patient launch/encounter openid fhirUser offline_access online_access "
    "patient/*.cruds user/*.cruds"
)
_numbers = count()

OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-category"

MakeUser = Callable[..., User]
MakeApp = Callable[..., App]


@pytest.fixture(scope="session")
def hashed() -> str:
    return Passwords(1).hashed(PASSWORD)


@pytest.fixture
def make_user(app: Flask, database: Database, hashed: str) -> MakeUser:
    """Somebody with a browser of their own: `make_user("Patient/1", "patient")`."""

    def make(fhir_user: str | None, *roles: str) -> User:
        name = f"user{next(_numbers)}-{ids.new()[-12:]}"
        account = users.add(database, name, display="Some Body", fhir_user=fhir_user, roles=roles)
        credentials.set_password(database, account.id, hashed)
        return User(app.test_client(), name, PASSWORD)

    return make


@pytest.fixture
def make_smart_app(app: Flask, database: Database) -> MakeApp:
    """A registered public app that asks for these scopes."""

    def make(scope: str, **given) -> App:
        client = Client(
            id=f"app-{ids.new()}",
            name=given.pop("name", "Growth Chart"),
            kind="public",
            redirect_uris=(REDIRECT,),
            scope=given.pop("allowed", EVERYTHING),
            launch_uri=LAUNCH,
            **given,
        )
        with database.transaction() as connection:
            add_client(connection, client)
        return App(client.id, REDIRECT, scope, app.test_client())

    return make


@dataclass(frozen=True)
class Chart:
    """A patient's record: ids. `kinds` are those of observations and conditions by category."""

    patient: str
    family: str
    encounter: str
    doctor: str
    kinds: dict[str, str]


@pytest.fixture
def make_chart(client: FlaskClient) -> Callable[[], Chart]:
    def create(resource: dict) -> str:
        answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return answer.json["id"]

    def make() -> Chart:
        family = f"Lovelace{ids.new()}"
        doctor = create({"resourceType": "Practitioner", "name": [{"family": "Hopper"}]})
        patient = create(
            {
                "resourceType": "Patient",
                "name": [{"family": family, "given": ["Ada"]}],
                "birthDate": "1980-02-03",
                "gender": "female",
                "generalPractitioner": [{"reference": f"Practitioner/{doctor}"}],
            }
        )
        subject = {"reference": f"Patient/{patient}"}
        create(
            {
                "resourceType": "CareTeam",
                "status": "active",
                "subject": subject,
                "participant": [{"member": {"reference": f"Practitioner/{doctor}"}}],
            }
        )
        encounter = create(
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {"code": "AMB"},
                "subject": subject,
                "participant": [{"individual": {"reference": f"Practitioner/{doctor}"}}],
            }
        )
        kinds = {
            code: create(
                {
                    "resourceType": "Observation",
                    "status": "final",
                    "category": [{"coding": [{"system": OBSERVATION, "code": code}]}],
                    "code": {"text": code},
                    "subject": subject,
                }
            )
            for code in ("laboratory", "vital-signs", "social-history")
        } | {
            code: create(
                {
                    "resourceType": "Condition",
                    "category": [{"coding": [{"system": CONDITION, "code": code}]}],
                    "code": {"text": code},
                    "subject": subject,
                }
            )
            for code in ("problem-list-item", "encounter-diagnosis")
        }
        return Chart(patient, family, encounter, doctor, kinds)

    return make


@pytest.fixture
def chart(make_chart: Callable[[], Chart]) -> Chart:
    return make_chart()


@pytest.fixture
def patient(chart: Chart, make_user: MakeUser) -> User:
    """The patient of the chart, with a browser."""
    return make_user(f"Patient/{chart.patient}", "patient")


@pytest.fixture
def doctor(chart: Chart, make_user: MakeUser) -> User:
    """The doctor of the chart, with a browser."""
    return make_user(f"Practitioner/{chart.doctor}", "doctor")
