"""CDS Hooks 2.0: the checks of prescriptions as cards in the prescriber's own system.

https://cds-hooks.hl7.org/2.0/
"""
