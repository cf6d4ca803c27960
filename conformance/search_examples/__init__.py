"""HL7's R4 examples in a server: read back equal, and found by all that they say. See run.py."""
