"""Parameters: what operations take and give.

https://hl7.org/fhir/R4/parameters.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhirserver.model.resource import Resource


def parameters(made: Iterable[Resource | None]) -> Resource:
    """A Parameters resource of these parameters, without those that are None."""
    kept = [p for p in made if p is not None]
    return {"resourceType": "Parameters", "parameter": kept} if kept else {
        "resourceType": "Parameters"
    }  # fmt: skip


def value(name: str, type_name: str, given: Any) -> Resource:
    """A parameter with a value of a FHIR datatype.

    >>> value("result", "boolean", True)
    {'name': 'result', 'valueBoolean': True}
    """
    return {"name": name, f"value{type_name[:1].upper()}{type_name[1:]}": given}


def resource(name: str, given: Resource) -> Resource:
    """A parameter that is a resource."""
    return {"name": name, "resource": given}


def parts(name: str, made: Iterable[Resource | None]) -> Resource:
    """A parameter made of others, without those that are None."""
    return {"name": name, "part": [p for p in made if p is not None]}
