"""`CodeSystem/$subsumes`: how two codes stand to one another.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import (
    COMMON,
    answer,
    code_system_version,
    options_of,
    shelf_of,
    unknown_code_system,
)
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model.parameters import parameters, value
from fhirserver.terminology.scope import Scope
from fhirserver.terminology.subsumption import subsumption


@operation(
    "subsumes",
    definition=f"{HL7}/CodeSystem-subsumes",
    levels=["type", "instance"],
    types=["CodeSystem"],
    parameters=[
        *COMMON,
        Parameter("codeA", "code"),
        Parameter("codeB", "code"),
        Parameter("system", "uri"),
        Parameter("version", "string"),
        Parameter("codingA", "Coding"),
        Parameter("codingB", "Coding"),
    ],
    is_open=True,
    searches=False,
)
def subsumes(ctx: Context, call: Call) -> FhirResponse:
    """`equivalent`, `subsumes`, `subsumed-by` or `not-subsumed`."""
    a, b = call.inputs.one("codingA") or {}, call.inputs.one("codingB") or {}
    code_a = a.get("code") or call.inputs.text("codeA")
    code_b = b.get("code") or call.inputs.text("codeB")
    url, version = code_system_version(ctx, call)
    url = url or a.get("system") or b.get("system")
    if code_a is None or code_b is None or url is None:
        raise Invalid("codeA, codeB and system are needed, or codingA and codingB")
    if any(c.get("system", url) != url for c in (a, b)):
        raise Invalid("both codes must be of one code system")
    scope = Scope(shelf_of(ctx, call), options_of(call))
    system = scope.find_system(url, scope.rules.wanted(url, version or a.get("version")))
    if system is None:
        raise unknown_code_system(url, version)
    return answer(parameters([value("outcome", "code", subsumption(system, code_a, code_b))]))
