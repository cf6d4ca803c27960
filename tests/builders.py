"""Small valid resources, to which a test adds what it is about."""

from __future__ import annotations

from typing import Any

from fhirserver import ids

Resource = dict[str, Any]
SYSTEM = "http://hospital.example/mrn"


def an_identifier() -> Resource:
    """An identifier that nothing else in the database has."""
    return {"system": SYSTEM, "value": ids.new()}


def a_patient(**elements: Any) -> Resource:
    """A Patient with a name; `a_patient(gender="female")` adds or replaces elements."""
    return {
        "resourceType": "Patient",
        "name": [{"family": "Chalmers", "given": ["Ada"]}],
    } | elements


def an_observation(**elements: Any) -> Resource:
    """A final Observation of a body weight."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {
            "value": 70,
            "unit": "kg",
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    } | elements


def an_entry(method: str, url: str, resource: Resource | None = None, **more: Any) -> Resource:
    """A Bundle entry; `fullUrl` stays outside, all else (`ifMatch`) goes into its request."""
    full_url = more.pop("fullUrl", None)
    entry: Resource = {"request": {"method": method, "url": url} | more}
    if resource is not None:
        entry["resource"] = resource
    if full_url is not None:
        entry["fullUrl"] = full_url
    return entry


def a_bundle(kind: str, *entries: Resource) -> Resource:
    """A Bundle of type `batch` or `transaction`."""
    made: Resource = {"resourceType": "Bundle", "type": kind}
    return made | {"entry": list(entries)} if entries else made


def a_transaction(*entries: Resource) -> Resource:
    return a_bundle("transaction", *entries)


def a_batch(*entries: Resource) -> Resource:
    return a_bundle("batch", *entries)
