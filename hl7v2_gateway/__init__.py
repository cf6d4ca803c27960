"""The HL7 v2 gateway: messages of other systems become FHIR, and changes here leave as messages."""
