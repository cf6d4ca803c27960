"""`Patient/$merge`: two records of one person become one; `$merge-undo` takes it back.

R4 has no such operation: the parameters are those of R5.
https://hl7.org/fhir/R5/patient-operation-merge.html
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import allowed_versions
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.merge_inputs import SOURCE, TARGET, Named, both
from fhirserver.interactions.operating.merging import Party, merge, preview
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.resource import Resource


@operation(
    "merge",
    definition=f"{OURS}/Patient-merge",
    levels=["type"],
    types=["Patient"],
    parameters=[
        *SOURCE,
        *TARGET,
        Parameter("result-patient", "Patient"),
        Parameter("preview", "boolean"),
    ],
    right="u",
    affects_state=True,
)
def merge_patients(ctx: Context, call: Call) -> FhirResponse:
    """Move all that refers to the source to the target, and link the two."""
    source, target = both(ctx, call)
    wanted: Resource | None = call.inputs.one("result-patient")
    if wanted is not None and wanted.get("id") != target.id:
        raise Invalid(
            "result-patient must have the id of the target patient",
            expression=call.inputs.place("result-patient"),
        )
    only = call.inputs.is_true("preview")
    made = (preview if only else merge)(
        ctx, call.principal, _party(source), _party(target, call), wanted
    )
    verb = "would be" if only else "were"
    text = f"{_counted(made.moved)} {verb} moved from Patient/{source.id} to Patient/{target.id}"
    return answered(
        parameters(
            [
                resource("input", _given(call)),
                resource("outcome", outcome([Issue("information", "informational", text)])),
                resource("result", made.target),
            ]
        )
    )


def _party(patient: Named, call: Call | None = None) -> Party:
    """If-Match is about the target, which goes on; a versioned reference about its Patient."""
    versions = allowed_versions(call.request) if call is not None else None
    return Party(patient.id, versions or ((patient.version,) if patient.version else None))


def _counted(moved: Mapping[str, int]) -> str:
    counts = ", ".join(f"{n} {t}" for t, n in sorted(moved.items()))
    return f"{sum(moved.values())} resources ({counts})" if counts else "0 resources"


def _given(call: Call) -> Resource:
    body: Resource = call.request.body or parameters([])
    return body
