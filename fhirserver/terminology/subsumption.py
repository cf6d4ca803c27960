"""$subsumes: how two codes of a code system stand to one another.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from fhirserver.errors import Issue, NotFound
from fhirserver.terminology.content import CodeSystem, Concept
from fhirserver.terminology.issues import UNKNOWN_CODE, UNKNOWN_CODE_UNVERSIONED

Outcome = Literal["equivalent", "subsumes", "subsumed-by", "not-subsumed"]


def subsumption(system: CodeSystem, code_a: str, code_b: str) -> Outcome:
    """How A stands to B; raises NotFound for a code that the code system doesn't have."""
    a, b = known_concept(system, code_a).code, known_concept(system, code_b).code
    if a == b:
        return "equivalent"
    if system.is_descendant(b, a):
        return "subsumes"
    return "subsumed-by" if system.is_descendant(a, b) else "not-subsumed"


def known_concept(system: CodeSystem, code: str) -> Concept:
    """The concept with a code; raises NotFound when there is none."""
    found = system.concept(code)
    if found is None:
        raise NotFound(issues=[_unknown(system, code)])
    return found


def _unknown(system: CodeSystem, code: str) -> Issue:
    message = UNKNOWN_CODE if system.version else UNKNOWN_CODE_UNVERSIONED
    found = message.issue("code", code=code, system=system.url, version=system.version)
    return replace(found, code="not-found")
