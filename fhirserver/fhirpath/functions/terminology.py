"""The functions that ask about codes: memberOf, subsumes, subsumedBy.

https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

from typing import Any

from fhirserver.errors import Invalid, NotSupported
from fhirserver.fhirpath.env import QUESTION, Scope, Terminology
from fhirserver.fhirpath.function import function
from fhirserver.fhirpath.nodes import Typed


@function("memberOf")
def member_of(item: Typed, value_set: str, *, scope: Scope) -> bool:
    """Whether a code, or one of a CodeableConcept's codes, is in a value set.

    The standard wants an error where the value set can't be found, not an answer.
    """
    found = _terminology(scope, "memberOf").member_of(value_set, item[0], item[1])
    if found is None:
        raise Invalid("FHIRPath: memberOf() of a value set that can't be decided here")
    return found


@function("subsumes")
def subsumes(item: Typed, other: Typed, *, scope: Scope) -> bool:
    """Whether a code is the other one or above it; of CodeableConcepts, one of the codes."""
    return _subsumes("subsumes", item, other, scope)


@function("subsumedBy")
def subsumed_by(item: Typed, other: Typed, *, scope: Scope) -> bool:
    return _subsumes("subsumedBy", other, item, scope)


def _subsumes(name: str, above: Typed, below: Typed, scope: Scope) -> bool:
    pairs = [(a, b) for a in _codings(name, above) for b in _codings(name, below)]
    if any(a == b for a, b in pairs):
        return True
    # Codes of different systems have no common hierarchy.
    same = [(a, b) for a, b in pairs if a[0] is not None and a[0] == b[0]]
    answers = []
    for (system, code), (_, other) in same:
        assert system is not None
        answers.append(_terminology(scope, name).subsumes(system, code, other))
        if answers[-1]:
            return True
    if None in answers:
        raise Invalid(f"FHIRPath: {name}() of codes that aren't known here")
    return False


def _codings(name: str, item: Typed) -> list[tuple[str | None, str]]:
    type_, value, _ = item
    codings: list[Any] = [value] if type_ == "Coding" else []
    if type_ == "CodeableConcept":
        codings = value.get("coding", [])
    elif isinstance(value, str):
        return [(None, value)]
    elif type_ != "Coding":
        raise Invalid(f"FHIRPath: {name}() of {type_}: it takes Coding and CodeableConcept")
    return [(c.get("system"), c["code"]) for c in codings if "code" in c]


def _terminology(scope: Scope, name: str) -> Terminology:
    if scope.env.terminology is None:
        raise NotSupported(f"FHIRPath: {name}() needs a terminology service")
    scope.spend(QUESTION)
    return scope.env.terminology
