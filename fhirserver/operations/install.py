"""`$install`: installs FHIR NPM packages, as `fhirserver package install` does.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

from base64 import b64decode
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.parameters import parameters, value
from fhirserver.packages.contents import read
from fhirserver.packages.installing import Report, install

# A web process has less memory to spare than the command line.
MOST_BYTES: Final = 60_000_000
# Of what is missing or odd, an answer names so many.
MOST_NAMED: Final = 500


@operation(
    "install",
    definition="https://fhirserver.example/OperationDefinition/install",
    levels=["system"],
    parameters=[
        Parameter("package", "base64Binary", max=None),
        Parameter("binary", "Binary", max=None),
        Parameter("examples", "boolean"),
        Parameter("leaveOutBroken", "boolean"),
    ],
    affects_state=True,
)
def install_packages(ctx: Context, call: Call) -> FhirResponse:
    """Store the definitions of packages: all of them, or nothing."""
    examples = call.inputs.is_true("examples")
    given = [*call.inputs.all("package"), *(b.get("data", "") for b in call.inputs.all("binary"))]
    packages = [read(_bytes(data), examples=examples, most_bytes=MOST_BYTES) for data in given]
    report = install(
        ctx,
        call.request.principal,
        packages,
        leave_out_broken=call.inputs.is_true("leaveOutBroken"),
    )
    return FhirResponse(200, json.dump(_answer(report)))


def _bytes(data: str) -> bytes:
    try:
        return b64decode("".join(data.split()), validate=True)
    except ValueError as error:
        raise Invalid("the package isn't base64", expression="Parameters.parameter") from error


def _answer(report: Report) -> dict[str, object]:
    texts = {
        "package": report.packages,
        "missingPackage": report.missing,
        "missingDefinition": report.absent,
        "unmetRequirement": report.unmet,
        "problem": report.problems,
        "leftOut": report.left_out,
        "searchParameter": report.parameters.in_force,
        "unusableParameter": report.parameters.unusable,
    }
    counts = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "snapshots": report.snapshots,
    }
    return parameters(
        [
            *(value(name, "unsignedInt", count) for name, count in counts.items()),
            *(
                value(name, "string", str(text))
                for name, found in texts.items()
                for text in found[:MOST_NAMED]
            ),
        ]
    )
