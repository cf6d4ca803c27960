"""`Patient/$medication-summary`: which medicines a patient takes, from all sources, by ingredient.

With what these contradict each other in, and what the checks say of the list as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhirserver import clock
from fhirserver.errors import Conflict
from fhirserver.interactions.context import Context
from fhirserver.interactions.medicine_record import by_door, drugs_of, everything_about, record_of
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.medicine_answers import unchecked
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import OURS, Call, operation
from fhirserver.merging.patients import replaced_by
from fhirserver.model.parameters import parameters, parts, resource, value
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import check_list
from fhirserver.prescribing.detected_issues import detected_issue
from fhirserver.prescribing.medicine import reference_to
from fhirserver.prescribing.reconciling import Line, reconciled
from fhirserver.storage.content import instant


@operation(
    "medication-summary",
    definition=f"{OURS}/Patient-medication-summary",
    levels=["instance"],
    types=["Patient"],
)
def medication_summary(ctx: Context, call: Call) -> FhirResponse:
    """What is prescribed, taken, dispensed and given, a part for each ingredient."""
    into = replaced_by(instance(ctx, call))
    if into is not None:
        raise Conflict(f"this record was merged: ask for the medicines of {into}")
    # A list that is empty because nobody may look would be taken for one of a healthy patient.
    for kind in ("MedicationRequest", "MedicationStatement"):
        call.principal.require("s", kind)
    patient = f"Patient/{call.id}"
    look, known, now = by_door(ctx, call.principal), ctx.medicines.known(), clock.now()
    found, gaps = everything_about(patient, look)
    drugs = drugs_of(found, look, gaps)
    checked = check_list(record_of(patient, look, known), known)
    told = [gap for gap in gaps if gap not in checked.unchecked]
    return answered(
        parameters(
            [
                *(_part(line) for line in reconciled(found, drugs, known, now)),
                *(
                    resource("issue", detected_issue(f, patient, instant(now)))
                    for f in checked.findings
                ),
                *unchecked([*checked.unchecked, *told]),
            ]
        )
    )


def _part(line: Line) -> Resource:
    return parts("medicine", _told(line))


def _told(line: Line) -> Iterator[Resource | None]:
    concept: Resource = {"text": line.name}
    if line.ingredient.code:
        system, code = line.ingredient
        concept["coding"] = [{"system": system, "code": code, "display": line.name}]
    yield value("ingredient", "CodeableConcept", concept)
    yield from (_reference("request", r) for r in line.requests)
    yield from (_reference("statement", s) for s in line.statements)
    yield _reference("dispense", line.dispense) if line.dispense else None
    yield _reference("administration", line.administration) if line.administration else None
    for conflict in line.conflicts:
        told = [value("code", "code", conflict.code), value("text", "string", conflict.text)]
        yield parts("conflict", told)


def _reference(name: str, found: Resource) -> Resource:
    return value(name, "Reference", {"reference": reference_to(found)})
