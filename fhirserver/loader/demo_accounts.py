"""The demo hospital's accounts: one for each role, named after it, password `demo-<name>`."""

from __future__ import annotations

import json
from typing import Any, Final

from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.storage import credentials, users

STAFF: Final = (
    "doctor",
    "nurse",
    "labtech",
    "radiologist",
    "pharmacist",
    "reception",
    "admin",
    "auditor",
    "integrator",
)
SYSTEM: Final = "https://fhirserver.example/demo-account"
_LOADER: Final = Principal("fhirserver load --demo", scopes("system/*.rs"))


def add_demo_accounts(engine: Engine) -> list[str]:
    """Add those that are missing; returns their names. What is there already stays as it is."""
    database = engine.context.store.database
    passwords = Passwords(1)
    added = []
    for name in (*STAFF, "patient"):
        if users.user_by_name(database, name) is not None:
            continue
        found = _person(engine, "Patient" if name == "patient" else "Practitioner", name)
        if found is None:
            continue
        fhir_user, display = found
        account = users.add(database, name, display=display, fhir_user=fhir_user, roles=[name])
        credentials.set_password(database, account.id, passwords.hashed(f"demo-{name}"))
        added.append(name)
    return added


def _person(engine: Engine, resource_type: str, name: str) -> tuple[str, str] | None:
    """The address and the name of whoever the demo account belongs to."""
    answer = engine.handle(
        FhirRequest(
            interaction="search-type",
            principal=_LOADER,
            type=resource_type,
            query=(("identifier", f"{SYSTEM}|{name}"),),
        )
    )
    for entry in json.loads(answer.content or b"{}").get("entry", []):
        resource = entry["resource"]
        return f"{resource_type}/{resource['id']}", _called(resource)
    return None


def _called(resource: dict[str, Any]) -> str:
    """The official name, in the order in which it is spoken."""
    name = resource.get("name", [{}])[0]
    parts = [*name.get("prefix", [])[:1], *name.get("given", [])[:1], name.get("family", "")]
    return str(name.get("text") or " ".join(parts).strip())
