"""What tests of transactions share."""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.builders import a_patient, a_transaction


@pytest.fixture
def send(client):
    """Posts a transaction; the response Bundle."""

    def post(*entries, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        bundle = done(client.post("/fhir", json=a_transaction(*entries), headers=names))
        assert bundle["type"] == "transaction-response"
        assert len(bundle.get("entry", [])) == len(entries)
        return bundle

    return post


@pytest.fixture
def fail(client):
    """Posts a transaction that is refused as a whole; the issue."""

    def post(status, *entries, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        return refused(client.post("/fhir", json=a_transaction(*entries), headers=names), status)

    return post


@pytest.fixture
def patient(client):
    return client.post("/fhir/Patient", json=a_patient(gender="female")).json
