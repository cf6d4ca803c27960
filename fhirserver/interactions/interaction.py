"""What an interaction is: a function that a file registers under the standard's name for it.

https://hl7.org/fhir/R4/valueset-restful-interaction.html
"""

from __future__ import annotations

from collections.abc import Callable

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.registry import Registry

Interaction = Callable[[Context, FhirRequest], FhirResponse]

interactions: Registry[Interaction] = Registry("interaction")
