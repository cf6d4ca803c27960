"""FHIR XML: between the text and the dict form that the rest of the server works with.

    resource = xml.read(body)                 # the same dict that json.parse gives for its JSON
    body = xml.write(resource)                # and back, elements in the order of the standard
    resource, issues = xml.survey(body)       # for who wants to mend it: as much as is understood

Nothing is lost either way: decimals keep their digits, a narrative its bytes.

https://hl7.org/fhir/R4/xml.html
"""

from fhirserver.model.xml.reading import read, survey
from fhirserver.model.xml.writing import write

__all__ = ["read", "survey", "write"]
