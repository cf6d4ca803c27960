"""Forms that fill themselves, and give what was filled in as resources. Pure.

http://hl7.org/fhir/uv/sdc/
"""
