"""Security labels: who may see what is marked as restricted, very restricted, or sensitive.

- R (restricted) takes the clearance R, or that for a category that the row is labelled with.
- A sensitive category takes its own clearance, such as PSY or HIV.
- V (very restricted) is for those whom a consent names, and nobody else.

https://hl7.org/fhir/R4/security-labels.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from fhirserver.access.combining import both, either, never
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import element
from fhirserver.search.query import CaredFor, Condition, Labelled

CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# Under its other names, and by a sender who left the system out, a label means the same.
_CONFIDENTIALITY: Final = (
    CONFIDENTIALITY,
    "http://hl7.org/fhir/v3/Confidentiality",
    "urn:oid:2.16.840.1.113883.5.25",
    "",
)
_ACT_CODE: Final = (
    ACT_CODE,
    "http://hl7.org/fhir/v3/ActCode",
    "urn:oid:2.16.840.1.113883.5.4",
    "",
)
SENSITIVE: Final = (
    *("ADOL", "BH", "COGN", "DVD", "EMOTDIS", "ETH", "ETHUD", "GDIS", "HIV", "IDS", "MH", "MST"),
    *("OPIOIDUD", "PREGNANT", "PSY", "PSYTHPN", "SCA", "SDV", "SEX", "SICKLE", "SOC", "SPI"),
    *("STD", "SUD", "TBOO", "VIO"),
)
"""The categories of v3-ActCode's _ActInformationSensitivityPolicy that each take a clearance."""
CLEARANCES: Final = ("R", *SENSITIVE)
NAMED: Final = "named"
"""The kind of care relationship that a consent makes with those who may see V."""


def cleared(clearances: Collection[str]) -> Condition:
    """What R and the sensitive categories leave visible to somebody with these clearances."""
    closed = [c for c in SENSITIVE if c not in clearances]
    opened = [c for c in SENSITIVE if c in clearances]
    if "R" in clearances:
        return never(_categories(closed))
    if not opened:
        return never(Labelled((*_confidential("R"), *_categories(closed).labels)))
    return both(
        [
            never(_categories(closed)),
            either([never(Labelled(_confidential("R"))), _categories(opened)]),
        ]
    )


def named(persons: tuple[int, ...]) -> Condition:
    """What V leaves visible to a person, given by the digests of their addresses."""
    visible = never(Labelled(_confidential("V")))
    return either([visible, CaredFor(persons, (NAMED,))]) if persons else visible


def _confidential(code: str) -> tuple[int, ...]:
    return tuple(label(system, code) for system in _CONFIDENTIALITY)


def _categories(codes: Iterable[str]) -> Labelled:
    return Labelled(tuple(label(system, code) for code in codes for system in _ACT_CODE))


def label(system: str, code: str) -> int:
    """The digest of a label, as rows have it."""
    return element("_security", f"s|{system}|{fold_code(code)}")
