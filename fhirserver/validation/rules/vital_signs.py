"""Vital signs: an Observation of one keeps to its profile, whether it says so or not.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.validation.node import Node
from fhirserver.validation.profiles.checking import check_profile
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run

_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"

# The table of the specification by LOINC, and the SNOMED CT concepts of the same names.
PROFILES: Final[Mapping[tuple[str, str], str]] = {
    (system, code): profile
    for profile, loinc, snomed in (
        ("vitalspanel", ("85353-1",), ()),
        ("resprate", ("9279-1",), ("86290005",)),
        ("heartrate", ("8867-4",), ("364075005",)),
        ("oxygensat", ("2708-6",), ("431314004",)),
        ("bodytemp", ("8310-5",), ("386725007", "276885007")),
        ("bodyheight", ("8302-2",), ("50373000",)),
        ("headcircum", ("9843-4",), ("363812007",)),
        ("bodyweight", ("29463-7",), ("27113001",)),
        ("bmi", ("39156-5",), ("60621009",)),
        ("bp", ("85354-9",), ("75367002",)),
    )
    for system, codes in (("http://loinc.org", loinc), ("http://snomed.info/sct", snomed))
    for code in codes
}

_CODES: Final = frozenset(code for _, code in PROFILES)


def _may_be_one(_run: Run, observation: Any) -> bool:
    """Whether a coding has the code of one, of whichever system."""
    concept = observation.get("code")
    codings = concept.get("coding") if type(concept) is dict else None
    return type(codings) is list and any(
        type(c) is dict and type(code := c.get("code")) is str and code in _CODES for c in codings
    )


@rule("Observation", when=always(_may_be_one))
def vital_sign(run: Run, node: Node) -> None:
    """One Observation, by its code."""
    code = node.first("code")
    for coding in code.named("coding") if code is not None else ():
        profile = PROFILES.get((coding.text("system") or "", coding.text("code") or ""))
        if profile is not None:
            check_profile(run, node, _BASE + profile)
            return
