"""What a FHIR resource is in our code: the JSON object, in FHIR's own spelling.

https://hl7.org/fhir/R4/json.html
"""

from typing import Any, TypeAlias

Resource: TypeAlias = dict[str, Any]
