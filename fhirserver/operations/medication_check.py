"""`MedicationRequest/$check`: what speaks against prescriptions, before they are signed.

Allergies, interactions and the same therapy twice, as DetectedIssues that nobody has stored. No
international guide has such an operation; the Estonian medication scheme's `$can-prescribe` is the
nearest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fhirserver import clock
from fhirserver.errors import Conflict, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.medicine_record import by_door, drugs_of, record_of
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.medicine_answers import unchecked
from fhirserver.interactions.operating.reading import instance, read
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.merging.patients import replaced_by
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import check
from fhirserver.prescribing.detected_issues import detected_issue
from fhirserver.prescribing.wording import spoken
from fhirserver.storage.content import instant


@operation(
    "check",
    definition=f"{OURS}/MedicationRequest-check",
    levels=["type", "instance"],
    types=["MedicationRequest"],
    parameters=[Parameter("resource", "MedicationRequest", max=None)],
)
def medication_check(ctx: Context, call: Call) -> FhirResponse:
    """What the patient's record says against these prescriptions."""
    asked = _asked(ctx, call)
    patient = _patient(ctx, call, asked)
    look = by_door(ctx, call.principal)
    known = ctx.medicines.known(spoken(call.request.language))
    record = record_of(patient, look, known)
    gaps = list(record.gaps)
    drugs = {**record.drugs, **drugs_of(asked, look, gaps, known.words)}
    checked = check(asked, replace(record, drugs=drugs, gaps=gaps), known)
    now = instant(clock.now())
    return answered(
        parameters(
            [
                *(
                    resource("issue", detected_issue(f, patient, now, known.words))
                    for f in checked.findings
                ),
                *unchecked(checked.unchecked),
            ]
        )
    )


def _asked(ctx: Context, call: Call) -> list[Resource]:
    given = list(call.inputs.all("resource"))
    if call.id is not None:
        if given:
            raise Invalid("either a prescription in the address or some in the body")
        return [instance(ctx, call)]
    if not given:
        raise Invalid("$check needs a MedicationRequest: in the address, or as resource")
    return given


def _patient(ctx: Context, call: Call, asked: Iterable[Resource]) -> str:
    """Whose prescriptions these are; raises for nobody, several, or one who isn't there.

    Of a patient who doesn't exist nothing would be found, and be taken for a good sign.
    """
    subjects = {str(r.get("subject", {}).get("reference", "")) for r in asked}
    found = {parse_reference(s, ctx.settings.fhir_base) for s in subjects}
    ids = {f.id for f in found if f.is_local and f.type == "Patient" and f.id}
    if len(ids) != 1 or len(found) != 1:
        raise Invalid(
            "all prescriptions must be for one and the same Patient of this server",
            expression="MedicationRequest.subject",
        )
    (patient_id,) = ids
    into = replaced_by(read(ctx, call.principal, "Patient", patient_id))
    if into is not None:
        raise Conflict(f"this record was merged: write the prescription for {into}")
    return f"Patient/{patient_id}"
