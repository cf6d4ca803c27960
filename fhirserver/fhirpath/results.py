"""The results of an expression as parts of a Parameters resource, each named by its type.

https://github.com/brianpos/fhirpath-lab/blob/develop/server-api.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from fhirserver.errors import TooCostly
from fhirserver.fhirpath import schema, values
from fhirserver.fhirpath.nodes import Typed
from fhirserver.model import definitions, json

JSON_VALUE: Final = "http://fhir.forms-lab.com/StructureDefinition/json-value"
PATH: Final = "http://fhir.forms-lab.com/StructureDefinition/resource-path"
MOST_BYTES: Final = 10_000_000
"""Of all results together: an expression can select a resource a thousand times."""


class Results:
    """Makes parts, and counts how much they are; `paths` are those of complex values by `id()`."""

    def __init__(self, paths: Mapping[int, str]) -> None:
        self._paths = paths
        self._sizes: dict[int, int] = {}
        self._left = MOST_BYTES

    def parts(self, items: Iterable[Typed]) -> list[dict[str, Any]]:
        """A part for each item; raises TooCostly when there is too much."""
        return [self._part(item) for item in items]

    def _part(self, item: Typed) -> dict[str, Any]:
        type_, value, extra = item
        name = schema.IN_FHIR.get(type_, type_.removeprefix("System."))
        made: dict[str, Any] = {"name": name}
        self._count(value)
        if isinstance(value, dict):
            path = self._paths.get(id(value))
            extensions = [] if path is None else [{"url": PATH, "valueString": path}]
            if definitions.load().is_resource(name):
                made["resource"] = value
            elif (key := _key(name)) in _value_keys():
                made[key] = value
            else:
                shown = {"url": JSON_VALUE, "valueString": json.dump(value).decode()}
                extensions.append(shown)
            return {"extension": extensions, **made} if extensions else made
        if value == "":
            return {"name": "empty-string"}
        key = _key("decimal" if name == "integer" and abs(value) >= 2**31 else name)
        if key not in _value_keys():
            key = "valueString"
        if value is not None:
            made[key] = values.number(value) if isinstance(value, float) else value
        if isinstance(extra, dict):
            self._count(extra)
            made[f"_{key}"] = extra
        return made

    def _count(self, value: Any) -> None:
        match value:
            case dict():
                # Its address stands for it: what is counted lives as long as the results.
                size = self._sizes.get(id(value))
                if size is None:
                    size = self._sizes[id(value)] = len(json.dump(value))
            case str():
                size = len(value)
            case _:
                size = 0
        self._left -= size + 50
        if self._left < 0:
            raise TooCostly(
                f"the results are more than {MOST_BYTES:,} bytes: select less, or count()"
            )


def from_parameter(parameter: Mapping[str, Any]) -> Typed | None:
    """The value of a parameter as an item; None if it has none."""
    if "resource" in parameter:
        resource = parameter["resource"]
        return (resource["resourceType"], resource, None)
    for key, type_ in _value_keys().items():
        if key in parameter or f"_{key}" in parameter:
            return (type_, parameter.get(key), parameter.get(f"_{key}"))
    return None


def expected(types: frozenset[str] | None, *, many: bool) -> str | None:
    """What an expression can yield, as static types tell; None if that may be anything.

    >>> expected(frozenset({"System.String"}), many=True)
    'string[]'
    """
    if types is None or not types or types & schema.ABSTRACT:
        return None
    end = "[]" if many else ""
    return ", ".join(f"{schema.IN_FHIR.get(t, t)}{end}" for t in sorted(types))


def _key(type_: str) -> str:
    return f"value{type_[:1].upper()}{type_[1:]}"


@cache
def _value_keys() -> dict[str, str]:
    """The types that a parameter may have a value of, by property."""
    known = definitions.load().properties("Parameters.parameter")
    return {n: p.target_path for n, p in known.items() if p.element.name == "value"}
