"""$validate-code from its parameters, for a value set and for a code system.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.terminology_inputs import (
    COMMON,
    OF_VALUE_SET,
    code_system_version,
    options_of,
    shelf_of,
    unknown_code_system,
    value_set_of,
)
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.model.resource import Resource
from fhirserver.terminology.report import Coded, Report
from fhirserver.terminology.service import coding, codings_of

_OF_CODE: Final = (
    Parameter("code", "code"),
    Parameter("display", "string"),
    Parameter("coding", "Coding"),
    Parameter("codeableConcept", "CodeableConcept"),
    Parameter("abstract", "boolean"),
    Parameter("lenient-display-validation", "boolean"),
)
PARAMETERS: Final = (
    *OF_VALUE_SET,
    *COMMON,
    *_OF_CODE,
    Parameter("system", "uri"),
    Parameter("systemVersion", "string"),
    Parameter("inferSystem", "boolean"),
    Parameter("valueset-membership-only", "boolean"),
)
SYSTEM_PARAMETERS: Final = (
    *COMMON,
    *_OF_CODE,
    Parameter("url", "uri"),
    Parameter("system", "uri"),
    Parameter("codeSystem", "CodeSystem"),
    Parameter("version", "string"),
    Parameter("date", "dateTime"),
)


def validate_in_value_set(ctx: Context, call: Call) -> Report:
    """Whether the code is in the value set."""
    inputs = call.inputs
    concept: Resource | None = inputs.one("codeableConcept")
    given: Resource | None = inputs.one("coding")
    code = inputs.text("code")
    system = inputs.text("system")
    _one_of(concept, given, code)
    options = options_of(call)
    shelf = shelf_of(ctx, call)
    value_set = value_set_of(ctx, call, shelf)
    if concept is not None:
        return ctx.terminology.validate_concept(shelf, value_set, concept, options)
    if given is not None:
        coded = coding(given)
    else:
        if system is None and not options.infer_system and call.inputs.one("inferSystem") is False:
            raise Invalid("a code needs its system, or inferSystem=true")
        version = inputs.text("systemVersion")
        coded = Coded(str(code), system, version, inputs.text("display"))
    return ctx.terminology.validate_code(shelf, value_set, coded, options)


def validate_in_system(ctx: Context, call: Call) -> Report:
    """Whether the code is one of the code system."""
    inputs = call.inputs
    concept: Resource | None = inputs.one("codeableConcept")
    given: Resource | None = inputs.one("coding")
    code = inputs.text("code")
    _one_of(concept, given, code)
    options = options_of(call)
    shelf = shelf_of(ctx, call)
    url, version = code_system_version(ctx, call)
    if concept is not None:
        codings = codings_of(concept)
    elif given is not None:
        codings = [coding(given)]
    else:
        codings = [Coded(str(code), url, version, inputs.text("display"))]
    known = None
    if url is not None:
        known = shelf.code_system(url, version)
        if known is None and code is None:
            raise unknown_code_system(url, version)
        if any(c.system is not None and c.system != url for c in codings):
            raise Invalid(f"the code is not of the code system {url}")
    return ctx.terminology.validate_in_system(shelf, codings, options, given=known, concept=concept)


def _one_of(concept: object, coding: object, code: object) -> None:
    if sum(x is not None for x in (concept, coding, code)) != 1:
        text = (
            "Unable to find code to validate (looked for coding | codeableConcept | code+system | "
            "code+inferSystem in parameters"
        )
        raise Invalid(issues=[Issue("error", "invalid", text, message_id="UNABLE_TO_FIND_CODE")])
