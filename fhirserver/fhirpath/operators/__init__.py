"""The operators, a file per section of the specification.

http://hl7.org/fhirpath/N1/#operations
"""
