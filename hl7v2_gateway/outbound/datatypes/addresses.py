"""XAD and XTN: where people live, and how they are reached."""

from __future__ import annotations

from typing import Any, Final

from hl7v2_gateway.outbound.datatypes.identifiers import extension
from hl7v2_gateway.outbound.datatypes.texts import mapped
from hl7v2_gateway.outbound.datatypes.times import point
from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

_CENSUS: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract"
_AREA, _COUNTRY, _LOCAL, _EXTENSION = (
    f"http://hl7.org/fhir/StructureDefinition/contactpoint-{part}"
    for part in ("area", "country", "local", "extension")
)


@writer("XAD", "Address")
def xad(value: Any, writing: Writing) -> Repetition | None:
    """An address; one that only has a text has it as its street."""
    lines = list(value.get("line", ()))
    has_parts = any(value.get(p) for p in ("line", "city", "state", "postalCode", "country"))
    zone, period = writing.wishes.time_zone, value.get("period", {})
    kind = mapped("AddressUse", value.get("use"))
    return repetition(
        lines[0] if lines else (None if has_parts else value.get("text")),
        " ".join(lines[1:]) or None,
        value.get("city"),
        value.get("state"),
        value.get("postalCode"),
        value.get("country"),
        "M" if kind is None and value.get("type") == "postal" else kind,
        None,
        value.get("district"),
        extension(value, _CENSUS),
        None,
        None,
        point(period.get("start"), zone),
        point(period.get("end"), zone),
    )


@writer("XTN", "ContactPoint")
def xtn(value: Any, writing: Writing) -> Repetition | None:
    """A number or an address of the net. The first component is withdrawn as of 2.7."""
    text, system, use = value.get("value"), value.get("system"), value.get("use")
    parts = [extension(value, url) for url in (_COUNTRY, _AREA, _LOCAL, _EXTENSION)]
    if not text and not any(parts):
        return None
    if system == "email" or (system == "url" and text):
        return repetition(None, "NET", "Internet", text)
    kind = "CP" if use == "mobile" else mapped("ContactPointSystem", system)
    is_old = writing.wishes.number < (2, 7)
    has_last = writing.wishes.number >= (2, 5)
    return repetition(
        text if is_old else None,
        mapped("ContactPointUse", use),
        kind,
        None,
        *parts,
        None,
        None,
        None,
        text if has_last else None,
    )
