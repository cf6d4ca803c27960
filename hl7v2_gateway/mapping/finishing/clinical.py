"""What clinical records need: observations, allergies, conditions, vaccinations and the like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.validation.rules.vital_signs import PROFILES as VITAL_SIGNS
from hl7v2_gateway.mapping.context import pruned
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.finishing.absent import NO_CODE, UNKNOWN
from hl7v2_gateway.mapping.finishing.finishers import finishes

SECTIONS: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
OBSERVATION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
KINDS: Final[Mapping[str, str]] = {
    "laboratory": "BG BLB CG CH CP GE HM IMM LAB MB MCB MYC OSL SP SR TX VR",
    "imaging": "CT CUS NMR NMS OUS RAD RUS RX VUS XRC",
}
"""Diagnostic service sections by the category of what they observe."""


@finishes("Observation")
def _observation(draft: Draft) -> None:
    r = draft.resource
    quantity = r.get("valueQuantity")
    if quantity is not None and "valueString" in r:
        # A number that is none: its unit belongs to the text.
        del r["valueQuantity"]
    elif quantity is not None and "value" not in quantity:
        del r["valueQuantity"]
    for name in ("valueRange", "valueRatio"):
        if name in r and not any(
            "value" in part for part in r[name].values() if isinstance(part, dict)
        ):
            del r[name]
    values = [n for n in r if n.startswith("value") and n[5:6].isupper()]
    for extra in values[1:]:
        del r[extra]
    for part in r.get("component", ()):
        part.setdefault("code", r["code"])
        parts = [n for n in part if n.startswith("value") and n[5:6].isupper()]
        if "valueString" in parts:
            parts.remove("valueString")
            parts.insert(0, "valueString")
        for extra in parts[1:]:
            del part[extra]
    if values or r.get("component"):
        r.pop("dataAbsentReason", None) if values else None
    r["referenceRange"] = [
        x for x in r.get("referenceRange", ()) if "text" in x or "low" in x or "high" in x
    ]


@finishes("AllergyIntolerance")
def _allergy(draft: Draft) -> None:
    r = draft.resource
    for reaction in r.get("reaction", ()):
        reaction.setdefault("manifestation", [NO_CODE])
    if _is_deleted(r, "action-code"):
        r["verificationStatus"] = {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
                    "code": "entered-in-error",
                }
            ]
        }
    if "verificationStatus" in r and _has(r["verificationStatus"], "entered-in-error"):
        r.pop("clinicalStatus", None)
    else:
        r.setdefault(
            "clinicalStatus",
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
        )
    if isinstance(r.get("category"), str):
        r["category"] = [r["category"]]


@finishes("Condition")
def _condition(draft: Draft) -> None:
    r = draft.resource
    if "verificationStatus" in r and _has(r["verificationStatus"], "entered-in-error"):
        r.pop("clinicalStatus", None)

    over = any(n.startswith("abatement") for n in r)
    if over and ("clinicalStatus" not in r or _has(r["clinicalStatus"], "active")):
        # con-4
        r["clinicalStatus"] = {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "resolved",
                }
            ]
        }


def _has(concept: Resource, code: str) -> bool:
    return any(c.get("code") == code for c in concept.get("coding", ()))


@finishes("Immunization")
def _immunization(draft: Draft) -> None:
    r = draft.resource
    if "occurrenceDateTime" not in r and "occurrenceString" not in r:
        r["occurrenceString"] = "unknown"
    for p in r.get("performer", ()):
        p.setdefault("actor", dict(UNKNOWN))
    dose = r.get("doseQuantity", {})
    if "code" in dose and "system" not in dose:
        dose.setdefault("unit", dose.pop("code"))


def _is_deleted(resource: Resource, extension: str) -> bool:
    """Whether the action code of a segment (IAM-6, PR1-20) is D of table 0206 or 0323: delete."""
    return any(
        e.get("url", "").endswith(f"hl7v2-{extension}")
        and _has(e.get("valueCodeableConcept", {}), "D")
        for e in resource.get("extension", ())
    )


@finishes("Procedure")
def _procedure(draft: Draft) -> None:
    if _is_deleted(draft.resource, "procedure-action"):
        draft.resource["status"] = "entered-in-error"
    for p in draft.resource.get("performer", ()):
        p.setdefault("actor", dict(UNKNOWN))


@finishes("Specimen")
def _specimen(draft: Draft) -> None:
    collection = draft.resource.get("collection", {})
    if "collectedPeriod" in collection:
        collection.pop("collectedDateTime", None)


@finishes("Goal")
def _goal(draft: Draft) -> None:
    draft.resource.setdefault("description", NO_CODE)


@finishes("DiagnosticReport")
def _report(draft: Draft) -> None:
    _say_kind_of_observations(draft)
    r = draft.resource
    if "effectivePeriod" in r:
        r.pop("effectiveDateTime", None)


def _say_kind_of_observations(draft: Draft) -> None:
    """Charts, summaries and access rules find observations by their kind: it is never left open.

    A vital sign is one by its code (https://hl7.org/fhir/R4/observation-vitalsigns.html), others
    are of the section of their order (OBR-24). Where that is empty, a value that is judged (OBX-7,
    OBX-8) is a laboratory's: a result that no list shows would be worse than one in a wrong list.
    """
    said = {
        coding.get("code")
        for category in draft.resource.get("category", ())
        for coding in category.get("coding", ())
        if coding.get("system") == SECTIONS
    }
    of_section = [kind for kind, sections in KINDS.items() if said & set(sections.split())]
    for _, to in draft.links:
        if to.type != "Observation" or pruned(to.resource.get("category")) is not None:
            continue
        kinds = of_section
        if _is_vital_sign(to.resource):
            kinds = ["vital-signs"]
        elif not said and ("interpretation" in to.resource or to.resource.get("referenceRange")):
            kinds = ["laboratory"]
        if kinds:
            to.resource["category"] = [
                {"coding": [{"system": OBSERVATION_CATEGORY, "code": kind}]} for kind in kinds
            ]


def _is_vital_sign(observation: Resource) -> bool:
    codings = observation.get("code", {}).get("coding", ())
    return any((c.get("system"), c.get("code")) in VITAL_SIGNS for c in codings)
