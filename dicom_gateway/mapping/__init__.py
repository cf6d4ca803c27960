"""A study's attributes become FHIR resources. Pure; see README.md."""
