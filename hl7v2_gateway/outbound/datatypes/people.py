"""XCN and XON: people and organizations that something was done by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hl7v2_gateway.outbound.datatypes.identifiers import assigned, facility, kind_of
from hl7v2_gateway.outbound.datatypes.names import parts_of
from hl7v2_gateway.outbound.datatypes.texts import mapped
from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.vocabulary import table
from hl7v2_gateway.outbound.writing import Writing, writer

_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_PEOPLE: Final = frozenset(
    ["Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Person"]
)
_THINGS: Final = frozenset(["Organization", "Device", "Location"])


@writer("XCN", "Practitioner", "Patient", "RelatedPerson", "Person")
def xcn(value: Any, writing: Writing) -> Repetition | None:
    """A person: number, name, who gave the number."""
    names = value.get("name", ())
    name = names[0] if isinstance(names, list) and names else {}
    identifier = _best(value)
    if not identifier and not name:
        return None
    return repetition(
        identifier.get("value"),
        *parts_of(name),
        None,
        assigned(identifier, writing) if identifier else None,
        mapped("NameUse", name.get("use")),
        None,
        None,
        kind_of(identifier) or ("NPI" if identifier.get("system") == _NPI else None),
        facility(identifier),
    )


@writer("XCN", "PractitionerRole")
def xcn_of_role(value: Any, writing: Writing) -> Repetition | None:
    """Who is in a role."""
    return xcn_of_reference(value.get("practitioner", {}), writing)


@writer("XCN", "Reference")
def xcn_of_reference(value: Any, writing: Writing) -> Repetition | None:
    """Who is referred to: what can be read of them, else what the reference itself says."""
    found = _resolved(value, writing, _PEOPLE)
    if found is not None:
        role = found["resourceType"] == "PractitionerRole"
        written = xcn_of_role(found, writing) if role else xcn(found, writing)
        if written is not None:
            return written
    if _type_of(value) in {
        "Organization",
        "Device",
        "Location",
    }:
        return None
    identifier = value.get("identifier", {})
    if not identifier.get("value") and not value.get("display"):
        return None
    return repetition(
        identifier.get("value"),
        value.get("display"),
        *[None] * 6,
        assigned(identifier, writing) if identifier else None,
    )


@writer("XON", "Organization")
def xon(value: Any, writing: Writing) -> Repetition | None:
    """An organization: name, number, who gave it."""
    identifier = _best(value)
    if not identifier and not value.get("name"):
        return None
    return repetition(
        value.get("name"),
        None,
        None,
        None,
        None,
        assigned(identifier, writing) if identifier else None,
        kind_of(identifier),
        None,
        None,
        identifier.get("value"),
    )


@writer("XON", "PractitionerRole")
def xon_of_role(value: Any, writing: Writing) -> Repetition | None:
    """For whom somebody is in a role."""
    return xon_of_reference(value.get("organization", {}), writing)


@writer("XON", "Reference")
def xon_of_reference(value: Any, writing: Writing) -> Repetition | None:
    """The organization that is referred to."""
    found = _resolved(value, writing, frozenset(["Organization", "PractitionerRole"]))
    if found is not None:
        role = found["resourceType"] == "PractitionerRole"
        return xon_of_role(found, writing) if role else xon(found, writing)
    if _type_of(value) not in {"Organization", ""}:
        return None
    return repetition(value["display"]) if value.get("display") else None


@writer("XON", "string")
def xon_of_text(value: Any, writing: Writing) -> Repetition | None:
    """An organization of which only the name is known."""
    del writing
    return repetition(value)


@writer("CWE", "Organization")
def cwe_of_organization(value: Any, writing: Writing) -> Repetition | None:
    """An organization where v2 has a code, as manufacturers."""
    identifier = _best(value)
    if not identifier:
        return repetition(None, value.get("name"))
    space, universal, _ = assigned(identifier, writing)
    system = identifier.get("system", "")
    known = table("CodingSystem").get(system)
    return repetition(identifier.get("value"), value.get("name"), known or space or universal)


def _best(person: Mapping[str, Any]) -> dict[str, Any]:
    """The number that is most widely known: the national one of a practitioner, else the first."""
    known = [i for i in person.get("identifier", ()) if i.get("value")]
    return next((i for i in known if i.get("system") == _NPI), known[0] if known else {})


def _resolved(value: Any, writing: Writing, kinds: frozenset[str]) -> Any:
    """What a reference points at, if it is one of these."""
    if not value.get("reference"):
        return None
    found = writing.found("resolve()", "Reference", value)
    return next((v for kind, v, _ in found if kind in kinds), None)


def _type_of(reference: Any) -> str:
    return str(reference.get("type", reference.get("reference", "").partition("/")[0]))
