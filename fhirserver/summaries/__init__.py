"""The International Patient Summary of a patient's resources. Pure.

http://hl7.org/fhir/uv/ips/
"""
