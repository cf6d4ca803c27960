"""XPN, FN, XCN, CNN, XON: people and organizations.

https://hl7.org/fhir/uv/v2mappings/ConceptMap-datatype-xpn-to-humanname.html and its neighbours
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.codes import codeable
from hl7v2_gateway.mapping.datatypes.identifiers import identifier
from hl7v2_gateway.mapping.datatypes.locations import ndl
from hl7v2_gateway.mapping.datatypes.times import period
from hl7v2_gateway.mapping.views import Repetition
from hl7v2_gateway.mapping.vocabulary import vocabulary

_EXT: Final = "http://hl7.org/fhir/StructureDefinition/"
_FAMILY_PARTS: Final = (
    (2, "humanname-own-prefix"),
    (3, "humanname-own-name"),
    (4, "humanname-partner-prefix"),
    (5, "humanname-partner-name"),
)


def name_use(code: str) -> str:
    """HumanName.use by table 0200; a type that FHIR hasn't says nothing."""
    found = vocabulary("NameType").codes.get(code)
    return found[0] if found else ""


def human_name(
    ctx: Context,
    family: Repetition,
    given: tuple[str, ...],
    suffix: tuple[str, ...],
    prefix: str,
    kind: str,
) -> Resource:
    """A HumanName from the parts that all v2 name types share."""
    found: Resource = {}
    use = name_use(kind) if kind else ""
    if use:
        found["use"] = use
    surname = family.text(1)
    if surname:
        found["family"] = surname
        if len(family.components) > 1:
            parts = [
                {"url": _EXT + url, "valueString": family.text(n)}
                for n, url in _FAMILY_PARTS
                if family.text(n)
            ]
            if parts:
                found["_family"] = {"extension": parts}
    for key, texts in (("given", given), ("prefix", (prefix,)), ("suffix", suffix)):
        kept = [t for t in texts if t]
        if kept:
            found[key] = kept
    return found


@maps("XPN[HumanName]", uses="1-7,10-15")
def xpn(r: Repetition, ctx: Context, how: How) -> Any:
    """XPN: a name; a nickname (XPN.15) is a name of its own."""
    found = human_name(
        ctx,
        r.component(1),
        (r.text(2), r.text(3)),
        (r.text(4), r.text(6), r.text(14)),
        r.text(5),
        r.text(7),
    )
    if len(r.components) > 9:
        valid = period(r.text(12), r.text(13), ctx.zone)
        if valid is None and r.has(10):
            valid = period(r.text(10, 1), r.text(10, 2), ctx.zone)
        if valid:
            found["period"] = valid
        order = vocabulary("NameAssemblyOrder").codes.get(r.text(11))
        if order:
            found["extension"] = [{"url": _EXT + "humanname-assembly-order", "valueCode": order[0]}]
        if r.text(15):
            return [n for n in (found, {"use": "nickname", "given": [r.text(15)]}) if n]
    return found if found.keys() - {"use"} else None


@maps("XPN[string]", uses="1-6")
def xpn_string(r: Repetition, ctx: Context, how: How) -> Any:
    """A name in one line."""
    words = (r.text(5), r.text(2), r.text(3), r.text(1), r.text(4), r.text(6))
    return " ".join(w for w in words if w) or None


@maps("XPN[family]", uses="1,7")
def xpn_family(r: Repetition, ctx: Context, how: How) -> Any:
    """The surname alone: a mother's maiden name."""
    return r.text(1) or None


@maps("FN[HumanName]", uses="1-5")
def fn(r: Repetition, ctx: Context, how: How) -> Any:
    """A surname alone."""
    return human_name(ctx, r, (), (), "", "") or None


def person(r: Repetition, ctx: Context) -> Resource | None:
    """Identifier and name of an XCN (or of an XPN that was sent in its place)."""
    parts = len(r.components)
    found: Resource = {}
    number = identifier(
        ctx,
        r.text(1),
        r.component(9),
        r.text(13),
        r.text(11),
        r.text(12),
        r.component(14) if parts > 13 else None,
    )
    if number:
        found["identifier"] = [number]
    if parts > 1:
        name = human_name(
            ctx,
            r.component(2),
            (r.text(3), r.text(4)),
            (r.text(5), r.text(21)),
            r.text(6),
            r.text(10),
        )
        if parts > 16:
            valid = period(r.text(19), r.text(20), ctx.zone)
            if valid is None and r.has(17):
                valid = period(r.text(17, 1), r.text(17, 2), ctx.zone)
            if valid:
                name["period"] = valid
            order = vocabulary("NameAssemblyOrder").codes.get(r.text(18))
            if order:
                name["extension"] = [
                    {"url": _EXT + "humanname-assembly-order", "valueCode": order[0]}
                ]
        if name.keys() - {"use"}:
            found["name"] = [name]
    return found or None


