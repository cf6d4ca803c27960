"""MeasureReport/$table: a report as a file for people, CSV, XLSX or PDF."""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import OURS, Call, Parameter, Wire, operation
from fhirserver.reports.documents import MEDIA_TYPES, WRITERS
from fhirserver.reports.table import table

MOST: int = 100


@operation(
    "table",
    definition=f"{OURS}/MeasureReport-table",
    levels=["type", "instance"],
    types=["MeasureReport"],
    parameters=[
        Parameter("_format", "code"),
        Parameter("report", "MeasureReport", max=MOST),
    ],
    wire=Wire(tuple(MEDIA_TYPES.values()), formats=tuple(MEDIA_TYPES.items())),
)
def report_table(ctx: Context, call: Call) -> FhirResponse:
    """The stored report of the address, or those that are sent."""
    sent = call.inputs.all("report")
    if (call.id is None) != bool(sent):
        raise Invalid("$table is of the report in the address, or of those in the parameter report")
    reports = [instance(ctx, call)] if call.id is not None else sent
    name = call.inputs.text("_format")
    if name is not None and name not in MEDIA_TYPES and name not in WRITERS:
        raise Invalid(f"_format is one of {', '.join(MEDIA_TYPES)}",
                      expression=call.inputs.place("_format"))  # fmt: skip
    default = call.request.media_type or MEDIA_TYPES["csv"]
    media_type = default if name is None else MEDIA_TYPES.get(name, name)
    ending = next(k for k, v in MEDIA_TYPES.items() if v == media_type)
    return FhirResponse(
        200,
        WRITERS[media_type]([table(r) for r in reports]),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="report.{ending}"'},
    )
