"""CX, EI, EIP, HD, DLN, PLN, ST: identifiers and who assigned them.

An assigning authority becomes Identifier.system: the sender's authorities first, then the universal
ID, then the name as `urn:id:NAME`. The assigner is a logical reference (name and identifier), not
an Organization in each message: hospitals assign millions of numbers and are one organization.

https://hl7.org/fhir/uv/v2mappings/2024Sep/ConceptMap-datatype-cx-to-identifier.html
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned, universal_id
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.times import period
from hl7v2_gateway.mapping.systems import quoted
from hl7v2_gateway.mapping.views import Repetition

TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
UNIVERSAL_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0301"
_CHECK_DIGIT: Final = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
_CHECK_SCHEME: Final = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit"
FACILITY: Final = "https://fhirserver.example/StructureDefinition/hl7v2-assigning-facility"


def assigner(hd: Repetition) -> Resource | None:
    """An HD as a logical reference to the organization."""
    name, universal, kind = hd.text(1), hd.text(2), hd.text(3)
    found: Resource = {"type": "Organization"}
    if universal:
        found["identifier"] = {
            "system": "urn:ietf:rfc:3986",
            "value": universal_id(universal, kind),
        }
        if not found["identifier"]["value"].startswith(("urn:oid", "urn:uuid", "http")):
            found["identifier"] = {"value": universal}
    elif name:
        found["identifier"] = {"value": name}
    if name:
        found["display"] = name
    return found if len(found) > 1 else None


def identifier(
    ctx: Context,
    value: str,
    authority: Repetition,
    kind: str = "",
    check: str = "",
    scheme: str = "",
    facility: Repetition | None = None,
    valid: Resource | None = None,
) -> Resource | None:
    """An Identifier from its parts; None without a value."""
    if not value:
        return None
    extension: list[Resource] = [
        {"url": url, "valueString": text}
        for url, text in ((_CHECK_DIGIT, check), (_CHECK_SCHEME, scheme))
        if text
    ]
    if facility and (where := assigner(facility)):
        extension.append({"url": FACILITY, "valueReference": where})
    found = {
        "extension": extension,
        "type": {"coding": [{"system": TYPES, "code": " ".join(kind.split())}]} if kind else None,
        "system": ctx.authority(authority.text(1), authority.text(2), authority.text(3)),
        "value": value,
        "period": valid,
        "assigner": assigner(authority),
    }
    return {key: part for key, part in found.items() if part}


@maps("CX[Identifier]", uses="1-8")
def cx(r: Repetition, ctx: Context, how: How) -> Any:
    """CX: number, check digit and scheme, authority, type, facility, validity."""
    valid = period(r.text(7), r.text(8), ctx.zone) if len(r.components) > 6 else None
    return identifier(
        ctx, r.text(1), r.component(4), r.text(5), r.text(2), r.text(3), r.component(6), valid
    )


@maps("CX[string]", uses="1")
def cx_string(r: Repetition, ctx: Context, how: How) -> Any:
    """The number alone."""
    return r.text(1) or None


@maps(
    "EI[Identifier-Extension]",
    "EI[Identifier-System]",
    "EI[Identifier-Organization]",
    "EI[Identifier-DefaultAssigner]",
    "EI[Identifier]",
    uses="1-4",
)
def ei(r: Repetition, ctx: Context, how: How) -> Any:
    """EI: the authority follows the number directly."""
    if not r.text(1):
        return None
    return entity(ctx, r.text(1), r.text(2), r.text(3), r.text(4))


def entity(ctx: Context, value: str, name: str, universal: str, kind: str) -> Resource | None:
    """An Identifier from an EI's four parts."""
    authority = Repetition(((name,), (universal,), (kind,)))
    return identifier(ctx, value, authority)


def _part(r: Repetition, number: int, ctx: Context, kind: str) -> Resource | None:
    found = entity(ctx, *(r.text(number, sub) for sub in (1, 2, 3, 4)))
    if found is not None:
        found["type"] = {"coding": [{"system": TYPES, "code": kind}]}
    return found


@maps("EIP[Identifier-PlacerAssignedIdentifier]", uses="1-2")
def eip_placer(r: Repetition, ctx: Context, how: How) -> Any:
    """EIP.1: what the placer assigned."""
    return _part(r, 1, ctx, "PGN")


@maps("EIP[Identifier-FillerAssignedIdentifier]", uses="1-2")
def eip_filler(r: Repetition, ctx: Context, how: How) -> Any:
    """EIP.2: what the filler assigned."""
    return _part(r, 2, ctx, "FGN")


@maps("EIP[Identifier-PlacerGroup]", uses="1-4")
def group_of_placer(r: Repetition, ctx: Context, how: How) -> Any:
    """ORC-4, an EI up to version 2.7 and an EIP since: it is one where its parts have parts."""
    if _is_pair(r):
        return _part(r, 1, ctx, "PGN")
    found = entity(ctx, r.text(1), r.text(2), r.text(3), r.text(4)) if r.text(1) else None
    if found is not None:
        found["type"] = {"coding": [{"system": TYPES, "code": "PGN"}]}
    return found


@maps("EIP[Identifier-FillerGroup]", uses="1-2")
def group_of_filler(r: Repetition, ctx: Context, how: How) -> Any:
    """The filler's group number in ORC-4, if that is a pair."""
    return _part(r, 2, ctx, "FGN") if _is_pair(r) else None


def _is_pair(r: Repetition) -> bool:
    return any(len(parts) > 1 for parts in r.components[:2]) or not r.has(1)


