"""All pages of signing in, for the application to register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint

from fhirserver.audit.event import Event
from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.signing_in import account, external, passkey_pages, second_factor, sign_in
from fhirserver.oauth.signing_in.recording import SignInRecord
from fhirserver.oauth.signing_in.service import Service
from fhirserver.settings import Settings
from fhirserver.storage.database import Database

PAGES: Final = (sign_in, second_factor, passkey_pages, external, account)


def blueprints(
    database: Database, settings: Settings, sealer: Sealer, add: Callable[[Event], None]
) -> list[Blueprint]:
    """Pages below `/signin`, `/signout` and `/account`; `add` puts sign-ins on record."""
    service = Service(database, settings, sealer, SignInRecord(add))
    return [page.blueprint(service) for page in PAGES]
