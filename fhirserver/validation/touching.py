"""Which properties of an object an invariant looks at, to leave out what can't be broken.

`telecom.where(use = 'home').empty()` can't be false where there is no telecom.
"""

from __future__ import annotations

from typing import Final

from fhirserver.fhirpath import ast
from fhirserver.fhirpath.ast import Expression
from fhirserver.fhirpath.parser import parse
from fhirserver.model import definitions

# Their arguments are evaluated for each item of the source, so never where the source is empty.
_PER_ITEM: Final = frozenset({"all", "exists", "repeat", "select", "where"})
_EVERYTHING: Final = frozenset({"children", "descendants"})


class _Unknown(Exception):
    """It looks at more than the object's own properties."""


def touched(expression: str, path: str) -> frozenset[str] | None:
    """The JSON properties on an object at a path, siblings included; None if that isn't known."""
    names: set[str] = set()
    try:
        _collect(parse(expression), names)
    except _Unknown:
        return None
    if path in definitions.load().primitives:
        return None
    found: set[str] = set()
    for name in names:
        for p in definitions.load().element_type(path, name):
            found |= {p.name, f"_{p.name}"}
    return frozenset(found)


def _collect(node: Expression, names: set[str]) -> None:
    match node:
        case ast.Variable() | ast.Special():
            raise _Unknown
        case ast.Call(source=None, name=name) if name in _EVERYTHING:
            raise _Unknown
        case ast.Call(source=None):
            # On $this itself: `hasValue()`, `where(use = 'home')`.
            raise _Unknown
        case ast.Call(source=source, name=name, arguments=arguments):
            assert source is not None
            _collect(source, names)
            if name not in _PER_ITEM:
                for argument in arguments:
                    _collect(argument, names)
        case ast.Member(source=None, name=name):
            names.add(name)
        case _:
            for child in ast.children(node):
                _collect(child, names)
