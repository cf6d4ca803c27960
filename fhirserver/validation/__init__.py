"""Whether resources follow their definitions: one rule a file.

https://hl7.org/fhir/R4/validation.html
"""

from fhirserver.validation.base import check

__all__ = ["check"]
