"""Whose data an export is about: the patients that are named, and those of a group.

https://hl7.org/fhir/uv/bulkdata/export.html
"""

from __future__ import annotations

from dataclasses import replace

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.interactions.operating.exports import require
from fhirserver.interactions.operating.reading import instance, read
from fhirserver.interactions.operation import Call
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.types.reference import local
from fhirserver.storage import epoch
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


def group(ctx: Context, call: Call) -> Resource:
    """The Group in the address; raises NotFound, Gone or Forbidden.

    A service that is to export patients asks for scopes on what it exports, and seldom on Group:
    only who is in it is taken from it, so reading patients will do. Its access policies must let it
    read that Group all the same.
    """
    assert call.id is not None
    principal = call.principal
    if principal.may("r", "Group", context="system"):
        return instance(ctx, call)
    require(principal, ["Patient"])
    wider = Principal(
        principal.subject, (*principal.scopes, *scopes("system/Group.r")), client=principal.client
    )
    rights = Entitlements(ctx.store.database, ctx.added, ctx.site)
    access = rights.access(wider, epoch.current(ctx.store.database))
    return read(ctx, replace(wider, given_access=access), "Group", call.id)


def members(ctx: Context, group: Resource) -> frozenset[int]:
    """The digests of the patients in a group, without those that are no longer in it."""
    found = set()
    for member in group.get("member", ()):
        address = local((member.get("entity") or {}).get("reference") or "", ctx.site)
        if address is not None and address[0] == "Patient" and not member.get("inactive"):
            found.add(reference_self(*address))
    return frozenset(found)
