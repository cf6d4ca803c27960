"""FHIR NPM packages: what they hold, what they need, and installing them."""
