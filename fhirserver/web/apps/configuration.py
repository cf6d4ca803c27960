"""`/apps/config.json`: what the pages of our apps are told before they have a token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from fhirserver.front_end import OwnApp
from fhirserver.settings import Settings


def configuration(settings: Settings, apps: Sequence[OwnApp]) -> dict[str, Any]:
    """Where everything is, and which apps there are. Nothing of it is about a person."""
    own = settings.fhir_base
    return {
        "issuer": own,
        "issuers": [own, *(a.rstrip("/") for a in settings.app_issuers.split())],
        "clients": _clients(settings.app_clients),
        "push": settings.push_address,
        "dicomweb": f"{settings.root}/dicom-web",
        "siteName": settings.site_name,
        "timeZone": settings.time_zone,
        "version": _version(),
        "demo": settings.demo,
        "apps": [dict(app.described) for app in apps],
    }


@cache
def _version() -> str:
    """What is installed: it is looked up on the disk."""
    return version("fhirserver")


def _clients(text: str) -> dict[str, dict[str, str]]:
    """As whom an app is known to another issuer: by issuer, then by app.

    >>> _clients("chart@https://ehr.example/fhir=1234")
    {'https://ehr.example/fhir': {'chart': '1234'}}
    """
    found: dict[str, dict[str, str]] = {}
    for part in text.split():
        where, _, client_id = part.rpartition("=")
        app, _, issuer = where.partition("@")
        found.setdefault(issuer.rstrip("/"), {})[app] = client_id
    return found
