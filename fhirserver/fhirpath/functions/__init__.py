"""The functions, a file per section of the specification.

http://hl7.org/fhirpath/N1/#functions and https://hl7.org/fhir/R4/fhirpath.html#functions
"""
