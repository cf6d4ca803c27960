"""Acts on the server: studies stored as FHIR, and kept in step with patients and orders."""
