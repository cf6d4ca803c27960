"""$validate-code of codes of FHIR's own value sets, and $expand of a value set of 10,000 codes.

https://hl7.org/fhir/R4/terminology-service.html
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from conformance.performance.client import Request, Response, Target
from conformance.performance.drive import Script, fetch
from conformance.performance.families import absent, misses
from conformance.performance.phases import Load, Result, press

_HL7: Final = "http://hl7.org/fhir"
# Value set and code system have one name, and all codes of the system are in the value set.
_CODES: Final = {
    "administrative-gender": ("male", "female", "other", "unknown"),
    "observation-status": ("registered", "preliminary", "final", "amended", "entered-in-error"),
    "encounter-status": ("planned", "arrived", "in-progress", "onleave", "finished"),
    "address-use": ("home", "work", "temp", "old", "billing"),
    "name-use": ("usual", "official", "temp", "nickname", "maiden"),
    "contact-point-system": ("phone", "fax", "email", "pager", "url", "sms"),
    "event-status": ("preparation", "in-progress", "not-done", "completed"),
    "request-status": ("draft", "active", "on-hold", "revoked", "completed"),
    "publication-status": ("draft", "active", "retired", "unknown"),
    "days-of-week": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
}
DIFFERENT: Final = 2_000
LARGE: Final = 10_000
_LARGE_URL: Final = "http://fhirserver.example/bench"


def validate_code(load: Load) -> Result:
    """Codes by GET and, in equal shares, Codings by POST; one in ten isn't in the value set."""
    rng = random.Random(load.seed)
    requests = [_validation(load.target, rng, number) for number in range(DIFFERENT)]

    def client(number: int) -> Script:
        choose = random.Random(load.seed + number).choice
        while True:
            yield choose(requests)

    return press("validate-code", load, client)


def _validation(target: Target, rng: random.Random, number: int) -> Request:
    name = rng.choice(list(_CODES))
    missing = misses(rng)
    code = absent(rng) if missing else rng.choice(_CODES[name])
    value_set, system = f"{_HL7}/ValueSet/{name}", f"{_HL7}/{name}"
    path = "ValueSet/$validate-code"
    check = _result(is_in=not missing)
    if number % 2:
        given = urlencode({"url": value_set, "system": system, "code": code})
        return Request("by GET", target.request("GET", f"{path}?{given}"), check)
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "url", "valueUri": value_set},
            {"name": "coding", "valueCoding": {"system": system, "code": code}},
        ],
    }
    return Request("by POST", target.request("POST", path, msgspec.json.encode(body)), check)


def _result(*, is_in: bool) -> Callable[[Response], str | None]:
    wanted = b"true" if is_in else b"false"

    def check(response: Response) -> str | None:
        if response.status != 200:
            return f"status {response.status}"
        after = response.body.partition(b'"result"')[2].partition(b"}")[0]
        return None if wanted in after else "another result"

    return check


def expand(load: Load) -> Result:
    """The whole of a value set that is put on the server before, and taken away again."""
    for resource in (_code_system(), _value_set()):
        path = f"{resource['resourceType']}/{resource['id']}"
        answer = fetch(load.target, "PUT", path, msgspec.json.encode(resource))
        if answer.status not in {200, 201}:
            raise RuntimeError(f"PUT {path} gives status {answer.status}")
    given = urlencode({"url": f"{_LARGE_URL}/ValueSet"})
    data = load.target.request("GET", f"ValueSet/$expand?{given}")
    request = Request(f"{LARGE:,} codes", data, _expanded)

    def client(_: int) -> Script:
        while True:
            yield request

    result = press("expand", load, client)
    for resource in (_value_set(), _code_system()):
        fetch(load.target, "DELETE", f"{resource['resourceType']}/{resource['id']}")
    return result


def _expanded(response: Response) -> str | None:
    if response.status != 200:
        return f"status {response.status}"
    count = response.body.count(b'"code"')
    return None if count >= LARGE else f"{count} codes"


def _code_system() -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "id": "bench-codes",
        "url": f"{_LARGE_URL}/CodeSystem",
        "status": "active",
        "content": "complete",
        "concept": [{"code": f"c{n:05}", "display": f"Concept number {n}"} for n in range(LARGE)],
    }


def _value_set() -> dict[str, Any]:
    return {
        "resourceType": "ValueSet",
        "id": "bench-codes",
        "url": f"{_LARGE_URL}/ValueSet",
        "status": "active",
        "compose": {"include": [{"system": f"{_LARGE_URL}/CodeSystem"}]},
    }