@maps("EIP[Identifier]", uses="1-2")
def eip_any(r: Repetition, ctx: Context, how: How) -> Any:
    """Either, the filler's first: to point at what has no other identity here."""
    return _part(r, 2, ctx, "FGN") or _part(r, 1, ctx, "PGN")


@maps("EI[Device-udiCarrier]", uses="1-4")
def ei_udi(r: Repetition, ctx: Context, how: How) -> Any:
    """A unique device identifier and who issues such."""
    return pruned(
        {
            "deviceIdentifier": r.text(1),
            "issuer": universal_id(r.text(3), r.text(4)) if r.text(3) else "",
        }
    )


@maps("ST[Identifier]", uses="1")
def st_identifier(r: Repetition, ctx: Context, how: How) -> Any:
    """A bare number."""
    return {"value": r.text(1)} if r.text(1) else None


@maps("HD[uri]", "HD[url]", uses="1-3")
def hd_uri(r: Repetition, ctx: Context, how: How) -> Any:
    """The authority as a URI."""
    return ctx.authority(r.text(1), r.text(2), r.text(3)) or None


@maps("HD[string]", uses="1-3")
def hd_name(r: Repetition, ctx: Context, how: How) -> Any:
    """The authority's name, or its ID where it has none."""
    return r.text(1) or r.text(2) or None


@maps("HD[Organization]", "HD[Device]", uses="1-3")
def hd_resource(r: Repetition, ctx: Context, how: How) -> Any:
    """A facility or application as a resource with its name and identifiers."""
    name, universal, kind = r.text(1), r.text(2), r.text(3)
    found: list[Resource] = []
    if name:
        found.append({"value": name})
    if universal:
        value = universal_id(universal, kind)
        typed: Resource = {"system": "urn:ietf:rfc:3986", "value": value}
        if not value.startswith(("urn:oid:", "urn:uuid:", "http")):
            typed = {"value": universal}
        if kind:
            typed["type"] = {"coding": [{"system": UNIVERSAL_TYPES, "code": kind}]}
        found.append(typed)
    return {"identifier": found, "~name": name} if found else None


@maps("HD[Location]", uses="1-3")
def hd_location(r: Repetition, ctx: Context, how: How) -> Any:
    """A facility as a place; its universal id is that of a site."""
    found = hd_resource(r, ctx, how)
    if found is not None and r.text(2):
        found["physicalType"] = {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/location-physical-type",
                    "code": "si",
                }
            ]
        }
    return found


@maps("HD[Identifier]", uses="1-3")
def hd_identifier(r: Repetition, ctx: Context, how: How) -> Any:
    """An HD that is an identifier itself."""
    value = r.text(1) or r.text(2)
    if not value:
        return None
    return {
        "value": value,
        **({"system": universal_id(r.text(2), r.text(3))} if r.text(1) and r.text(2) else {}),
    }


@maps("DLN[Identifier]", uses="1-3")
def dln(r: Repetition, ctx: Context, how: How) -> Any:
    """A driver's licence: number, issuing authority, expiry."""
    if not r.text(1):
        return None
    return pruned(
        {
            "type": {"coding": [{"system": TYPES, "code": "DL"}]},
            "system": ctx.authority(r.text(2), "", ""),
            "value": r.text(1),
            "period": period("", r.text(3), ctx.zone),
        }
    )


@maps("PLN[Identifier]", uses="1-4")
def pln(r: Repetition, ctx: Context, how: How) -> Any:
    """A practitioner's licence: number, type, expiry."""
    if not r.text(1):
        return None
    return pruned(
        {
            "type": {"coding": [{"system": TYPES, "code": r.text(2)}], "text": r.text(3)},
            "value": r.text(1),
            "period": period("", r.text(4), ctx.zone),
        }
    )


def _reference(resource_type: str) -> None:
    """EI or EIP as a logical reference to a resource of this type."""

    @maps(f"EI[Reference-{resource_type}]", uses="1-4")
    def by_entity(r: Repetition, ctx: Context, how: How) -> Any:
        found = ei(r, ctx, how)
        return {"type": resource_type, "identifier": found} if found else None

    @maps(f"EIP[Reference-{resource_type}]", uses="1-2")
    def by_pair(r: Repetition, ctx: Context, how: How) -> Any:
        found = eip_any(r, ctx, how)
        return {"type": resource_type, "identifier": found} if found else None


for _type in (
    "Condition",
    "Specimen",
    "ServiceRequest",
    "Procedure",
    "Goal",
    "Observation",
    "DocumentReference",
):
    _reference(_type)


@maps("CWE[Device]", "EI[Device]", uses="1-4")
def device(r: Repetition, ctx: Context, how: How) -> Any:
    """A device or another thing that is booked: its code is its identifier."""
    if not r.text(1) and not r.text(2):
        return None
    system = ctx.code_system(r.text(3)) if r.text(3) else ""
    number = pruned({"system": system, "value": r.text(1)}) if r.text(1) else None
    return pruned({"identifier": [number] if number else None, "~name": r.text(2)})


@maps("*[EntryIdentifier]", uses="1-3")
def entry_key(r: Repetition, ctx: Context, how: How) -> Any:
    """The primary key of a master file entry."""
    if not r.text(1):
        return None
    return {"type": {"text": "primary key"}, "value": r.text(1)}


@maps("CWE[DefinitionUrl]", uses="1-3")
def definition_url(r: Repetition, ctx: Context, how: How) -> Any:
    """A canonical address for what a service code defines."""
    if not r.text(1):
        return None
    return f"urn:id:{quoted(r.text(3) or 'service')}:{quoted(r.text(1))}"
