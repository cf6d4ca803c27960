"""All pages of signing in, for the application to register."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.recording import Record
from fhirserver.oauth.signing_in import account, external, passkey_pages, second_factor, sign_in
from fhirserver.oauth.signing_in.service import Service
from fhirserver.settings import Settings
from fhirserver.storage.database import Database

PAGES: Final = (sign_in, second_factor, passkey_pages, external, account)


def blueprints(
    database: Database, settings: Settings, sealer: Sealer, record: Record
) -> list[Blueprint]:
    """Pages below `/signin`, `/signout` and `/account`; sign-ins go on record."""
    service = Service(database, settings, sealer, record)
    return [page.blueprint(service) for page in PAGES]
