"""The authorization server put together: its endpoints, and the pages that decide for it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from fhirserver.engine import Engine
from fhirserver.oauth import (
    authorize,
    consent,
    discovery,
    introspection,
    patient_picker,
    registration,
    revocation,
    token,
)
from fhirserver.oauth.authorization_code import S256, CodeGrant
from fhirserver.oauth.client_credentials import BackendServicesGrant
from fhirserver.oauth.client_keys import ClientKeys
from fhirserver.oauth.granting import Granting
from fhirserver.oauth.own_rights import OwnRights
from fhirserver.oauth.pinned_fetch import PinnedFetch
from fhirserver.oauth.recording import Record
from fhirserver.oauth.refresh_token import RefreshGrant
from fhirserver.oauth.server import SmartServer
from fhirserver.oauth.signing import Signing
from fhirserver.oauth.waiting_requests import WaitingRequests


def blueprints(
    engine: Engine,
    signing: Signing,
    rights: OwnRights,
    record: Record,
    able: Sequence[str] = (),
) -> list[Blueprint]:
    """All addresses of SMART App Launch and OpenID Connect.

    `able` are capabilities of what stands on the server.
    """
    settings = engine.context.settings
    database = engine.context.store.database
    fetch = PinnedFetch(allow_loopback=settings.allow_local_addresses)
    server = SmartServer(engine, ClientKeys(fetch), signing)
    # No other grants: what isn't there can't be misused.
    server.register_grant(CodeGrant, [S256()])
    server.register_grant(RefreshGrant)
    server.register_grant(BackendServicesGrant)
    requests = WaitingRequests(database, settings)
    granting = Granting(engine, requests, rights, record)
    return [
        discovery.blueprint(settings, signing, able),
        authorize.blueprint(server, requests, granting),
        consent.blueprint(granting),
        patient_picker.blueprint(engine, requests, rights),
        token.blueprint(server),
        introspection.blueprint(server),
        revocation.blueprint(server),
        registration.blueprint(server, fetch),
    ]
