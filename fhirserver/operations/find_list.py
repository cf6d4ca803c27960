"""List/$find: the list that serves a purpose for a patient, such as the current problems.

https://hl7.org/fhir/R4/list-operation-find.html, https://hl7.org/fhir/R4/lifecycle.html#lists
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fhirserver.errors import NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import search
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model.bundle import resources
from fhirserver.search.escaping import escape

_HL7: Final = "http://terminology.hl7.org/CodeSystem/list-example-codes"
_LOINC: Final = "http://loinc.org"

CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "current-problems": (f"{_HL7}|problems", f"{_LOINC}|11450-4"),
    "current-medications": (f"{_HL7}|medications", f"{_LOINC}|10160-0"),
    "current-allergies": (f"{_HL7}|allergies", f"{_HL7}|adverserxns", f"{_LOINC}|48765-2"),
}
"""The codes of a List that serves one of the standard's purposes. Any other name is a code."""


@operation(
    "find",
    definition=f"{HL7}/List-find",
    levels=["type"],
    types=["List"],
    parameters=[Parameter("patient", "id", min=1), Parameter("name", "code", min=1)],
    right="s",
)
def find_list(ctx: Context, call: Call) -> FhirResponse:
    name = call.inputs.one("name").removeprefix("$")
    found = search(
        ctx,
        call.principal,
        "List",
        [
            ("patient", call.inputs.one("patient")),
            ("code", ",".join(CODES.get(name, (escape(name),)))),
            ("status", "current"),
            ("_sort", "-date"),
            ("_count", "1"),
        ],
    )
    for resource in resources(found):
        return answered(resource)
    raise NotFound("the patient has no current list of that name")
