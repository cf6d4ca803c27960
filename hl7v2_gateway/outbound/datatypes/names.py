"""XPN: names of people."""

from __future__ import annotations

from typing import Any, Final

from hl7v2_gateway.outbound.datatypes.identifiers import extension
from hl7v2_gateway.outbound.datatypes.texts import mapped
from hl7v2_gateway.outbound.datatypes.times import point
from hl7v2_gateway.outbound.segments import Part, Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

ASSEMBLY: Final = "http://hl7.org/fhir/StructureDefinition/humanname-assembly-order"
_PART: Final = "http://hl7.org/fhir/StructureDefinition/humanname-"
_PARTS: Final = ("own-prefix", "own-name", "partner-prefix", "partner-name")
"""Subcomponents of FN after the whole family name."""


@writer("XPN", "HumanName")
def xpn(value: Any, writing: Writing) -> Repetition | None:
    """A name; one that only has a text has it as the family name."""
    zone = writing.wishes.time_zone
    period = value.get("period", {})
    parts = parts_of(value)
    if not any(parts):
        return None
    return repetition(
        *parts,
        mapped("NameUse", value.get("use")),
        None,
        None,
        None,
        extension(value, ASSEMBLY),
        point(period.get("start"), zone),
        point(period.get("end"), zone),
    )


@writer("XPN", "string")
def xpn_of_text(value: Any, writing: Writing) -> Repetition | None:
    """A name of which only a text is known."""
    del writing
    return repetition(value)


def parts_of(name: Any) -> list[Part]:
    """Family, given, further given names, suffix, prefix, degree: as XPN and XCN have them."""
    given, suffixes = name.get("given", []), name.get("suffix", [])
    family = name.get("family")
    is_structured = bool(family or given)
    return [
        _family(name) if family else (None if is_structured else name.get("text")),
        given[0] if given else None,
        " ".join(given[1:]) or None,
        suffixes[0] if suffixes else None,
        " ".join(name.get("prefix", ())) or None,
        " ".join(suffixes[1:]) or None,
    ]


def _family(name: Any) -> Part:
    beside = name.get("_family", {})
    parts = [extension(beside, f"{_PART}{part}") or "" for part in _PARTS]
    return [name["family"], *parts] if any(parts) else name["family"]
