"""What the US Core test kit asks of a server's searches: its metadata, read into values.

The keys of the file are Ruby's symbols, so they begin with a colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "inferno"
VERSIONS: Final = ("6.1.0", "3.1.1")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of a group. `fixed`: the codes that belong to the group's profile."""

    name: str
    paths: tuple[str, ...]
    comparators: tuple[str, ...]
    fixed: tuple[str, ...]
    is_or: bool
    """Whether the kit demands, or advises, several values with a comma."""
    chains: tuple[str, ...]

    @property
    def is_reference(self) -> bool:
        return self.name in _REFERENCES

    @property
    def is_date(self) -> bool:
        return bool(self.comparators)


_REFERENCES: Final = {"patient", "encounter", "location", "practitioner"}


@dataclass(frozen=True, slots=True)
class Group:
    """What is asked about one profile."""

    name: str
    resource: str
    profile: str
    searches: tuple[tuple[str, ...], ...]
    parameters: Mapping[str, Parameter]
    includes: tuple[str, ...]
    revincludes: tuple[str, ...]


@cache
def groups(version: str = VERSIONS[0]) -> tuple[Group, ...]:
    """All groups of the metadata for a version of US Core."""
    file = FOLDER / f"us-core-v{version}-metadata.yml"
    loaded = yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return tuple(_group(g) for g in loaded[":groups"])


def _group(found: Mapping[str, Any]) -> Group:
    parameters = {
        name.removeprefix(":"): _parameter(name.removeprefix(":"), d)
        for name, d in found[":search_definitions"].items()
    }
    return Group(
        name=found[":name"],
        resource=found[":resource"],
        profile=found[":profile_url"],
        searches=tuple(tuple(s[":names"]) for s in found[":searches"]),
        parameters=parameters,
        includes=tuple(found[":include_params"]),
        revincludes=tuple(found[":revincludes"]),
    )


def _parameter(name: str, found: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=name,
        paths=tuple(found[":paths"]),
        comparators=tuple(c.removeprefix(":") for c in found[":comparators"]),
        fixed=tuple(found[":values"]),
        is_or=found[":multiple_or"] in {"SHALL", "SHOULD"},
        chains=tuple(c[":chain"] for c in found.get(":chain") or ()),
    )


_WHERE: Final = re.compile(r"where\(url='(?P<url>[^']*)'\)")


def elements(resource: Mapping[str, Any], paths: Sequence[str]) -> Iterator[Any]:
    """The elements at the metadata's paths: names with dots, of extensions those of an address.

    A name without its type finds a choice: `effective` is `effectiveDateTime`.
    """
    for path in paths:
        found: list[Any] = [resource]
        for step in _steps(path):
            where = _WHERE.fullmatch(step)
            if where:
                found = [e for e in found if e.get("url") == where["url"]]
            else:
                found = [e for f in found for e in _below(f, step)]
        yield from found


def _steps(path: str) -> list[str]:
    """
    >>> _steps("extension.where(url='http://a.b/c').valueDateTime")
    ['extension', "where(url='http://a.b/c')", 'valueDateTime']
    """
    return re.findall(r"where\([^)]*\)|[^.]+", path)


def _below(element: Any, name: str) -> Iterator[Any]:
    if not isinstance(element, dict):
        return
    names = [name] if name in element else [n for n in element if _is_choice(n, name)]
    for found in names:
        value = element[found]
        yield from value if isinstance(value, list) else [value]


def _is_choice(name: str, of: str) -> bool:
    return name.startswith(of) and name[len(of) :][:1].isupper() and of in _CHOICES


_CHOICES: Final = {"effective", "performed", "occurrence", "medication"}


def needed(found: Sequence[Group]) -> dict[str, set[str]]:
    """By resource type: the elements that a run looks at, for keeping no others in memory."""
    kept: dict[str, set[str]] = {}
    for group in found:
        of_type = kept.setdefault(group.resource, {"id"})
        for parameter in group.parameters.values():
            for path in parameter.paths:
                first = _steps(path)[0]
                of_type.add(first)
        of_type |= {_LINKED[i.partition(":")[0], i.split(":")[1]] for i in group.includes}
    kept["Provenance"] = {"id", "target"}
    kept["Practitioner"] = {"id", "identifier", "name"}  # for chains
    return kept


_LINKED: Final = {
    ("CareTeam", "participant"): "participant",
    ("MedicationDispense", "medication"): "medication",
    ("MedicationRequest", "medication"): "medication",
    ("PractitionerRole", "endpoint"): "endpoint",
    ("PractitionerRole", "practitioner"): "practitioner",
}


def linked(resource: Mapping[str, Any], include: str) -> set[str]:
    """What a resource refers to by the parameter of an _include, as `Type/id`."""
    resource_type, code, *target = include.split(":")
    below = list(elements(resource, [_LINKED[resource_type, code]]))
    if code == "participant":
        below = [m for p in below for m in elements(p, ["member"])]
    texts = (e.get("reference", "") for e in below if isinstance(e, dict))
    found = {"/".join(t.split("/")[-2:]) for t in texts if "/" in t}
    return {t for t in found if not target or t.startswith(f"{target[0]}/")}


def pruned(resource: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The resource with these elements only."""
    return {
        key: value
        for key, value in resource.items()
        if key in names or any(_is_choice(key, n) for n in names)
    }
