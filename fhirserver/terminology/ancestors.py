"""Everything above a concept, for closure tables.

https://hl7.org/fhir/R4/terminology-service.html#closure
"""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver.terminology.content import CodeSystem


def ancestors(system: CodeSystem, code: str, above: dict[str, Sequence[str]]) -> list[str]:
    """The codes above a code, at whatever depth; `above` remembers the steps between codes."""
    found: dict[str, None] = {}
    waiting = [code]
    while waiting:
        one = waiting.pop()
        if one not in above:
            above[one] = system.parents(one)
        for parent in above[one]:
            if parent not in found and parent != code:
                found[parent] = None
                waiting.append(parent)
    return list(found)
