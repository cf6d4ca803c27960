"""The `_name` siblings of primitive properties: ids and extensions, aligned with the values.

https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.validation.findings import Check, Finding, Findings, at, one

_NULL: Final = one("structure", "must not be null: leave it out instead")
_NULL_IN_BOTH: Final = one("structure", "must have a value, an id or an extension here, not null")
_NOT_ALIGNED: Final = one("structure", "must have as many entries as its list of values")
_NOT_A_LIST: Final = one("structure", "must be a JSON array")


def single(value: Any, sibling: Any, value_check: Check, sibling_check: Check) -> Findings:
    """A property that doesn't repeat; `value` is None when only the sibling is there."""
    return sibling_check(sibling) if sibling is not None else _NULL


def repeated(value: Any, sibling: Any, value_check: Check, sibling_check: Check) -> Findings:
    """Two arrays whose entries belong together; null stands where one has nothing to say."""
    if type(sibling) is not list:
        return _NOT_A_LIST
    values = value if type(value) is list else [None] * len(sibling)
    if len(values) != len(sibling):
        return _NOT_ALIGNED
    found: list[Finding] = []
    for i, (v, s) in enumerate(zip(values, sibling, strict=True)):
        if v is None and s is None:
            found += at(f"[{i}]", _NULL_IN_BOTH)
        if v is not None:
            found += at(f"[{i}]", value_check(v) or ())
        if s is not None:
            found += at(f"[{i}]", sibling_check(s) or ())
    return tuple(found) or None