@maps("XCN[Practitioner]", "XCN[Patient]", "XCN[RelatedPerson]", uses="1-7,9-14,17-21")
def xcn(r: Repetition, ctx: Context, how: How) -> Any:
    """XCN: a person with a number, a name and a degree."""
    found = person(r, ctx)
    degree = r.text(7)
    if found is not None and degree:
        code = vocabulary("DegreeLicenseCertificate").codes.get(degree)
        coding = (
            {"system": code[1], "code": code[0], "display": code[2]}
            if code
            else {"system": "http://terminology.hl7.org/CodeSystem/v2-0360", "code": degree}
        )
        found["~degree"] = pruned({"coding": [coding]})
    return found


@maps("CNN[Practitioner]", "NDL[Practitioner]", uses="1-11")
def cnn(r: Repetition, ctx: Context, how: How) -> Any:
    """CNN: as an XCN, its authority spread over components 9 to 11."""
    c = r.components
    authority = (r.text(9), r.text(10), r.text(11))
    found = person(Repetition((*c[:8], authority)), ctx)
    if found is not None and r.text(7) and found.get("name"):
        # Here the degree is a suffix of the name (CNN[Practitioner].8).
        found["name"][0].setdefault("suffix", []).append(r.text(7))
    return found


@maps("XCN[Reference]", "XCN[Annotation-Author]", uses="1-7,9-14,17-21")
def xcn_reference(r: Repetition, ctx: Context, how: How) -> Any:
    """A person who is named only: a logical reference."""
    found = person(r, ctx)
    if found is None:
        return None
    name = found.get("name", [{}])[0]
    words = [*name.get("prefix", []), *name.get("given", []), name.get("family", "")]
    return pruned(
        {
            "type": "Practitioner",
            "identifier": found.get("identifier", [None])[0],
            "display": " ".join(w for w in words if w),
        }
    )


@maps("XON[Organization]", uses="1-8,10")
def xon(r: Repetition, ctx: Context, how: How) -> Any:
    """XON: an organization's name and number."""
    found: Resource = {}
    number = identifier(
        ctx,
        r.text(10) or r.text(3),
        r.component(6),
        r.text(7),
        r.text(4),
        r.text(5),
        r.component(8),
    )
    if number:
        found["identifier"] = [number]
    if r.text(1):
        found["name"] = r.text(1)
    if r.text(2) and found:
        found["extension"] = [
            {
                "url": "https://fhirserver.example/StructureDefinition/hl7v2-organization-name-type",
                "valueCoding": {
                    "system": "http://terminology.hl7.org/CodeSystem/v2-0204",
                    "code": r.text(2),
                },
            }
        ]
    return found or None


@maps("XON[string]", uses="1,10")
def xon_string(r: Repetition, ctx: Context, how: How) -> Any:
    """An organization's name, or its number where it has no name."""
    return r.text(1) or r.text(10) or None


@maps("CWE[Organization]", "CE[Organization]", uses="1-6,9")
def organization_of_code(r: Repetition, ctx: Context, how: How) -> Any:
    """An organization that is coded: a vaccine's maker, who made an observation."""
    found: Resource = {}
    numbers = []
    for code, system in ((1, 3), (4, 6)):
        if r.text(code):
            uri = ctx.code_system(r.text(system)) if r.text(system) else ""
            numbers.append(
                {"system": uri, "value": r.text(code)} if uri else {"value": r.text(code)}
            )
    if numbers:
        found["identifier"] = numbers
    name = r.text(2) or r.text(9)
    if name:
        found["name"] = name
    return found or None


@maps("XCN[PractitionerRole]", uses="1-7,9-14,17-21")
def role_of_person(r: Repetition, ctx: Context, how: How) -> Any:
    """A role that a person has: the person is a Practitioner of its own."""
    found = xcn(r, ctx, how)
    return {"~practitioner": found} if found else None


@maps("CWE[PractitionerRole]", uses="1-9")
def role_of_code(r: Repetition, ctx: Context, how: How) -> Any:
    """A role that is named by a code."""
    found = codeable(r, ctx, how)
    return {"code": [found]} if found else None


@maps("NDL[PractitionerRole]", uses="1-11")
def role_of_ndl(r: Repetition, ctx: Context, how: How) -> Any:
    """NDL: who, from when to when, and where."""
    found: Resource = {}
    who = cnn(r.component(1), ctx, how)
    if who:
        found["~practitioner"] = who
    valid = period(r.text(2), r.text(3), ctx.zone)
    if valid:
        found["period"] = valid
    where = ndl(r, ctx, how)
    if where:
        found["~location"] = where
    return found or None
