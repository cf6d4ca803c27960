"""From frozen histories to FHIR resources, a file for each kind of entry in the record."""
