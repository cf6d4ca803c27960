"""A terminology of a few resources, without a server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fhirserver.model.canonicals import age, split
from fhirserver.terminology.options import Options
from fhirserver.terminology.report import Coded
from fhirserver.terminology.service import Terminology

Resource = dict[str, Any]


class Held:
    """A content.Sources over a list."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = list(resources)
        self.generation = "1"

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        url, version = split(canonical)
        found = [r for r in self._of(resource_type, url) if version in {None, r.get("version")}]
        return max(found, key=lambda r: age(r.get("version")), default=None)

    def urls(self, resource_type: str) -> Iterable[str]:
        return dict.fromkeys(r["url"] for r in self.resources if r["resourceType"] == resource_type)

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        return [r.get("version", "") for r in self._of(resource_type, url)]

    def _of(self, resource_type: str, url: str) -> list[Resource]:
        return [r for r in self.resources if (r["resourceType"], r["url"]) == (resource_type, url)]


def terminology(*resources: Resource, most_codes: int = 100) -> Terminology:
    return Terminology(Held(resources), most_codes=most_codes)


def code_system(*concepts: Any, url: str = "http://cs", **more: Any) -> Resource:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "status": "active",
        "content": "complete",
        "concept": [
            {"code": c, "display": c.upper()} if isinstance(c, str) else c for c in concepts
        ],
        **more,
    }


def value_set(
    *include: Resource, url: str = "http://vs", exclude: Any = (), **more: Any
) -> Resource:
    compose: Resource = {"include": list(include)}
    if exclude:
        compose["exclude"] = list(exclude)
    return {
        "resourceType": "ValueSet",
        "url": url,
        "status": "active",
        "compose": compose | more.pop("compose", {}),
        **more,
    }


def filtered(op: str, value: str, property: str = "concept", **more: Any) -> Resource:  # noqa: A002
    return {
        "system": "http://cs",
        "filter": [{"property": property, "op": op, "value": value}],
        **more,
    }


def expanded(made: Terminology, url: str = "http://vs", **options: Any) -> Resource:
    shelf = made.shelf()
    return made.expand(shelf, made.value_set(shelf, url), Options(**options))["expansion"]


def codes(made: Terminology, url: str = "http://vs", **options: Any) -> list[str]:
    """The codes of an expansion, nested ones after their parents."""
    found: list[str] = []
    waiting = list(reversed(expanded(made, url, **options).get("contains", ())))
    while waiting:
        entry = waiting.pop()
        found.append(entry["code"])
        waiting.extend(reversed(entry.get("contains", ())))
    return found


def answer(made: Terminology, code: str, system: str | None = "http://cs", **more: Any) -> Resource:
    """What $validate-code says, by name."""
    display, version = more.pop("display", None), more.pop("version", None)
    shelf = made.shelf()
    coded = Coded(code, system, version, display, "Coding")
    report = made.validate_code(shelf, made.value_set(shelf, "http://vs"), coded, Options(**more))
    return {
        p["name"]: next(v for k, v in p.items() if k != "name")
        for p in report.parameters()["parameter"]
    }


def details(found: Resource) -> list[str]:
    """The kinds of the findings."""
    issues = found.get("issues", {}).get("issue", ())
    return sorted(i["details"]["coding"][0]["code"] for i in issues)
