"""An EHR that calls the CDS services, with a key of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from jwcrypto import jwk

from fhirserver import ids
from fhirserver.storage import clients
from tests.answers import done
from tests.builders import a_patient
from tests.smart.dance import assertion, key_pair, public

ROOT = "http://127.0.0.1:8000"
SIGN = "prescription-sign-check"
KEYS = ("allergies", "requests", "statements", "results", "orders", "reports")


def signed(iss: str, key: jwk.JWK, path: str, /, **changed: Any) -> str:
    """A JWT as the specification wants it, but for what is changed."""
    claims = {"sub": None, "aud": f"{ROOT}{path}", "iat": int(time.time()), **changed}
    return assertion(iss, key, **claims)


@dataclass
class EHR:
    """A CDS client: what it is called, its key, and its calls."""

    http: FlaskClient
    iss: str
    key: jwk.JWK = field(default_factory=key_pair)

    def post(self, path: str, body: Any, token: str | None = None, **claims: Any) -> Any:
        bearer = token or signed(self.iss, self.key, path, **claims)
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"})

    def ask(self, service: str, body: Any, **claims: Any) -> Any:
        return self.post(f"/cds-services/{service}", body, **claims)


@pytest.fixture
def ehr(app, database) -> EHR:
    made = EHR(app.test_client(), f"https://ehr.example/{ids.new()}")
    register(database, made)
    return made


def register(database, ehr: EHR, **more: Any) -> None:
    client = clients.Client(
        id=ehr.iss,
        name="An EHR",
        kind="asymmetric",
        grant_types=(),
        jwks=public(ehr.key),
        **({"details": {"cds_hooks": True}} | more),
    )
    with database.transaction() as connection:
        clients.add_client(connection, client)


@pytest.fixture
def patient(client) -> str:
    return str(done(client.post("/fhir/Patient", json=a_patient()), 201)["id"])


def a_bundle_of(*resources: Any, kind: str = "searchset") -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": r} for r in resources],
    }


def a_call(hook: str = "order-sign", patient: str = "p", drafts=(), **more: Any) -> dict[str, Any]:
    """A request body; what is known of the patient comes as prefetch: `requests=[...]`."""
    context = {"userId": "Practitioner/1", "patientId": patient}
    if hook != "patient-view":
        context["draftOrders"] = a_bundle_of(*drafts, kind="collection")
    if hook == "order-select":
        context["selections"] = more.pop("selections")
    prefetch = {k: a_bundle_of(*more.pop(k)) for k in KEYS if k in more}
    return {
        "hook": hook,
        "hookInstance": ids.new(),
        "context": context,
        "prefetch": prefetch,
    } | more


Cards = Callable[[Any], list[dict[str, Any]]]


def cards(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type.startswith("application/json")
    return list(answer.json["cards"])
