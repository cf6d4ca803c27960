"""A data type of HL7 v2 each: how values of FHIR are written as it."""
