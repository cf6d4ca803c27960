"""Code systems in the formats of those who publish them, into the tables of the terminology.

A file in `formats/` reads one of them. What a site is licensed for it downloads itself;
`fhirserver terminology load` does the rest. https://hl7.org/fhir/R4/terminologies-systems.html
"""
