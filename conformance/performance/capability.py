"""What the server says of itself, and how many resources it holds.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from conformance.performance.checks import status
from conformance.performance.client import Request, Target, query
from conformance.performance.drive import Script, drive, fetch
from conformance.performance.record import Record

_TOTAL = re.compile(rb'"total"\s*:\s*(\d+)')


@dataclass(frozen=True, slots=True)
class Capability:
    """Name and version, the types that can be searched, the operations: `Patient/everything`."""

    software: str
    types: tuple[str, ...]
    operations: frozenset[str]

    @classmethod
    def of(cls, target: Target) -> Capability:
        response = fetch(target, "GET", "metadata")
        if response.status != 200:
            raise ValueError(f"GET metadata gives status {response.status}")
        statement = msgspec.json.decode(response.body)
        software = statement.get("software", {})
        resources = statement["rest"][0].get("resource", [])
        everywhere = [o["name"] for o in statement["rest"][0].get("operation", [])]
        operations = {
            f"{r['type']}/{name.removeprefix('$')}"
            for r in resources
            for name in (*everywhere, *(o["name"] for o in r.get("operation", [])))
        }
        return cls(
            f"{software.get('name', 'unknown')} {software.get('version', '')}".strip(),
            tuple(r["type"] for r in resources),
            frozenset(operations),
        )


def resources_on(target: Target, capability: Capability) -> int:
    """How many current resources of all types the server counts."""
    totals: list[int] = []

    def ask() -> Script:
        for kind in capability.types:
            path = query(kind, ("_summary", "count"))
            response = yield Request("count", target.request("GET", path), status(200))
            if response.status == 200 and (found := _TOTAL.search(response.body)):
                totals.append(int(found[1]))

    drive(target, [ask()], Record())
    return sum(totals)
