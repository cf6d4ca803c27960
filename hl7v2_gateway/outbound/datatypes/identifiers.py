"""CX, EI, EIP: identifiers, with who assigned them."""

from __future__ import annotations

from typing import Any, Final

from hl7v2_gateway.outbound.datatypes.times import point
from hl7v2_gateway.outbound.segments import Part, Repetition, repetition
from hl7v2_gateway.outbound.vocabulary import authority
from hl7v2_gateway.outbound.wording import as_sent
from hl7v2_gateway.outbound.writing import Writing, writer

CHECK_DIGIT: Final = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
FACILITY: Final = "https://fhirserver.example/StructureDefinition/hl7v2-assigning-facility"
CHECK_SCHEME: Final = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit"


@writer("CX", "Identifier")
def cx(value: Any, writing: Writing) -> Repetition | None:
    """An identifier of a person, a visit, an account."""
    if not value.get("value"):
        return None
    zone = writing.wishes.time_zone
    period = value.get("period", {})
    return repetition(
        value["value"],
        extension(value, CHECK_DIGIT),
        extension(value, CHECK_SCHEME),
        assigned(value, writing),
        kind_of(value),
        facility(value),
        point(period.get("start"), zone),
        point(period.get("end"), zone),
    )


@writer("EI", "Identifier")
def ei(value: Any, writing: Writing) -> Repetition | None:
    """The identifier of a thing: its authority is in components of its own."""
    if not value.get("value"):
        return None
    return repetition(value["value"], *assigned(value, writing))


@writer("EIP", "Identifier")
def eip(value: Any, writing: Writing) -> Repetition | None:
    """A pair of the placer's and the filler's number; that of one Identifier is the filler's,
    unless its type says that it is the placer's."""
    if not value.get("value"):
        return None
    whole = [value["value"], *assigned(value, writing)]
    return repetition(whole) if kind_of(value) in {"PLAC", "PGN"} else repetition(None, whole)


@writer("EIP", "Specimen")
def eip_of_specimen(value: Any, writing: Writing) -> Repetition | None:
    """The placer's and the filler's number of a specimen; one without a type is the filler's."""
    known = [i for i in value.get("identifier", ()) if i.get("value")]
    placer = next((i for i in known if kind_of(i) in {"PLAC", "PGN"}), None)
    filler = next((i for i in known if i is not placer), value.get("accessionIdentifier"))
    pair = [i for i in (placer, filler) if i is not None]
    written = repetition(
        *(None if i is None else [i["value"], *assigned(i, writing)] for i in (placer, filler))
    )
    return as_sent("EIP", written, [e for i in pair for e in i.get("extension", ())])


@writer("CX", "System.String", "id", "string")
@writer("EI", "System.String", "id", "string")
def own(value: Any, writing: Writing) -> Repetition | None:
    """What has no identifier is known by its id here."""
    return repetition(value, writing.wishes.sending_application)


def assigned(identifier: Any, writing: Writing) -> tuple[str, str, str]:
    """Who assigned it: what the receiver calls the system, else the system itself."""
    space, universal, kind = authority(identifier.get("system"), writing.wishes)
    said = identifier.get("assigner", {}).get("display")
    if not said or said in {space, universal} or (universal and space):
        return (space, universal, kind)
    return (said, universal or space, kind)


def facility(identifier: Any) -> Part:
    """Where it was assigned, as messages that came in have said it."""
    for found in identifier.get("extension", ()):
        if found.get("url") == FACILITY:
            reference = found.get("valueReference", {})
            number = str(reference.get("identifier", {}).get("value", "")).removeprefix("urn:oid:")
            shown = str(reference.get("display", ""))
            return shown if number in {"", shown} else [shown, number]
    return None


def kind_of(identifier: Any) -> str | None:
    """The code of its type (table 0203)."""
    codings = identifier.get("type", {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("code")), None)


def extension(value: Any, url: str) -> str | None:
    """The text of an extension."""
    for found in value.get("extension", ()):
        if found.get("url") == url:
            return next((str(v) for k, v in found.items() if k.startswith("value")), None)
    return None
