"""Profiles: StructureDefinitions compiled into trees that resources are held against.

https://hl7.org/fhir/R4/profiling.html
"""
