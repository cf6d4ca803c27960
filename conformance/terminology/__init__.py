"""HL7's terminology server tests, over HTTP."""
