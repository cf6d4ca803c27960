"""One caller's requests for images have the limits of those for resources."""

from __future__ import annotations

from typing import Any

from tests.conftest import MakeApp, Token


def test_a_user_may_send_so_many_requests_in_a_minute(make_app: MakeApp, token: Token) -> None:
    client: Any = make_app(requests_per_minute=3).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"

    for _ in range(3):
        assert client.get("/dicom-web/studies?limit=1").status_code == 200
    refused = client.get("/dicom-web/studies/1.2.3/thumbnail")

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert "FHIRSERVER_REQUESTS_PER_MINUTE" in refused.json["issue"][0]["diagnostics"]
    assert client.get("/fhir/Patient/1").status_code == 429


def test_requests_without_a_valid_token_are_counted_for_their_address(make_app: MakeApp) -> None:
    client: Any = make_app(address_requests_per_minute=3).test_client()
    wrong = {"Authorization": "Bearer none"}

    answers = [client.get("/dicom-web/studies", headers=wrong).status_code for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429]
