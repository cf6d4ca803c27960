"""What every resource must meet before it is stored: its structure, then the base's invariants.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Collection

from fhirserver.errors import Issue
from fhirserver.model.resource import Resource
from fhirserver.validation import invariants, structure


def check(
    resource: Resource,
    *,
    type: str | None = None,  # noqa: A002 - FHIR's word
    leave_out: Collection[str] = (),
    bare: bool = False,
) -> list[Issue]:
    """What is wrong with a resource, or an empty list; `type` is the type that it must have.

    `leave_out` names invariants of the resource itself for which the caller has a better word;
    `bare`: it is known to have no extensions, see invariants.is_bare.
    Invariants are looked at when the structure is right: an expression needs content of its shape.
    """
    issues = structure.check(resource, type=type)
    if issues:
        return issues
    root = resource["resourceType"]
    return [
        Issue("error", f.code, f.text, root + f.path)
        for f in invariants.check(resource, bare=bare)[: structure.MAX_ISSUES]
        if f.path or f.text.partition(":")[0] not in leave_out
    ]
