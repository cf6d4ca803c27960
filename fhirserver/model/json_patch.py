"""JSON Patch: a list of operations turns one JSON value into another.

https://www.rfc-editor.org/rfc/rfc6902, https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fhirserver.errors import Invalid, Unprocessable
from fhirserver.model import json
from fhirserver.registry import Registry

MAX_OPERATIONS: Final = 10_000
# A value copied into itself again and again doubles each time: 64 MB is what a body may have.
MAX_COPIED_BYTES: Final = 64_000_000
MAX_SHOWN: Final = 200

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_MISSING: Final = object()


def apply(document: Any, patch: Any) -> Any:
    """The document after all operations; neither argument is changed.

    Raises Invalid for a patch that is none, and Unprocessable for an operation that can't be done
    on this document, such as a `test` that fails. Both name the operation and its path.
    """
    if not isinstance(patch, list):
        raise Invalid("a JSON Patch must be an array of operations")
    if len(patch) > MAX_OPERATIONS:
        raise Invalid(f"a JSON Patch must not have more than {MAX_OPERATIONS} operations")
    budget = _Budget()
    for i, operation in enumerate(patch):
        document = _applied(document, operation, i, budget)
    return document


Operation = Callable[[Any, "_Arguments"], Any]
operations: Registry[Operation] = Registry("JSON Patch operation")


class _Budget:
    """How much the operations of one patch may still copy."""

    def __init__(self) -> None:
        self._left = MAX_COPIED_BYTES

    def spend(self, size: int, arguments: _Arguments) -> None:
        self._left -= size
        if self._left < 0:
            raise arguments.impossible("would copy too much")


class _Arguments:
    """The members of one operation, and how to complain about it."""

    def __init__(self, members: Mapping[str, Any], where: str, budget: _Budget) -> None:
        self._members = members
        self.where = where
        self.budget = budget
        self.path = self.pointer("path")

    def pointer(self, member: str) -> tuple[str, ...]:
        """A JSON Pointer as its reference tokens: https://www.rfc-editor.org/rfc/rfc6901."""
        text = self._members.get(member)
        if not isinstance(text, str):
            raise self.malformed(f"needs a JSON Pointer in '{member}'")
        if text and not text.startswith("/"):
            raise self.malformed(f"has a '{member}' that doesn't start with /")
        if re.search("~(?![01])", text):
            raise self.malformed(f"has a ~ in '{member}' that is neither ~0 nor ~1")
        return tuple(t.replace("~1", "/").replace("~0", "~") for t in text.split("/")[1:])

    @property
    def value(self) -> Any:
        if "value" not in self._members:
            raise self.malformed("needs a 'value'")
        return self._members["value"]

    def malformed(self, text: str) -> Invalid:
        return Invalid(f"{self.where} {text}")

    def impossible(self, text: str) -> Unprocessable:
        return Unprocessable(f"{self.where} {text}")


def _applied(document: Any, operation: Any, i: int, budget: _Budget) -> Any:
    if not isinstance(operation, dict):
        raise Invalid(f"operation {i} of the JSON Patch must be an object")
    name = operation.get("op")
    if not isinstance(name, str) or name not in operations:
        raise Invalid(f"operation {i} of the JSON Patch needs an 'op': {', '.join(operations)}")
    path = str(operation.get("path"))[:MAX_SHOWN]
    where = f"operation {i} of the JSON Patch ({name} at '{path}')"
    return operations[name](document, _Arguments(operation, where, budget))


@operations.register("add")
def _add(document: Any, arguments: _Arguments) -> Any:
    return _put(document, arguments.path, arguments.value, arguments)


@operations.register("remove")
def _remove(document: Any, arguments: _Arguments) -> Any:
    return _taken(document, arguments.path, arguments)


@operations.register("replace")
def _replace(document: Any, arguments: _Arguments) -> Any:
    value = arguments.value
    _at(document, arguments.path, arguments)
    _refuse_too_deep(value, arguments)

    def replaced(container: Any, token: str) -> Any:
        if isinstance(container, dict):
            return {**container, token: value}
        i = int(token)
        return [*container[:i], value, *container[i + 1 :]]

    return _changed(document, arguments.path, replaced, arguments) if arguments.path else value


@operations.register("move")
def _move(document: Any, arguments: _Arguments) -> Any:
    source = arguments.pointer("from")
    if len(source) < len(arguments.path) and arguments.path[: len(source)] == source:
        raise arguments.malformed("would move a value into itself")
    value = _at(document, source, arguments)
    if source == arguments.path:
        return document
    return _put(_taken(document, source, arguments), arguments.path, value, arguments)


@operations.register("copy")
def _copy(document: Any, arguments: _Arguments) -> Any:
    value = _at(document, arguments.pointer("from"), arguments)
    arguments.budget.spend(len(json.dump(value)), arguments)
    return _put(document, arguments.path, value, arguments)


@operations.register("test")
def _test(document: Any, arguments: _Arguments) -> Any:
    if not equal(_at(document, arguments.path, arguments), arguments.value):
        raise arguments.impossible("found another value")
    return document


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by their value, and true is not 1.

    https://www.rfc-editor.org/rfc/rfc6902#section-4.6
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _at(document: Any, path: Sequence[str], arguments: _Arguments) -> Any:
    for token in path:
        document = _member(document, token)
        if document is _MISSING:
            raise arguments.impossible("points at something that isn't there")
    return document


def _member(container: Any, token: str) -> Any:
    if isinstance(container, dict):
        return container.get(token, _MISSING)
    if isinstance(container, list) and _INDEX.fullmatch(token) and int(token) < len(container):
        return container[int(token)]
    return _MISSING


def _put(document: Any, path: Sequence[str], value: Any, arguments: _Arguments) -> Any:
    def put(container: Any, token: str) -> Any:
        if isinstance(container, dict):
            return {**container, token: value}
        i = len(container) if token == "-" else _index(token, arguments)  # noqa: S105
        if i > len(container):
            raise arguments.impossible("points beyond the end of the array")
        return [*container[:i], value, *container[i:]]

    _refuse_too_deep(value, arguments)
    return _changed(document, path, put, arguments) if path else value


def _refuse_too_deep(value: Any, arguments: _Arguments) -> None:
    if len(arguments.path) + json.depth(value) > json.MAX_DEPTH:
        raise arguments.impossible(f"would nest deeper than {json.MAX_DEPTH} levels")


def _taken(document: Any, path: Sequence[str], arguments: _Arguments) -> Any:
    if not path:
        raise arguments.impossible("would remove the whole document")
    _at(document, path, arguments)

    def taken(container: Any, token: str) -> Any:
        if isinstance(container, dict):
            return {k: v for k, v in container.items() if k != token}
        return [v for i, v in enumerate(container) if i != int(token)]

    return _changed(document, path, taken, arguments)


def _index(token: str, arguments: _Arguments) -> int:
    if not _INDEX.fullmatch(token):
        raise arguments.impossible("needs an index to point into an array")
    return int(token)


def _changed(
    document: Any, path: Sequence[str], change: Callable[[Any, str], Any], arguments: _Arguments
) -> Any:
    """The document with the container of the path's last token changed; all else is shared."""
    above = [document]
    for token in path[:-1]:
        above.append(_member(above[-1], token))
    if not isinstance(above[-1], dict | list):
        raise arguments.impossible("points into something that is not an object or array")
    new = change(above[-1], path[-1])
    for container, token in zip(above[-2::-1], path[-2::-1], strict=True):
        new = (
            {**container, token: new}
            if isinstance(container, dict)
            else [*container[: int(token)], new, *container[int(token) + 1 :]]
        )
    return new
