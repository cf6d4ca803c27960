"""What the authorization server can do, for clients to read.

https://hl7.org/fhir/smart-app-launch/conformance.html
https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver.oauth.addresses import Addresses, addresses
from fhirserver.oauth.client_keys import ALGORITHMS
from fhirserver.oauth.registered import PRIVATE_KEY
from fhirserver.oauth.signing import ALGORITHM, Signing
from fhirserver.settings import Settings

CAPABILITIES: Final = (
    "launch-ehr", "launch-standalone", "authorize-post", "client-public",
    "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
    "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter",
    "context-standalone-patient", "permission-offline", "permission-online", "permission-patient",
    "permission-user", "permission-v1", "permission-v2",
)  # fmt: skip
"""https://hl7.org/fhir/smart-app-launch/conformance.html#capabilities"""

SCOPES: Final = (
    "openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter",
    "offline_access", "online_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds",
    "patient/*.*", "user/*.*", "system/*.*",
)  # fmt: skip

STYLE: Final = {
    "color_background": "#f6f7f9",
    "color_error": "#a61b1b",
    "color_highlight": "#0b57a4",
    "color_modal_backdrop": "",
    "color_success": "#1b6e3c",
    "color_text": "#1a2330",
    "dim_border_radius": "6px",
    "dim_font_size": "16px",
    "dim_spacing_size": "16px",
    "font_family_body": "system-ui, sans-serif",
    "font_family_heading": "system-ui, sans-serif",
}
"""https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#styling"""


def blueprint(settings: Settings, signing: Signing, able: Sequence[str] = ()) -> Blueprint:
    """The well-known documents, the public keys, and the style.

    `able` are further capabilities.
    """
    documents = Blueprint("discovery", __name__)
    places = addresses(settings)

    @documents.get("/fhir/.well-known/smart-configuration")
    def smart() -> Response:
        return _document(smart_configuration(places, settings, able))

    @documents.get("/fhir/.well-known/openid-configuration")
    @documents.get("/.well-known/openid-configuration")
    def openid() -> Response:
        return _document(openid_configuration(places, settings))

    @documents.get("/oauth/jwks")
    def jwks() -> Response:
        response = _document(signing.jwks())
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    @documents.get("/oauth/smart-style.json")
    def style() -> Response:
        return _document(STYLE)

    return documents


def smart_configuration(
    places: Addresses, settings: Settings, able: Sequence[str] = ()
) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/conformance.html#metadata"""
    return {
        **_shared(places, settings),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "management_endpoint": places.manage,
        "capabilities": [*CAPABILITIES, *able],
    }


def openid_configuration(places: Addresses, settings: Settings) -> dict[str, Any]:
    """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata"""
    return {
        **_shared(places, settings),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "fhirUser",
            "profile", "name",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }  # fmt: skip


def _shared(places: Addresses, settings: Settings) -> dict[str, Any]:
    registration = (
        {} if settings.client_registration == "off" else {"registration_endpoint": places.register}
    )
    return {
        "issuer": places.base,
        "jwks_uri": places.jwks,
        "authorization_endpoint": places.authorize,
        "token_endpoint": places.token,
        "introspection_endpoint": places.introspect,
        "revocation_endpoint": places.revoke,
        **registration,
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": list(SCOPES),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            PRIVATE_KEY,
            "none",
        ],
        "authorization_response_iss_parameter_supported": True,
    }


def _document(content: dict[str, Any]) -> Response:
    request.environ["fhirserver.interaction"] = "discovery"
    return Response(json.dumps(content), content_type="application/json")
