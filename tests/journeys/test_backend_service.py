"""A backend service against a running server: found by discovery, signed with another library.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import httpx
import pytest

from fhirserver import ids
from fhirserver.storage.clients import Client, add_client, set_client_active
from tests.smart.dance import ASSERTION, assertion, key_pair, public


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_service_finds_the_server_gets_a_token_uses_it_and_is_stopped(running_server, algorithm):
    key = key_pair(algorithm)
    client = Client(
        id=f"service-{ids.new()}",
        name="Nightly export",
        kind="asymmetric",
        grant_types=("client_credentials",),
        scope="system/*.rs",
        jwks=public(key),
    )
    with running_server.database() as database, database.transaction() as connection:
        add_client(connection, client)
    base = running_server.base

    found = httpx.get(f"{base}/.well-known/smart-configuration").json()
    signed = assertion(client.id, key, algorithm, aud=found["token_endpoint"])
    answer = httpx.post(
        found["token_endpoint"],
        data={
            "grant_type": "client_credentials",
            "scope": "system/Patient.rs",
            "client_assertion_type": ASSERTION,
            "client_assertion": signed,
        },
    )
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert httpx.get(f"{base}/Patient?_count=1", headers=headers).status_code == 200
    assert httpx.get(f"{base}/Observation?_count=1", headers=headers).status_code == 403
    with running_server.database() as database, database.transaction() as connection:
        set_client_active(connection, client.id, False)

    assert httpx.get(f"{base}/Patient?_count=1", headers=headers).status_code == 401
