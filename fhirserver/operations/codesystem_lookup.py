"""`CodeSystem/$lookup`: what is known of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import (
    COMMON,
    answer,
    options_of,
    shelf_of,
    unknown_code_system,
)
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.terminology.lookup import lookup as look_up
from fhirserver.terminology.scope import Scope
from fhirserver.terminology.subsumption import known_concept


@operation(
    "lookup",
    definition=f"{HL7}/CodeSystem-lookup",
    levels=["type"],
    types=["CodeSystem"],
    parameters=[
        *COMMON,
        Parameter("code", "code"),
        Parameter("system", "uri"),
        Parameter("version", "string"),
        Parameter("coding", "Coding"),
        Parameter("date", "dateTime"),
        Parameter("property", "code", max=None),
    ],
    is_open=True,
    searches=False,
)
def lookup(ctx: Context, call: Call) -> FhirResponse:
    """Names, properties and place in the hierarchy of one code."""
    coding = call.inputs.one("coding") or {}
    code = coding.get("code") or call.inputs.text("code")
    url = coding.get("system") or call.inputs.text("system")
    version = coding.get("version") or call.inputs.text("version")
    if code is None or url is None:
        raise Invalid("either coding, or code and system are needed")
    scope = Scope(shelf_of(ctx, call), options_of(call))
    system = scope.find_system(url, scope.rules.wanted(url, version))
    if system is None:
        raise unknown_code_system(url, version)
    properties = [str(p) for p in call.inputs.all("property")]
    return answer(look_up(scope, system, known_concept(system, code), properties))
