"""HL7 v2 held against messages of others."""
