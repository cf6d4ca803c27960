"""PL, NDL, DLD, AUI: where somebody is: a chain of Locations, the most precise first.

https://hl7.org/fhir/uv/v2mappings/ConceptMap-datatype-pl-to-location.html
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned, universal_id
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.identifiers import UNIVERSAL_TYPES, entity
from hl7v2_gateway.mapping.views import Repetition

_TYPES: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
# From the most precise to the least: component, physical type.
_LEVELS: Final = ((3, "bd"), (2, "ro"), (1, ""), (8, "lvl"), (7, "bu"), (4, "si"))


@maps("PL[Location]", uses="1-5,7-11")
def pl(r: Repetition, ctx: Context, how: How) -> Any:
    """A Location whose `~partOf` is the next one up; all are `instance`s."""
    return chain(r, ctx, _LEVELS)


@maps("NDL[Location]", uses="4-6,7-11")
def ndl(r: Repetition, ctx: Context, how: How) -> Any:
    """NDL.4 point of care, 5 room, 6 bed, 7 facility, 10 building, 11 floor."""
    levels = ((6, "bd"), (5, "ro"), (4, ""), (11, "lvl"), (10, "bu"), (7, "si"))
    return chain(r, ctx, levels)


def chain(r: Repetition, ctx: Context, levels: tuple[tuple[int, str], ...]) -> Resource | None:
    """The levels that are there, each part of the next."""
    found: Resource | None = None
    path: list[str] = []
    for component, kind in reversed(levels):
        if not r.has(component):
            continue
        numbers: list[Resource] = []
        if r.text(component, 1):
            # Without a system: many wards of many hospitals are called 2.
            numbers.append({"value": r.text(component, 1)})
        if r.text(component, 2):
            value = universal_id(r.text(component, 2), r.text(component, 3))
            number: Resource = {"system": "urn:ietf:rfc:3986", "value": value}
            if r.text(component, 3):
                kind_of_id = {"system": UNIVERSAL_TYPES, "code": r.text(component, 3)}
                number["type"] = {"coding": [kind_of_id]}
            numbers.append(number)
        name = r.text(component, 1) or r.text(component, 2)
        path.insert(0, name)
        level: Resource = {"mode": "instance", "name": name, "~path": "/".join(path)}
        level["identifier"] = numbers
        if kind:
            level["physicalType"] = {"coding": [{"system": _TYPES, "code": kind}]}
        if found is not None:
            level["~partOf"] = found
        found = level
    if found is None and not r.has(9) and not r.has(10):
        return None
    found = found or {"mode": "instance"}
    if r.text(9) and levels is _LEVELS:
        found["description"] = r.text(9)
        found.setdefault("name", r.text(9))
    if r.has(10) and levels is _LEVELS:
        whole = r.component(10)
        given = entity(
            ctx, whole.text(1), whole.text(2) or r.text(11), whole.text(3), whole.text(4)
        )
        if given:
            found.setdefault("identifier", []).append(given)
    return found


@maps("LA2[Location]", uses="1-4,7-14")
def la2(r: Repetition, ctx: Context, how: How) -> Any:
    """LA2: a place and its address."""
    found = chain(r, ctx, ((3, "bd"), (2, "ro"), (1, ""), (8, "lvl"), (7, "bu"), (4, "si")))
    lines = [t for t in (r.text(9), r.text(10)) if t]
    address = pruned(
        {
            "line": lines,
            "city": r.text(11),
            "state": r.text(12),
            "postalCode": r.text(13),
            "country": r.text(14),
        }
    )
    if address and found is None:
        found = {"mode": "instance"}
    if address and found is not None:
        found["address"] = address
    return found


@maps("DLD[Location-Discharge]", uses="1-2")
def dld(r: Repetition, ctx: Context, how: How) -> Any:
    """Where a patient was discharged to; the coded kind of place is its identifier and type."""
    code = r.component(1)
    if not code.text(1):
        return None
    return pruned(
        {
            "mode": "instance",
            "name": code.text(2) or code.text(1),
            "identifier": [{"value": code.text(1)}],
            "type": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0113",
                            "code": code.text(1),
                        }
                    ]
                }
            ],
        }
    )


@maps("CWE[Location]", "ST[Location]", "XON[Location]", "IS[Location]", uses="1-6,9")
def coded_location(r: Repetition, ctx: Context, how: How) -> Any:
    """A place that is only named or coded."""
    name = r.text(2) or r.text(1)
    if not name:
        return None
    number: Resource = {"value": r.text(1)} if r.text(1) else {}
    if number and r.text(3):
        number["system"] = ctx.code_system(r.text(3))
    return pruned({"mode": "instance", "name": name, "identifier": [number] if number else None})


@maps("*[Location]", uses="*")
def any_location(r: Repetition, ctx: Context, how: How) -> Any:
    """A place of whatever type (LA2, ST): LA2's parts, else its name."""
    return la2(r, ctx, how) if len(r.components) > 1 else coded_location(r, ctx, how)


@maps("PL[LocationSelf]", uses="1-5,7-11")
def self_location(r: Repetition, ctx: Context, how: How) -> Any:
    """The place that a master file describes: the most precise level itself."""
    return pl(r, ctx, how)
