"""`<`, `<=`, `>`, `>=`: empty where precision leaves the order open.

http://hl7.org/fhirpath/N1/#comparison
"""

from __future__ import annotations

from fhirserver.fhirpath import values
from fhirserver.fhirpath.function import operator
from fhirserver.fhirpath.nodes import Typed


@operator("<")
def less(one: Typed, other: Typed) -> bool | None:
    order = values.compare(one, other)
    return None if order is None else order < 0


@operator("<=")
def less_or_equal(one: Typed, other: Typed) -> bool | None:
    order = values.compare(one, other)
    return None if order is None else order <= 0


@operator(">")
def greater(one: Typed, other: Typed) -> bool | None:
    order = values.compare(one, other)
    return None if order is None else order > 0


@operator(">=")
def greater_or_equal(one: Typed, other: Typed) -> bool | None:
    order = values.compare(one, other)
    return None if order is None else order >= 0
