"""fixed[x] and pattern[x]: whether a value is another, or says at least as much.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_
"""

from __future__ import annotations

from typing import Any


def is_fixed(value: Any, fixed: Any) -> bool:
    """Whether a value is exactly the fixed one: an element that is absent there is absent here.

    >>> is_fixed({"code": "a"}, {"code": "a"})
    True
    >>> is_fixed({"code": "a", "system": "b"}, {"code": "a"})
    False
    """
    if isinstance(fixed, dict):
        return (
            isinstance(value, dict)
            and value.keys() == fixed.keys()
            and all(is_fixed(value[k], f) for k, f in fixed.items())
        )
    if isinstance(fixed, list):
        return (
            isinstance(value, list)
            and len(value) == len(fixed)
            and all(is_fixed(v, f) for v, f in zip(value, fixed, strict=True))
        )
    return _is_same(value, fixed)


def is_like(value: Any, pattern: Any) -> bool:
    """Whether a value has all that a pattern has; in a list each item of it, in any order.

    >>> is_like({"code": "a", "system": "b"}, {"code": "a"})
    True
    """
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            k in value and is_like(value[k], p) for k, p in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(is_like(v, p) for v in value) for p in pattern)
    return _is_same(value, pattern)


def _is_same(value: Any, other: Any) -> bool:
    # In Python true equals 1; in FHIR it doesn't.
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)
