"""Which Patients a merge, or its undoing, is about.

https://hl7.org/fhir/R5/patient-operation-merge.html
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.errors import Invalid, NotSupported, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.reading import read, search
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.search.escaping import escape

SOURCE = (
    Parameter("source-patient", "Reference"),
    Parameter("source-patient-identifier", "Identifier", max=None),
)
TARGET = (
    Parameter("target-patient", "Reference"),
    Parameter("target-patient-identifier", "Identifier", max=None),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A Patient that a parameter means, and the version that it names, if it does."""

    id: str
    version: str | None = None


def named(ctx: Context, call: Call, name: str) -> Named | None:
    """The Patient of `source-patient` or `target-patient`, or of the identifiers beside it.

    Each identifier must be one of the Patient's. None when neither was given.
    """
    reference: Resource = call.inputs.one(name) or {}
    place = call.inputs.place(name)
    identifiers = list(call.inputs.all(f"{name}-identifier"))
    if reference.get("identifier"):
        identifiers.append(reference["identifier"])
    found = _by_identifiers(ctx, call, name, identifiers) if identifiers else None
    if reference.get("reference"):
        literal = parse_reference(reference["reference"], ctx.settings.fhir_base)
        if literal.type != "Patient" or literal.id is None:
            raise Invalid(f"{name} must refer to a Patient", expression=place)
        if not literal.is_local:
            raise NotSupported(f"{name} is on another server", expression=place)
        if found is not None and found != literal.id:
            raise Unprocessable(
                f"{name} and {name}-identifier mean two different patients", expression=place
            )
        # Through the door, for the caller's rights and the right error.
        read(ctx, call.principal, "Patient", literal.id)
        return Named(literal.id, literal.version)
    return None if found is None else Named(found)


def both(ctx: Context, call: Call) -> tuple[Named, Named]:
    """Source and target; raises Invalid when one is missing, or both are one."""
    found = []
    for name in ("source-patient", "target-patient"):
        patient = named(ctx, call, name)
        if patient is None:
            raise Invalid(f"${call.request.operation} needs {name} or {name}-identifier")
        found.append(patient)
    if found[0].id == found[1].id:
        raise Unprocessable("source and target are the same patient")
    return found[0], found[1]


def _by_identifiers(ctx: Context, call: Call, name: str, identifiers: list[Resource]) -> str:
    place = call.inputs.place(f"{name}-identifier") or call.inputs.place(name)
    pairs = []
    for identifier in identifiers:
        if not identifier.get("value"):
            raise Invalid(f"an identifier of {name} has no value", expression=place)
        value, system = escape(identifier["value"]), identifier.get("system")
        pairs.append(("identifier", f"{escape(system)}|{value}" if system else value))
    page = search(ctx, call.principal, "Patient", (*pairs, ("_count", "2")))
    matches = [e["resource"]["id"] for e in page.get("entry", ())]
    if len(matches) != 1:
        many = "more than one patient" if matches else "no patient"
        raise Unprocessable(f"{name}-identifier means {many}: it must mean one", expression=place)
    return str(matches[0])
