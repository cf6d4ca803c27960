"""`$batch-validate-code`: many calls of $validate-code in one, as HL7's tools make them.

Each `validation` holds the parameters of one call; those outside hold for all of them.
https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.inputs import values_of
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import answer
from fhirserver.interactions.operating.validate_code import (
    PARAMETERS,
    SYSTEM_PARAMETERS,
    validate_in_system,
    validate_in_value_set,
)
from fhirserver.interactions.operation import OURS, Call, Inputs, Parameter, operation, operations
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.resource import Resource

_MOST: Final = 1000
_VALIDATION: Final = Parameter("validation", "Parameters", min=1, max=None)


@operation(
    "batch-validate-code",
    definition=f"{OURS}/batch-validate-code",
    levels=["type"],
    types=["ValueSet", "CodeSystem"],
    parameters=[*dict.fromkeys((*PARAMETERS, *SYSTEM_PARAMETERS)), _VALIDATION],
    is_open=True,
    searches=False,
)
def batch_validate_code(ctx: Context, call: Call) -> FhirResponse:
    """An answer or an outcome for each validation, in their order."""
    wanted = call.inputs.all("validation")
    if len(wanted) > _MOST:
        raise Invalid(f"at most {_MOST} validations are done at once")
    return answer(parameters(_answers(ctx, call, wanted)))


def _answers(ctx: Context, call: Call, wanted: object) -> Iterator[Resource]:
    made = operations[f"{call.type}/$batch-validate-code"]
    common = {k: v for k, v in call.inputs.values.items() if k != "validation"}
    for given in wanted if isinstance(wanted, list) else ():
        try:
            own = values_of(made, given, call.request)
            inner = replace(call, inputs=Inputs({**common, **own}))
            validate = validate_in_value_set if call.type == "ValueSet" else validate_in_system
            found = validate(ctx, inner).parameters()
        except FhirError as error:
            found = outcome(error.issues)
        yield resource("validation", found)
