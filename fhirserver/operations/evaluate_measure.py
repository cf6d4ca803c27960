"""Measure/$evaluate-measure: the report of a hospital metric over a period.

https://hl7.org/fhir/R4/measure-operation-evaluate-measure.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid, NotFound, NotSupported
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.evaluating import evaluated
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.reports.metric import Metric, metric, metrics


@operation(
    "evaluate-measure",
    definition=f"{HL7}/Measure-evaluate-measure",
    levels=["type", "instance"],
    types=["Measure"],
    parameters=[
        Parameter("periodStart", "date", min=1),
        Parameter("periodEnd", "date", min=1),
        Parameter("measure", "string"),
        Parameter("reportType", "code"),
        Parameter("subject", "string"),
        Parameter("practitioner", "string"),
        Parameter("lastReceivedOn", "dateTime"),
    ],
)
def evaluate_measure(ctx: Context, call: Call) -> FhirResponse:
    """A summary, or a subject-list; with a practitioner, of what they were responsible for."""
    kind = call.inputs.text("reportType")
    if kind not in {None, "population", "summary", "subject-list"}:
        raise NotSupported("reportType is population or subject-list: these metrics are about the "
                           "hospital",
                           expression=call.inputs.place("reportType"))  # fmt: skip
    for name in ("subject", "lastReceivedOn"):
        if name in call.inputs:
            raise NotSupported(f"{name} is not supported: leave it out",
                               expression=call.inputs.place(name))  # fmt: skip
    practitioner = call.inputs.text("practitioner")
    if practitioner is not None and "/" not in practitioner:
        practitioner = f"Practitioner/{practitioner}"
    return answered(
        evaluated(
            ctx,
            call.principal,
            _metric(ctx, call),
            str(call.inputs.text("periodStart")),
            str(call.inputs.text("periodEnd")),
            clinician=practitioner,
            is_listed=kind == "subject-list",
        )
    )


def _metric(ctx: Context, call: Call) -> Metric:
    text = call.inputs.text("measure") if call.id is None else call.id
    if text is None:
        raise Invalid("$evaluate-measure of the type needs the parameter measure: "
                      f"one of {', '.join(metrics())}")  # fmt: skip
    found = metric(text.removeprefix(f"{ctx.settings.fhir_base}/"))
    if found is not None:
        return found
    if call.id is not None:
        instance(ctx, call)
        raise NotSupported("only the server's own metrics are evaluated: "
                           f"{', '.join(metrics())}")  # fmt: skip
    raise NotFound(f"there is no such metric; there are {', '.join(metrics())}")
