"""What stands where the message says nothing and FHIR wants something.

https://hl7.org/fhir/R4/extension-data-absent-reason.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN: Final[Resource] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
NO_CODE: Final[Resource] = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
    ]
}
