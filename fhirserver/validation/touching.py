"""Which properties of an object an invariant looks at, to leave out what can't be broken.

`telecom.where(use = 'home').empty()` can't be false where there is no telecom, and
`dataAbsentReason.empty() or value.empty()` only where there are both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.fhirpath import Env, ast
from fhirserver.fhirpath.ast import Expression
from fhirserver.fhirpath.parser import parse
from fhirserver.model import definitions

# Their arguments are evaluated for each item of the source, so never where the source is empty.
_PER_ITEM: Final = frozenset({"all", "exists", "repeat", "select", "where"})
_EVERYTHING: Final = frozenset({"children", "descendants"})

_NOWHERE: Final = Env(resource={"resourceType": "Basic"})


class _Unknown(Exception):
    """It looks at more than the object's own properties."""


def needed(expression: str, path: str) -> tuple[frozenset[str], ...]:
    """Sets of JSON properties: an object without any of one set can't break the invariant.

    >>> [sorted(names)[0] for names in needed("contact.empty() or name.empty()", "Patient")]
    ['_name', 'contact']
    """
    try:
        return tuple(_needed(parse(expression), path, wanted=True))
    except Invalid:
        return ()


def _needed(node: Expression, path: str, *, wanted: bool) -> Iterator[frozenset[str]]:
    """What must be there for an expression not to be `wanted`, as it is where nothing is."""
    match node:
        case ast.Binary(operator="or", left=left, right=right) if wanted:
            yield from _needed(left, path, wanted=True)
            yield from _needed(right, path, wanted=True)
        case ast.Binary(operator="implies", left=left, right=right) if wanted:
            yield from _needed(left, path, wanted=False)
            yield from _needed(right, path, wanted=True)
        case _:
            names = touched(node, path)
            if names is not None and _of_nothing(node, path) is wanted:
                yield names


def _of_nothing(node: Expression, path: str) -> bool | None:
    """The truth of an expression on an object that has nothing."""
    try:
        found = fhirpath.compile_parsed(node, path)({}, _NOWHERE)
    except Invalid:
        return None
    value = found[0][1] if len(found) == 1 else None
    return value if isinstance(value, bool) else None


def touched(expression: Expression, path: str) -> frozenset[str] | None:
    """The JSON properties on an object at a path, siblings included; None if that isn't known."""
    names: set[str] = set()
    try:
        _collect(expression, names)
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
