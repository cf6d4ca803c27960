"""FHIRPath Patch: a Parameters resource that says what to change where.

    patched = patch.apply(resource, parameters)     # a new resource; neither argument is changed

https://hl7.org/fhir/R4/fhirpatch.html
"""

from fhirserver.fhirpath.patch.apply import apply

__all__ = ["apply"]
