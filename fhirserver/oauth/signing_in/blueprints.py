"""All pages of signing in, for the application to register."""

from __future__ import annotations

from flask import Blueprint

from fhirserver.oauth.signing_in import sign_in
from fhirserver.oauth.signing_in.service import Service
from fhirserver.settings import Settings
from fhirserver.storage.database import Database


def blueprints(database: Database, settings: Settings) -> list[Blueprint]:
    """Pages below `/signin`, `/signout` and `/account`."""
    service = Service(database, settings)
    return [sign_in.blueprint(service)]
