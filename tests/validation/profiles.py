"""Profiles for tests: a differential becomes a validator that knows it."""

from __future__ import annotations

from typing import Any

from fhirserver.errors import Issue
from fhirserver.model.conformance import shipped
from fhirserver.validation.options import Options
from fhirserver.validation.validator import Validator

BASE = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://wards.example/StructureDefinition/"
LOINC = "http://loinc.org"


def profile(type_: str, *elements: dict[str, Any], name: str = "it", **more: Any) -> dict[str, Any]:
    """A StructureDefinition with this differential; the ids are made of path and sliceName."""
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "name": "It",
        "status": "active",
        "kind": "complex-type" if type_ == "Extension" else "resource",
        "abstract": False,
        "type": type_,
        "baseDefinition": BASE + type_,
        "derivation": "constraint",
        "differential": {"element": [{"id": _id(e), **e} for e in elements]},
        **more,
    }


def _id(element: dict[str, Any]) -> str:
    return element["path"] + (f":{element['sliceName']}" if "sliceName" in element else "")


class Known:
    """What is shipped, and some resources."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        self._known = {(r["resourceType"], r["url"]): r for r in resources}

    def find(self, resource_type: str, canonical: str) -> Any:
        url = canonical.partition("|")[0]
        return self._known.get((resource_type, url)) or shipped().find(resource_type, canonical)

    def urls(self, resource_type: str) -> list[str]:
        own = [url for t, url in self._known if t == resource_type]
        return [*own, *shipped().urls(resource_type)]


def issues(
    resource: dict[str, Any],
    *known: dict[str, Any],
    profiles: tuple[str, ...] = (),
    options: Options | None = None,
    fetch: Any = None,
) -> list[Issue]:
    """What a validator that knows these resources says."""
    return Validator(Known(*known), options=options).validate(resource, profiles, fetch=fetch)


def errors(resource: dict[str, Any], *known: dict[str, Any], **more: Any) -> list[str | None]:
    """The places of the errors, those by the first known resource if that is a profile."""
    if known and known[0]["resourceType"] == "StructureDefinition":
        if known[0]["type"] == resource["resourceType"]:
            more.setdefault("profiles", (known[0]["url"],))
    found = issues(resource, *known, **more)
    return [i.expression for i in found if i.severity == "error"]


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Pulse"}, **more}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": c} for c in codes]}
