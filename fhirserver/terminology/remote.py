"""Code systems that another terminology server answers for, over its FHIR operations.

https://hl7.org/fhir/R4/terminology-service.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from fhirserver.errors import NotFound
from fhirserver.model.resource import Resource
from fhirserver.terminology.content import (
    CodeSystem,
    Concept,
    Designation,
    Filter,
    Property,
    Selection,
)

Ask = Callable[[str, Resource], Resource]
"""Calls an operation (`CodeSystem/$lookup`) with Parameters: the answer. NotFound where there is
nothing, Unavailable where nobody answers."""

_AT_ONCE: Final = 1_000
_STATUS: Final = frozenset({"inactive", "retired"})


class RemoteDictionaries:
    """A content.Dictionaries: code systems by url, each with the server that knows it."""

    def __init__(self, servers: Mapping[str, Ask]) -> None:
        self._servers = dict(servers)

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        """The code system; whether the other server has the version shows with the first code."""
        ask = self._servers.get(url)
        return None if ask is None else RemoteCodeSystem(ask, url, version)

    def versions(self, url: str) -> Sequence[str]:
        """None are known here: the other server takes its newest one."""
        return ()


@dataclass(frozen=True, slots=True)
class RemoteCodeSystem:
    """A content.CodeSystem at another server."""

    ask: Ask
    url: str
    version: str | None
    is_case_sensitive: bool = True
    language: str | None = None
    is_hierarchical: bool = True

    @property
    def about(self) -> Resource:
        about: Resource = {
            "resourceType": "CodeSystem",
            "url": self.url,
            "status": "active",
            "content": "complete",
        }
        return about if self.version is None else {**about, "version": self.version}

    def concept(self, code: str) -> Concept | None:
        asked = [_value("code", "Code", code), _value("property", "Code", "*")]
        try:
            found = self.ask("CodeSystem/$lookup", _parameters([*self._which(), *asked]))
        except NotFound:
            return None
        return _concept(code, found.get("parameter", ()))

    def parents(self, code: str) -> Sequence[str]:
        return self._related(code, "parent")

    def children(self, code: str) -> Sequence[str]:
        return self._related(code, "child")

    def is_descendant(self, code: str, ancestor: str) -> bool:
        if code == ancestor:
            return False
        asked = [_value("codeA", "Code", ancestor), _value("codeB", "Code", code)]
        try:
            found = self.ask("CodeSystem/$subsumes", _parameters([*self._which(), *asked]))
        except NotFound:
            return False
        outcome: object = _one(found.get("parameter", ()), "outcome")
        return outcome == "subsumes"

    def matches(self, concept: Concept, filters: Sequence[Filter]) -> bool:
        if not filters:
            return True
        asked = [
            {"name": "valueSet", "resource": self._value_set(filters)},
            _value("system", "Uri", self.url),
            _value("code", "Code", concept.code),
        ]
        found = self.ask("ValueSet/$validate-code", _parameters(asked))
        return _one(found.get("parameter", ()), "result") is True

    def select(
        self, selection: Selection, *, offset: int = 0, limit: int | None = None
    ) -> Iterable[Concept]:
        return islice(self._selected(selection, offset), limit)

    def count(self, selection: Selection) -> int | None:
        total = self._expansion(selection, 0, 0).get("total")
        return total if isinstance(total, int) else None

    def _selected(self, selection: Selection, offset: int) -> Iterator[Concept]:
        while True:
            page = self._expansion(selection, offset, _AT_ONCE).get("contains", [])
            yield from map(_contained, page)
            if len(page) < _AT_ONCE:
                return
            offset += len(page)

    def _expansion(self, selection: Selection, offset: int, count: int) -> Resource:
        asked = [
            {"name": "valueSet", "resource": self._value_set(selection.filters)},
            _value("offset", "Integer", offset),
            _value("count", "Integer", count),
            _value("activeOnly", "Boolean", selection.active_only),
            _value("includeDesignations", "Boolean", True),
        ]
        if selection.text:
            asked.append(_value("filter", "String", selection.text))
        expansion: Resource = self.ask("ValueSet/$expand", _parameters(asked)).get("expansion", {})
        return expansion

    def _value_set(self, filters: Sequence[Filter]) -> Resource:
        include: Resource = {"system": self.url}
        if self.version is not None:
            include["version"] = self.version
        if filters:
            include["filter"] = [
                {"property": f.property, "op": f.op, "value": f.value} for f in filters
            ]
        return {
            "resourceType": "ValueSet",
            "status": "active",
            "compose": {"include": [include]},
        }

    def _related(self, code: str, which: str) -> list[str]:
        found = self.concept(code)
        return [] if found is None else [str(v) for v in found.values(which)]

    def _which(self) -> list[Resource]:
        system = [_value("system", "Uri", self.url)]
        return system if self.version is None else [
            *system, _value("version", "String", self.version)
        ]  # fmt: skip


def _parameters(made: Sequence[Resource]) -> Resource:
    return {"resourceType": "Parameters", "parameter": list(made)}


def _value(name: str, type_name: str, value: Any) -> Resource:
    return {"name": name, f"value{type_name}": value}


def _given(parameter: Resource) -> tuple[str, Any]:
    """The ending of the property that holds its value, and the value."""
    key = next((k for k in parameter if k.startswith("value")), "value")
    return key.removeprefix("value"), parameter.get(key)


def _one(parameters: Iterable[Resource], name: str) -> Any:
    return next((_given(p)[1] for p in parameters if p.get("name") == name), None)


def _concept(code: str, parameters: Sequence[Resource]) -> Concept:
    properties, designations = [], []
    for parameter in parameters:
        parts = parameter.get("part", ())
        if parameter.get("name") == "property":
            kind, value = next((_given(p) for p in parts if p.get("name") == "value"), ("", None))
            if value is not None:
                properties.append(Property(str(_one(parts, "code")), kind, value))
        elif parameter.get("name") == "designation":
            value = _one(parts, "value")
            if isinstance(value, str):
                designations.append(Designation(value, _one(parts, "language"), _one(parts, "use")))
    meant = {p.code: p.value for p in properties}
    return Concept(
        code,
        _one(parameters, "display"),
        definition=_one(parameters, "definition"),
        designations=tuple(designations),
        properties=tuple(properties),
        is_inactive=meant.get("inactive") is True or meant.get("status") in _STATUS,
        is_abstract=meant.get("notSelectable") is True,
    )


def _contained(found: Resource) -> Concept:
    return Concept(
        found.get("code", ""),
        found.get("display"),
        designations=tuple(
            Designation(d.get("value", ""), d.get("language"), d.get("use"))
            for d in found.get("designation", ())
        ),
        is_inactive=found.get("inactive", False),
        is_abstract=found.get("abstract", False),
    )
