"""What apps get, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Apps:
    """What apps get, and for how long."""

    authorization_code_lifetime_seconds: int = setting(
        60, "How long an app may take to exchange an authorization code for a token."
    )
    access_token_lifetime_seconds: int = setting(
        3600, "How long an app's access token is valid; it can be refreshed after that."
    )
    backend_token_lifetime_seconds: int = setting(
        300, "How long the access token of a backend service is valid."
    )
    refresh_token_lifetime_seconds: int = setting(
        7_776_000, "How long an app may go on refreshing what a user granted it once: 90 days."
    )
    token_lifetime_seconds: int = setting(
        86_400, "How long a token of `fhirserver token` is valid."
    )
    client_registration: str = setting(
        "off",
        "Who may register an app at /oauth/register: off, nobody; token, who has a token of "
        "`fhirserver client invite`; open, everybody, for apps that act for a user.",
    )
    max_clients: int = setting(
        10_000, "The most clients there may be; /oauth/register adds none beyond."
    )
    app_issuers: str = setting(
        "",
        "The FHIR bases, with spaces between, of other servers whose EHR may launch our own apps, "
        "such as https://ehr.example/fhir.",
    )
    app_clients: str = setting(
        "",
        "As whom our own apps are registered there: APP@BASE=CLIENT_ID, with spaces between; "
        "without one an app says the client_id that it has here.",
    )
    app_connect_origins: str = setting(
        "",
        "Further origins, with spaces between, that our own apps may call: where such a server has "
        "its token endpoint or its files elsewhere.",
    )
    demo: bool = setting(
        False, "Whether the demo hospital is there, so that pages say so; set by `up --demo`."
    )
