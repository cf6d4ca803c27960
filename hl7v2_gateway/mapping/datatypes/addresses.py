"""XAD, SAD, XTN: addresses and telephones.

https://hl7.org/fhir/uv/v2mappings/ConceptMap-datatype-xad-to-address.html and its neighbours
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.times import period
from hl7v2_gateway.mapping.views import Repetition
from hl7v2_gateway.mapping.vocabulary import vocabulary

_EXT: Final = "http://hl7.org/fhir/StructureDefinition/"


@maps("XAD[Address]", uses="1-10,12-14,19")
def xad(r: Repetition, ctx: Context, how: How) -> Any:
    """XAD: an address; SAD in its first component."""
    street = r.component(1)
    lines = [t for t in (street.text(1), street.text(2), street.text(3), r.text(2)) if t]
    parts = len(r.components)
    if parts > 18 and r.text(19):
        lines.append(r.text(19))
    kind = r.text(7)
    found: Resource = {}
    use, type_ = _address_use(kind), _address_type(kind)
    extension = []
    if kind == "HV":
        extension.append({"url": _EXT + "iso21090-AD-use", "valueCode": "HV"})
    if parts > 9 and r.text(10):
        extension.append({"url": _EXT + "iso21090-ADXP-censusTract", "valueString": r.text(10)})
    for key, value in (
        ("extension", extension),
        ("use", use),
        ("type", type_),
        ("line", lines),
        ("city", r.text(3)),
        ("district", r.text(9, 2) or r.text(9) if parts > 8 else ""),
        ("state", r.text(4)),
        ("postalCode", r.text(5)),
        ("country", r.text(6)),
    ):
        if value:
            found[key] = value
    if parts > 11:
        valid = period(r.text(13), r.text(14), ctx.zone)
        if valid is None and r.has(12):
            valid = period(r.text(12, 1), r.text(12, 2), ctx.zone)
        if valid:
            found["period"] = valid
    return found if found.keys() - {"use", "type"} else None


def _address_use(kind: str) -> str:
    found = vocabulary("AddressType[Use]").codes.get(kind)
    return found[0] if found else ""


def _address_type(kind: str) -> str:
    found = vocabulary("AddressType[Type]").codes.get(kind)
    return found[0] if found else ""


@maps("SAD[Address]", uses="1-3")
def sad(r: Repetition, ctx: Context, how: How) -> Any:
    """A street address alone."""
    lines = [t for t in (r.text(1), r.text(2), r.text(3)) if t]
    return {"line": lines} if lines else None


@maps("XTN[ContactPoint]", uses="1-9,12-14,18")
def xtn(r: Repetition, ctx: Context, how: How) -> Any:
    """XTN: telephone, fax, e-mail; before 2.3 the whole number stands in the first component."""
    value, system = _reached(r)
    if not value:
        return None
    uses = vocabulary("TelecommunicationUseCode").codes.get(r.text(2))
    extension = [
        {"url": _EXT + url, "valueString": r.text(n)}
        for n, url in (
            (5, "contactpoint-country"),
            (6, "contactpoint-area"),
            (7, "contactpoint-local"),
            (8, "contactpoint-extension"),
        )
        if r.text(n)
    ]
    if r.text(9):
        extension.append(
            {
                "url": "https://fhirserver.example/StructureDefinition/hl7v2-any-text",
                "valueString": r.text(9),
            }
        )
    found: Resource = {"system": system, "value": value}
    use = uses[0] if uses else ""
    if use in ("home", "work", "temp", "old", "mobile"):
        found["use"] = use
    elif r.text(3) == "CP":
        found["use"] = "mobile"
    if extension:
        found["extension"] = extension
    if len(r.components) > 12:
        valid = period(r.text(13), r.text(14), ctx.zone)
        if valid:
            found["period"] = valid
        if r.text(18).isdigit() and int(r.text(18)) > 0:
            found["rank"] = int(r.text(18))
    if system != "email" and "@" in r.text(4):
        # A telephone and an address in one repetition are two ways to reach somebody.
        return [found, pruned({"system": "email", "value": r.text(4), "use": found.get("use")})]
    return found


def _reached(r: Repetition) -> tuple[str, str]:
    """The number or address, and what kind of ContactPoint it is."""
    kind = r.text(3)
    if (
        kind in ("Internet", "X.400")
        or (not kind and r.text(4))
        or (r.text(2) == "NET" and r.text(4))
    ):
        return r.text(4) or r.text(1), "email"
    system = vocabulary("TelecommunicationEquipmentType").codes.get(kind)
    word = system[0] if system else "phone"
    if word not in ("phone", "fax", "email", "pager", "url", "sms", "other"):
        word = "phone"
    value = r.text(12)
    if not value and r.text(7):
        country, area, extension = r.text(5), r.text(6), r.text(8)
        value = (
            (f"+{country.lstrip('+')} " if country else "")
            + (f"{area} " if area else "")
            + r.text(7)
        )
        value += f" X{extension}" if extension else ""
    value = value or r.text(1)
    if "@" in value and word == "phone":
        word = "email"
    return value, word
