"""ValueSets and ConceptMaps: systems, filters and codes that can be there.

https://hl7.org/fhir/R4/valueset.html, https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fhirserver.validation.ecl import is_constraint
from fhirserver.validation.node import Node
from fhirserver.validation.options import Coding
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run

_SNOMED: Final = "http://snomed.info/sct"
_BOOLEANS: Final = frozenset({"true", "false"})
_STANDARD: Final[Mapping[str, str]] = {"inactive": "boolean", "notSelectable": "boolean"}
# Servers take comparisons, too.
_INTEGER: Final = re.compile(r"(?:[lg][te])?[+-]?[0-9]+")
_WITH_CODES: Final = frozenset({"is-a", "is-not-a", "descendent-of", "generalizes"})


@rule("ValueSet.compose.include")
def include(run: Run, node: Node) -> None:
    """What a value set includes or excludes."""
    system = node.text("system")
    if system is None:
        return
    if ":" not in system:
        run.error("invalid", "the system must be absolute, even that of a contained one", node)
        return
    if system == _SNOMED:
        for concept in node.named("concept"):
            code = concept.text("code")
            if code is not None and not is_snomed(code):
                run.error("code-invalid", "is no identifier of SNOMED CT", concept)
    definition = run.conformance.find("CodeSystem", system)
    for filter_ in node.named("filter"):
        _filter(run, filter_, system, definition)


def _filter(run: Run, node: Node, system: str, definition: Mapping[str, Any] | None) -> None:
    name, value = node.text("property") or "", node.text("value")
    if value is None:
        return
    if system == _SNOMED and name == "concept" and node.text("op") in _WITH_CODES:
        if not is_snomed(value):
            run.error("code-invalid", "must name a concept of SNOMED CT", node)
        return
    if system == _SNOMED and name == "constraint" and node.text("op") == "=":
        if not is_constraint(value):
            run.error("invalid", "must be an expression constraint (ECL) of SNOMED CT", node)
        return
    properties = {p.get("code"): p.get("type") for p in (definition or {}).get("property", ())}
    type_ = properties.get(name) or (_STANDARD.get(name) if definition is not None else None)
    op = node.text("op")
    if op not in {"=", "in", "not-in"}:
        return
    for each in [value] if op == "=" else value.split(","):
        wrong = _wrong(run, str(type_), each.strip())
        if wrong is not None:
            run.error("invalid", wrong, node)
            return


def _wrong(run: Run, type_: str, value: str) -> str | None:
    """What is wrong with the value of a filter on a property of some type."""
    match type_:
        case "boolean" if value not in _BOOLEANS:
            return "must be true or false, because the property is a boolean"
        case "integer" if not _INTEGER.fullmatch(value):
            return "must be a whole number, because the property is one"
        case "Coding":
            system, hash_, code = value.partition("#")
            if not hash_:
                return "must be system#code, because the property is a Coding"
            known = run.profiles.systems.find(system)
            is_complete = known is not None and known.content == "complete"
            if known is not None and is_complete and code not in known.concepts:
                return "must name a code that is in its system"
    return None


@rule("ConceptMap")
def concept_map(run: Run, node: Node) -> None:
    """A map's codes are in the value sets that it says it maps."""
    value_sets = {side: node.text(side) for side in ("source", "target")}
    for group in node.named("group"):
        for element in group.named("element"):
            _mapped(run, value_sets["source"], group.text("source"), element)
            for target in element.named("target"):
                _mapped(run, value_sets["target"], group.text("target"), target)


def _mapped(run: Run, value_set: str | None, system: str | None, node: Node) -> None:
    code = node.text("code")
    if value_set is None or system is None or code is None:
        return
    definition = run.conformance.find("CodeSystem", system)
    if definition is None or definition.get("content") != "complete":
        return
    if run.codes.member_of(value_set, Coding(system, code)) is False:
        run.error("code-invalid", f"is no code of {value_set}", f"{node.path}.code")


# The check digit of Verhoeff over the dihedral group of the pentagon.
# https://confluence.ihtsdotools.org/display/DOCRELFMT/5.5+Check-digit
_ROW: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_snomed(code: str) -> bool:
    """Whether a text can be a SNOMED CT identifier, or an expression made of such.

    >>> is_snomed("73211009"), is_snomed("73211008"), is_snomed("1")
    (True, False, False)
    """
    if not code.isdecimal():
        return ":" in code or "+" in code or " " in code.strip()
    return 6 <= len(code) <= 18 and _check(code) == 0


def _check(code: str) -> int:
    sum_ = 0
    for position, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(position % 8):
            value = _ROW[value]
        sum_ = _times(sum_, value)
    return sum_


def _times(a: int, b: int) -> int:
    """The product in the group: 0-4 turn the pentagon, 5-9 turn it over as well."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5
