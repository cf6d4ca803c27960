"""SPS, TQ, NDL and CP: what older versions had in one field, and prices."""

from __future__ import annotations

from typing import Any

from hl7v2_gateway.outbound.datatypes.concepts import cwe
from hl7v2_gateway.outbound.datatypes.people import xcn, xcn_of_reference
from hl7v2_gateway.outbound.datatypes.quantities import cq, number
from hl7v2_gateway.outbound.datatypes.texts import mapped, plain
from hl7v2_gateway.outbound.datatypes.times import point
from hl7v2_gateway.outbound.datatypes.timing import pattern
from hl7v2_gateway.outbound.segments import Part, Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer


@writer("SPS", "Specimen")
def sps(value: Any, writing: Writing) -> Repetition | None:
    """A specimen in OBR-15, before there was SPM: type, additive, method, site."""
    collection = value.get("collection", {})
    additives = [
        a["additiveCodeableConcept"]
        for c in value.get("container", ())
        for a in ([c] if c.get("additiveCodeableConcept") else ())
    ]
    return repetition(
        _flat(value.get("type"), writing),
        _flat(additives[0], writing) if additives else None,
        collection.get("method", {}).get("text"),
        _flat(collection.get("bodySite"), writing),
    )


@writer("TQ", "ServiceRequest", "MedicationRequest")
def tq(value: Any, writing: Writing) -> Repetition | None:
    """When and how often, before there was TQ1."""
    zone = writing.wishes.time_zone
    dosages = value.get("dosageInstruction", ())
    timing = value.get("occurrenceTiming") or (dosages[0].get("timing", {}) if dosages else {})
    bounds = timing.get("repeat", {}).get("boundsPeriod", {})
    period = value.get("occurrencePeriod", bounds)
    doses = [
        d["doseQuantity"] for x in dosages for d in x.get("doseAndRate", ()) if "doseQuantity" in d
    ]
    quantity = value.get("quantityQuantity") or (doses[0] if doses else None)
    return repetition(
        _pair(quantity, writing),
        pattern(timing),
        None,
        point(value.get("occurrenceDateTime") or period.get("start"), zone),
        point(period.get("end"), zone),
        mapped("RequestPriority", value.get("priority")),
    )


@writer("TQ", "Appointment")
def tq_of_appointment(value: Any, writing: Writing) -> Repetition | None:
    """When an appointment is: duration in minutes, begin, end."""
    zone = writing.wishes.time_zone
    minutes = writing.names.get("minutes")
    return repetition(
        None,
        None,
        None if minutes is None else f"M{minutes}",
        point(value.get("start"), zone),
        point(value.get("end"), zone),
    )


@writer("NDL", "Reference")
def ndl(value: Any, writing: Writing) -> Repetition | None:
    """Who interpreted a result: a name in one component."""
    for kind, role, _ in writing.found("resolve()", "Reference", value):
        if kind == "PractitionerRole":
            return ndl_of_role(role, writing)
    person = xcn_of_reference(value, writing)
    return None if person is None else repetition([p[0] if p else "" for p in person[:7]])


@writer("NDL", "PractitionerRole")
def ndl_of_role(value: Any, writing: Writing) -> Repetition | None:
    """Who interpreted a result, in a role."""
    who = value.get("practitioner", {})
    person = xcn_of_reference(who, writing) if "reference" in who else xcn(who, writing)
    return None if person is None else repetition([p[0] if p else "" for p in person[:7]])


@writer("CP", "Money")
def cp(value: Any, writing: Writing) -> Repetition | None:
    """A price."""
    del writing
    if value.get("value") is None:
        return None
    return repetition([plain(value["value"]), value.get("currency", "")])


def _flat(concept: Any, writing: Writing) -> Part:
    """A concept whose components are subcomponents here."""
    written = None if concept is None else cwe(concept, writing)
    return None if written is None else [part[0] if part else "" for part in written[:6]]


def _pair(quantity: Any, writing: Writing) -> Part:
    if quantity is None:
        return None
    written = cq(quantity, writing) or ()
    return [str(number(quantity) or ""), *(written[1][:1] if len(written) > 1 else ())]
