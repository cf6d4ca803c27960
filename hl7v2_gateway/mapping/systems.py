"""Names of coding systems in HL7 v2 (table 0396) and the URIs that FHIR has for them.

https://terminology.hl7.org/CodeSystem-v2-0396.html, https://hl7.org/fhir/R4/terminologies-systems.html
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

_BY_URI: Final[Mapping[str, str]] = {
    "http://loinc.org": "LN LOINC",
    "http://snomed.info/sct": "SCT SNM SNOMED SNOMEDCT SNOMED-CT SCT2",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM RXN",
    "http://unitsofmeasure.org": "UCUM",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://terminology.hl7.org/CodeSystem/MVX": "MVX",
    "http://hl7.org/fhir/sid/ndc": "NDC",
    "http://hl7.org/fhir/sid/icd-9-cm": "I9 I9C I9CDX ICD9 ICD9CM ICD-9-CM I9CP",
    "http://hl7.org/fhir/sid/icd-10": "I10 ICD10 ICD-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "I10C ICD10CM ICD-10-CM",
    "http://www.cms.gov/Medicare/Coding/ICD10": "I10P ICD10PCS",
    "http://www.ama-assn.org/go/cpt": "C4 CPT CPT4",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS HPC",
    "http://www.whocc.no/atc": "ATC WC",
    "urn:iso:std:iso:3166": "ISO3166_1 ISO3166-1 ISO3166",
    "urn:oid:2.16.840.1.113883.6.238": "CDCREC HL70005 HL70189",
    "urn:oid:2.16.840.1.113883.6.24": "MDC",
    "urn:oid:1.2.840.10008.2.16.4": "DCM",
    "urn:ietf:bcp:47": "BCP47",
    "http://hl7.org/fhir/sid/us-ssn": "USSSA",
    "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode": "IHEFORMATCODE",
    "http://terminology.hl7.org/CodeSystem/icd-o-3": "ICDO3 ICD-O-3",
    "http://terminology.hl7.org/CodeSystem/icd9cm": "I9CDX9",
}
CODE_SYSTEMS: Final[Mapping[str, str]] = {
    name: uri for uri, names in _BY_URI.items() for name in names.split()
}


@functools.lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """A name as part of a URN."""
    return quote(name, safe="-._~:;/()+,=@$!*'")
