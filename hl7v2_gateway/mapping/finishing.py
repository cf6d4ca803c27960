"""What makes a draft a valid resource: elements that FHIR requires and the message leaves out.

Nothing is invented: a missing status is `unknown` where FHIR has that word, a missing code or
reference says why it is absent. https://hl7.org/fhir/R4/extension-data-absent-reason.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import pruned
from hl7v2_gateway.mapping.drafts import Draft

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_UNKNOWN: Final[Resource] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
_NO_CODE: Final[Resource] = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
    ]
}

# Element and what stands there when the message says nothing.
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Observation": {"status": "unknown", "code": _NO_CODE},
    "DiagnosticReport": {"status": "unknown", "code": _NO_CODE},
    "ServiceRequest": {"status": "unknown", "intent": "order"},
    "MedicationRequest": {"status": "unknown", "intent": "order"},
    "MedicationDispense": {"status": "unknown"},
    "MedicationAdministration": {"status": "unknown"},
    "Immunization": {"status": "completed", "vaccineCode": _NO_CODE},
    "Procedure": {"status": "unknown"},
    "DocumentReference": {"status": "current"},
    "Coverage": {"status": "active"},
    "Account": {"status": "unknown"},
    "EpisodeOfCare": {"status": "active"},
    "ChargeItem": {"status": "unknown", "code": _NO_CODE},
    "Goal": {"lifecycleStatus": "active"},
    "Appointment": {"status": "pending"},
    "Encounter": {"status": "unknown"},
    "Task": {"status": "requested", "intent": "order"},
    "ImagingStudy": {"status": "unknown"},
    "CareTeam": {},
}
# The element that says whose it is.
SUBJECT: Final[Mapping[str, str]] = {
    "Observation": "subject",
    "DiagnosticReport": "subject",
    "ServiceRequest": "subject",
    "Encounter": "subject",
    "MedicationRequest": "subject",
    "MedicationDispense": "subject",
    "MedicationAdministration": "subject",
    "Immunization": "patient",
    "Procedure": "subject",
    "DocumentReference": "subject",
    "Coverage": "beneficiary",
    "Condition": "subject",
    "AllergyIntolerance": "patient",
    "EpisodeOfCare": "patient",
    "ChargeItem": "subject",
    "Goal": "subject",
    "RelatedPerson": "patient",
    "CareTeam": "subject",
    "Specimen": "subject",
    "ImagingStudy": "subject",
}
_REQUIRED: Final = frozenset(
    [
        "ServiceRequest",
        "MedicationRequest",
        "MedicationAdministration",
        "Immunization",
        "Procedure",
        "Coverage",
        "Condition",
        "AllergyIntolerance",
        "EpisodeOfCare",
        "ChargeItem",
        "Goal",
        "RelatedPerson",
        "ImagingStudy",
    ]
)
_ENCOUNTER: Final = frozenset(
    [
        "Observation",
        "DiagnosticReport",
        "ServiceRequest",
        "MedicationRequest",
        "Procedure",
        "Condition",
        "Immunization",
    ]
)


def finish(draft: Draft) -> None:
    """Fill in what a type requires."""
    resource = draft.resource
    for name, value in _DEFAULTS.get(draft.type, {}).items():
        if isinstance(value, dict) and pruned(resource.get(name)) is None:
            resource[name] = value
        resource.setdefault(name, value)
    own = _FINISH.get(draft.type)
    if own is not None:
        own(draft)
    _subject(draft)
    _notes(resource)


def _notes(resource: Resource) -> None:
    """An annotation says something."""
    if isinstance(resource.get("note"), list):
        resource["note"] = [n for n in resource["note"] if n.get("text")]
    if isinstance(resource.get("extension"), list):
        resource["extension"] = [
            e for e in resource["extension"] if e.get("valueAnnotation", {"text": "-"}).get("text")
        ]


def _subject(draft: Draft) -> None:
    name = SUBJECT.get(draft.type)
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and patient.hints.get("nothing"):
        patient = None
    if name and any(
        r is draft.resource.get(name) and d.hints.get("nothing") for r, d in draft.links
    ):
        del draft.resource[name]
    if name and name not in draft.resource:
        if isinstance(patient, Draft):
            draft.resource[name] = draft.refer(patient)
        elif draft.type in _REQUIRED:
            draft.resource[name] = dict(_UNKNOWN)
    encounter = draft.hints.get("encounter")
    if isinstance(encounter, Draft) and draft.type in _ENCOUNTER and not draft.is_linked:
        draft.resource.setdefault("encounter", draft.refer(encounter))


def _encounter(draft: Draft) -> None:
    r = draft.resource
    r.setdefault(
        "class", {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
    )
    for place in r.get("location", ()):
        place.setdefault("location", dict(_UNKNOWN))
    r["location"] = [p for p in r.get("location", ()) if p["location"] != _UNKNOWN]
    r["diagnosis"] = [d for d in r.get("diagnosis", ()) if "condition" in d]


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


def _allergy(draft: Draft) -> None:
    r = draft.resource
    for reaction in r.get("reaction", ()):
        reaction.setdefault("manifestation", [_NO_CODE])
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


def _coverage(draft: Draft) -> None:
    r = draft.resource
    r.setdefault("payor", [dict(_UNKNOWN)])
    r["class"] = [c for c in r.get("class", ()) if "value" in c and "type" in c]


def _appointment(draft: Draft) -> None:
    r = draft.resource
    listed = r.setdefault("participant", [])
    for p in listed:
        p.setdefault("status", "accepted")
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and not any(d is patient for _, d in draft.links):
        listed.append({"actor": draft.refer(patient), "status": "accepted"})
    r["participant"] = [p for p in listed if p.keys() & {"actor", "type"}] or [
        {"type": [{"text": "unknown"}], "status": "needs-action"}
    ]
    start, minutes = r.get("start"), r.get("minutesDuration")
    if start and minutes and "end" not in r:
        r["end"] = (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()
    if r.get("end") and not start:
        r.pop("end")
    if start and "end" not in r:
        # app-3: both or neither, unless proposed, cancelled or on the waiting list.
        r["end"] = start
    if not start and r["status"] not in ("proposed", "cancelled", "waitlist"):
        r["status"] = "proposed"
    if start and r["end"] < start:
        r["end"] = start


def _contents(items: list[Resource]) -> list[Resource]:
    """What TXA says of the content and what the OBX hold; lines of text are one text."""
    whole = [i for i in items if i.get("attachment", {}).keys() & {"data", "url"}]
    said = [i for i in items if i not in whole]
    text = [i for i in whole if i["attachment"].get("contentType") == "text/plain"]
    if len(text) > 1:
        lines = [base64.b64decode(i["attachment"]["data"]) for i in text]
        text[0]["attachment"]["data"] = base64.b64encode(b"\n".join(lines)).decode()
        whole = [i for i in whole if i not in text[1:]]
    for item in whole:
        for other in said:
            for name, value in other.get("attachment", {}).items():
                item["attachment"].setdefault(name, value)
    found = whole or said[:1] or [{}]
    for item in found:
        item.setdefault("attachment", dict(_UNKNOWN))
    return found


def _document(draft: Draft) -> None:
    r = draft.resource
    r["content"] = _contents(r.get("content", []))
    encounter = draft.hints.get("encounter")
    if isinstance(encounter, Draft):
        r.setdefault("context", {}).setdefault("encounter", [draft.refer(encounter)])


def _immunization(draft: Draft) -> None:
    r = draft.resource
    if "occurrenceDateTime" not in r and "occurrenceString" not in r:
        r["occurrenceString"] = "unknown"
    for p in r.get("performer", ()):
        p.setdefault("actor", dict(_UNKNOWN))
    dose = r.get("doseQuantity", {})
    if "code" in dose and "system" not in dose:
        dose.setdefault("unit", dose.pop("code"))


def _provenance(draft: Draft) -> None:
    r = draft.resource
    r["agent"] = [a for a in r.get("agent", ()) if "who" in a]
    if not r["agent"]:
        draft.hints["gone"] = True


def _medication(draft: Draft) -> None:
    r = draft.resource
    for dosage in r.get("dosageInstruction", ()):
        for dose in dosage.get("doseAndRate", ()):
            if "doseQuantity" in dose:
                dose.pop("doseRange", None)
            _range(dose.get("doseRange"))
        most = dosage.get("maxDosePerPeriod", {})
        if "value" not in most.get("numerator", {}):
            dosage.pop("maxDosePerPeriod", None)
        timing = dosage.get("timing")
        if timing:
            _timing(timing)
    _quantities_of(draft)
    if "medicationReference" not in r and "medicationCodeableConcept" not in r:
        r["medicationCodeableConcept"] = _NO_CODE
    whole = r.get("effectivePeriod", {})
    if whole and whole.get("start") == whole.get("end"):
        r["effectiveDateTime"] = r.pop("effectivePeriod")["start"]
    if (
        draft.type == "MedicationAdministration"
        and "effectiveDateTime" not in r
        and "effectivePeriod" not in r
    ):
        r["_effectiveDateTime"] = dict(_UNKNOWN)


def _timing(timing: Resource) -> None:
    """The invariants of Timing.repeat: what half a statement says is left out."""
    repeat = timing.get("repeat", {})
    if "duration" in repeat and "durationUnit" not in repeat:
        # tim-1
        del repeat["duration"]
    if "durationUnit" in repeat and "duration" not in repeat:
        del repeat["durationUnit"]
    if "countMax" in repeat and "count" not in repeat:
        # tim-8
        repeat["count"] = repeat.pop("countMax")
    if "offset" in repeat and "when" not in repeat:
        # tim-9
        del repeat["offset"]
    if "timeOfDay" in repeat:
        # tim-10
        repeat.pop("when", None)


def _ingredients(draft: Draft) -> None:
    _quantities_of(draft)
    for ingredient in draft.resource.get("ingredient", ()):
        strength = ingredient.get("strength", {})
        if "value" not in strength.get("numerator", {}):
            ingredient.pop("strength", None)
        else:
            # rat-1: a strength is something in something.
            strength.setdefault("denominator", {}).setdefault("value", 1)
        if "itemReference" not in ingredient and "itemCodeableConcept" not in ingredient:
            ingredient["itemCodeableConcept"] = draft.resource.get("code", _NO_CODE)


def _quantities_of(draft: Draft) -> None:
    for quantity in _quantities(draft.resource):
        if "code" in quantity and "system" not in quantity:
            quantity.setdefault("unit", quantity.pop("code"))


def _range(bounds: Resource | None) -> None:
    for name in ("low", "high"):
        if bounds and "value" not in bounds.get(name, {}):
            bounds.pop(name, None)
    if bounds and "low" in bounds and "high" in bounds:
        for name in ("unit", "system", "code"):
            shown = bounds["low"].get(name) or bounds["high"].get(name)
            if shown:
                bounds["low"][name] = bounds["high"][name] = shown
    if bounds and bounds.keys() >= {"low", "high"}:
        # rng-2
        low, high = sorted((bounds["low"], bounds["high"]), key=lambda bound: bound["value"])
        bounds["low"], bounds["high"] = low, high


def _quantities(value: Any) -> Iterator[Resource]:
    if isinstance(value, list):
        for item in value:
            yield from _quantities(item)
    elif isinstance(value, dict):
        if "code" in value and value.keys() & {"value", "unit"} and "url" not in value:
            yield value
        for inner in value.values():
            yield from _quantities(inner)


def _header(draft: Draft) -> None:
    r = draft.resource
    source = r.setdefault("source", {})
    source.setdefault("endpoint", "urn:id:unknown")
    for d in r.get("destination", ()):
        d.setdefault("endpoint", "urn:id:unknown")
    if "response" in r and not {"code", "identifier"} <= r["response"].keys():
        del r["response"]


def _goal(draft: Draft) -> None:
    draft.resource.setdefault("description", _NO_CODE)


def _account(draft: Draft) -> None:
    r = draft.resource
    r["guarantor"] = [g for g in r.get("guarantor", ()) if "party" in g]
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and "subject" not in r:
        r["subject"] = [draft.refer(patient)]


def _patient(draft: Draft) -> None:
    r = draft.resource
    if "deceasedDateTime" in r:
        r.pop("deceasedBoolean", None)
    if "multipleBirthInteger" in r:
        r.pop("multipleBirthBoolean", None)
    # pat-1: a contact has a name, a number, an address or an organization.
    r["contact"] = [
        c for c in r.get("contact", ()) if c.keys() & {"name", "telecom", "address", "organization"}
    ]
    r["communication"] = [c for c in r.get("communication", ()) if "language" in c]
    r["link"] = [one for one in r.get("link", ()) if "other" in one]


def _specimen(draft: Draft) -> None:
    collection = draft.resource.get("collection", {})
    if "collectedPeriod" in collection:
        collection.pop("collectedDateTime", None)


def _request(draft: Draft) -> None:
    r = draft.resource
    times = [n for n in r if n.startswith("occurrence")]
    for extra in times[1:]:
        del r[extra]
    if "occurrenceTiming" in r:
        _timing(r["occurrenceTiming"])
    if "quantityQuantity" in r and "value" not in r["quantityQuantity"]:
        del r["quantityQuantity"]


def _device(draft: Draft) -> None:
    r = draft.resource
    r["version"] = [v for v in r.get("version", ()) if v.get("value")]
    r["deviceName"] = [n for n in r.get("deviceName", ()) if n.get("name")]


def _organization(draft: Draft) -> None:
    if not draft.resource.get("name") and not draft.resource.get("identifier"):
        # org-1: a name or a number.
        draft.resource["_name"] = dict(_UNKNOWN)
    for name in ("telecom", "address"):
        for item in draft.resource.get(name, ()):
            if item.get("use") == "home":
                # org-2, org-3: an organization has no home.
                del item["use"]


def _procedure(draft: Draft) -> None:
    for p in draft.resource.get("performer", ()):
        p.setdefault("actor", dict(_UNKNOWN))


def _report(draft: Draft) -> None:
    r = draft.resource
    if "effectivePeriod" in r:
        r.pop("effectiveDateTime", None)


_FINISH: Final[Mapping[str, Callable[[Draft], None]]] = {
    "Encounter": _encounter,
    "Observation": _observation,
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "Coverage": _coverage,
    "Appointment": _appointment,
    "DocumentReference": _document,
    "Immunization": _immunization,
    "MedicationRequest": _medication,
    "MedicationDispense": _medication,
    "MedicationAdministration": _medication,
    "MessageHeader": _header,
    "Provenance": _provenance,
    "Medication": _ingredients,
    "Goal": _goal,
    "Account": _account,
    "Patient": _patient,
    "Specimen": _specimen,
    "ServiceRequest": _request,
    "Procedure": _procedure,
    "Organization": _organization,
    "Device": _device,
    "DiagnosticReport": _report,
}
