"""v2 messages become FHIR resources, by the official tables and an overlay of ours; no I/O."""
