"""How fast a FHIR server is, measured from outside it, and how fast it could be."""
