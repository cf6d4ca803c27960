"""Whose data an export is about: the patients that are named, and those of a group.

https://hl7.org/fhir/uv/bulkdata/export.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import Call
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.types.reference import local
from fhirserver.storage.searches import by_reference

MOST_NAMED = 10_000


def named(ctx: Context, call: Call) -> frozenset[int] | None:
    """The digests of the patients in `patient`; None when none is named.

    One that isn't there for the caller is refused as one that doesn't exist.
    """
    asked = call.inputs.all("patient")
    if not asked:
        return None
    if len(asked) > MOST_NAMED:
        raise Invalid(f"patient: up to {MOST_NAMED} are named at once; make a Group of them")
    ids: dict[str, int] = {}
    for number, reference in enumerate(asked):
        address = local(str(reference.get("reference") or ""), ctx.site)
        if address is None or address[0] != "Patient":
            raise Invalid(
                "patient must be a reference such as Patient/123",
                expression=call.inputs.place("patient", number),
            )
        ids[address[1]] = number
    there = {v.id for v in by_reference(ctx.store, [("Patient", i) for i in ids], limit=len(ids))}
    for id_, number in ids.items():
        if id_ not in there:
            raise Invalid(
                f"patient: there is no Patient/{id_}",
                expression=call.inputs.place("patient", number),
            )
    return frozenset(reference_self("Patient", i) for i in ids)


def members(ctx: Context, group: Resource) -> frozenset[int]:
    """The digests of the patients in a group, without those that are no longer in it."""
    found = set()
    for member in group.get("member", ()):
        address = local((member.get("entity") or {}).get("reference") or "", ctx.site)
        if address is not None and address[0] == "Patient" and not member.get("inactive"):
            found.add(reference_self(*address))
    return frozenset(found)
